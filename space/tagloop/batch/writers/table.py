"""Tables with columns added: delimited texts as they were, spreadsheets as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from tagloop.batch.formulas import is_formula, neutral
from tagloop.batch.rows import TAGS, Form, Piece, added_names
from tagloop.batch.writers.writer import Survey, Written
from tagloop.reading.sources.tables import TableSource

_UTF8 = ("utf-8", "utf-8-sig")
_TEXTS = (".csv", ".tsv", ".txt", ".tab", ".psv")
"""A delimited text keeps its ending, if it is one of these."""


class TableWriter:
    """Writes the rows with their tags; see `tagloop.batch.formulas` for what it does to cells."""

    def __init__(self, table: TableSource, survey: Survey, ending: str) -> None:
        self._is_text = bool(table.delimiter)
        self._header = list(table.header or table.columns or survey.names)
        self._names = added_names(self._header)
        self._noted = survey.long
        self._neutralised = 0
        self._cells = io.StringIO(newline="")
        self._csv = csv.writer(self._cells, delimiter=table.delimiter or ",", quoting=csv.QUOTE_ALL)
        self._ending = ending
        # Tags may have letters that the file's own encoding has not; the mark is for Excel.
        utf8 = table.encoding in _UTF8 and table.encoding != "utf-8-sig"
        added = self._names if self._noted else self._names[:3]
        head = ("" if utf8 else "\ufeff") + self._line([*self._header, *added])
        kept = self._is_text and ending in _TEXTS
        self.form = Form(ending if kept else ".csv", head.encode(errors="replace"))

    def write(self, row: Written) -> Piece:
        """Returns a row; cells beyond the columns come last, so that nothing is lost."""
        cells = self._given(row)
        width = len(self._header)
        own = [*cells[:width], *[""] * (width - len(cells))]
        tagged = row.tagged
        added = [", ".join(tagged.tags), ", ".join(map(str, tagged.confidences)), tagged.problem]
        if self._noted:
            added.append(row.note)
        line = self._line([*own, *added, *cells[width:]])
        return Piece(line.encode(errors="replace"))

    def notes(self) -> list[str]:
        """Returns what became of columns and cells."""
        notes = []
        if not self._is_text:
            notes.append(f"A {self._ending} file comes back as CSV, which every spreadsheet opens.")
        if self._names[0] != TAGS:
            notes.append(f"The file had a column {TAGS} already: the new one is {self._names[0]}.")
        if self._neutralised:
            one = self._neutralised == 1
            notes.append(
                f"{self._neutralised:,} {'cell' if one else 'cells'} that a spreadsheet could "
                f"have run as a formula {'has' if one else 'have'} an apostrophe in front."
            )
        return notes

    def _given(self, row: Written) -> list[str]:
        given = row.entry.record.given
        if isinstance(given, Sequence) and not isinstance(given, str):
            return list(map(_cell, given))
        values = row.entry.record.values
        return [_cell(values.get(name)) for name in self._header]

    def _line(self, cells: list[str]) -> str:
        self._neutralised += sum(map(is_formula, cells))
        self._csv.writerow(map(neutral, cells))
        line = self._cells.getvalue()
        self._cells.seek(0)
        self._cells.truncate()
        return line


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
