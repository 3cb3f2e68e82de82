"""What a batch leaves: one file of its pieces, or a file each in a zip or a folder."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import IO, ClassVar, Protocol

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
    if form.is_archive:
        return ZipResult(target)
    return PlainResult(target.open("wb"), form, MAX_BYTES)


class PlainResult:
    """One file, in which rows follow each other.

    Args:
        file: Open for writing; ``close`` closes it.
        form: What stands before and after the rows.
        most: Bytes of the rows; None for any number.
    """

    def __init__(self, file: IO[bytes], form: Form, most: int | None = None) -> None:
        self._file = file
        self._tail = form.tail
        self._most = most
        self._size = 0
        self._file.write(form.head)

    def add(self, row: Row, tagged: RowTags, piece: Piece) -> None:
        """Writes what a row has become."""
        self._size += len(piece.content)
        if self._most is not None and self._size > self._most:
            raise UserError(f"What comes back has more than {self._most / 1e6:,.0f} MB: split it.")
        self._file.write(piece.content)

    def close(self) -> list[str]:
        """Completes the file."""
        self._file.write(self._tail)
        self._file.close()
        return []


class FilesResult(ABC):
    """A file a row, with tables of what could not be written into the files."""

    place: ClassVar[str]
    """What holds the files, for people."""

    def __init__(self) -> None:
        self._problems: list[tuple[str, ...]] = []
        self._tags: list[tuple[str, ...]] = []

    def add(self, row: Row, tagged: RowTags, piece: Piece) -> None:
        """Writes a file; one with a problem stays as it was, and the problem goes into a list."""
        if problem := tagged.problem or piece.problem:
            self._problems.append((piece.name, problem))
        elif piece.listed:
            confidences = ", ".join(map(str, tagged.confidences))
            self._tags.append((piece.name, row.title, ", ".join(tagged.tags), confidences))
        self._write(piece.name, piece.content, piece.modified)

    def close(self) -> list[str]:
        """Writes the tables."""
        notes = []
        if self._problems:
            self._write_table(PROBLEMS, [("file", "error"), *self._problems])
            notes.append(
                f"Files with problems are as they were; {PROBLEMS} in the {self.place} lists them."
            )
        if self._tags:
            header = ("file", "title", TAGS, CONFIDENCES)
            self._write_table(TABLE, [header, *self._tags])
            count = len(self._tags)
            notes.append(
                f"{count:,} {'file has' if count == 1 else 'files have'} no place for tags: "
                f"{TABLE} in the {self.place} lists them."
            )
        return notes

    def _write_table(self, name: str, rows: list[tuple[str, ...]]) -> None:
        table = io.StringIO(newline="")
        csv.writer(table, quoting=csv.QUOTE_ALL).writerows(map(neutral, row) for row in rows)
        self._write(name, table.getvalue().encode(errors="replace"))

    @abstractmethod
    def _write(self, name: str, content: bytes, modified: Sequence[int] = ()) -> None:
        """Writes a file."""


class ZipResult(FilesResult):
    """The files in a zip."""

    place = "zip"

    def __init__(self, target: Path) -> None:
        super().__init__()
        self._archive = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)

    def close(self) -> list[str]:
        """Completes the zip."""
        notes = super().close()
        self._archive.close()
        return notes

    def _write(self, name: str, content: bytes, modified: Sequence[int] = ()) -> None:
        year, month, day, hour, minute, second = modified or time.localtime()[:6]
        info = zipfile.ZipInfo(name, (year, month, day, hour, minute, second))
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        self._archive.writestr(info, content)


class FolderResult(FilesResult):
    """The files in a folder, each where it was."""

    place = "folder"

    def __init__(self, target: Path) -> None:
        super().__init__()
        self._folder = target
        target.mkdir()

    def _write(self, name: str, content: bytes, modified: Sequence[int] = ()) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
