"""The parts of a file with front matter, and what the values of all dialects have in common."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Any

from tagloop.errors import UserError

MAX_CHARACTERS = 20_000
"""Of the front matter: YAML is read slowly."""
KNOWN = frozenset(
    (
        "title", "date", "tags", "tag", "category", "categories", "slug", "keywords", "author",
        "authors", "summary", "description", "status", "layout", "permalink", "lang", "language",
        "modified", "updated", "draft", "published", "url", "template", "subtitle", "link", "type",
        "filetags", "comments", "toc", "cover", "abbrlink", "excerpt", "top", "photos",
    )
)  # fmt: skip
"""Names of values that tell a line of front matter from a sentence with a colon."""
TAG_NAMES = frozenset(("tags", "tag", "categories", "category", "keywords", "topics", "labels"))


@dataclass(frozen=True)
class FrontMatter:
    """A file in its parts: ``head + lines + tail + body`` is the file.

    Attributes:
        values: Every value is the text that stands there, or a list or a mapping of such.
        lines: The front matter as it was written, without what stands around it.
        body: What comes after it, from the end of its last line on.
        given: Whether there is one at all.
        dialect: How it is written: ``yaml``, ``toml``, ``json``, ``headers``,
            ``notion``, ``org``, ``rst``, ``ablog`` or ``mdx``; empty if there is none.
        head: What stands before its lines: a byte order mark, blank lines, the line that opens it,
            the heading that its properties follow.
        tail: The line that closes it, without its end.
        oddities: What was repaired to read it, for people.
    """

    values: dict[str, Any]
    lines: str
    body: str
    given: bool
    dialect: str = ""
    head: str = ""
    tail: str = ""
    oddities: tuple[str, ...] = ()


def check_length(lines: str, where: str) -> None:
    """Looks at how long a front matter is.

    Raises:
        UserError: It is far too long.
    """
    if len(lines) > MAX_CHARACTERS:
        raise UserError(
            f"{where}: the front matter has {len(lines):,} characters; the limit is "
            f"{MAX_CHARACTERS:,}. Shorten it."
        )


def as_texts(value: Any) -> Any:
    """Returns a value of TOML as texts, as the other dialects have them."""
    if isinstance(value, dict):
        return {str(name): as_texts(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_texts(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return "" if value is None else str(value)


def line_end(content: str) -> str:
    """Returns how the file ends its lines."""
    return "\r\n" if "\r\n" in content else "\n"


def is_empty(value: Any) -> bool:
    """Tells whether a value says nothing."""
    return value in (None, "", "~", "null", "[]") or value == [] or value == {}


_NAME = re.compile(r"\W")


def folded(name: str) -> str:
    """Returns a value's name as it is compared with others."""
    return _NAME.sub("", name).casefold()
