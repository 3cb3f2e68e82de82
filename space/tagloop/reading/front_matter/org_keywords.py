"""Keywords at the top of an Org file: `#+TITLE:`, `#+FILETAGS: :boats:harbour:`."""

from __future__ import annotations

import re
import shlex
from typing import Any

from tagloop.reading.front_matter.headers import ORG, lines_from, read_lines
from tagloop.reading.front_matter.parts import FrontMatter

_TIMESTAMP = re.compile(
    r"\A[<\[](\d{4}-\d\d-\d\d)(?:[ \t]++[^\W\d]++\.?)?([ \t]++\d\d?:\d\d)?[^\n]*+\Z"
)


def find(content: str, start: int, where: str) -> FrontMatter | None:
    """Finds the keywords, after the drawer of properties that a file may begin with."""
    begin = end = _after_drawer(content, start)
    values: dict[str, Any] = {}
    for text, after in lines_from(content, begin):
        if text.startswith("#+") and (read := read_lines(content, after - len(text), ORG)):
            for name, value in read.values.items():
                values.setdefault(name.casefold(), value)
            end = after
        elif text.strip() and not text.startswith("# "):
            break
    if not values:
        return None
    lines = content[begin:end]
    return FrontMatter(_as_elsewhere(values), lines, content[end:], True, "org", content[:begin])


def file_tags(value: str) -> list[str]:
    """Returns the tags of `:boats:harbour:`, which may also stand apart by blanks."""
    return [tag for tag in re.split(r"[:\s]++", value) if tag]


def _after_drawer(content: str, start: int) -> int:
    opened = False
    for text, after in lines_from(content, start):
        opened = opened or text.strip().upper() == ":PROPERTIES:"
        if not opened:
            break
        if text.strip().upper() == ":END:":
            return content.find("\n", after) + 1 or len(content)
    return start


def _as_elsewhere(values: dict[str, Any]) -> dict[str, Any]:
    """Names the values as other dialects do."""
    found = dict(values)
    if isinstance(date := values.get("date"), str) and (stamp := _TIMESTAMP.match(date)):
        found["date"] = stamp[1] + (stamp[2] or "")
    if "filetags" in values:
        found["tags"] = file_tags(str(values["filetags"]))
    elif "tags[]" in values:  # of Hugo's own reader of Org
        found["tags"] = _words(str(values["tags[]"]))
    elif "hugo_tags" in values:
        found["tags"] = _words(str(values["hugo_tags"]))
    if "hugo_categories" in values:
        found["categories"] = _words(str(values["hugo_categories"]))
    if "hugo_draft" in values:
        found["draft"] = values["hugo_draft"]
    return found


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:  # a quote that is not closed
        return value.split()
