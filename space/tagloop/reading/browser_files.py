"""A visitor's file as tagloop reads it, as far as that goes without a parser of HTML.

The browser has one: `reading.mjs` makes text of the HTML that comes out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.columns import Columns
from tagloop.reading.documents.plain_text import read_text
from tagloop.reading.front_matter import FrontMatter, after_front_matter, split_front_matter
from tagloop.reading.missing import is_missing
from tagloop.service.options import written_list
from tagloop.text.site_markup import MARKDOWN, without_templates

PAGES = (".html", ".htm", ".xhtml")


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
    columns = Columns.of_record(front.values, {}, front_matter=True)
    title, tags = _title(columns, front.values), [*_tags(columns, front.values)]
    found = {"title": title, "tags": tags, "note": note}
    if ending == ".txt" and not front.given:
        title, text = read_text(front.body, name)
        return found | {"title": title, "text": text}
    if ending in PAGES:
        return found | {"html": without_templates(front.body)}
    return found | {"html": MARKDOWN.render(front.body, {"mdx": ending == ".mdx"})}


def _title(columns: Columns, values: Mapping[str, Any]) -> str:
    title = columns.first(values, "title")
    return " ".join(title.split()) if isinstance(title, str) and not is_missing(title) else ""


def _tags(columns: Columns, values: Mapping[str, Any]) -> Iterator[str]:
    """Yields the tags by the first name that has any."""
    for _, tags in columns.values(values, "tags"):
        if is_missing(tags):
            continue
        listed = written_list(tags) if isinstance(tags, str) else tags
        for tag in listed if isinstance(listed, list) else ():
            if isinstance(tag, str) and tag.strip():
                yield tag.strip()
        return
