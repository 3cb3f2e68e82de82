"""Posts of a Wix blog in CSV: a table whose drafts have no date, and whose tags may be numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.files import InputFile
from tagloop.reading.sources.tables.delimited import read_delimited

HEAD = re.compile(rb"\A(?=[^\n]*Plain Content)(?=[^\n]*Rich Content)[^\n]*Published Date")
_IDENTIFIER = re.compile(r"\A\[?(?:[\s,\"]*+[0-9a-f-]{24,36}+)++[\s,\"]*+\]?", re.IGNORECASE)


def read_wix(file: InputFile, limits: Limits) -> Source:
    """Opens posts of Wix.

    Raises:
        UserError: It cannot be read.
    """
    table = read_delimited(file, limits)
    table.kind = "wix"
    table.records = _records(table.records, table.notes)
    return table


def _records(rows: Iterator[Record], notes: list[str]) -> Iterator[Record]:
    numbers = 0
    for row in rows:
        values = dict(row.values)
        if _IDENTIFIER.fullmatch(str(values.get("Tags") or "")):
            numbers += 1
            values["Tags"] = ""
        unpublished = not row.problem and not str(values.get("Published Date") or "").strip()
        draft = "it has no Published Date" if unpublished else ""
        yield replace(row, values=values, draft=row.draft or draft)
    if numbers:
        notes.append(
            f"The tags of {numbers:,} posts are identifiers of Wix, not names; the category was "
            "taken instead."
        )
