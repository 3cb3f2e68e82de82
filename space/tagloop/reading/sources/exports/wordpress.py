"""A WordPress export (WXR), which Squarespace and others write as well.

Read with lxml, item by item: what is needed are WordPress's own elements (type, status, kinds of
categories), which libraries for feeds do not know.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.posts import left_out_note, open_items, terms
from tagloop.reading.sources.files import InputFile
from tagloop.reading.sources.xml_items import PROLOG, RSS, Item, XmlItems, name_in, text_of
from tagloop.text.wordpress import post_html

HEAD = re.compile(PROLOG + rb"<rss\b[^>]*wordpress\.org/export/")
_PREFIXES = {
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://wordpress.org/export/1.0/excerpt/": "excerpt",
    "http://wordpress.org/export/1.1/excerpt/": "excerpt",
    "http://wordpress.org/export/1.2/excerpt/": "excerpt",
    "http://wordpress.org/export/": "wp",
    "http://purl.org/dc/elements/1.1/": "dc",
}
_GONE = frozenset(("trash", "auto-draft", "inherit"))
"""States of what nobody is to see again."""
_NO_CATEGORY = "uncategorized"
"""The ``nicename`` of the category that WordPress gives by itself, in most languages."""
DEFAULT_CATEGORIES = frozenset(
    (
        "uncategorized", "uncategorised", "non classé", "sin categoría", "senza categoria",
        "sem categoria", "geen categorie", "bez kategorii", "okategoriserade", "без рубрики",
        "未分类", "未分類", "미분류",
    )
)  # fmt: skip
"""Its names, case-folded: an article in it has none."""
_DATE = re.compile(r"(?!0000|-)(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)")


def read_wordpress(file: InputFile, limits: Limits) -> Source:
    """Opens a WordPress export; only posts are read.

    Raises:
        UserError: It cannot be read.
    """
    return open_items("wordpress", file, limits, RSS, _records)


def _records(items: XmlItems, name: str, notes: list[str]) -> Iterator[Record]:
    left_out = Counter[str]()
    channel: dict[str, str] | None = None
    for item in items:
        where = f"{name}:{item.line}"
        if item.element is None:
            yield Record(where, {}, problem=item.problem)
            continue
        if channel is None:
            channel = {
                key: text_of(items.around.find(f".//channel/{element}"))
                for key, element in (("language", "language"), ("source", "title"))
            }
        fields = _fields(item.element)
        kind = fields.get("wp:post_type") or "post"
        status = fields.get("wp:status", "").lower()
        if kind != "post":
            left_out[kind] += 1
        elif status in _GONE:
            left_out[f"post with status '{status}'"] += 1
        else:
            yield _record(where, item, fields, channel)
    if note := left_out_note(left_out):
        notes.append(note)


def _record(where: str, item: Item, fields: dict[str, str], channel: dict[str, str]) -> Record:
    assert item.element is not None
    tags, categories = _terms(item.element)
    status = fields.get("wp:status", "").lower()
    values = {
        "title": fields.get("title", ""),
        "tags": terms(tags),
        "categories": terms(categories),
        "url": fields.get("link", ""),
        "published": _published(fields),
        "status": status,
    }
    draft = f"status: {status}" if status not in ("", "publish") else ""
    if fields.get("wp:post_password"):
        draft = "it is protected by a password"
    return Record(
        where,
        values | {key: value for key, value in channel.items() if value},
        body=post_html(fields.get("content:encoded", "")),
        markup="html",
        draft=draft,
        oddities=(item.oddity,) if item.oddity else (),
    )


def _fields(item: etree._Element) -> dict[str, str]:
    """Returns the texts of an item's elements by their usual names, the first of each."""
    fields: dict[str, str] = {}
    for child in item:
        fields.setdefault(name_in(child, _PREFIXES), text_of(child))
    return fields


def _terms(item: etree._Element) -> tuple[list[str], list[str]]:
    """Returns an item's tags and its categories."""
    tags, categories = [], []
    for child in item:
        if name_in(child, _PREFIXES) != "category":
            continue
        domain, term = child.get("domain", "category"), text_of(child)
        if domain in ("post_tag", "tag"):
            tags.append(term)
        elif domain == "category" and not _is_default(child.get("nicename", ""), term):
            categories.append(term)
    return tags, categories


def _is_default(nicename: str, name: str) -> bool:
    return nicename == _NO_CATEGORY or name.casefold() in DEFAULT_CATEGORIES


def _published(fields: dict[str, str]) -> str:
    """Returns when a post was published; drafts have a date of zeros, or of the year -1."""
    if found := _DATE.fullmatch(fields.get("wp:post_date_gmt", "")):
        return f"{found[1]}T{found[2]}Z"
    if (date := fields.get("pubDate", "")) and "-0001" not in date:
        return date
    found = _DATE.fullmatch(fields.get("wp:post_date", ""))
    return found[0] if found else ""
