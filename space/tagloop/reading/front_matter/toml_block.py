"""TOML front matter: between lines of `+++` (Hugo, Zola)."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.front_matter import yaml_block
from tagloop.reading.front_matter.parts import FrontMatter, as_texts, check_length

_OPENING = re.compile(
    r"^(?:\+{3}[ \t]*+|-{3}[ \t]*+toml[ \t]*+"
    r"|-{3}[ \t]*+(?=\r?\n[\w-]++[ \t]*+=[ \t]*+[\"'\[\d]))\r?\n",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSING = {
    "+": re.compile(r"^\+{3}[ \t]*+(?=\r?$)", re.MULTILINE),
    "-": re.compile(r"^-{3}[ \t]*+(?=\r?$)", re.MULTILINE),
}
_YAML_IN_TOML = "front matter: '+++' stands around TOML; what is there is read as YAML"
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
    parts = (lines, content[closing.end() :], True)
    try:
        values = load(lines, where, first)
    except UserError:
        if not yaml_block.begins_like_yaml(lines):
            raise
        values, oddities = yaml_block.load(lines, where, content, begin)
        around = (content[:begin], closing[0])
        return FrontMatter(values, *parts, "yaml", *around, (_YAML_IN_TOML, *oddities))
    return FrontMatter(values, *parts, "toml", content[:begin], closing[0])


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
