"""The files that the measurement writes are read as what they are."""

from __future__ import annotations

from pathlib import Path

from tagloop.reading.entries import read_entries
from tagloop.reading.sources import open_path
from training.bench.studies.build_speed import WORDS, write_posts


def test_every_post_is_an_article(tmp_path: Path) -> None:
    write_posts(tmp_path, 12)
    entries = list(read_entries(open_path(tmp_path)))
    assert len(entries) == 12
    for entry in entries:
        assert entry.title and entry.tags and not (entry.problem or entry.draft)
        assert len(entry.text.split()) > 0.8 * WORDS
    assert {bool(entry.published) for entry in entries} == {True, False}
