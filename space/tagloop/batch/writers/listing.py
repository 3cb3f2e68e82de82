"""A table of articles with their tags, for a file that tags cannot be added to."""

from __future__ import annotations

import csv
import io

from tagloop.batch.formulas import neutral
from tagloop.batch.rows import CONFIDENCES, ERROR, NOTE, TAGS, Form, Piece
from tagloop.batch.writers.writer import Written

HEADER = ("article", "title", "address", "date", TAGS, CONFIDENCES, ERROR, NOTE)


class ListingWriter:
    """Writes a row an article.

    Args:
        reason: Why the file does not come back itself, as a sentence.
    """

    def __init__(self, reason: str) -> None:
        self._reason = reason
        self.form = Form(".csv", b"\xef\xbb\xbf" + _line(HEADER))

    def write(self, row: Written) -> Piece:
        """Returns an article's row."""
        return Piece(listed(row))

    def notes(self) -> list[str]:
        """Returns why the file does not come back itself."""
        return [self._reason]


def listed(row: Written) -> bytes:
    """Returns the row of an article, of the columns ``HEADER``."""
    entry, tagged = row.entry, row.tagged
    return _line(
        (
            entry.record.where,
            entry.title,
            entry.url or "",
            entry.published or "",
            ", ".join(tagged.tags),
            ", ".join(map(str, tagged.confidences)),
            tagged.problem,
            row.note,
        )
    )


def _line(cells: tuple[str, ...]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(map(neutral, cells))
    return line.getvalue().encode(errors="replace")
