"""A batch's file in a process of its own: what it gives, and what ends it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tagloop.batch import apart
from tagloop.batch.apart import ApartFile
from tagloop.batch.rows import RowTags
from tagloop.batch.run import CHUNK, tag_file
from tagloop.errors import UserError
from tagloop.reading.sandbox import environment
from tagloop.service.service import TaggingService
from tagloop.tagger.options import Options
from tagloop.tagger.tagger import Tag


class OneTag:
    """In place of a tagger: everything is about tea."""

    model_repo = "someone/tagger"
    model_revision = None

    def tag_batch(self, articles: Sequence[Mapping[str, str]], **_: Any) -> list[list[Tag]]:
        return [[Tag("Tea", 0.5, False)] for _ in articles]


@pytest.fixture
def service() -> TaggingService:
    return TaggingService(OneTag())  # type: ignore[arg-type]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("title,text\n" + "".join(f"t{n},Words of {n}.\n" for n in range(3 * CHUNK)))
    return path


def test_it_gives_what_reading_here_would(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = ['{"title": "Käse \\ud83d", "text": "Some words."}', "{broken"]
    path.write_text("\n".join(lines))
    with closing(ApartFile(path, {})) as file:
        assert (file.total, file.form.ending) == (2, ".jsonl")
        first, second = file.read(8)
        assert (first.text, first.problem) == ("Some words.", "")
        assert second.problem and not second.text
        pieces = file.write([RowTags(["Tea \udc00"], [0.5]), RowTags(problem=second.problem)])
        assert json.loads(pieces[0].content)["tags"] == ["Tea ?"]
        assert json.loads(pieces[1].content)["line"] == "{broken"
        assert file.read(8) == [] and file.notes() == []
    assert file._process.returncode is not None


def test_a_file_that_cannot_be_read_is_a_sentence_and_no_process(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("title,summary_of_it\na,b\n")
    with pytest.raises(UserError, match=r"a\.csv: no column for the text.*text=NAME under “Col"):
        ApartFile(path, {})


def test_a_process_that_dies_leaves_the_rows_so_far(
    service: TaggingService, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[ApartFile] = []

    class Remembered(ApartFile):
        def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
            super().__init__(path, columns)
            opened.append(self)

    monkeypatch.setattr("tagloop.batch.run.ApartFile", Remembered)
    for state in tag_file(service, table, table.parent, Options()):
        if state.done == CHUNK:
            opened[0]._process.kill()
    assert state.result is not None
    assert (state.done, state.total) == (CHUNK, 3 * CHUNK)
    assert "too long or too much memory" in state.broken
    assert len(state.result.read_text().splitlines()) == 1 + CHUNK


def test_what_takes_too_long_is_ended(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "OPEN_SECONDS", 0.01)
    with pytest.raises(UserError, match="too long or too much memory"):
        ApartFile(table, {})


@pytest.mark.parametrize(
    ("does", "ends_in"),
    [
        ("import os; os.write(os.open({path!r}, os.O_CREAT | os.O_WRONLY), b'x')", b"too large"),
        ("bytes(process.MAX_MEMORY_BYTES)", b"MemoryError"),
    ],
)
def test_the_process_may_neither_write_nor_take_the_memory(
    tmp_path: Path, does: str, ends_in: bytes
) -> None:
    script = (
        "from tagloop.batch import process\n"
        "process.limit_this_process(process.MAX_MEMORY_BYTES, process.MAX_CPU_SECONDS)\n"
        f"{does.format(path=str(tmp_path / 'x'))}\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment(), check=False, capture_output=True
    )
    assert ends_in in ended.stderr


def test_what_unpacks_to_too_much_is_told_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, bytes(10_000_000))
    content = path.read_bytes()
    size = (10_000_000).to_bytes(4, "little")
    path.write_bytes(content.replace(size, (2_000_000_000).to_bytes(4, "little")))
    with pytest.raises(UserError, match="unpacks to 4,000 MB in 2 files; the limit is 200 MB"):
        ApartFile(path, {})


def test_a_row_without_an_end_is_read_no_further_than_a_row_may_be(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('title,text\n"' + "a " * 1_500_000)
    with closing(ApartFile(path, {})) as file:
        assert [row.problem for row in file.read(8)] == ["it has more than 1,000,000 characters"]


def test_a_file_of_which_nothing_can_be_read_says_why(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[" * 100_000)
    with pytest.raises(UserError, match=r"^a\.json has no article .*: it is nested too deeply\.$"):
        ApartFile(path, {})
