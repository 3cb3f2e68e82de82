"""TOML front matter: between lines of `+++` (Hugo, Zola)."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.front_matter.parts import FrontMatter, as_texts, check_length

_OPENING = re.compile(r"^(?:\+{3}|-{3}[ \t]*+toml)[ \t]*+\r?\n", re.IGNORECASE | re.MULTILINE)
_CLOSING = {
    "+": re.compile(r"^\+{3}[ \t]*+(?=\r?$)", re.MULTILINE),
    "-": re.compile(r"^-{3}[ \t]*+(?=\r?$)", re.MULTILINE),
}
_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def find(content: str, start: int, where: str) -> FrontMatter | None:
    """Finds the front matter that begins at ``start``.

    Raises:
        UserError: It cannot be read.
    """
    opening = _OPENING.match(content, start)
    if opening is None:
        return None
    begin, mark = opening.end(), content[start]
    first = content.count("\n", 0, begin) + 1
    closing = _CLOSING[mark].search(content, begin)
    if closing is None:
        raise UserError(
            f"{where}, line {first - 1}: the front matter has no end; put a line "
            f"'{mark * 3}' after it."
        )
    lines = content[begin : closing.start()]
    check_length(lines, where)
    values = load(lines, where, first)
    return FrontMatter(
        values, lines, content[closing.end() :], True, "toml", content[:begin], closing[0]
    )


def load(lines: str, where: str, first: int) -> dict[str, Any]:
    """Returns the values, each the text that stands there.

    Raises:
        UserError: It is no TOML.
    """
    try:
        values: dict[str, Any] = as_texts(tomllib.loads(lines.replace("\r\n", "\n")))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _LINE.search(str(error))
        line = first + int(found[1]) - 1 if found else first
        reason = _LINE.sub("", str(error)).strip() or "nested too deep"
        raise UserError(
            f"{where}, line {line}: the front matter is not valid TOML ({reason}); a text needs "
            "quotes."
        ) from error
    return values
