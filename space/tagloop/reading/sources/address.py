"""A source at an address: a feed with all of its pages, or a file of any kind that is known.

Fetched with `tagloop.reading.fetch`, so that size and time have bounds and a redirect is followed;
a person's own build may reach any host and port, also on his own network.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

from lxml import etree
from lxml.html import document_fromstring

from tagloop.errors import UserError
from tagloop.reading import sources
from tagloop.reading.fetch.page import KINDS, Page, Reach, Wanted, fetch_page
from tagloop.reading.record import UNLIMITED, Limits, Record, Source
from tagloop.reading.sources import feed as feeds
from tagloop.reading.sources.files import InputFile
from tagloop.text.encodings import decode

ANYWHERE = Reach(allows=lambda number: True, ports=None, elsewhere="is at a host that nobody knows")
FILES = Wanted(
    kinds=KINDS
    | dict.fromkeys(
        (
            "application/rss+xml", "application/atom+xml", "application/rdf+xml",
            "application/xml", "text/xml", "application/feed+json", "application/json",
            "application/x-ndjson", "application/gzip", "application/x-gzip", "application/zip",
            "application/octet-stream", "text/csv", "text/tab-separated-values", "text/markdown",
        ),
        "file",
    ),
    called="a feed nor a file of articles",
    max_bytes=500_000_000,
    max_seconds=600.0,
    instead="Save it from the browser and give the file instead.",
    reason="a feed, to build a dataset of its articles",
)  # fmt: skip
"""What ``make data`` fetches: larger than pages, since whole exports lie at addresses."""
MAX_PAGES = 500
"""Of a feed; WordPress gives ten entries a page."""
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_FEED_TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
)


def is_address(location: str) -> bool:
    """Tells whether a source is given by its address."""
    return _ADDRESS.match(location) is not None


def open_address(
    address: str, limits: Limits = UNLIMITED, reach: Reach = ANYWHERE, wanted: Wanted = FILES
) -> Source:
    """Opens what lies at an address.

    A page that names its feed stands for that feed. The pages of a feed are followed as long as
    they give entries that have not been seen.

    Raises:
        UserError: It cannot be fetched, or is of no kind that is known.
    """
    page = fetch_page(address, reach, wanted)
    notes = []
    if page.kind == "html" and (named := _feed_of(page)):
        notes.append(f"{_shown(address)} is a page; its feed at {_shown(named)} was read.")
        page = fetch_page(named, reach, wanted)
    file = _file(page)
    if not (feeds.HEAD.search(file.head()) or feeds.JSON_HEAD.search(file.head())):
        if page.kind == "html":
            raise UserError(
                f"{_shown(page.address)} is a page that names no feed: give the feed's own "
                "address, or save the articles as files."
            )
        source = sources.open_file(file, limits)
        source.notes[:0] = notes
        return source
    source = Source("feed", _shown(page.address), iter(()), notes=notes)
    source.records = _entries(page, source, limits, reach, wanted)
    return source


def _entries(
    page: Page, source: Source, limits: Limits, reach: Reach, wanted: Wanted
) -> Iterator[Record]:
    """Yields the entries of all pages, each once."""
    seen: set[str] = set()
    addresses = {page.address}
    read = summaries = entries = 0
    source.position = lambda: read
    for number in range(1, MAX_PAGES + 1):
        feed = feeds.open_feed(_file(page), limits, page.address)
        before = read
        for record in feed.source.records:
            key = _key(record)
            if key not in seen:
                seen.add(key)
                read += 1
                yield record
        summaries, entries = summaries + feed.summaries, entries + feed.entries
        following = _next_address(page.address, feed, number)
        if read == before or not following or following in addresses:
            break
        addresses.add(following)
        try:
            page = fetch_page(following, reach, wanted)
        except UserError as error:
            # WordPress has none beyond its last page; what the feed itself names is missed.
            if feed.next_address:
                source.notes.append(f"Page {number + 1} of the feed is missing: {error}")
            break
    else:
        source.notes.append(f"Of the feed {MAX_PAGES} pages were read, which is the limit.")
    source.notes += feeds.summaries_note(summaries, entries)


def _key(record: Record) -> str:
    """Returns what tells an entry from the others."""
    known = record.values.get("id") or record.values.get("url")
    return str(known or f"{record.values.get('title')}\n{record.body}")


def _next_address(address: str, feed: feeds.Feed, number: int) -> str:
    if feed.next_address:
        return urljoin(address, feed.next_address)
    if not feed.by_wordpress:
        return ""
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "paged"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("paged", number + 1)])))


def _feed_of(page: Page) -> str:
    """Returns the address of the feed that a page names; not that of its comments."""
    try:
        tree = document_fromstring(decode(page.content, page.address, html=True))
    except (etree.ParserError, ValueError, UserError):
        return ""
    for link in tree.xpath("//link[@href]"):
        said = f"{link.get('href')} {link.get('title', '')}".lower()
        if (
            "alternate" in link.get("rel", "").lower().split()
            and link.get("type", "").partition(";")[0].strip().lower() in _FEED_TYPES
            and "comment" not in said
        ):
            return urljoin(page.address, str(link.get("href")))
    return ""


def _file(page: Page) -> InputFile:
    """Returns a page as a file, named as its address ends."""
    path = PurePosixPath(unquote(urlsplit(page.address).path))
    return InputFile(
        Path(path.name or "feed"), _shown(page.address), lambda: io.BytesIO(page.content)
    )


def _shown(address: str) -> str:
    """Names an address in a sentence: without a query, which may hold a key."""
    parts = urlsplit(address if "://" in address else f"https://{address}")
    return f"{parts.hostname or ''}{parts.path.rstrip('/')}"
