"""A feed: RSS, RDF or Atom, read by feedparser, and JSON Feed.

feedparser knows the dialects of twenty years (elements, namespaces, kinds of dates). It gets one
item at a time, well-formed, without what feeds say of their authors, and neither cleans its HTML
nor fetches anything: so a broken item never stops the rest, and nothing takes longer than in
proportion to the feed.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import feedparser
from lxml import etree

from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.json_document import mappings, read_json
from tagloop.reading.sources.exports.posts import bounded, unique
from tagloop.reading.sources.exports.wordpress import DEFAULT_CATEGORIES
from tagloop.reading.sources.files import InputFile
from tagloop.reading.sources.xml_items import ATOM, PROLOG, RSS, Item, XmlItems, local_name, text_of

HEAD = re.compile(PROLOG + rb"<(?:rss|feed|rdf:RDF|RDF)(?=[\s>])")
JSON_HEAD = re.compile(
    rb'\A(?:\xef\xbb\xbf)?\s*+\{[^\[]*?"version"\s*+:\s*+"https?:\\?/\\?/(?:www\.)?jsonfeed\.org'
)
_ATOM = re.compile(PROLOG + rb"<feed(?=[\s>])")
_PEOPLE = frozenset(
    ("author", "creator", "contributor", "owner", "managingEditor", "webMaster", "publisher")
)
_NO_TAGS = ("http://schemas.google.com/g/2005#kind", "http://gdata.youtube.com/schemas/")
"""Schemes whose categories say what kind of thing an entry is."""
_FURTHER = ("next", "prev-archive")
"""Links to the next page, and to the archive of what came before (RFC 5005)."""
_ONLY_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_MARKUPS = {
    "text/plain": "",
    "text/x-markdown": "markdown",
    "text/markdown": "markdown",
}
"""By type of a content; of the others it is HTML. Many say plain text of what is HTML."""


@dataclass
class Feed:
    """A feed that is being read.

    Attributes:
        source: Its records.
        next_address: Of the next page, as the feed says it; known when all records are read.
        by_wordpress: Whether WordPress wrote it, which does not name its next page.
        summaries: How many of its entries had a summary only, until now.
        entries: How many entries it had, until now.
        context: What it says of all its entries.
    """

    source: Source
    next_address: str = ""
    by_wordpress: bool = False
    summaries: int = 0
    entries: int = 0
    context: dict[str, str] = field(default_factory=dict)


def summaries_note(summaries: int, entries: int) -> list[str]:
    """Says how many entries have no more than a summary, if there are any."""
    if not summaries:
        return []
    return [
        f"{summaries:,} of {entries:,} entries of the feed have a summary only, which was taken "
        "for the text."
    ]


def read_feed(file: InputFile, limits: Limits) -> Source:
    """Opens a feed in a file.

    Raises:
        UserError: It cannot be read.
    """
    feed = open_feed(file, limits)
    source, records = feed.source, feed.source.records

    def noted() -> Iterator[Record]:
        yield from records
        source.notes += summaries_note(feed.summaries, feed.entries)

    source.records = bounded(noted(), file.name, limits)
    return source


def open_feed(file: InputFile, limits: Limits, address: str = "") -> Feed:
    """Opens a feed.

    Args:
        file: Its bytes.
        limits: What reading it may take.
        address: Where it comes from, for what it names relative to that.

    Raises:
        UserError: It cannot be read.
    """
    if JSON_HEAD.match(file.head()):
        return _open_json(file, limits)
    items = XmlItems(file, limits, ATOM if _ATOM.match(file.head()) else RSS)
    feed = Feed(Source("feed", file.name, iter(()), unit="B", total=file.size))
    feed.source.position = items.position
    feed.source.records = _records(items, feed, file.name, address)
    return feed


def _records(items: XmlItems, feed: Feed, name: str, address: str) -> Iterator[Record]:
    for item in items:
        feed.entries += 1
        where = f"{name}: entry {item.number} (line {item.line})"
        if item.element is None:
            yield Record(where, {}, problem=item.problem)
            continue
        if not feed.context:
            feed.context = _context(items.around, address)
        try:
            yield _record(where, item, items, feed)
        except (
            KeyError,
            IndexError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
        ) as error:
            # What feedparser raises for elements in places where they should not be.
            yield Record(where, {}, problem=f"it is no entry that can be read ({error!r})"[:200])
    around = items.around
    feed.by_wordpress = "wordpress" in _channel(around, "generator").lower()
    feed.next_address = next(
        (
            urljoin(address, str(link.get("href", "")))
            for link in around.iter()
            if local_name(link) == "link" and link.get("rel") in _FURTHER
        ),
        "",
    )


def _context(around: etree._Element, address: str) -> dict[str, str]:
    """Returns what the feed says of all entries."""
    language = around.get("{http://www.w3.org/XML/1998/namespace}lang", "")
    return {
        "language": _channel(around, "language") or language,
        "source": _channel(around, "title"),
        "address": address,
    }


def _channel(around: etree._Element, name: str) -> str:
    """Returns the text of an element of the feed itself: two levels down at the most."""
    for parent in (around, *around):
        for child in parent:
            if local_name(child) == name:
                return text_of(child)
    return ""


def _record(where: str, item: Item, items: XmlItems, feed: Feed) -> Record:
    entry = _parsed(item, items, feed.context.get("address", ""))
    body, markup = _body(entry)
    if not body:
        body, markup = _summary(entry)
        feed.summaries += bool(body)
    language = entry.get("language") or feed.context.get("language") or ""
    values = {
        "id": entry.get("id") or "",
        "title": entry.get("title") or "",
        "tags": _tags(entry),
        "url": entry.get("feedburner_origlink") or entry.get("link") or "",
        "published": _published(entry),
        "language": language,
        "source": feed.context.get("source", ""),
    }
    return Record(
        where,
        values,
        body=body,
        markup=markup,
        draft="draft: yes" if _is_draft(item) else "",
        oddities=(item.oddity,) if item.oddity else (),
    )


def _is_draft(item: Item) -> bool:
    """Tells whether the Atom Publishing Protocol's ``app:draft`` says so."""
    assert item.element is not None
    return any(local_name(it) == "draft" and text_of(it) == "yes" for it in item.element.iter())


