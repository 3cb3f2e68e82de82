"""A visitor's file as tagloop reads it, as far as that goes without a parser of HTML.

The browser has one: `reading.mjs` makes text of the HTML that comes out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.column_names import NAMES, fold
from tagloop.reading.documents.plain_text import read_text
from tagloop.reading.front_matter import FrontMatter, after_front_matter, split_front_matter
from tagloop.reading.missing import is_missing
from tagloop.text.site_markup import MARKDOWN, without_templates

PAGES = (".html", ".htm", ".xhtml")
_SEPARATORS = re.compile(r"[,;\n]")


def read_file(name: str, content: str) -> dict[str, Any]:
    """Reads a file's front matter, and its text as far as that is none of HTML.

    Args:
        name: Its ending says how the text is written: Markdown, HTML or plain.
        content: The file.

    Returns:
        ``page``: a whole page in HTML, all of it; else ``title``, ``tags``, and ``text`` or
        ``html``; ``note``, a sentence, where front matter cannot be read.
    """
    ending = PurePosixPath(name).suffix.lower()
    note = ""
    try:
        front = split_front_matter(content, name, ending)
    except UserError as error:
        body = after_front_matter(content)
        if body is None:
            raise
        front, note = FrontMatter({}, "", body, True), str(error)
    if ending in PAGES and not front.given:
        return {"page": content}
    found = {"title": _title(front.values), "tags": [*_tags(front.values)], "note": note}
    if ending == ".txt" and not front.given:
        title, text = read_text(front.body, name)
        return found | {"title": title, "text": text}
    if ending in PAGES:
        return found | {"html": without_templates(front.body)}
    return found | {"html": MARKDOWN.render(front.body, {"mdx": ending == ".mdx"})}


def _first(values: Mapping[str, Any], field: str) -> Any:
    """Returns the value by the likeliest of a field's names; None if there is none."""
    there = {fold(name): value for name, value in values.items() if not is_missing(value)}
    return next((there[name] for name in NAMES[field] if name in there), None)


def _title(values: Mapping[str, Any]) -> str:
    title = _first(values, "title")
    return " ".join(title.split()) if isinstance(title, str) else ""


def _tags(values: Mapping[str, Any]) -> Iterator[str]:
    tags = _first(values, "tags")
    listed = _SEPARATORS.split(tags) if isinstance(tags, str) else tags
    for tag in listed if isinstance(listed, list) else ():
        if isinstance(tag, str) and tag.strip():
            yield tag.strip()
