r"""Rows whose quotes are not doubled, read as they are meant.

Programs and people write ``"<p class="lead">Text</p>"``, ``"she said \"no\""`` or ``"A" and B``: a
quote is taken to end a cell only where a delimiter or the line's end comes after it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_QUOTES = re.compile(r'(?<!\\)(\\*+)("++)( *+)')
"""Quotes in a row, with the backslashes before and the blanks after them."""


class LooseRow(NamedTuple):
    """A row that may be meant.

    Attributes:
        cells: Its cells.
        lines: How many lines it has.
    """

    cells: list[str]
    lines: int


def loose_rows(lines: Iterable[str], delimiter: str, *, one_line: bool) -> Iterator[LooseRow]:
    """Yields what a row with loose quotes may mean, the likeliest first.

    Args:
        lines: The row's first line, and those that come after it; may be iterated again.
        delimiter: Between cells.
        one_line: Whether the row has one line only, or may have several.
    """
    first = next(iter(lines))
    for backslash in (True, False) if "\\" in first else (False,):
        row = _quoted_row([first] if one_line else lines, delimiter, backslash=backslash)
        if row is not None:
            yield row
    if one_line and first.count('"') % 2 == 0:
        # Quotes around a part of a cell only, which the csv module takes away.
        yield LooseRow(next(csv.reader([first], delimiter=delimiter)), 1)


def is_whole_row(line: str, delimiter: str, width: int) -> bool:
    """Tells whether a line is a row of its own with at least one cell in quotes."""
    line = line.rstrip("\r\n")
    if line.count('"') < 2:
        return False
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    # Each quote within a cell is written twice, and two stand around it.
    around = line.count('"') - 2 * sum(cell.count('"') for cell in cells)
    return len(cells) == width and around >= 2 and around % 2 == 0


def opens_alike(first: str, line: str, delimiter: str) -> bool:
    """Tells whether a line opens its first quote in the same cell as a row's first line does.

    That in the first cell does not count, as speech begins so.
    """
    before, quote, _ = line.partition('"')
    if not quote or not before.endswith(delimiter):
        return False
    return before.count(delimiter) == first.partition('"')[0].count(delimiter)


def _quoted_row(lines: Iterable[str], delimiter: str, *, backslash: bool) -> LooseRow | None:
    """Returns a row; None if one of its cells does not end."""
    cells: list[str] = []
    unended: list[str] | None = None
    for count, line in enumerate(lines, 1):
        row = line.rstrip("\r\n")
        place = 0
        while True:
            if unended is None and row.startswith('"', place):
                unended = []
                place += 1
            elif unended is None:
                after = row.find(delimiter, place)
                if after < 0:
                    return LooseRow([*cells, row[place:]], count)
                cells.append(row[place:after])
                place = after + 1
                continue
            text, end = _quoted_text(row, place, delimiter, backslash)
            unended.append(text)
            if end is None:
                unended.append(line[len(row) :])
                break
            cells.append("".join(unended))
            unended = None
            if end == len(row):
                return LooseRow(cells, count)
            place = end + 1
    return None


def _quoted_text(row: str, place: int, delimiter: str, backslash: bool) -> tuple[str, int | None]:
    """Returns the text within quotes, and where it ends; None if not in this line."""
    parts: list[str] = []
    for found in _QUOTES.finditer(row, place):
        slashes, quotes, blanks = found.groups()
        parts.append(row[place : found.start()])
        count = len(quotes)
        if backslash and len(slashes) % 2:
            slashes = slashes[:-1] + '"'
            count -= 1
        place = found.end()
        ends = count > 0 and (place == len(row) or row.startswith(delimiter, place))
        parts += slashes, '"' * (count // 2 if ends else (count + 1) // 2)
        if ends:
            return "".join(parts), place
        parts.append(blanks)
    parts.append(row[place:])
    return "".join(parts), None
