"""The YAML front matter of a Markdown file: its values, and where it stands in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml
from frontmatter.default_handlers import YAMLHandler

from tagloop.errors import UserError

_HANDLER = YAMLHandler()
_TOML = "+++"
MAX_CHARACTERS = 20_000
"""Of the front matter: YAML is read slowly."""
_DASHES = re.compile(r"^-{3,}[ \t]*(?=\r?$)", re.MULTILINE)
"""The lines around it; the handler's own pattern takes the blank lines after them as well, but
whoever writes a file again must keep those."""


@dataclass(frozen=True)
class FrontMatter:
    """A file in its parts.

    Attributes:
        values: Every value is the text that stands there, or a list or a mapping of such.
        lines: The front matter as it was written, without the lines of dashes around it.
        body: What comes after it.
        given: Whether there is one at all.
    """

    values: dict[str, Any]
    lines: str
    body: str
    given: bool


def split_front_matter(content: str, where: str) -> FrontMatter:
    """Takes a file apart.

    Args:
        content: The whole file, without a byte order mark.
        where: The file, for the message.

    Raises:
        UserError: The front matter has no end, is no YAML mapping, or far too long.
    """
    if content.startswith(_TOML):
        raise UserError(f"{where}: the front matter is TOML (+++); write it as YAML, within ---.")
    if not _DASHES.match(content):
        return FrontMatter({}, "", content, False)
    dashes = [match.span() for match in islice(_DASHES.finditer(content), 2)]
    if len(dashes) < 2:
        raise UserError(f"{where}, line 1: the front matter has no end; put a line '---' after it.")
    lines = content[dashes[0][1] : dashes[1][0]]
    if len(lines) > MAX_CHARACTERS:
        raise UserError(
            f"{where}: the front matter has {len(lines):,} characters; the limit is "
            f"{MAX_CHARACTERS:,}. Shorten it."
        )
    return FrontMatter(_load(lines, where), lines, content[dashes[1][1] :], True)


def _load(lines: str, where: str) -> dict[str, Any]:
    try:
        # BaseLoader leaves every value the text that stands there: `title: 1984`, `tags: [Yes]`.
        values = _HANDLER.load(lines, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = f" ({error.problem})" if isinstance(error, yaml.MarkedYAMLError) else ""
        raise UserError(
            f"{where}{line}: the front matter is not valid YAML{problem}; a text with ': ' or a "
            "special first character needs quotes."
        ) from error
    if not isinstance(values or {}, dict):
        raise UserError(f"{where}, line 2: the front matter must be lines of 'name: value'.")
    return values or {}
