"""One article in a file of its own: Markdown, HTML, reStructuredText, Org, text, Word, PDF."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.documents.markdown import read_markdown
from tagloop.reading.documents.org import read_org
from tagloop.reading.documents.plain_text import read_text
from tagloop.reading.front_matter import FrontMatter, after_front_matter, split_front_matter
from tagloop.reading.front_matter.body_tags import body_tags
from tagloop.reading.missing import is_missing
from tagloop.reading.record import Record
from tagloop.text.encodings import declared_encoding, decode, encoding_note, find_encoding
from tagloop.text.markup import html_to_text
from tagloop.text.site_markup import without_templates

MARKUPS: dict[str, str] = (
    dict.fromkeys(
        (
            *(".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdx", ".qmd", ".rmd", ".rmarkdown"),
            *(".mdwn", ".mdtxt", ".mdtext"),
        ),
        "markdown",
    )
    | dict.fromkeys((".html", ".htm", ".xhtml"), "html")
    | {".rst": "rst", ".org": "org", ".txt": "text", ".docx": "text", ".pdf": "text"}
)
"""How the text of a file is written, by its ending in lower case."""
ENDINGS = tuple(MARKUPS)
_PACKED = (".docx", ".pdf")
_WHOLE_PAGE = re.compile(
    r"<(?:!doctype|html|head|body|title|meta|nav|main|article)\b", re.IGNORECASE
)
_TOP_HEADING = re.compile(
    r"\A\s*+(?:<(?:div|article|section|main|header)\b[^<>]*+>\s*+)*+(<h1\b[^<>]*+>)", re.IGNORECASE
)
_HEADING_END = re.compile(r"</h1\s*+>", re.IGNORECASE)
MAX_HEADING = 500
_FIRST_HEADING = re.compile(r"^(?:[ \t]{0,3}(```|~~~)|#[ \t][^\n]*+)", re.MULTILINE)
_DATE_IN_NAME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[-_ .]|\Z)")


def read_document(data: bytes, name: str) -> Record:
    """Returns the record of one article file; what is wrong with it stands in ``problem``.

    The title is never taken from the file's name, the date may be (Jekyll's
    ``2021-02-03-ferry.md``).

    Args:
        data: The file.
        name: For people; its ending says how the text is written.
    """
    path = PurePosixPath(name)
    ending = path.suffix.lower()
    found_date = _DATE_IN_NAME.match(path.name)
    fallbacks: dict[str, Any] = {"published": found_date[1]} if found_date else {}
    try:
        if ending in _PACKED:
            title, text = _packed(data, name, ending)
            return Record(name, {"title": title}, text, "text", fallbacks)
        content, oddities = _decoded(data, name, html=MARKUPS.get(ending) == "html")
    except UserError as error:
        return Record(name, {}, problem=_reason(error, name))
    try:
        front = split_front_matter(content, name, ending)
    except UserError as error:
        body = after_front_matter(content)
        markup = MARKUPS.get(ending, "text")
        return Record(name, {}, body, markup, problem=_reason(error, name))
    record = _record(front, name, ending, fallbacks)
    return replace(record, oddities=(*oddities, *record.oddities)) if oddities else record


def _decoded(data: bytes, name: str, *, html: bool) -> tuple[str, tuple[str, ...]]:
    """Returns the text, and what a person should know of its encoding."""
    content = decode(data, name, html=html)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if not (html and declared_encoding(data)):
            note = encoding_note(find_encoding([data], name))
            return content, (note,) if note else ()
    return content, ()


def _record(front: FrontMatter, name: str, ending: str, fallbacks: dict[str, Any]) -> Record:
    markup = MARKUPS.get(ending, "text")
    values: Mapping[str, Any] = front.values
    body = front.body
    if markup == "html" and not front.given and _WHOLE_PAGE.search(body, 0, 4096):
        from tagloop.reading.documents.page_metadata import page_metadata

        markup, values = "page", page_metadata(body)
    elif markup == "html" and front.given:
        body = without_templates(body)
    elif markup == "text" and front.given:
        markup = "markdown"  # whoever writes front matter writes Markdown under it
    if markup == "markdown" and ending != ".txt":
        tags, body = body_tags(body)
        title = (
            ""
            if any(
                name.casefold() == "title" and not is_missing(value)
                for name, value in values.items()
            )
            else _first_heading(body)
        )
        found = {"tags": tags, "title": title}
        fallbacks = fallbacks | {name: value for name, value in found.items() if value}
    return Record(name, values, body, markup, fallbacks, oddities=front.oddities)


def _first_heading(body: str) -> str:
    """Returns the first heading of the first level, wherever it stands; ends at code."""
    found = _FIRST_HEADING.search(body)
    return read_markdown(found[0][:MAX_HEADING], "")[0] if found and found[1] is None else ""


def _packed(data: bytes, name: str, ending: str) -> tuple[str, str]:
    """Imports only what the ending needs: Tag reads each file in a process of its own."""
    if ending == ".pdf":
        from tagloop.reading.documents.pdf import read_pdf

        return read_pdf(data, name)
    from tagloop.reading.documents.word import read_word

    return read_word(data, name)


def _reason(error: UserError, name: str) -> str:
    """Returns the sentence without the file at its beginning, which `Record.where` names."""
    return str(error).removeprefix(f"{name}: ").removeprefix(f"{name}, ")


def read_html_fragment(body: str, name: str) -> tuple[str, str]:
    """Returns the heading at the top (empty if there is none), and the rest as plain text."""
    heading = _TOP_HEADING.match(body)
    end = _HEADING_END.search(body, heading.end()) if heading else None
    if heading is None or end is None:
        return "", html_to_text(body)
    title = " ".join(html_to_text(body[heading.end() : end.start()]).split())
    return title, html_to_text(body[: heading.start(1)] + body[end.end() :])


# What takes its time to be imported is imported when it is needed.


def _read_page(body: str, name: str) -> tuple[str, str]:
    from tagloop.reading.documents.html_page import read_html

    return read_html(body, name)


def _read_rst(body: str, name: str) -> tuple[str, str]:
    from tagloop.reading.documents.rst import read_rst

    return read_rst(body, name)


BODIES: dict[str, Callable[[str, str], tuple[str, str]]] = {
    "markdown": read_markdown,
    "html": read_html_fragment,
    "page": _read_page,
    "rst": _read_rst,
    "org": read_org,
    "text": read_text,
}
"""By `Record.markup`: from a body and the name of its file to the heading at its top (empty if
there is none) and the rest as plain text."""
