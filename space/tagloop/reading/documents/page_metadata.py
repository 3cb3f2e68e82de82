"""What a page in HTML says of itself: title, date, address, tags, language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement, document_fromstring

MAX_NODES = 10_000
"""Of a page's JSON-LD that are looked at; an article's has a few dozen."""
MAX_WORD_CHARACTERS = 500
"""Of a title, an address, a date; what is longer is something else."""
MAX_SITE_WORDS = 6
"""Of a site's name after the title; "Part two of what we saw on the island" is none."""
_XML_DECLARATION = re.compile(r"\A[\s\ufeff]*+<\?xml[^>]*\?>")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SEPARATOR = re.compile(r"\s(?:[|\-–—·•»«\u2039\u203a/\\]|::)\s")
_STRONG_SEPARATOR = re.compile(r"\s(?:[|»«\u2039\u203a]|::)\s")
"""Authors hardly write these in a title; dashes they do."""
_ARTICLES = re.compile(r"(?:Article|Posting|Report|Review|Recipe|HowTo|WebPage)$")
"""schema.org types that have a headline, keywords and a date of their own."""
_COMMA = re.compile("[,;\uff0c\u3001\u060c]")
_SITE = re.compile(r"\b(?:site|logo|brand|blog-?title)", re.IGNORECASE)
_AROUND = re.compile(
    r"related|sidebar|widget|tag-?cloud|teaser|recommend|read-?next|similar|popular",
    re.IGNORECASE,
)
_DATES = (
    "article:published_time",
    "og:article:published_time",
    "parsely-pub-date",
    "datepublished",
    "sailthru.date",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.issued",
    "dc.date",
    "dcterms.date",
    "citation_publication_date",
    "pubdate",
    "publishdate",
    "date",
)
"""Names of ``<meta>`` elements, the most telling first."""


def parse_page(html: str) -> HtmlElement | None:
    """Returns the page as a tree; None if there is nothing in it."""
    try:
        return document_fromstring(_CONTROL.sub("", _XML_DECLARATION.sub("", html, count=1)))
    except (etree.ParserError, ValueError):
        return None


def page_metadata(html: str) -> dict[str, Any]:
    """Returns what the page says of its article, by the names that `reading.columns` knows.

    Returns:
        Of these only what is there: ``title``, ``published`` and ``url`` (the canonical address) as
        they are written; ``language`` (BCP 47); ``tags`` and ``categories``, lists of what authors
        give (``article:tag``, links with ``rel=tag``, JSON-LD and news keywords, sections);
        ``keywords``, the list of ``<meta name=keywords>``, which is written for search engines.
    """
    page = parse_page(html)
    return {} if page is None else metadata_of(page)


def metadata_of(page: HtmlElement) -> dict[str, Any]:
    """Returns what `page_metadata` does, of a page that is parsed."""
    metas = _metas(page)
    linked = list(_linked_data(page))
    tags, categories = _tags(page, metas, linked)
    found: dict[str, Any] = {
        "title": _title(page, metas, linked),
        "published": _published(page, metas, linked),
        "url": _address(page, metas),
        "language": _language(page, metas),
        "tags": tags,
        "categories": categories,
        "keywords": _unique(_split(metas.get("keywords", []))),
    }
    return {name: value for name, value in found.items() if value}


def page_title(page: HtmlElement) -> str:
    """Returns the article's title, without the name of the site; empty if there is none."""
    return _title(page, _metas(page), list(_linked_data(page)))


def words_of(element: HtmlElement) -> str:
    """Returns an element's text on one line; of a very long one the beginning."""
    parts: list[str] = []
    length = 0
    for part in element.itertext(with_tail=False):
        # Headings of a hostile page lie in one another, and each would be read to its end.
        if (length := length + len(part)) > 4 * MAX_WORD_CHARACTERS:
            break
        parts.append(part)
    return " ".join("".join(parts).split())


def _metas(page: HtmlElement) -> dict[str, list[str]]:
    """Returns the contents of all ``<meta>`` elements by name or property, in lower case."""
    metas: dict[str, list[str]] = {}
    for meta in page.iter("meta"):
        content = " ".join((meta.get("content") or "").split())
        for name in {meta.get("property"), meta.get("name"), meta.get("itemprop")} - {None}:
            if content:
                metas.setdefault(str(name).strip().lower(), []).append(content)
    return metas


