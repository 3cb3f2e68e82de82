"""JSON front matter: an object at the top (Hugo), or lines that `;;;` ends (Hexo)."""

from __future__ import annotations

import json
import re
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.front_matter.parts import FrontMatter, as_texts, check_length

_OBJECT = re.compile(r'\{\s*+(?:"|\})')
_OPENING = re.compile(r"^(?:;{3}|-{3}[ \t]*+json)[ \t]*+\r?\n", re.IGNORECASE | re.MULTILINE)
_MEMBER = re.compile(r'"[^"\n]++"[ \t]*+:')
_CLOSING = {
    ";": re.compile(r"^;{3}[ \t]*+(?=\r?$)", re.MULTILINE),
    "-": re.compile(r"^-{3}[ \t]*+(?=\r?$)", re.MULTILINE),
}


def find(content: str, start: int, where: str) -> FrontMatter | None:
    """Finds the front matter that begins at ``start``.

    Raises:
        UserError: It cannot be read.
    """
    if _OBJECT.match(content, start):
        return _object(content, start, where)
    opening = _OPENING.match(content, start)
    begin = opening.end() if opening else start
    if opening is None and not _MEMBER.match(content, start):
        return None
    mark = content[start] if opening else ";"
    closing = _CLOSING[mark].search(content, begin)
    if closing is None and opening is None:
        return None
    if closing is None:
        raise UserError(
            f"{where}, line {content.count(chr(10), 0, begin)}: the front matter has no end; put "
            f"a line '{mark * 3}' after it."
        )
    lines = content[begin : closing.start()]
    check_length(lines, where)
    return FrontMatter(
        _load(lines, where, content.count("\n", 0, begin)),
        lines,
        content[closing.end() :],
        True,
        "json",
        content[:begin],
        closing[0],
    )


def _object(content: str, start: int, where: str) -> FrontMatter:
    decoder = json.JSONDecoder()
    try:
        end = decoder.raw_decode(content, start)[1]
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UserError(
            f"{where}{line}: the front matter is not valid JSON ({_reason(error)})."
        ) from error
    lines = content[start:end]
    check_length(lines, where)
    values = _load(lines, where, content.count("\n", 0, start))
    return FrontMatter(values, lines, content[end:], True, "json", content[:start])


def _load(lines: str, where: str, before: int) -> dict[str, Any]:
    whole = lines if lines.lstrip().startswith("{") else f"{{{lines.strip().rstrip(',')}}}"
    try:
        values = json.loads(whole, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        at = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise UserError(
            f"{where}, line {before + at}: the front matter is not valid JSON ({_reason(error)})."
        ) from error
    texts: dict[str, Any] = as_texts(values)
    return texts


def _reason(error: Exception) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep"
