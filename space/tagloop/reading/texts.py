"""A text in whatever value holds it: objects, lists of paragraphs, HTML that was escaped."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from ftfy.fixes import fix_surrogates

from tagloop.reading.missing import is_missing
from tagloop.text.markup import looks_like_html

_TEXT_IN_OBJECTS = (
    "rendered", "html", "markdown", "raw", "text", "content", "value", "plain", "body", "name",
    "#text", "$t", "_", "en", "paragraphs", "blocks", "data",
)  # fmt: skip
"""Keys of objects that stand for a text: WordPress's ``rendered`` first, editors' blocks last."""
_MAX_DEPTH = 6
_MAX_PARTS = 100_000
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_ESCAPED_TAG = re.compile(r"&(?:amp;)?lt;/?[a-zA-Z][a-zA-Z0-9]{0,10}(?=[\s/&])")
_ESCAPED_FIRST = re.compile(r"\A\s*+&(?:amp;)?lt;(?:!--|[a-zA-Z])")
_ESCAPED_LAST = re.compile(r"&(?:amp;)?gt;\s*\Z")
_WORDS_PER_ESCAPED_TAG = 20
"""An article about HTML names a tag now and then; an escaped one closes every paragraph."""


class WrongType(Exception):
    """A value can be no text; the message says what it is."""


def text_in(value: Any) -> str:
    """Returns the text that a value holds, paragraphs of a list by blank line.

    Raises:
        WrongType: It holds none.
    """
    return "\n\n".join(_Parts().of(value))


class _Parts:
    """Reads the parts of a text; counts what it looks at, since lists may hold one another."""

    def __init__(self) -> None:
        self.looked_at = 0

    def of(self, value: Any, depth: int = 0) -> list[str]:
        self.looked_at += 1
        if depth > _MAX_DEPTH or self.looked_at > _MAX_PARTS:
            raise WrongType("lists in lists")
        if is_missing(value):
            return []
        if isinstance(value, str):
            if depth == 0 and (paragraphs := _written_paragraphs(value)):
                return [part for item in paragraphs for part in self.of(item, 1)]
            return [fix_surrogates(value)]
        if isinstance(value, list | tuple):
            return [part for item in value for part in self.of(item, depth + 1)]
        if isinstance(value, Mapping):
            found = next((value[key] for key in _TEXT_IN_OBJECTS if value.get(key)), None)
            if found is None and not any(key in value for key in _TEXT_IN_OBJECTS):
                raise WrongType("an object")
            return self.of(found, depth + 1)
        if isinstance(value, bool | bytes):
            raise WrongType("bytes" if isinstance(value, bytes) else "true or false")
        return [str(value)]


def _written_paragraphs(text: str) -> list[str] | None:
    """Returns the texts of a list that stands in a cell as Python or JSON writes it."""
    text = text.strip()
    if text[:2] not in ("['", '["') or text[-2:] not in ("']", '"]'):
        return None
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    return None


def line_in(value: Any) -> str:
    """Returns the one line that a value holds, such as a title, its entities undone.

    Raises:
        WrongType: It holds none, or a list of several.
    """
    if isinstance(value, list | tuple):
        kept = [item for item in value if not is_missing(item)]
        if len(kept) > 1:
            raise WrongType("a list")
        value = kept[0] if kept else None
    return " ".join(unescaped(text_in(value)).split())


def unescaped(text: str) -> str:
    """Returns a text without its entities, also where an export has escaped them twice."""
    for _ in range(2):
        if "&" not in text:
            break
        text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    return text


def unescaped_html(text: str) -> str:
    """Returns HTML that was written as entities (``&lt;p&gt;``) as HTML; other texts stay.

    An article about HTML, which writes the tags of which it speaks so, is no such text.
    """
    if text.lstrip().startswith("<![CDATA["):
        text = text.strip().removeprefix("<![CDATA[").removesuffix("]]>")
    if "lt;" not in text or looks_like_html(text):
        return text
    tags = sum(1 for _ in _ESCAPED_TAG.finditer(text))
    around = tags > 1 and _ESCAPED_FIRST.match(text) and _ESCAPED_LAST.search(text, len(text) - 100)
    if not around and tags * _WORDS_PER_ESCAPED_TAG < max(len(text.split()), 60):
        return text
    for _ in range(2):
        text = unescape(text)
        if looks_like_html(text):
            break
    return text
