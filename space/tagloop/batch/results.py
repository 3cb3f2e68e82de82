"""The file that a batch leaves: pieces one after the other, or an archive of a file each."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from pathlib import Path
from typing import IO, Protocol

from tagloop.batch.formulas import neutral
from tagloop.batch.rows import CONFIDENCES, MAX_FILE_BYTES, TAGS, Form, Piece, Row, RowTags
from tagloop.errors import UserError

PROBLEMS = "tagging-problems.csv"
MAX_BYTES = 3 * MAX_FILE_BYTES
"""Of a result: a file of many short cells doubles, and a compressed one could become any size."""
TABLE = "tags.csv"
"""In an archive: the tags of files that have no place for them."""


class ResultFile(Protocol):
    """Takes the rows of a batch as they come; ``close`` completes the file."""

    def add(self, row: Row, tagged: RowTags, piece: Piece) -> None:
        """Writes what a row has become."""

    def close(self) -> list[str]:
        """Completes the file; returns sentences for the visitor."""


def begin_result(target: Path, form: Form) -> ResultFile:
    """Begins the file of a batch."""
    return ArchiveResult(target) if form.is_archive else PlainResult(target, form)


class PlainResult:
    """One file, in which rows follow each other."""

    def __init__(self, target: Path, form: Form) -> None:
        self._file: IO[bytes] = target.open("wb")
        self._tail = form.tail
        self._size = 0
        self._file.write(form.head)

    def add(self, row: Row, tagged: RowTags, piece: Piece) -> None:
        """Writes what a row has become."""
        self._size += len(piece.content)
        if self._size > MAX_BYTES:
            raise UserError(f"What comes back has more than {MAX_BYTES / 1e6:,.0f} MB: split it.")
        self._file.write(piece.content)

    def close(self) -> list[str]:
        """Completes the file."""
        self._file.write(self._tail)
        self._file.close()
        return []


class ArchiveResult:
    """A zip of a file a row, with tables of what could not be written into the files."""

    def __init__(self, target: Path) -> None:
        self._archive = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._problems: list[tuple[str, ...]] = []
        self._tags: list[tuple[str, ...]] = []

    def add(self, row: Row, tagged: RowTags, piece: Piece) -> None:
        """Writes a file; one with a problem stays as it was, and the problem goes into a list."""
        if problem := tagged.problem or piece.problem:
            self._problems.append((piece.name, problem))
        elif piece.listed:
            confidences = ", ".join(map(str, tagged.confidences))
            self._tags.append((piece.name, row.title, ", ".join(tagged.tags), confidences))
        year, month, day, hour, minute, second = piece.modified or time.localtime()[:6]
        info = zipfile.ZipInfo(piece.name, (year, month, day, hour, minute, second))
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        self._archive.writestr(info, piece.content)

    def close(self) -> list[str]:
        """Completes the archive."""
        notes = []
        if self._problems:
            self._write_table(PROBLEMS, [("file", "error"), *self._problems])
            notes.append(f"Files with problems are as they were; {PROBLEMS} in the zip lists them.")
        if self._tags:
            header = ("file", "title", TAGS, CONFIDENCES)
            self._write_table(TABLE, [header, *self._tags])
            count = len(self._tags)
            notes.append(
                f"{count:,} {'file has' if count == 1 else 'files have'} no place for tags: "
                f"{TABLE} in the zip lists them."
            )
        self._archive.close()
        return notes

    def _write_table(self, name: str, rows: list[tuple[str, ...]]) -> None:
        table = io.StringIO(newline="")
        csv.writer(table, quoting=csv.QUOTE_ALL).writerows(map(neutral, row) for row in rows)
        self._archive.writestr(name, table.getvalue().encode(errors="replace"))
