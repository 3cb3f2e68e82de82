"""What was odd about rows: counted by kind, so that none hides another."""

from pathlib import Path

import pytest

from tagloop.errors import UserError
from training.config import BuildConfig
from training.data.collection import collect


def test_two_kinds_of_repairs_of_one_front_matter_are_both_said(tmp_path: Path) -> None:
    words = "The ferry leaves the pier at noon and comes back when the tide allows it."
    for name in ("a", "b"):
        lines = f"title: Pier {name}: tides\ntags: [Boats]\ntags: [Piers]"
        (tmp_path / f"{name}.md").write_text(f"---\n{lines}\n---\n\n{words} {name}")
    oddities = collect(BuildConfig(source=[str(tmp_path)])).oddities.values()
    assert [odd.rows for odd in oddities] == [2, 2]
    assert any("needs quotes" in odd.what for odd in oddities)
    assert any("'tags' is given twice" in odd.what for odd in oddities)


def test_a_table_with_a_row_a_tag_may_have_no_article(tmp_path: Path) -> None:
    (tmp_path / "tags.csv").write_text("title,text,tags\nPier,Too short.,Ferry\nPier,Short,Boats\n")
    with pytest.raises(UserError, match="too short 2"):
        collect(BuildConfig(source=[str(tmp_path / "tags.csv")]))
