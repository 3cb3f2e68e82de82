"""What stands around the article in a page, by the names that themes give it; old layouts."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

_NOT_SHOWN = (
    "//script|//style|//noscript|//template|//iframe|//object|//svg|//button|//select|//textarea"
    "|//input|//dialog|//*[@hidden]|//comment()"
)
_TAGS = frozenset({"nav", "aside", "form", "menu", "footer"})
_ROLES = frozenset(
    {"navigation", "dialog", "alertdialog", "search", "complementary", "contentinfo", "menu"}
)
_NAMED = re.compile(
    r"(?:\A|[\s_-])(?:"
    r"shar(?:e|ing|ethis|edaddy)|social(?:s|-media)?|addtoany|follow-us"
    r"|(?:jp)?related(?:posts?|articles?|content)?|recommend(?:ed|ations?)?|similar-posts?"
    r"|read-?(?:next|more|also)|more-(?:stories|posts|articles|from)|you-may|teasers?|trending"
    r"|most-(?:read|popular)|popular-posts|recirc(?:ulation)?|up-?next|outbrain|taboola"
    r"|newsletter-?(?:signup|form|box|widget|cta)?|subscri(?:be|ption)|sign-?up|mailing-list"
    r"|comments?|comment-?(?:area|list|body|form|section|page|thread|author)s?|disqus(?:_thread)?"
    r"|respond|replies|webmentions?"
    r"|side-?bar|widget-?areas?|widget_\w++|(?:right|left)-rail"
    r"|breadcrumbs?|pagination|pager|page-links|post-navigation|nav-links|navbar|navigation|nav"
    r"|(?:main-?|site-|top-|sub-?)?menu|skip-?links?|headerlink"
    r"|by-?line|author-?(?:box|bio|info|card|profile)|about-?(?:the-)?author"
    r"|(?:entry|post|article)-?(?:meta|footer|tags|info|date)|posted-(?:on|in)|meta|date-header"
    r"|tags|tag-?(?:list|links|cloud)|cat-links|user-info|read(?:ing)?-time|votes?"
    r"|ads?|ad-?(?:slot|unit|banner|container|wrapper|break)|advert\w*+|sponsor(?:ed)?|promo"
    r"|cookie-?(?:banner|bar|consent|law|notice|policy)|cc-window|consent|gdpr|onetrust"
    r"|pop-?up|modal|toast|lightbox"
    r"|(?:site-|page-|global-)?footer|site-(?:info|title)|colophon|copyright|masthead"
    r"|toc|table-of-contents|print-?(?:only|link)|screen-reader-text|sr-only|visually-hidden"
    r"|edit-?(?:link|section)|pull-?quote"
    r")(?=\Z|[\s_-])",
    re.IGNORECASE,
)
_LONG_CLUTTER = re.compile(
    r"comment|disqus|respond|replies|related|side-?bar|cookie|consent|more-stories|recommend",
    re.IGNORECASE,
)
"""These may well be longer than the article."""
MAX_SHARE = 0.4
"""Of the page's characters: an element with more is hardly clutter, whatever else it is called."""
LEAST_LEFT = 150
"""Characters: when fewer are left, the names meant something else."""
MIN_LAYOUT_CELL = 120
"""Characters in a cell of a table that is a column of the page rather than a value."""
_BLOCKS = ".//p|.//div|.//h1|.//h2|.//h3|.//table|.//ul|.//blockquote"


def without_hidden(page: HtmlElement) -> None:
    """Takes out what no reader sees, and controls."""
    for element in page.xpath(_NOT_SHOWN):
        if element.getparent() is not None and element.tag not in ("html", "body"):
            element.drop_tree()
    for element in page.xpath("//*[contains(@style, 'none')]"):
        style = "".join(element.get("style").lower().split())
        if "display:none" in style and element.tag not in ("html", "body"):
            element.drop_tree()


def without_clutter(page: HtmlElement) -> None:
    """Takes out menus, banners, boxes, teasers and comments: all that is named as such."""
    sizes = text_sizes(page)
    total = left = sizes[page]
    headings = page.xpath("//h1|//*[@itemprop='headline' or @itemprop='articleBody']")
    kept = {around for heading in headings for around in heading.iterancestors()}
    kept.update(around for main in page.xpath("//main") for around in main.iterancestors())
    gone: set[HtmlElement] = set()
    for element in list(sizes):
        if element.getparent() in gone:
            gone.add(element)
            continue
        if element in kept or element.tag in ("html", "body", "main", "article", "h1"):
            continue
        if not (named := _is_clutter(element)):
            continue
        long = sizes[element] > MAX_SHARE * total and not _LONG_CLUTTER.search(named)
        least = 1 if element.tag in _TAGS else LEAST_LEFT
        if long or left - sizes[element] < least:
            continue
        left -= sizes[element]
        gone.add(element)
    for element in gone:
        if element.getparent() not in gone:
            element.drop_tree()


def _is_clutter(element: HtmlElement) -> str:
    """Returns the name that says it."""
    if element.tag in _TAGS or element.get("role") in _ROLES:
        return str(element.tag)
    for name in (element.get("class"), element.get("id")):
        if name and (found := _NAMED.search(name[:200])):
            return found[0]
    return ""


def text_sizes(page: HtmlElement) -> dict[HtmlElement, int]:
    """Returns the characters of each element's text, in document order, in one pass."""
    elements = list(page.iter("*"))
    sizes: dict[HtmlElement, int] = dict.fromkeys(elements, 0)
    for element in reversed(elements):
        sizes[element] += len((element.text or "").strip())
        parent = element.getparent()
        if parent is not None and parent in sizes:
            sizes[parent] += sizes[element] + len((element.tail or "").strip())
    return sizes


def without_layout_tables(page: HtmlElement) -> None:
    """Makes divisions of tables that lay out a page: their cells hold columns of text."""
    sizes = text_sizes(page)
    for table in page.xpath("//table"):
        cells = _cells(table)
        if any(sizes[cell] > MIN_LAYOUT_CELL and cell.xpath(_BLOCKS) for cell in cells):
            for part in (table, *table.iterchildren(), *_rows(table), *cells):
                part.tag = "div"


def _rows(table: HtmlElement) -> list[HtmlElement]:
    return list(table.xpath("./tr|./tbody/tr|./thead/tr|./tfoot/tr"))


def _cells(table: HtmlElement) -> list[HtmlElement]:
    return [cell for row in _rows(table) for cell in row.iterchildren("td", "th")]


def is_links(element: HtmlElement, size: int) -> bool:
    """Tells whether most of an element's text stands in links."""
    linked = sum(len(link.text_content().strip()) for link in element.iter("a"))
    return linked > size / 2
