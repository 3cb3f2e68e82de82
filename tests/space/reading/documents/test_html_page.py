"""Pages: the article with all that stands in it, and nothing of what stands around it."""

import logging
import time

import pytest

from tagloop.errors import UserError
from tagloop.reading.documents.html_page import read_html

FIRST = "The kettle was older than the house, and nobody could say who had bought it."
SECOND = "It stood on the stove from the first frost to the last, and it sang all winter long."
THIRD = "Then the stove went, and the kettle with it; what came was quicker and said nothing."
BODY = f"<p>{FIRST} {SECOND}</p><p>{SECOND} {THIRD}</p><p>{THIRD} {FIRST}</p>"
TEXT = [f"{FIRST} {SECOND}", f"{SECOND} {THIRD}", f"{THIRD} {FIRST}"]
TEASERS = "".join(
    f"<article><a href='/{n}'><h3>Another pot {n}</h3></a><p>Pots are seen late.</p></article>"
    for n in range(5)
)
COMMENTS = "".join(f"<li><p>Reader {n}: {FIRST} {THIRD}</p></li>" for n in range(9))


def paragraphs(html: str, title: str = "On kettles") -> list[str]:
    found, text = read_html(html, "a.html")
    assert found == title
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def page(body: str, head: str = "<title>On kettles | The Stove</title>") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    "body",
    [
        f"<article><h1>On kettles</h1>{BODY}</article>{TEASERS}",
        f"<div><h1>On kettles</h1></div><div>{BODY}</div><div class='related-posts'>"
        f"{TEASERS}</div>",
        f"<div class='c1'><h1>On kettles</h1><div class='c2'>{BODY}</div></div>"
        f"<div class='c3'><h2>Comments</h2><ol>{COMMENTS}</ol></div>",
        f"<h1>The Stove</h1><h2 class='entry-title'>On kettles</h2>"
        f"<div class='entry-content'>{BODY}"
        f"</div><ol class='comment-list'>{COMMENTS}</ol>",
        f"<div id='cookie-consent'>{'We use cookies to make pages better for you. ' * 9}</div>"
        f"<h1>On kettles</h1>{BODY}",
        f"<nav><a href='/'>Home</a></nav><h1>On kettles</h1><p class='byline'>"
        f"By Ida Thorne</p>{BODY}"
        "<div class='share'><a href='#'>Tweet</a></div><footer>Imprint</footer>",
        f"<table width='100%'><tr><td><a href='/'>Home</a><br><a href='/b'>Pots</a></td><td>"
        f"<h1>On kettles</h1>{BODY}</td></tr></table>",
        f"<aside><p>{'About this site and its stove. ' * 20}</p></aside><h1>On kettles</h1>{BODY}",
        f"<h1>On kettles</h1>{BODY}<div class='q'><p>Get our best in your inbox.</p><form><input "
        "type='email'><button>Subscribe</button></form></div>",
        f"<h1>On kettles</h1>{BODY}<div class='x' style='display: none'>Hidden words here</div>",
    ],
    ids=[
        "teasers", "divisions", "comments", "theme", "cookies", "around", "layout", "sidebar",
        "form", "hidden",
    ],
)  # fmt: skip
def test_the_article_and_nothing_else(body: str) -> None:
    assert paragraphs(page(body)) == TEXT


def test_what_stands_in_the_article_stays() -> None:
    inner = (
        f"<p>{FIRST} {SECOND}</p><h2>Kinds</h2><ul><li>Green <a href='/g'>tea</a></li><li>"
        f"Black</li>"
        "</ul><pre><code>def pour():\n    return 'tea'</code></pre><table><tr><td>Cups</td><td>12"
        "</td></tr></table><dl><dt>Pot</dt><dd>Holds tea.</dd></dl><figure><img src='a'>"
        "<figcaption>"
        f"A pot.</figcaption></figure><blockquote><p>Tea first.</p></blockquote><p>{SECOND} {THIRD}"
        f"</p><div class='ad'><p>Buy cups</p></div><p>{THIRD} {FIRST}</p>"
    )
    text = "\n".join(paragraphs(page(f"<article><h1>On kettles</h1>{inner}</article>")))
    for kept in (
        "Kinds",
        "Green tea",
        "def pour():",
        "Cups 12",
        "Holds tea.",
        "A pot.",
        "Tea first.",
    ):
        assert kept in text
    assert "Buy cups" not in text and "On kettles" not in text


def test_a_short_page_is_read_whole() -> None:
    assert paragraphs(page("<h1>On kettles</h1><p>They sing.</p>")) == ["They sing."]
    assert paragraphs(page("<p>They sing.</p>")) == ["They sing."]
    terms = (
        "<h1>On kettles</h1><dl><dt>Lid</dt><dd>On top.</dd><dt>Spout</dt><dd>In front.</dd></dl>"
    )
    assert " ".join(paragraphs(page(terms))).split() == "Lid On top. Spout In front.".split()


def test_a_short_article_among_long_teasers() -> None:
    teasers = "".join(f"<div><h3>Pot {n}</h3><p>{FIRST} {SECOND}</p></div>" for n in range(4))
    body = f"<article><h1>On kettles</h1><p>{FIRST} {THIRD}</p><p>{SECOND}</p></article>{teasers}"
    assert paragraphs(page(body)) == [f"{FIRST} {THIRD}", SECOND]


def test_a_page_of_nothing_says_so() -> None:
    for html in ("", " ", "<!-- -->"):
        with pytest.raises(UserError, match=r"a\.html has no text"):
            read_html(html, "a.html")


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "tea",
        "<div class=sidebar>" * 240 + "<p>a b c</p>" * 20_000,
        "<div><h2>Comments</h2>" * 240 + "<p>a</p>" * 20_000,
        "<table><tr><td>some words of tea and more</td></tr></table>" * 3_000,
        "<p>" + "<a href=x>tea</a> " * 10_000,
        "<b>tea " * 25_000,
    ],
    ids=["open", "named", "labelled", "tables", "links", "bold"],
)
def test_hostile_pages_are_done_with_in_time(html: str, caplog: pytest.LogCaptureFixture) -> None:
    begun = time.process_time()
    with caplog.at_level(logging.WARNING):
        read_html(html, "a.html")
    assert time.process_time() - begun < 10
    assert not caplog.records