def _parsed(item: Item, items: XmlItems, address: str) -> dict[str, Any]:
    """Lets feedparser read an item alone, in its own feed."""
    element = item.element
    assert element is not None
    for person in [it for it in element.iter() if local_name(it) in _PEOPLE]:
        if person is not element and (parent := person.getparent()) is not None:
            parent.remove(person)
    text = etree.tostring(element, encoding="unicode", with_tail=False)
    if items.root.startswith("<rss"):
        text = f"<channel>{text}</channel>"
    result = feedparser.parse(
        f"{items.root}{text}{items.root_end}".encode(),
        response_headers={
            "content-type": "application/xml; charset=utf-8",
            "content-location": address,
        },
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    return dict(result.entries[0]) if result.entries else {}


def _body(entry: dict[str, Any]) -> tuple[str, str]:
    """Returns the longest content of an entry and its markup."""
    contents = [it for it in entry.get("content") or [] if it.get("value")]
    if not contents:
        return "", ""
    longest = max(contents, key=lambda it: len(it["value"]))
    return longest["value"], _MARKUPS.get(longest.get("type", ""), "html")


def _summary(entry: dict[str, Any]) -> tuple[str, str]:
    detail = entry.get("summary_detail") or {}
    return entry.get("summary") or "", _MARKUPS.get(detail.get("type", ""), "html")


def _tags(entry: dict[str, Any]) -> list[str]:
    tags = []
    for tag in entry.get("tags") or []:
        if not str(tag.get("scheme") or "").startswith(_NO_TAGS):
            tags.append(str(tag.get("label") or tag.get("term") or "").strip())
    return [tag for tag in unique(tags) if tag.casefold() not in DEFAULT_CATEGORIES]


def _published(entry: dict[str, Any]) -> str:
    """Returns when an entry was published, in UTC; as it stands there if that cannot be read."""
    for name in ("published", "created", "updated"):
        if text := entry.get(name):
            moment = entry.get(f"{name}_parsed")
            if moment is None or _ONLY_DATE.fullmatch(text):
                return str(text)
            try:
                seconds = calendar.timegm(moment)
                return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            except (ValueError, OverflowError, OSError):
                return str(text)
    return ""


def _open_json(file: InputFile, limits: Limits) -> Feed:
    """Opens a JSON Feed (https://jsonfeed.org/version/1.1)."""
    document = read_json(file, limits)
    document = document if isinstance(document, dict) else {}
    items = mappings(document.get("items"))
    feed = Feed(Source("feed", file.name, iter(()), total=len(items)))
    feed.next_address = str(document.get("next_url") or "")
    feed.context = {
        "language": str(document.get("language") or ""),
        "source": str(document.get("title") or ""),
    }
    feed.source.records = _json_records(items, feed, file.name)
    return feed


def _json_records(items: list[dict[str, Any]], feed: Feed, name: str) -> Iterator[Record]:
    for number, item in enumerate(items, 1):
        feed.entries += 1
        body, markup = item.get("content_html"), "html"
        if not body:
            body, markup = item.get("content_text"), "text"
        if not body:
            body, markup = item.get("summary"), "text"
            feed.summaries += bool(body)
        values = {
            "id": str(item.get("id") or ""),
            "title": item.get("title") or "",
            "tags": item.get("tags") or [],
            "url": item.get("url") or "",
            "published": item.get("date_published") or item.get("date_modified") or "",
            "language": item.get("language") or feed.context["language"],
            "source": feed.context["source"],
        }
        yield Record(
            f"{name}: item {number}",
            values,
            body=body if isinstance(body, str) else "",
            markup=markup,
        )
