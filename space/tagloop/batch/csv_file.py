"""A batch as CSV (or TSV): columns for the title and the text, any others are kept."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tagloop.batch.formulas import is_formula, neutral
from tagloop.batch.rows import (
    BLOCK,
    MAX_MARKUP_CHARACTERS,
    MAX_ROWS,
    TAGS,
    TEXT_NAMES,
    TITLE_NAMES,
    Row,
    RowTags,
    added_names,
    check_blank,
    check_count,
    encoding_of,
    find_name,
)
from tagloop.errors import UserError
from tagloop.text.markup import plain_text

_DELIMITERS = ",;\t|"
_UTF8 = ("utf-8", "utf-8-sig")
_SHOWN_COLUMNS = 12
MAX_RECORD_CHARACTERS = 1_000_000
"""Of one row: as much as a line of JSON may have."""
MAX_READ_AGAIN = 20 * MAX_RECORD_CHARACTERS
"""Characters of a file that are read once more because of quotes that are never closed: each could
make the rest of the file be read again."""
MAX_COLUMNS = 1_000
"""Each row is written with all of them."""
# What a row may have is counted here; csv's own limit, far below it, would be the whole process's.
csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD_CHARACTERS))


class CsvFile:
    """Reads the file row by row; ``name`` is what the visitor calls it.

    Raises:
        UserError: The file is no text, has no header or no column for the text, or is too long.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self.encoding = encoding_of(path, name)
        self.delimiter = "\t" if path.suffix.lower() == ".tsv" else self._find_delimiter()
        records = self._records()
        _, self.header, problem = next(records, (0, [], None))
        if problem:
            raise UserError(f"{name}: the line of column names cannot be read, {problem}.")
        if not any(self.header):
            raise UserError(f"{name} has no line of column names at its top: add one.")
        if len(self.header) > MAX_COLUMNS:
            raise UserError(
                f"{name} has {len(self.header):,} columns; the limit is {MAX_COLUMNS:,}. Leave out "
                "those that say nothing of the articles."
            )
        self._title, text = (find_name(names, self.header) for names in (TITLE_NAMES, TEXT_NAMES))
        if text is None:
            raise UserError(
                f"{name} has no column for the text, only {_listed(self.header)}: call it "
                f"{', '.join(TEXT_NAMES[:2])} or {TEXT_NAMES[2]}."
            )
        self._text = text
        count = 0
        for _ in records:
            count += 1
            if count > MAX_ROWS:
                break
        self.total = check_count(name, count, "rows")

    def rows(self) -> Iterator[Row]:
        """Reads the rows; a broken one has its problem with it."""
        records = self._records()
        next(records)
        width = len(self.header)
        for line, cells, problem in records:
            title = "" if self._title is None else _at(cells, self._title)
            text = _at(cells, self._text)
            if problem is None and len(cells) > width:
                problem = f"it has {len(cells):,} cells, but there are {width:,} columns"
            elif problem is None and len(text) <= MAX_MARKUP_CHARACTERS:
                text = plain_text(text)
            yield Row(f"line {line:,}", title, text, problem, cells)

    def writer(self, target: Path) -> CsvWriter:
        """Begins the file with the tags."""
        # Tags may have letters that the file's own encoding has not; the mark is for Excel.
        encoding = self.encoding if self.encoding in _UTF8 else "utf-8-sig"
        return CsvWriter(target, self.header, self.delimiter, encoding)

    def _find_delimiter(self) -> str:
        with self._path.open(encoding=self.encoding, errors="replace", newline="") as file:
            first = file.readline(MAX_RECORD_CHARACTERS).removeprefix("\ufeff")
        found = next(csv.reader([first]), [])
        counts = {sign: len(next(csv.reader([first], delimiter=sign), [])) for sign in _DELIMITERS}
        return max(counts, key=lambda sign: counts[sign]) if found else ","

    def _records(self) -> Iterator[tuple[int, list[str], str | None]]:
        """Yields the line where each record begins, its cells, and what is wrong with it.

        A quote that is never closed would swallow the rest of the file: then its first line alone
        is the broken record, and the others are read again.
        """
        with self._path.open(encoding=self.encoding, errors="replace", newline="") as file:
            lines = _Lines(file, self._name)
            reader = csv.reader(lines, delimiter=self.delimiter)
            blank = 0
            while True:
                begin = lines.begin_record()
                problem = None
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    cells, problem = [], str(error)
                if not cells and problem is None:
                    blank += 1
                    check_blank(self._name, blank)
                    continue
                if len(lines.taken) > 1 and (problem or lines.swallowed()):
                    problem = "a quote is opened in it but not closed"
                if problem:
                    cells = lines.only_first(self.delimiter)
                    reader = csv.reader(lines, delimiter=self.delimiter)
                yield begin, cells, problem


