"""Delimited texts (CSV, TSV and their kin): a header, and a row an article.

Rows are read strictly first, so that a quote that is not doubled shows; such a row is read again
with its quotes taken as they are meant, and is a problem only if that gives no whole row either. A
quote that is never closed would swallow the rest of the file: then its first line alone is the
broken row, and the others are read again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from tagloop.errors import UserError
from tagloop.reading.record import Limits, Record
from tagloop.reading.sources.files import InputFile
from tagloop.reading.sources.tables import MAX_RECORD_CHARACTERS, TableSource
from tagloop.reading.sources.tables.bounds import check_blank, check_columns, check_count
from tagloop.reading.sources.tables.dialect import Dialect, find_dialect
from tagloop.reading.sources.tables.header import column_names, header_notes
from tagloop.reading.sources.tables.loose_quotes import is_whole_row, loose_rows, opens_alike
from tagloop.reading.sources.tables.text_file import TextFile

_NAMES = b"title headline text body content tags keywords categories url link date author".split()
_CELL = (
    rb'[\0" ]*+(?:'
    + b"|".join(
        rb"\0?+".join(map(re.escape, map(bytes, zip(name, strict=True)))) for name in _NAMES
    )
    + rb')[\0" ]*+'
)
_BEFORE = rb"(?:[^\r\n,;\t|]*+[,;\t|])*?"
HEAD = re.compile(
    rb"(?i)\A(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?+"
    rb"(?>" + _BEFORE + _CELL + rb"[,;\t|])(?>" + _BEFORE + _CELL + rb"(?:[,;\t|\r\n]|\Z))"
)
"""How a table begins in a file whose name does not say that it is one: two usual names of columns;
in UTF-16 there are zeros between their letters."""
_READ_AGAIN = 20_000_000
"""So many characters may be read once more because of quotes that are not closed, and four times
what was read: each could make the rest of the file be read again."""
_LINES_AGAIN = 64
"""So many lines are taken at a time of those that are read again."""
_LINE_COST = 200
"""A line takes as long as so many characters."""
_LOOSE_LINES = 200
_LOOSE_CHARACTERS = 200_000
"""In so many a cell with loose quotes ends, or is taken to be never closed."""
_NOT_CLOSED = "a quote is opened in it but not closed"
_LOOSE = "it has quotes that are not doubled"
_SHORT = "it has fewer cells than there are columns; the others are taken as empty"
_NO_VALUE = r"\N"
"""What databases write into a cell that has none."""
# What a row may have is counted here; csv's own limit, far below it, would be the whole process's.
csv.field_size_limit(2**31 - 1)


class _Row(NamedTuple):
    """A row with the line where it begins."""

    line: int
    cells: list[str]
    problem: str = ""
    oddity: str = ""


def read_delimited(file: InputFile, limits: Limits) -> TableSource:
    """Opens a delimited text.

    Raises:
        UserError: It is no text, or has no header that can be read, or more columns than may be.
    """
    text = TextFile(file)
    dialect = find_dialect(text.sample(), file.ending)
    rows = _rows(text, dialect, limits)
    header = _header(text.name, next(rows, None), limits)
    names = column_names(header)
    text.notes += header_notes(header, names)
    return TableSource(
        "table",
        file.name,
        _records(text, rows, names, limits),
        [name for name in names if name],
        "B",
        file.size,
        text.position,
        notes=text.notes,
        header=header,
        # With one column nothing shows it, and a comma is what all programs read.
        delimiter=dialect.delimiter if len(header) > 1 else ",",
        encoding=text.encoding,
        backslash=dialect.backslash,
    )


def _header(name: str, row: _Row | None, limits: Limits) -> list[str]:
    if row is None or not any(map(str.strip, row.cells)):
        raise UserError(f"{name} has no line of column names at its top: add one.")
    if row.problem:
        raise UserError(f"{name}: the line of column names cannot be read, {row.problem}.")
    check_columns(name, len(row.cells), limits)
    return row.cells


def _records(
    text: TextFile, rows: Iterator[_Row], names: Sequence[str], limits: Limits
) -> Iterator[Record]:
    width = len(names)
    has_nameless = "" in names
    count = 0
    for line, given, problem, oddity in rows:
        count += 1
        check_count(text.name, count, "rows", limits)
        where = f"{text.name}:{line}"
        oddities = (oddity,) if oddity else ()
        cells = given
        if len(given) != width and not problem:
            if any(given[width:]):
                problem = f"it has {len(given):,} cells, but there are {width:,} columns"
            elif len(given) < width:
                cells = given + [""] * (width - len(given))
                oddities = (*oddities, _SHORT)
        if problem:
            yield Record(where, {}, problem=problem, given=given)
            continue
        if _NO_VALUE in cells:
            cells = ["" if cell == _NO_VALUE else cell for cell in cells]
        values: dict[str, Any] = dict(zip(names, cells, strict=False))
        if has_nameless:
            del values[""]
        yield Record(where, values, oddities=oddities, given=given)
    if not count:
        raise UserError(f"{text.name} has no rows in it: give a file with at least one.")


def _rows(text: TextFile, dialect: Dialect, limits: Limits) -> Iterator[_Row]:
    """Yields the rows, the header first; those of empty cells are left out."""
    lines = _Lines(text, dialect, limits.record_characters or MAX_RECORD_CHARACTERS)
    too_long = f"it has more than {lines.most:,} characters"
    width = blank = 0
    while True:
        begin = lines.begin_record()
        problem = oddity = ""
        try:
            cells = next(lines.reader)
        except StopIteration:
            if lines.ended:
                break
            lines.end_record(0)
            continue
        except csv.Error:
            cells, problem, oddity = _read_again(lines, width)
        if len(cells) == 1 and width != 1 and lines.delimiter in cells[0]:
            cells = _unquoted_row(cells, lines.delimiter, width)
        if sum(map(len, cells)) > lines.most:
            problem = too_long
        if text.damage and text.breaks_off(lines.last()):
            break
        if any(cells):
            yield _Row(begin, cells, problem, oddity)
            width = width or len(cells)
        else:
            blank += 1
            check_blank(text.name, blank, limits)
    if text.damage:
        yield _Row(begin, [], f"the file breaks off in it ({text.damage})")


def _read_again(lines: _Lines, width: int) -> tuple[list[str], str, str]:
    """Returns the cells of a row with loose quotes, what is wrong with it, and what was odd.

    Args:
        lines: The row's lines.
        width: How many cells it should have; 0 if it is the header.
    """
    for one_line in (True, False):
        for row in loose_rows(lines, lines.delimiter, one_line=one_line):
            fits = len(row.cells) == width or not (width or len(row.cells) < 2)
            # A quote that is not closed would take the rows after it into its cell.
            first, *others = islice(lines, row.lines)
            if fits and not any(
                is_whole_row(line, lines.delimiter, width)
                or opens_alike(first, line, lines.delimiter)
                for line in others
            ):
                lines.end_record(row.lines)
                return row.cells, "", _LOOSE
    lines.end_record(1)
    return lines.last().rstrip("\r\n").split(lines.delimiter), _NOT_CLOSED, ""


def _unquoted_row(cells: list[str], delimiter: str, width: int) -> list[str]:
    """Returns the cells of a row that stands as a whole in quotes, as spreadsheets make them."""
    try:
        inner = next(csv.reader([cells[0]], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return cells
    return inner if len(inner) == width or not width else cells


class _Lines:
    """A file's lines, many of which the csv module takes at a time.

    Those from the beginning of the current record on are kept, to be read once more.

    Attributes:
        delimiter: Between cells.
        most: Characters of a record.
        reader: Reads the records from the last that was ended on.
        ended: Whether all lines of the file have been taken.
    """

    def __init__(self, text: TextFile, dialect: Dialect, most: int) -> None:
        self.delimiter = dialect.delimiter
        self.most = most
        self.ended = False
        self._text = text
        self._dialect = dialect
        self._blocks = text.lines(most)
        self._kept: list[str] = []
        self._first = 0  # which line of the file `_kept` begins with, from 0
        self._begin = 0  # which line the record begins with
        self._last = ""  # line of the record before
        self._read = self._read_again = 0  # characters
        self._one_each = False
        self._start(0)
        for _ in range(dialect.lines_before):
            next(chain.from_iterable(self._feed()), "")
            self._start(self._base + 1)

    def begin_record(self) -> int:
        """Begins the next record; returns the number of its first line."""
        self._begin = self._base + self.reader.line_num
        return self._begin + 1

    def end_record(self, count: int) -> None:
        """Ends the record after so many lines; the others are read again."""
        end = self._begin - self._first + count
        rest = self._base + self.reader.line_num - self._begin - count
        self._last = self._kept[end - 1] if count else ""
        self._read_again += rest * _LINE_COST
        self._read_again += sum(map(len, islice(self._kept, end, end + max(rest, 0))))
        if self._read_again > _READ_AGAIN + 4 * self._read and not self._one_each:
            self._one_each = True
            self._text.notes.append(
                "There are too many quotes that are opened but not closed: from line "
                f"{self._begin + count + 1:,} on each line is taken for a row."
            )
        self._start(self._begin + count)

    def last(self) -> str:
        """Returns the last line of the record."""
        place = self._base + self.reader.line_num - self._first - 1
        return self._kept[place] if self.reader.line_num else self._last

    def __iter__(self) -> Iterator[str]:
        """Yields the record's lines, and then those after it, as if they were of it as well."""
        size = 0
        for place in range(1 if self._one_each else _LOOSE_LINES):
            while place + self._begin - self._first >= len(self._kept):
                if not self._take():
                    return
            line = self._kept[place + self._begin - self._first]
            size += len(line)
            if place and size > _LOOSE_CHARACTERS:
                return
            self._read_again += _LINE_COST + len(line) if place else 0
            yield line

    def _start(self, number: int) -> None:
        """Begins to read with a line of those that are kept, or the one after them."""
        self._begin = self._base = number
        self.reader = csv.reader(
            chain.from_iterable(self._feed()),
            delimiter=self.delimiter,
            skipinitialspace=self._dialect.skips_blanks,
            strict=True,
        )

    def _feed(self) -> Iterator[Iterable[str]]:
        """Yields lines as the csv module reads them.

        Raises:
            csv.Error: The record has become too long.
        """
        place = self._base - self._first
        if place == len(self._kept) and not self._take():
            return
        place = self._base - self._first
        if self._one_each:
            yield self._as_read(self._kept[place : place + 1])
            return
        while lines := self._kept[place : place + _LINES_AGAIN]:
            place += len(lines)
            yield self._as_read(lines)
        while block := self._take():
            if sum(map(len, self._kept)) - sum(map(len, block)) > self.most:
                raise csv.Error
            yield self._as_read(block)

    def _as_read(self, lines: list[str]) -> list[str]:
        return list(map(self._dialect.unescaped, lines)) if self._dialect.backslash else lines

    def _take(self) -> list[str]:
        """Takes lines from the file; forgets those before the record. Returns none at the end."""
        block = next(self._blocks, None)
        while block is not None and not block:
            block = next(self._blocks, None)
        if block is None:
            self.ended = True
            return []
        del self._kept[: self._begin - self._first]
        self._first = self._begin
        self._kept += block
        self._read += sum(map(len, block))
        return block
