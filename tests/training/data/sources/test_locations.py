"""Several places in one text, names with blanks in them, and what is no place at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagloop.errors import UserError
from training.data.sources import open_source
from training.data.sources.locations import locations

FILES = ("a.csv", "my posts/all.csv", "my posts/b (old)/c.md", "two  blanks.csv", "it's $5 *.csv")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FILES:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("a.csv", ["a.csv"]),
        (" a.csv ", ["a.csv"]),
        ("my posts/all.csv", ["my posts/all.csv"]),
        ("my posts", ["my posts"]),
        ("a.csv my posts/all.csv", ["a.csv", "my posts/all.csv"]),
        ("my posts/all.csv\ta.csv\n", ["my posts/all.csv", "a.csv"]),
        ("my posts/b (old) a.csv", ["my posts/b (old)", "a.csv"]),
        ("two  blanks.csv a.csv", ["two  blanks.csv", "a.csv"]),
        ("it's $5 *.csv", ["it's $5 *.csv"]),
        ("my*/*.csv", ["my posts/all.csv"]),
        ("**/*.md a.csv", ["my posts/b (old)/c.md", "a.csv"]),
        ("?.csv", ["?.csv"]),
        ("none/*.csv", ["none/*.csv"]),
        ("a\0/*.csv", ["a\0/*.csv"]),
        ("me/blog@v1 a.csv", ["me/blog@v1", "a.csv"]),
        ("hub:a.csv https://example.org/feed?a=b", ["hub:a.csv", "https://example.org/feed?a=b"]),
        # What is not there stays whole, so that the message shows the name as it was meant.
        ("my posts/al.csv", ["my posts/al.csv"]),
        ("my documents/blog", ["my documents/blog"]),
        ("a.csv gone/for ever.csv", ["a.csv gone/for ever.csv"]),
        ("x" * 5000 + " a.csv", ["x" * 5000 + " a.csv"]),
        ("a.csv\0 b", ["a.csv\0 b"]),
    ],
)
def test_places_in_one_text(given: str, found: list[str]) -> None:
    assert locations([given]) == found


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_place_is_not_this_folder(empty: str) -> None:
    with pytest.raises(UserError, match=r"--source \(SOURCE with make\) is empty"):
        locations(["a.csv", empty])


def test_a_name_that_is_not_there_is_shown_whole() -> None:
    (name,) = locations(["my posts/al.csv"])
    with pytest.raises(UserError, match=r"my posts/al\.csv: there is no such file or folder"):
        open_source(name)
