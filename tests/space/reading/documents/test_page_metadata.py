"""What pages say of themselves, as the usual generators write it."""

import pytest

from tagloop.reading.documents.page_metadata import page_metadata


def page(head: str = "", body: str = "<p>Words.</p>", html: str = "<html>") -> str:
    return f"<!doctype html>{html}<head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Tea for two | The Kettle</title>", "<p>x</p>", "Tea for two"),
        ("<title>The Kettle » Tea for two</title>", "<h1>Tea for two</h1>", "Tea for two"),
        ("<title>Tea - for two</title>", "<p>x</p>", "Tea - for two"),
        ("<title>Tea - for two</title>", "<h1>Tea - for two</h1>", "Tea - for two"),
        ('<meta property="og:title" content="Tea – The Kettle">'
         '<meta property="og:site_name" content="The Kettle">', "", "Tea"),
        ('<meta property="og:title" content="Either | or">', "<h1>Either | or</h1>", "Either | or"),
        ("<title>Tea – The Kettle</title>",
         '<h1 class="site-title">The Kettle</h1><h2 class="entry-title">Tea</h2>', "Tea"),
        ("<title>The Kettle</title>", "<h1>How to  make\ntea</h1>", "How to make tea"),
        ('<script type="application/ld+json">{"@graph": [{"@type": "WebPage", "headline": "No"},'
         '{"@type": ["BlogPosting"], "headline": "Tea &"}]}</script>', "", "Tea &"),
        ("", "<p>x</p>", None),
    ],
)  # fmt: skip
def test_the_title_without_the_name_of_the_site(head: str, body: str, title: str | None) -> None:
    assert page_metadata(page(head, body)).get("title") == title


@pytest.mark.parametrize(
    ("head", "body", "tags"),
    [
        ('<meta property="article:tag" content="Tea">'
         '<meta property="article:tag" content="R&amp;D">'
         '<meta name="keywords" content="cheap tea, buy tea">', "", ["Tea", "R&D"]),
        ('<meta property="article:tag" content="tea, green tea">', "", ["tea", "green tea"]),
        ("", '<article><p>x</p><footer class="entry-footer"><a rel="category tag">Drinks</a>'
         '<a rel="tag" href="/t">Green  tea</a></footer></article>'
         '<aside><a rel="tag">Coffee</a></aside><div class="tag-cloud"><a rel="tag">Milk</a></div>',
         ["Green tea"]),
        ('<script type="application/ld+json">{"@type": "Article", "keywords": "tea, pots"}'
         "</script>", "", ["tea", "pots"]),
        ('<script type="application/ld+json">[{"@type": "NewsArticle", "keywords": ["tea, black",'
         ' {"@type": "DefinedTerm", "name": "pots"}]}]</script>', "", ["tea, black", "pots"]),
        ('<meta name="news_keywords" content="tea; pots">', "", ["tea", "pots"]),
        ('<meta name="keywords" content="cheap tea, buy tea">', "", None),
    ],
)  # fmt: skip
def test_tags_are_those_that_authors_give(head: str, body: str, tags: list[str] | None) -> None:
    assert page_metadata(page(head, body)).get("tags") == tags


def test_what_is_for_search_engines_stands_apart() -> None:
    found = page_metadata(page('<meta name="Keywords" content="cheap tea, buy tea">'))
    assert found == {"keywords": ["cheap tea", "buy tea"]}


@pytest.mark.parametrize(
    ("head", "body", "published"),
    [
        ('<meta property="article:published_time" content="2021-05-06T07:08:09+02:00">', "",
         "2021-05-06T07:08:09+02:00"),
        ('<script type="application/ld+json">{"@type": "BlogPosting",\n"datePublished":'
         '"2021-05-06"}</script>', "", "2021-05-06"),
        ("", '<time class="entry-date published" datetime="2021-05-06">May</time>'
         '<time class="updated" datetime="2022-01-01">later</time>', "2021-05-06"),
        ("", '<time datetime="2021-05-06">May</time>', "2021-05-06"),
        ("", '<time datetime="2021-05-06">May</time><time datetime="2020-01-01">x</time>', None),
        ("", '<span itemprop="datePublished">6 May 2021</span>', "6 May 2021"),
    ],
)  # fmt: skip
def test_the_date(head: str, body: str, published: str | None) -> None:
    assert page_metadata(page(head, body)).get("published") == published


def test_address_and_language() -> None:
    head = (
        '<link rel="canonical" href="/tea"><meta property="og:url" content="https://a.example/tea">'
    )
    found = page_metadata(page(head, html='<html lang="pt-BR">'))
    assert found["url"] == "https://a.example/tea"
    assert found["language"] == "pt-BR"
    locale = page_metadata(page('<meta property="og:locale" content="de_AT">'))
    assert locale == {"language": "de-AT"}


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<",
        "<!-- -->",
        '<link rel="canonical" href="http://[::1">',
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        '<script type="application/ld+json">' + "[" * 900 + "]" * 900 + "</script>",
        '<script type="application/ld+json">{"@type": 7, "keywords": {"name": 7}}</script>',
        "<a rel=tag>" * 50_000,
        "\x00\x01<p>x",
    ],
)
def test_odd_pages_say_nothing(html: str) -> None:
    assert page_metadata(html) == {}