def _linked_data(page: HtmlElement) -> Iterator[Mapping[str, Any]]:
    """Yields the objects of the page's JSON-LD, wherever in it they stand."""
    nodes = 0
    for script in page.iterfind(".//script[@type='application/ld+json']"):
        try:
            # Without `strict`, line breaks may stand in texts, as many programs write them.
            waiting = [json.loads(script.text or "", strict=False)]
        except (ValueError, RecursionError):
            continue
        while waiting and nodes < MAX_NODES:
            nodes += 1
            node = waiting.pop()
            if isinstance(node, dict):
                yield node
                # The main entity's own parts (its publisher, pictures, comments) say nothing of it.
                waiting.extend(node.get(part) for part in ("@graph", "mainEntity") if part in node)
            elif isinstance(node, list):
                waiting.extend(reversed(node))


def _articles(linked: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yields the objects that are articles, pages (which may merely hold one) last."""
    pages = []
    for node in linked:
        kinds = node.get("@type")
        names = [str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])]
        if any(_ARTICLES.search(name) for name in names):
            if any(name.endswith("WebPage") for name in names):
                pages.append(node)
            else:
                yield node
    yield from pages


def _first(values: Iterable[Any]) -> str:
    for value in values:
        if isinstance(value, str) and (line := " ".join(value.split())):
            if len(line) <= MAX_WORD_CHARACTERS:
                return line
    return ""


def _title(
    page: HtmlElement, metas: Mapping[str, list[str]], linked: list[Mapping[str, Any]]
) -> str:
    headings = _headings(page)
    others = [*headings, *(words_of(heading) for heading in page.iter("h2", "h3"))]
    shown = _first(words_of(title) for title in page.iterfind(".//head/title"))
    sites = [*metas.get("og:site_name", []), *metas.get("application-name", [])]
    for given in (
        _first(metas.get("og:title", [])),
        _first(node.get("headline") for node in _articles(linked)),
        _first(metas.get("twitter:title", [])),
    ):
        if given:
            return _without_site(given, headings, sites)
    if len(headings) == 1 and headings[0] not in sites:
        return _first(headings)
    if shown:
        return _without_site(shown, others, sites, strong=True)
    return _first(headings)


def _headings(page: HtmlElement) -> list[str]:
    """Returns the heading that is marked as the article's, or all of the first level."""
    marked = page.xpath(
        "//*[@itemprop='headline' or contains(concat(' ', @class, ' '), ' entry-title ')"
        " or contains(concat(' ', @class, ' '), ' post-title ')"
        " or contains(concat(' ', @class, ' '), ' p-name ')]"
    )
    if len(marked) == 1 and (words := words_of(marked[0])):
        return [words]
    first_level = [
        heading for heading in page.iter("h1") if not _SITE.search(heading.get("class") or "")
    ]
    return [words for heading in first_level if (words := words_of(heading))]


def _without_site(
    title: str, headings: Iterable[str], sites: Iterable[str], strong: bool = False
) -> str:
    """Takes the site's name off one end of a title.

    Args:
        title: As it stands in the page's head.
        headings: If one of them is a part of the title, the rest is the site's.
        sites: Names that the page gives for the site.
        strong: Whether what follows a ``|`` or ``»`` is the site's, too.
    """
    folded = {heading.casefold() for heading in headings}
    names = {site.casefold() for site in sites}
    if title.casefold() in folded:
        return title
    for mark in _SEPARATOR.finditer(title):
        left, right = title[: mark.start()].strip(), title[mark.end() :].strip()
        if left and (left.casefold() in folded or right.casefold() in names):
            return left
        if right and (right.casefold() in folded or left.casefold() in names):
            return right
    if strong and (marks := list(_STRONG_SEPARATOR.finditer(title))):
        left, right = title[: marks[-1].start()].strip(), title[marks[-1].end() :].strip()
        if left and len(right.split()) <= MAX_SITE_WORDS:
            return left
    return title


def _published(
    page: HtmlElement, metas: Mapping[str, list[str]], linked: list[Mapping[str, Any]]
) -> str:
    named = [_first(metas.get(name, [])) for name in _DATES]
    times = [
        time.get("datetime")
        for time in page.iter("time")
        if time.get("pubdate") is not None
        or _marked(time, "itemprop", "datepublished")
        or _marked(time, "class", "published")
        or _marked(time, "class", "dt-published")
        or _marked(time, "class", "entry-date")
    ]
    marked = [
        element.get("content") or element.get("datetime") or words_of(element)
        for element in page.iterfind(".//*[@itemprop='datePublished']")
    ]
    only = [time.get("datetime") for time in page.iter("time") if time.get("datetime")]
    stated = [
        node.get(name)
        for node in _articles(linked)
        for name in ("datePublished", "dateCreated", "uploadDate")
    ]
    return _first([*stated, *named, *marked, *times, *(only if len(set(only)) == 1 else [])])


def _marked(element: HtmlElement, attribute: str, word: str) -> bool:
    return word in (element.get(attribute) or "").lower().split()


def _address(page: HtmlElement, metas: Mapping[str, list[str]]) -> str:
    links = [link.get("href") for link in page.iter("link") if _marked(link, "rel", "canonical")]
    for address in (*links, *metas.get("og:url", [])):
        if not address or len(address) > 4 * MAX_WORD_CHARACTERS:
            continue
        try:
            parts = urlsplit(address.strip())
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.netloc:
            return str(address.strip())
    return ""


def _language(page: HtmlElement, metas: Mapping[str, list[str]]) -> str:
    for root in page.xpath("/html"):
        for name in ("lang", "xml:lang", "{http://www.w3.org/XML/1998/namespace}lang"):
            if value := (root.get(name) or "").strip():
                return str(value[:MAX_WORD_CHARACTERS])
    content = [
        meta.get("content")
        for meta in page.xpath("//meta[@http-equiv]")
        if (meta.get("http-equiv") or "").lower() == "content-language"
    ]
    return _first([*content, *metas.get("og:locale", [])]).split(",")[0].strip().replace("_", "-")


def _tags(
    page: HtmlElement, metas: Mapping[str, list[str]], linked: list[Mapping[str, Any]]
) -> tuple[list[str], list[str]]:
    """Returns tags and categories, each of the first place that has some."""
    linked_tags: list[str] = []
    linked_categories: list[str] = []
    for link in page.xpath("//*[self::a[@rel] or contains(@class, 'p-category')]"):
        rel = (link.get("rel") or "").lower().split()
        if _stands_around(link) or not (words := words_of(link)):
            continue
        if "category" in rel:
            linked_categories.append(words)
        elif "tag" in rel or _marked(link, "class", "p-category"):
            linked_tags.append(words)
    keywords: list[str] = []
    sections: list[str] = []
    for node in _articles(linked):
        keywords = keywords or _texts(node.get("keywords"))
        sections += _texts(node.get("articleSection"))
    marked = [
        element.get("content") or words_of(element)
        for element in page.iterfind(".//*[@itemprop='keywords']")
    ]
    places = (
        _split(metas.get("article:tag", [])),
        linked_tags,
        _split(keywords),
        _split(marked),
        _split(metas.get("news_keywords", [])),
        _split(metas.get("parsely-tags", [])),
    )
    tags = next((place for place in places if place), [])
    categories = linked_categories or metas.get("article:section", []) or sections
    return _unique(tags), _unique(categories)


def _stands_around(link: HtmlElement) -> bool:
    """Tells a tag of another article: in a sidebar, a cloud of tags, among related posts."""
    for around in link.iterancestors():
        if around.tag == "body":
            return False
        names = f"{(around.get('class') or '')[:200]} {(around.get('id') or '')[:200]}"
        if around.tag in ("aside", "nav") or _AROUND.search(names):
            return True
    return False


def _texts(value: Any) -> list[str]:
    """Returns the texts of a JSON-LD value: a text, a list of such, or of terms with a name."""
    items = value if isinstance(value, list) else [value]
    named = (item.get("name") if isinstance(item, Mapping) else item for item in items)
    return [text for text in named if isinstance(text, str)]


def _split(values: list[str]) -> list[str]:
    """Returns several texts as they are, and a single one in its parts by comma."""
    if len(values) != 1:
        return values
    return [part.strip() for part in _COMMA.split(values[0])]


def _unique(values: Iterable[str]) -> list[str]:
    lines = (" ".join(value.split()) for value in values)
    return list(dict.fromkeys(line for line in lines if line and len(line) <= MAX_WORD_CHARACTERS))
