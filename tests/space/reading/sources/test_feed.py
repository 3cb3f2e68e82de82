"""Feeds of every dialect, well-formed or not."""

import json
import time

import pytest

from tagloop.errors import UserError
from tagloop.reading.record import Limits

from .conftest import Opened

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">
<channel><title>Harbour notes</title><link>https://h.example</link><language>en-GB</language>
<item><title>Pier &amp;amp; more</title><link>https://feeds.example/~r/1</link>
<dc:creator>Anna &amp; Ben</dc:creator><guid isPermaLink="false">h-1</guid>
<pubDate>Tue, 02 Jan 2024 10:00:00 +0200</pubDate>
<category domain="https://h.example/tags"><![CDATA[Boats]]></category>
<category>Uncategorized</category><media:keywords>sea, salt</media:keywords>
<itunes:keywords>Winter</itunes:keywords>
<description>Short.</description>
<content:encoded><![CDATA[<p>The ferry runs <b>twice</b> a day.</p>]]></content:encoded>
<feedburner:origLink>https://h.example/pier</feedburner:origLink></item>
<item><title>Seeds</title><link>https://h.example/seeds</link><dc:date>2024-01-05</dc:date>
<dc:subject>Garden</dc:subject><description>&lt;p&gt;Only this.&lt;/p&gt;</description></item>
</channel></rss>"""


def test_rss_with_the_modules_that_blogs_use(opened: Opened) -> None:
    source, [pier, seeds] = opened("feed.xml", RSS)
    assert source.kind == "feed"
    assert pier.values == {
        "id": "h-1",
        "title": "Pier &amp; more",
        "tags": ["Boats", "sea", "salt", "Winter"],
        "url": "https://h.example/pier",
        "published": "2024-01-02T08:00:00Z",
        "language": "en-GB",
        "source": "Harbour notes",
    }
    assert (pier.body, pier.markup) == ("<p>The ferry runs <b>twice</b> a day.</p>", "html")
    assert (seeds.values["tags"], seeds.values["published"]) == (["Garden"], "2024-01-05")
    assert seeds.body == "<p>Only this.</p>"
    assert source.notes == [
        "1 of 2 entries of the feed have a summary only, which was taken for the text."
    ]


ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Hafen</title>
<author><name>Anna</name></author>
<entry><id>tag:h,1</id><title type="html">Steg &amp;amp; mehr</title>
<link rel="self" href="https://h.example/1.atom"/><link href="https://h.example/steg"/>
<published>2024-01-02T10:00:00+01:00</published><updated>2024-03-03T10:00:00Z</updated>
<category term="boats" label="Boote &amp; Stege"/><category term="winter"/>
<summary>Kurz.</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
<p>Die Fähre fährt.</p></div></content></entry>
<entry><title>Entwurf</title><content type="text">Später.</content>
<app:control xmlns:app="http://www.w3.org/2007/app"><app:draft>yes</app:draft></app:control></entry>
</feed>"""


def test_atom_with_its_language_and_drafts(opened: Opened) -> None:
    _, [steg, draft] = opened("index.atom", ATOM)
    assert steg.values == {
        "id": "tag:h,1",
        "title": "Steg &amp; mehr",
        "tags": ["Boote & Stege", "winter"],
        "url": "https://h.example/steg",
        "published": "2024-01-02T09:00:00Z",
        "language": "de",
        "source": "Hafen",
    }
    assert steg.body == "<p>Die Fähre fährt.</p>"
    assert (draft.draft, draft.markup, draft.body) == ("draft: yes", "", "Später.")


def test_rdf(opened: Opened) -> None:
    text = """<?xml version="1.0"?><rdf:RDF xmlns="http://purl.org/rss/1.0/"
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://h.example">
    <title>Harbour</title><items><rdf:Seq><rdf:li rdf:resource="https://h.example/1"/></rdf:Seq>
    </items></channel><item rdf:about="https://h.example/1"><title>Pier</title>
    <link>https://h.example/1</link><dc:subject>Boats</dc:subject>
    <dc:date>2005-03-04T10:11:12+01:00</dc:date><description>The ferry.</description></item>
    </rdf:RDF>"""
    _, [record] = opened("index.rdf", text)
    assert record.values["tags"] == ["Boats"]
    assert record.values["published"] == "2005-03-04T09:11:12Z"
    assert (record.values["source"], record.body) == ("Harbour", "The ferry.")


def test_json_feed(opened: Opened) -> None:
    items = [
        {"id": "1", "url": "https://h.example/1", "title": "Pier", "content_html": "<p>Ferry.</p>",
         "date_published": "2024-01-02T09:30:00Z", "tags": ["Boats"], "language": "en"},
        {"id": 2, "content_text": "Seeds.", "external_url": "https://other.example"},
        "odd",
    ]  # fmt: skip
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Harbour", "items": items}
    source, [pier, seeds] = opened("feed.json", json.dumps(feed, indent=1))
    assert source.kind == "feed"
    assert pier.values == {
        "id": "1",
        "title": "Pier",
        "tags": ["Boats"],
        "url": "https://h.example/1",
        "published": "2024-01-02T09:30:00Z",
        "language": "en",
        "source": "Harbour",
    }
    assert (seeds.body, seeds.markup, seeds.values["url"]) == ("Seeds.", "text", "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<p>The ferry", "\x0b<p>The ferry"),
        ("<title>Seeds</title>", "<title>Seeds &nbsp; & < <br></title>"),
        (' xmlns:dc="http://purl.org/dc/elements/1.1/"', ""),
        ("<description>Short.", "<description>Short.</item"),
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<!DOCTYPE rss SYSTEM "http://x.example/a.dtd">',
        ),
        ("</channel></rss>", "</channel></rss><!-- 0.3 seconds -->\n<p>more"),
        ("<channel>", "</div><channel>"),
    ],
)
def test_a_broken_feed_is_read_as_far_as_it_can_be(opened: Opened, old: str, new: str) -> None:
    assert old in RSS
    _, records = opened("feed.xml", RSS.replace(old, new, 1))
    assert [str(record.values["title"])[:5] for record in records] == ["Pier ", "Seeds"]
    assert records[0].values["tags"][0] == "Boats"


def test_an_article_about_feeds_is_none(opened: Opened) -> None:
    article = "# How feeds work\n\n```xml\n<rss version='2.0'><channel></channel></rss>\n```\n"
    assert opened("feeds.md", article)[0].kind != "feed"


@pytest.mark.parametrize(
    "hostile",
    [
        "<author>" + "a" * 200_000 + "</author>",
        "<dc:creator>" + "a@" * 100_000 + "</dc:creator>",
        "<pubDate>" + "1" * 200_000 + "</pubDate>",
        "<description>" + "&lt;!--" * 30_000 + "</description>",
        "<link>" + "http://" * 30_000 + "</link>",
        "<b>" * 200,
        "<category>a</category>" * 5_000,
    ],
)
def test_no_entry_takes_longer_than_its_length(opened: Opened, hostile: str) -> None:
    begun = time.process_time()
    _, records = opened("feed.xml", RSS.replace("<item>", f"<item>{hostile}", 1), Limits())
    assert len(records) == 2
    assert time.process_time() - begun < 2


def test_xml_of_another_kind_is_told_what_is_known(opened: Opened) -> None:
    with pytest.raises(UserError, match=r"\(\.xml\); known are .*exports \(.*feed.*wordpress\)"):
        opened("sitemap.xml", "<urlset><url><loc>https://h.example/</loc></url></urlset>")
