"""What stands around the article in a page, by the names that themes give it; old layouts."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement

# Not in one XPath: libxml2 takes a square's time to unite two sets, and to put comments in order.
_NOT_SHOWN = (
    *("script", "style", "noscript", "template", "iframe", "object", "svg", "button", "select"),
    *("textarea", "dialog", etree.Comment),
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
    r"|side-?bar|widget-?areas?|widget_\w{1,40}+|(?:right|left)-rail"
    r"|breadcrumbs?|pagination|pager|page-links|post-navigation|nav-links|navbar|navigation|nav"
    r"|(?:main-?|site-|top-|sub-?)?menu|skip-?links?|headerlink"
    r"|by-?line|author-?(?:box|bio|info|card|profile)|about-?(?:the-)?author"
    r"|(?:entry|post|article)-?(?:meta|footer|tags|info|date)|posted-(?:on|in)|meta|date-header"
    r"|tags|tag-?(?:list|links|cloud)|cat-links|user-info|read(?:ing)?-time|votes?"
    r"|ads?|ad-?(?:slot|unit|banner|container|wrapper|break)|advert\w{0,40}+|sponsor(?:ed)?|promo"
    r"|cookie-?(?:banner|bar|consent|law|notice|policy)|cc-window|consent|gdpr|onetrust"
    r"|pop-?up|modal|toast|lightbox"
    r"|(?:site-|page-|global-)?footer|site-(?:info|title)|colophon|copyright|masthead"
    r"|toc|table-of-contents|print-?(?:only|link)|screen-reader-text|sr-only|visually-hidden"
    r"|edit-?(?:link|section)|pull-?quote"
    r")(?=\Z|[\s_-])"
)
"""Of names in lower case: to tell that none of so many words begins somewhere then costs little."""
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
MAX_FORM_TEXT = 300
"""Characters around a field for an address: what asks to subscribe, not an article with a field."""
MAX_TEASER = 400
"""Characters of a title, a sentence or two, and a name."""
MIN_TEASERS = 3
_LABELS = re.compile(
    r"(?:\d{1,6}+ )?(?:comments?|responses|replies|discussion)(?: \(?\d{1,6}+\)?)?"
    r"|(?:leave|write|add|post) an? (?:comment|reply|response)|join the (?:conversation|discussion)"
    r"|related(?: (?:posts?|articles?|stories|content|reading|news))?"
    r"|(?:you )?(?:may|might) also like"
    r"|read (?:next|more|also)|what to read next|up next|keep reading|recommended(?: for you)?"
    r"|more (?:from|in|on|stories|posts|articles)\b.{0,60}+|trending(?: now)?|most (?:read|popular)"
    r"|popular posts|recent posts|latest (?:posts|news|articles|stories)|archives?|categories"
    r"|share(?: (?:this|on))?(?: (?:article|post|story|page))?|follow us(?: on)?|tags"
    r"|(?:subscribe|sign up)(?: to .{0,60}+)?|newsletter|(?:about|written by) the authors?"
    r"|advertisements?|sponsored|on this page|table of contents"
    r"|kommentare?|diskussion|ähnliche (?:beiträge|artikel)|das könnte (?:sie|dich) .{0,40}+"
    r"|mehr zum thema|teilen|über den autor|commentaires?|articles (?:similaires|liés)"
    r"|à lire aussi|partager|comentarios?|comentários?|artículos relacionados|te puede interesar"
    r"|compartir|leia também|commenti|articoli correlati|condividi|reacties|lees ook|komentarze"
    r"|комментари[ия]|читайте также|поделиться|评论|相关文章|推荐阅读|コメント|関連記事"
)
"""Words, in lower case, of headings over what is not the article."""
_MAIN = ("html", "body", "main", "article")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = ("p", "div", "h1", "h2", "h3", "table", "ul", "blockquote")


def without_hidden(page: HtmlElement) -> None:
    """Takes out what no reader sees, and controls."""
    for element in [*page.iter(*_NOT_SHOWN), *page.xpath("//*[@hidden]")]:
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
    headings = page.xpath("//*[self::h1 or @itemprop='headline' or @itemprop='articleBody']")
    kept = {around for heading in headings for around in heading.iterancestors()}
    kept.update(around for main in page.xpath("//main") for around in main.iterancestors())
    gone: set[HtmlElement] = set()
    for element in list(sizes):
        if element.getparent() in gone:
            gone.add(element)
            continue
        if element in kept or element.tag in (*_MAIN, "h1"):
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


def without_boxes(page: HtmlElement, title: str) -> None:
    """Takes out what shows by its structure that it is clutter, however it is named.

    Forms that ask for an address, groups of teasers, other articles, bylines, and what stands under
    headings such as "Comments".
    """
    sizes = text_sizes(page)
    gone = [*_forms(page, sizes), *_teasers(page, sizes), *_other_articles(page, title)]
    gone += [line for line in page.iter("p", "div", "header", "small") if _is_byline(line, sizes)]
    for heading in page.iter(*_HEADINGS, "strong", "b", "p", "span", "div"):
        if sizes[heading] < 80 and _LABELS.fullmatch(_line(heading).lower().rstrip(" :…")):
            gone += _labelled(heading, sizes)
    left = sizes[page] - sum(sizes[element] for element in _outermost(gone))
    if left >= min(LEAST_LEFT, sizes[page] / 4):
        for element in _outermost(gone):
            element.drop_tree()


def _outermost(elements: list[HtmlElement]) -> list[HtmlElement]:
    """Returns elements, each once, without those that lie in another."""
    chosen = set(elements)
    return [
        element
        for element in dict.fromkeys(elements)
        if element.getparent() is not None and chosen.isdisjoint(element.iterancestors())
    ]


def _forms(page: HtmlElement, sizes: dict[HtmlElement, int]) -> list[HtmlElement]:
    boxes = []
    for box in page.xpath("//input[@type='email' or @type='password' or @type='search']"):
        around = box.getparent()
        while around is not None and around.tag not in _MAIN and sizes[around] <= MAX_FORM_TEXT:
            box, around = around, around.getparent()
        boxes.append(box)
    return boxes


def _teasers(page: HtmlElement, sizes: dict[HtmlElement, int]) -> list[HtmlElement]:
    """Returns groups of short neighbours, each of which has a heading that is a link."""
    groups: dict[HtmlElement, dict[HtmlElement, None]] = {}
    for heading in page.iter(*_HEADINGS[1:]):
        if heading.find("a") is None and next(heading.iterancestors("a"), None) is None:
            continue
        card = heading
        while (around := card.getparent()) is not None and around.tag not in _MAIN:
            if sizes[around] > MAX_TEASER:
                break
            card = around
        parent = card.getparent()
        if parent is not None:
            groups.setdefault(parent, {})[card] = None
    return [card for cards in groups.values() if len(cards) >= MIN_TEASERS for card in cards]


def _other_articles(page: HtmlElement, title: str) -> list[HtmlElement]:
    """Returns the articles beside that which has the title."""
    articles = page.xpath("//article")
    own = {
        around
        for heading in page.iter("h1", "h2")
        if _line(heading) == title
        for around in heading.iterancestors("article")
    }
    if len(own) != 1 or len(articles) == 1:
        return []
    inner = next(iter(own))
    return [
        article
        for article in articles
        if article is not inner and inner not in article.iterancestors()
    ]


def _is_byline(line: HtmlElement, sizes: dict[HtmlElement, int]) -> bool:
    """Tells who wrote it and when from a sentence that names a time."""
    if sizes[line] > 80:
        return False
    return line.find(".//time") is not None or line.find(".//a[@rel='author']") is not None


def _labelled(heading: HtmlElement, sizes: dict[HtmlElement, int]) -> list[HtmlElement]:
    """Returns the box that a heading is the first in, or what follows up to the next heading."""
    box = heading
    while (around := box.getparent()) is not None and around.tag not in _MAIN:
        before = (around.text or "").strip() or any(
            sizes[sibling] or (sibling.tail or "").strip()
            for sibling in box.itersiblings("*", preceding=True)
        )
        if before:
            break
        box = around
    if box is not heading or heading.tag not in _HEADINGS:
        return [box]
    under = [heading]
    for sibling in heading.itersiblings("*"):
        if sibling.tag in _HEADINGS and sibling.tag <= heading.tag:
            break
        under.append(sibling)
    return under


def _line(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _is_clutter(element: HtmlElement) -> str:
    """Returns the name that says it."""
    if element.tag in _TAGS or element.get("role") in _ROLES:
        return str(element.tag)
    for name in (element.get("class"), element.get("id")):
        if name and (found := _NAMED.search(name[:200].lower())):
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
        if any(sizes[cell] > MIN_LAYOUT_CELL and _has_blocks(cell) for cell in cells):
            for part in (table, *table.iterchildren(), *_rows(table), *cells):
                part.tag = "div"


def _has_blocks(cell: HtmlElement) -> bool:
    return next(cell.iterdescendants(*_BLOCKS), None) is not None


def _rows(table: HtmlElement) -> list[HtmlElement]:
    groups = (table, *table.iterchildren("tbody", "thead", "tfoot"))
    return [row for group in groups for row in group.iterchildren("tr")]


def _cells(table: HtmlElement) -> list[HtmlElement]:
    return [cell for row in _rows(table) for cell in row.iterchildren("td", "th")]