class _Lines:
    """A file's lines, those of the current record kept, so that they can be read once more."""

    def __init__(self, file: IO[str], name: str) -> None:
        self._file, self._name = file, name
        self._again: deque[str] = deque()
        self._read_again = 0
        self._ended = False
        self._size = 0
        self.number = 0
        self.taken: list[str] = []

    def begin_record(self) -> int:
        """Forgets the record before; returns the number of the line where the next one begins."""
        self._size = 0
        self.taken.clear()
        return self.number + 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            self._ended = True
            raise StopIteration
        if self.number == 0:
            line = line.removeprefix("\ufeff")
        self.number += 1
        self.taken.append(line)
        self._size += len(line)
        if self._size > MAX_RECORD_CHARACTERS:
            raise csv.Error(f"it has more than {MAX_RECORD_CHARACTERS:,} characters")
        return line

    def _read(self) -> str:
        """Reads a line; of one too long only so much that it shows."""
        line = more = self._file.readline(MAX_RECORD_CHARACTERS + 1)
        if len(line) > MAX_RECORD_CHARACTERS:
            while more and not more.endswith(("\n", "\r")):
                more = self._file.readline(BLOCK)
        return line

    def swallowed(self) -> bool:
        """Tells whether the record goes on to the end of the file because of an open quote."""
        return self._ended and len(self.taken) > 1 and "".join(self.taken).count('"') % 2 == 1

    def only_first(self, delimiter: str) -> list[str]:
        """Puts all lines but the record's first back; returns that one's cells.

        Raises:
            UserError: That was done for too much of the file.
        """
        first, rest = self.taken[0], self.taken[1:]
        self._read_again += sum(map(len, rest))
        if self._read_again > MAX_READ_AGAIN:
            raise UserError(
                f"{self._name} has too many quotes that are opened but not closed: save it anew as "
                "CSV, with quotes around each text and those inside doubled."
            )
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        self._ended = False
        return first.rstrip("\r\n").split(delimiter)


class CsvWriter:
    """Writes the rows with their tags; see `tagloop.batch.formulas` for what it does to cells."""

    def __init__(self, target: Path, header: list[str], delimiter: str, encoding: str) -> None:
        self._file = target.open("w", encoding=encoding, errors="replace", newline="")
        self._csv = csv.writer(self._file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        self._width = len(header)
        self._names = added_names(header)
        self._neutralised = 0
        self._write([*header, *self._names])

    def write(self, row: Row, tagged: RowTags) -> None:
        """Writes a row; cells beyond the columns come last, so that nothing is lost."""
        cells: list[str] = row.given
        own = [*cells[: self._width], *[""] * (self._width - len(cells))]
        confidences = ", ".join(map(str, tagged.confidences))
        added = [", ".join(tagged.tags), confidences, tagged.problem or ""]
        self._write([*own, *added, *cells[self._width :]])

    def close(self) -> list[str]:
        """Completes the file."""
        self._file.close()
        notes = []
        if self._names[0] != TAGS:
            notes.append(f"The file had a column {TAGS} already: the new one is {self._names[0]}.")
        if self._neutralised:
            one = self._neutralised == 1
            notes.append(
                f"{self._neutralised:,} {'cell' if one else 'cells'} that a spreadsheet could "
                f"have run as a formula {'has' if one else 'have'} an apostrophe in front."
            )
        return notes

    def _write(self, cells: list[str]) -> None:
        self._neutralised += sum(map(is_formula, cells))
        self._csv.writerow(map(neutral, cells))


def _at(cells: list[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _listed(header: list[str]) -> str:
    shown = ", ".join(f"“{name[:40]}”" for name in header[:_SHOWN_COLUMNS])
    return shown + (", …" if len(header) > _SHOWN_COLUMNS else "")
