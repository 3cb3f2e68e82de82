"""Feeds and files at addresses, from a server on this machine."""

from collections.abc import Iterator

import pytest

from tagloop.errors import UserError
from tagloop.reading.record import Record, Source
from tagloop.reading.sources import address as module
from tagloop.reading.sources.address import is_address, open_address

from ..test_page import Site


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def site(running: Site) -> Site:
    running.answers.clear()
    running.asked.clear()
    return running


def rss(*names: str, head: str = "") -> bytes:
    items = "".join(
        f"<item><title>{name}</title><link>https://h.example/{name}</link>"
        f"<description>About {name}.</description><category>Boats</category></item>"
        for name in names
    )
    return f"<rss version='2.0'><channel><title>H</title>{head}{items}</channel></rss>".encode()


def serve(site: Site, path: str, body: bytes, kind: str = "application/rss+xml") -> None:
    site.answers[path] = (200, {"Content-Type": kind}, body)


def read(site: Site, path: str) -> tuple[Source, list[Record]]:
    source = open_address(f"http://127.0.0.1:{site.port}{path}")
    return source, list(source.records)


def titles(records: list[Record]) -> list[str]:
    return [str(record.values["title"]) for record in records]


def test_what_is_an_address() -> None:
    assert is_address("https://blog.example/feed.xml") and is_address("HTTP://blog.example")
    assert not any(map(is_address, ("owner/name", "hub:owner/name", "feed.xml", "C:/feed.xml")))


@pytest.mark.parametrize(
    "kind", ["application/rss+xml", "text/xml; charset=utf-8", "text/plain", "application/xml"]
)
def test_a_feed_of_any_media_type(site: Site, kind: str) -> None:
    site.answers["/feed"] = (301, {"Location": "/feed.xml"}, b"")
    serve(site, "/feed.xml", rss("Pier", "Seeds"), kind)
    source, records = read(site, "/feed")
    assert (source.kind, source.name) == ("feed", "127.0.0.1/feed.xml")
    assert titles(records) == ["Pier", "Seeds"]
    assert source.position is not None and source.position() == 2
    assert source.notes == [
        "2 of 2 entries of the feed have a summary only, which was taken for the text."
    ]


def test_a_page_stands_for_the_feed_that_it_names(site: Site) -> None:
    page = b"""<html><head>
    <link rel="alternate" type="application/rss+xml" title="Comments Feed" href="/comments/feed">
    <link rel="Alternate" type="application/atom+xml" href="feed/"></head><body>Hi</body></html>"""
    serve(site, "/blog/", page, "text/html")
    serve(site, "/blog/feed/", rss("Pier"))
    source, records = read(site, "/blog/")
    assert titles(records) == ["Pier"]
    assert source.notes[0] == "127.0.0.1/blog is a page; its feed at 127.0.0.1/blog/feed was read."


def test_pages_are_followed_while_they_bring_new_entries(site: Site) -> None:
    link = '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="{}"/>'
    serve(site, "/1", rss("Pier", "Seeds", head=link.format("/2")))
    serve(site, "/2", rss("Seeds", "Loaf", head=link.format("/3")))
    serve(site, "/3", rss("Loaf", head=link.format("/4")))
    source, records = read(site, "/1")
    assert titles(records) == ["Pier", "Seeds", "Loaf"]
    assert [path for path, _ in site.asked] == ["/1", "/2", "/3"]
    assert source.position is not None and source.position() == 3


def test_wordpress_counts_its_pages(site: Site) -> None:
    generator = "<generator>https://wordpress.org/?v=6.4</generator>"
    serve(site, "/feed/", rss("Pier", head=generator))
    serve(site, "/feed/?paged=2", rss("Seeds", head=generator))
    site.answers["/feed/?paged=3"] = (404, {}, b"")
    source, records = read(site, "/feed/")
    assert titles(records) == ["Pier", "Seeds"]
    assert not any("missing" in note for note in source.notes)


def test_a_page_that_is_missing_is_said(site: Site) -> None:
    link = '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="/2"/>'
    serve(site, "/1", rss("Pier", head=link))
    site.answers["/2"] = (500, {}, b"")
    source, records = read(site, "/1")
    assert titles(records) == ["Pier"]
    assert any(
        note.startswith("Page 2 of the feed is missing: The page at 127.0.0.1")
        for note in source.notes
    )


def test_never_more_pages_than_may_be(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAGES", 2)
    for number in range(1, 4):
        link = f'<link rel="next" href="/{number + 1}"/>'
        serve(site, f"/{number}", rss(f"Pier{number}", head=link))
    source, records = read(site, "/1")
    assert titles(records) == ["Pier1", "Pier2"]
    assert source.notes[0] == "Of the feed 2 pages were read, which is the limit."


def test_a_file_of_another_kind(site: Site) -> None:
    serve(site, "/posts.csv?key=secret", b"title,text,tags\nPier,Ferry,boats\n", "text/csv")
    source, [record] = read(site, "/posts.csv?key=secret")
    assert (source.kind, source.name) == ("table", "127.0.0.1/posts.csv")
    assert record.values["title"] == "Pier"
    assert "secret" not in record.where


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, {"Content-Type": "text/html"}, b"<p>Hi"), "is a page that names no feed"),
        ((404, {}, b""), r"is not given out \(its site answers 404\)\. Save it from the browser"),
        ((200, {"Content-Type": "image/png"}, b"x"), "is neither a feed nor a file of articles"),
        ((200, {"Content-Type": "text/xml"}, b""), "is empty"),
    ],
)
def test_what_cannot_be_read(
    site: Site, answer: tuple[int, dict[str, str], bytes], message: str
) -> None:
    site.answers["/a"] = answer
    with pytest.raises(UserError, match=message) as caught:
        read(site, "/a")
    assert "Paste" not in str(caught.value)


def test_a_host_that_nobody_knows() -> None:
    with pytest.raises(UserError, match="is at a host that nobody knows: check the address"):
        open_address("https://no-such-host.invalid/feed")
