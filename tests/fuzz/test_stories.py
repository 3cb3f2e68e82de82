"""Whatever is done to a repository, its pages and all lists are answered, and in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from .profiles import every_time
from .search import open_search, search_stories
from .visitors_files import search_files
from .wire import Tally

STORIES = 16
FILES = 100


@pytest.mark.slow
def test_no_story_breaks_a_page(tmp_path: Path) -> None:
    with open_search(tmp_path) as search:
        search_stories(search, every_time(STORIES))
        assert search.scene.tally.inputs["stories"] >= STORIES
        assert search.scene.tally.failures == 0
        assert "Traceback" not in (search.scene.hub.root / "hub.log").read_text()


def test_no_file_breaks_batch(tmp_path: Path) -> None:
    tally = Tally()
    search_files(tmp_path, tally, every_time(FILES))
    assert tally.inputs["files"] >= FILES
