"""The example articles."""

from pathlib import Path

import pytest

from tagloop.errors import UserError
from tagloop.limits import MAX_TITLE_CHARACTERS
from tagloop.service.examples import load_examples
from tagloop.web.settings import SPACE_FOLDER


def test_a_dozen_articles_worth_trying() -> None:
    examples = load_examples(SPACE_FOLDER / "examples")
    assert len(examples) == 12
    assert len({example.title for example in examples}) == 12
    for example in examples:
        assert 0 < len(example.title) <= MAX_TITLE_CHARACTERS
        assert 100 <= len(example.text.split()) <= 400


def test_a_file_without_a_heading_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("No heading\n\nText.")
    with pytest.raises(UserError, match=r"one\.md, line 1: expected a heading"):
        load_examples(tmp_path)
