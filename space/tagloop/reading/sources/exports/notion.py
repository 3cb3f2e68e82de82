"""A Notion export: pages in Markdown or HTML, and a table for each database.

A page's properties stand under its heading (Markdown) or in a table of their own (HTML); what is
missing there is taken from the row of its database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from lxml import etree
from lxml.html import HtmlElement, document_fromstring, tostring

from tagloop.errors import UserError
from tagloop.reading.documents import read_document
from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.posts import bounded, terms
from tagloop.reading.sources.files import Tree
from tagloop.reading.sources.tables.delimited import read_delimited
from tagloop.text.encodings import decode

MEMBER = re.compile(r" [0-9a-f]{32}\.(?:md|html)\Z")
_IDENTIFIER = re.compile(r"[ -][0-9a-f]{32}(?:_all)?\Z")
_PAGES = (".md", ".html")
_LISTS = ("multi_select", "select", "status", "relation")
"""Types of properties whose values are names."""

Rows = Mapping[tuple[PurePosixPath, str], Mapping[str, Any]]
"""Rows of the databases by where the database is, without its identifier, and by their title."""


def read_notion(tree: Tree, limits: Limits) -> Source:
    """Opens a Notion export; a page without text, such as that of a database, is no article."""
    pages = [path for path in tree.paths() if path.suffix in _PAGES and path.name != "index.html"]
    source = Source("notion", tree.name, iter(()), unit="file", total=len(pages))
    source.left_out.update(tree.left_out)
    for path in tree.paths():
        if path not in pages:
            source.left_out["databases" if path.suffix == ".csv" else "attachments"] += 1
    rows = _rows(tree, limits, source.notes)
    source.records = bounded(_records(tree, pages, rows, limits), tree.name, limits)
    return source


def _records(
    tree: Tree, pages: list[PurePosixPath], rows: Rows, limits: Limits
) -> Iterator[Record]:
    for path in pages:
        where = f"{tree.name}/{path}"
        try:
            data = tree.read(path, limits.record_characters)
            if path.suffix == ".html":
                record = _page(decode(data, where, html=True), where)
            else:
                record = read_document(data, where)
        except (UserError, etree.ParserError, ValueError) as error:
            yield Record(where, {}, problem=str(error))
            continue
        name = _IDENTIFIER.sub("", path.stem)
        title = str(record.values.get("title") or name)
        row = _row(rows, path, (title, name))
        values = {**row, **{key: value for key, value in record.values.items() if value}}
        # The file's name is cut at fifty characters, and has no signs such as "/" and "?".
        fallbacks = {"title": name, **record.fallbacks}
        yield replace(record, where=where, values=values, fallbacks=fallbacks)


def _rows(tree: Tree, limits: Limits, notes: list[str]) -> Rows:
    """Reads the databases; each is there twice, as it was shown and with all rows (``_all``)."""
    rows: dict[tuple[PurePosixPath, str], Mapping[str, Any]] = {}
    for path in tree.paths():
        if path.suffix != ".csv":
            continue
        place = path.parent / _IDENTIFIER.sub("", path.stem)
        try:
            table = read_delimited(tree.file(path), limits)
            for row in table.records:
                title = str(next(iter(row.values.values()), "") or "")
                rows[_without_identifiers(place), title] = row.values
        except UserError as error:
            notes.append(f"The database {path.name} was not read: {error}")
    return rows


def _row(rows: Rows, path: PurePosixPath, titles: tuple[str, ...]) -> Mapping[str, Any]:
    place = _without_identifiers(path.parent)
    return next((rows[place, title] for title in titles if (place, title) in rows), {})


def _without_identifiers(path: PurePosixPath) -> PurePosixPath:
    return PurePosixPath(*(_IDENTIFIER.sub("", part) for part in path.parts))


def _page(html: str, where: str) -> Record:
    """Reads a page in HTML, whose parts Notion marks by classes."""
    page = document_fromstring(html)
    bodies = page.xpath("//div[contains(@class, 'page-body')]")
    if not bodies:
        raise UserError("it has no body as Notion writes it")
    titles = page.xpath("//h1[contains(@class, 'page-title')]")
    values: dict[str, Any] = {"title": _words(titles[0]) if titles else ""}
    for row in page.xpath("//table[contains(@class, 'properties')]//tr"):
        names, cells = row.xpath("./th"), row.xpath("./td")
        if names and cells:
            kind = row.get("class", "")
            chosen = cells[0].xpath(".//*[contains(@class, 'selected-value')]")
            if chosen and any(it in kind for it in _LISTS):
                values[_words(names[0])] = terms(map(_words, chosen))
            else:
                values[_words(names[0])] = _words(cells[0]).lstrip("@")
    body = tostring(bodies[0], encoding="unicode", with_tail=False)
    return Record(where, values, body=body, markup="html")


def _words(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())
