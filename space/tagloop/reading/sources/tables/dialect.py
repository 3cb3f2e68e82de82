"""How a delimited text is written: its delimiter, its quotes; told by trying on its first rows.

`csv.Sniffer` counts characters, and takes a letter for the delimiter where texts are long; here the
first rows are read in each way that is usual, and the way that gives rows as long as the header is
taken.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import islice

DELIMITERS = (",", ";", "\t", "|")
_TRIED_ROWS = 50
_SEPARATOR_LINE = re.compile(r'\A"?sep=(.)"?[\r\n]*\Z', re.IGNORECASE)
"""What Excel writes, and reads, as a first line."""
_ESCAPE = re.compile(r'\\([\\"])')
_BLANK_BEFORE_QUOTE = re.compile(r'"[,;\t|] ++"')


@dataclass(frozen=True)
class Dialect:
    """A way of writing.

    Attributes:
        delimiter: Between cells.
        skips_blanks: Whether blanks before a cell's first quote do not count.
        backslash: Whether quotes in a cell have a backslash before them, as databases write them.
        lines_before: Lines before the header that are none of the table.
    """

    delimiter: str = ","
    skips_blanks: bool = False
    backslash: bool = False
    lines_before: int = 0

    def unescaped(self, line: str) -> str:
        """Returns a line with its quotes doubled, as the csv module reads them."""
        if not self.backslash or "\\" not in line:
            return line
        return _ESCAPE.sub(lambda found: '""' if found[1] == '"' else "\\", line)


def find_dialect(sample: str, ending: str) -> Dialect:
    """Returns how a text is written.

    Args:
        sample: Its beginning.
        ending: Of its file: a tab is likely in ``.tsv``.
    """
    lines = list(io.StringIO(sample, newline=""))
    if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        del lines[-1]  # it may be cut off
    before = next((place for place, line in enumerate(lines) if line.strip()), 0)
    stated = _SEPARATOR_LINE.match(lines[before]) if lines else None
    if stated:
        before += 1
    else:
        before = 0
    lines = lines[before:]
    delimiters: tuple[str, ...] = (stated[1],) if stated else DELIMITERS
    if not stated and ending in (".tsv", ".tab"):
        delimiters = ("\t", *(sign for sign in DELIMITERS if sign != "\t"))
    escapes = (False, True) if '\\"' in sample else (False,)
    skips = bool(_BLANK_BEFORE_QUOTE.search(sample))
    tried = [
        Dialect(delimiter, skips, backslash, before)
        for delimiter in delimiters
        for backslash in escapes
    ]
    return max(tried, key=lambda dialect: _fit(lines, dialect))


def _fit(lines: list[str], dialect: Dialect) -> tuple[bool, float]:
    """Returns how well rows fit the header: whether at all, and how many cells do."""
    header, *rows = _rows(lines, dialect) or [[]]
    width = len(header or [])
    if header is None or width < 2:
        return False, -len([row for row in rows if row is None or len(row) > 1])
    fits = [0.0 if row is None else _row_fit(row, width) for row in rows]
    share = sum(fits) / len(fits) if fits else 1.0
    return share >= 0.5, width * share


def _row_fit(row: list[str], width: int) -> float:
    if len(row) == width or (not any(row[width:]) and len(row) > width):
        return 1.0
    return 0.5 if 1 < len(row) < width else 0.0


def _rows(lines: list[str], dialect: Dialect) -> list[list[str] | None]:
    """Returns the first rows; None where a row has quotes that are not read in this way."""
    found: list[list[str] | None] = []
    place = 0
    while place < len(lines) and len(found) < _TRIED_ROWS:
        reader = csv.reader(
            map(dialect.unescaped, lines[place:]),
            delimiter=dialect.delimiter,
            skipinitialspace=dialect.skips_blanks,
            strict=True,
        )
        read = 0
        try:
            for row in islice(reader, _TRIED_ROWS - len(found)):
                read = reader.line_num
                if any(row):
                    found.append(row)
            return found
        except csv.Error as error:
            if "end of data" in str(error):  # the sample ends within a cell
                return found
            found.append(None)
            place += read + 1
    return found
