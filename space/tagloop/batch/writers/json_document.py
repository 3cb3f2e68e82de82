"""A list of objects in JSON, alone or within an object, with keys added to each."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from tagloop.batch.rows import Form, Piece, added_names
from tagloop.batch.writers.json_lines import added_values, renamed
from tagloop.batch.writers.writer import Survey, Written

_DEEP = 4
"""So many objects may stand around the list."""


class JsonDocumentWriter:
    """Writes the objects of the list in their order, and what stands around the list as it was.

    Args:
        document: The whole document; an object that is the one record itself will do as well.
        survey: Its first record tells which list holds the records.

    Raises:
        LookupError: The records stand in no list of it.
    """

    def __init__(self, document: Any, survey: Survey) -> None:
        mark = uuid4().hex
        items, around = _without_records(document, survey, mark)
        # An article a line: with each value on a line of its own a list could become any size.
        written = json.dumps(around, ensure_ascii=False)
        head, _, tail = written.partition(f'"{mark}"')
        opening, closing = ("[\n", "\n]") if isinstance(items, list) else ("", "")
        self._items = iter(items if isinstance(items, list) else [items])
        self._names = added_names(survey.names)
        self._begun = False
        self.form = Form(".json", _bytes(head + opening), _bytes(f"{closing}{tail}\n"))

    def write(self, row: Written) -> Piece:
        """Returns an object of the list; what is no object stays as it is."""
        item = next(self._items)
        if isinstance(item, dict):
            item = item | added_values(self._names, row)
        comma = ",\n" if self._begun else ""
        self._begun = True
        return Piece(_bytes(comma + json.dumps(item, ensure_ascii=False)))

    def notes(self) -> list[str]:
        """Returns where the tags are, if that is another name than ever."""
        return renamed(self._names)


def _without_records(value: Any, survey: Survey, mark: str, depth: int = 0) -> tuple[Any, Any]:
    """Returns the records, and the document with a mark in their place."""
    if isinstance(value, list) and len(value) == survey.count and any(map(survey.is_like, value)):
        return value, mark
    if isinstance(value, dict) and depth < _DEEP:
        for key, inner in value.items():
            try:
                items, around = _without_records(inner, survey, mark, depth + 1)
            except LookupError:
                continue
            return items, value | {key: around}
        if survey.count == 1 and survey.is_like(value):
            return value, mark
    raise LookupError


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")
