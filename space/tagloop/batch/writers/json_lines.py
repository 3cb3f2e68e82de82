"""JSON Lines with keys added: each line as it was given, up to its closing brace."""

from __future__ import annotations

import json
from typing import Any

from tagloop.batch.rows import TAGS, Form, Piece, added_names
from tagloop.batch.writers.writer import Survey, Written
from tagloop.limits import readable


class JsonLinesWriter:
    """Writes each line as it was given, with more keys before its closing brace."""

    def __init__(self, survey: Survey, ending: str) -> None:
        self._names = added_names(survey.names)
        self.form = Form(ending or ".jsonl")

    def write(self, row: Written) -> Piece:
        """Returns a line; one that is no JSON object becomes one, with the line as its ``line``."""
        line = str(row.entry.record.given or "")
        if not _is_object(line):
            line = json.dumps({"line": readable(line)}, ensure_ascii=False)
        inside = line[: line.rindex("}")].rstrip()
        added = json.dumps(added_values(self._names, row), ensure_ascii=False)
        comma = "" if inside == "{" else ", "
        return Piece(f"{inside}{comma}{added[1:]}\n".encode(errors="replace"))

    def notes(self) -> list[str]:
        """Returns where the tags are, if that is another name than ever."""
        return renamed(self._names)


def added_values(names: list[str], row: Written) -> dict[str, Any]:
    """Returns what an object is given, by name; the note only if there is one."""
    tagged = row.tagged
    values = [list(tagged.tags), list(tagged.confidences), tagged.problem or None, row.note]
    found = dict(zip(names, values, strict=True))
    if not row.note:
        del found[names[3]]
    return found


def renamed(names: list[str]) -> list[str]:
    """Returns a sentence where the tags have another name than ever."""
    if names[0] != TAGS:
        return [f"The file had {TAGS} already: the new ones are under {names[0]}."]
    return []


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
