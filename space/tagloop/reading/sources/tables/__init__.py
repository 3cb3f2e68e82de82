"""Tables: delimited texts, JSON, JSON Lines, Parquet, Arrow and spreadsheets.

Each module has one function ``read_…(file, limits) -> TableSource``. Opening one reads what comes
before the rows (the encoding, the header) and raises for what leaves nothing to read; a row that
cannot be read is a `Record` with its ``problem``, and those after it are read all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tagloop.reading.record import Source

MAX_RECORD_CHARACTERS = 10_000_000
"""Of one row or line, where nothing else is said: ten long novels."""


@dataclass
class TableSource(Source):
    """An opened table, with what a writer of the same file needs.

    ``Record.given`` is what stands in the file: of a delimited text or a spreadsheet the row's
    cells as ``list[str]``, which may be fewer or more than the header has; of JSON Lines the line
    as ``str``, without blanks around it; of Parquet and Arrow the ``bytes`` of those columns that
    have such; of other formats None, where the values are all there is.
    A record with a problem has it as well: of a broken delimited row its first line, cut at each
    delimiter; of a line that is too long its beginning.

    Attributes:
        header: The names of the columns as they stand in the file, in order, also empty and double
            ones; `Source.columns` are those that can be asked for. Empty where there is no header.
        delimiter: Between the cells of a delimited text; empty for other formats.
        encoding: The codec of a text; empty for other formats.
        backslash: Whether a delimited text has a backslash before quotes in its cells.
        schema: The Arrow schema of what states its columns' types; None for other formats.
    """

    header: Sequence[str] = ()
    delimiter: str = ""
    encoding: str = ""
    backslash: bool = False
    schema: Any = None
