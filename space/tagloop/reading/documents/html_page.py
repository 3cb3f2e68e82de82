"""A page in HTML to a title and a text.

trafilatura says where the article begins and where it ends; all that stands between stays as it is
(lists, tables, code, which it would leave out or change), but for what is named as clutter.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence

import trafilatura
from lxml import etree
from lxml.html import HtmlElement, tostring
from trafilatura.settings import Document

from tagloop.errors import UserError
from tagloop.reading.documents.page_clutter import (
    without_boxes,
    without_clutter,
    without_hidden,
    without_layout_tables,
)
from tagloop.reading.documents.page_metadata import page_title, parse_page, words_of
from tagloop.text.markup import html_to_text

MAX_LEVELS = 500_000
"""Of all elements of a page that trafilatura reads, the levels that each lies deep added up: it
takes a second or two for so many. A long chapter has 3,000 elements, 15 levels deep."""
SHINGLE = 8
"""Words in a row that tell that a block is a part of what trafilatura found."""
MOST = 0.95
"""Of the words found: the innermost element with so many is the article …"""
STANDFIRST = 12
"""… unless so many in a row, which follow the title, would stand before it."""
OUTSIDE = 3
"""What is found outside of the only ``<article>`` is it after all if it is so many times longer."""
OUTSIDE_TITLED = 8
"""The same where the ``<article>`` has the title."""
NEAR = 4
"""Blocks between the title and the article's first paragraph, at the most …"""
BEGINNING = 4
"""… which is all of it unless what is found further down is so many times longer."""
MIN_WORDS = 25
"""Fewer do not make an article of what a page marks as one."""

_SCOPES = (
    "//*[@itemprop='articleBody']",
    "//*[contains(concat(' ', @class, ' '), ' entry-content ')]",
    "//article",
    "//*[self::main or @role='main']",
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption"
    " figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section"
    " summary table tbody td tfoot th thead tr ul".split()
)
_PROSE = frozenset(("p", "div", "section", "li", "pre", "blockquote", "td", "dd"))
_WHOLES = frozenset(("ul", "ol", "dl", "table", "pre", "blockquote", "figure"))

# What it says of pages that it cannot read is for programmers.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def read_html(html: str, name: str) -> tuple[str, str]:
    """Returns title and text of a page: of its article, without what stands around it.

    Raises:
        UserError: The page is empty.
    """
    page = parse_page(html)
    if page is None:
        raise UserError(f"{name} has no text in it; paste the text instead.")
    title = page_title(page)
    without_hidden(page)
    without_boxes(page, title)
    without_clutter(page)
    without_layout_tables(page)
    article = _article(page, title)
    for heading in article.iterdescendants("h1", "h2", "h3"):
        if words_of(heading) == title:
            heading.drop_tree()
            break
    return title, html_to_text(tostring(article, encoding="unicode", with_tail=False))


class _Block:
    """Text that stands in a block element by itself, inline elements of it included.

    Attributes:
        element: The block element.
        place: Its place among the blocks of the page.
        words: Of the text.
        is_links: Whether most of them stand in links.
    """

    def __init__(self, element: HtmlElement, place: int, text: str, linked: int) -> None:
        self.element = element
        self.place = place
        self.words = text.split()
        self.is_links = linked > len(self.words) / 2

    @property
    def text(self) -> str:
        """Returns the text on one line."""
        return " ".join(self.words)


class _Found:
    """The words that trafilatura takes for the article."""

    def __init__(self, body: etree._Element) -> None:
        self._lines = {" ".join("".join(part.itertext()).split()) for part in body.iter("*")}
        words = " ".join(body.itertext()).split()
        self._shingles = {tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}

    def has(self, block: _Block) -> bool:
        """Tells whether a block is among them, or begins or ends there."""
        if len(block.words) < SHINGLE:
            return block.text in self._lines
        return any(
            tuple(words) in self._shingles
            for words in (block.words[:SHINGLE], block.words[-SHINGLE:])
        )


def _article(page: HtmlElement, title: str) -> HtmlElement:
    """Returns the element of the article, with all before and after it in there taken out."""
    scope = _scope(page)
    if _levels(page) > MAX_LEVELS:
        return page if scope is None else scope
    # Its other extractors, which "fast" leaves out, take a square's time, and find no more here.
    document = trafilatura.bare_extraction(page, fast=True, include_comments=False)
    if not isinstance(document, Document):
        return page if scope is None else scope
    found = _Found(document.body)
    blocks = list(_blocks(page))
    after = next((block.place for block in blocks if block.text == title), -1)
    taken = [block for block in blocks if block.place != after and found.has(block)]
    later = [block for block in taken if block.place > after]
    if 2 * _length(later) >= _length(taken):
        taken = later
    taken = _with_beginning(taken, blocks, after)
    if scope is not None:
        inside = set(scope.iter("*"))
        within = [block for block in taken if block.element in inside]
        titled = 0 <= after and blocks[after].element in inside
        factor = OUTSIDE_TITLED if titled else OUTSIDE
        if _length(taken) < factor * max(_length(within), MIN_WORDS):
            taken = within
            if not within:
                return scope
    if not taken:
        return page
    taken = _completed(taken, blocks, after, scope)
    article = _innermost(page, taken, after)
    _trim(article, taken)
    _without_pointers(blocks[taken[0].place : taken[-1].place], set(taken))
    return article


def _without_pointers(blocks: list[_Block], taken: set[_Block]) -> None:
    """Takes out paragraphs between the others that are links to something else."""
    for block in blocks:
        element = block.element
        if block in taken or not block.is_links or element.tag not in ("p", "div"):
            continue
        if any(inner.tag in _BLOCKS for inner in element.iterdescendants()):
            continue
        if element.getparent() is not None:
            element.drop_tree()


def _with_beginning(taken: list[_Block], blocks: list[_Block], title: int) -> list[_Block]:
    """Adds the paragraphs below the title, which trafilatura passes over for longer texts."""
    near = range(title + 1, min(title + 1 + NEAR, len(blocks)))
    first = next((at for at in near if _is_prose(blocks[at])), None) if title >= 0 else None
    if first is None or blocks[first] in taken:
        return taken
    last = first
    while last + 1 < len(blocks) and _is_prose(blocks[last + 1]):
        last += 1
    run, later = blocks[first : last + 1], [block for block in taken if block.place > last]
    apart = not later or later[0].place - last > NEAR
    if apart and _length(later) <= BEGINNING * max(_length(run), MIN_WORDS):
        return run
    return [*run, *later]


def _completed(
    taken: list[_Block], blocks: list[_Block], title: int, scope: HtmlElement | None
) -> list[_Block]:
    """Adds the paragraphs that stand between the title and the first, and after the last in scope.

    trafilatura leaves out short ones, and those that have a name of their own.
    """
    first, last = taken[0].place, taken[-1].place
    while 0 <= title < first - 1 and _is_prose(blocks[first - 1]):
        first -= 1
    inside = set() if scope is None else set(scope.iter("*"))
    while last + 1 < len(blocks) and blocks[last + 1].element in inside:
        if not _is_prose(blocks[last + 1]):
            break
        last += 1
    return [*blocks[first : taken[0].place], *taken, *blocks[taken[-1].place + 1 : last + 1]]


def _is_prose(block: _Block) -> bool:
    """Tells a paragraph of at least a sentence from a menu, a byline, a row of links."""
    return len(block.words) >= SHINGLE and block.element.tag in _PROSE and not block.is_links


def _levels(page: HtmlElement) -> int:
    depth = total = 0
    for event, _ in etree.iterwalk(page, events=("start", "end")):
        depth += 1 if event == "start" else -1
        total += depth if event == "start" else 0
    return total


def _length(blocks: Sequence[_Block]) -> int:
    return sum(len(block.words) for block in blocks)


def _scope(page: HtmlElement) -> HtmlElement | None:
    """Returns the element that the page marks as the article, if it marks just one."""
    for path in _SCOPES:
        marked = page.xpath(path)
        if len(marked) == 1 and len(marked[0].text_content().split()) >= MIN_WORDS:
            return marked[0]
    return None


def _blocks(page: HtmlElement) -> Iterator[_Block]:
    """Yields the blocks that have text of their own, in document order."""
    open_elements: list[HtmlElement] = []
    parts: list[str] = []
    place = linked = links = 0
    for event, element in etree.iterwalk(page, events=("start", "end")):
        starts = event == "start"
        if open_elements and (element.tag in _BLOCKS or element.tag == "br"):
            if (text := "".join(parts)).strip():
                yield _Block(open_elements[-1], place, text, linked)
                place += 1
            parts, linked = [], 0
        if starts and (element.tag in _BLOCKS or not open_elements):
            open_elements.append(element)
        elif not starts and element is open_elements[-1]:
            open_elements.pop()
        if element.tag == "a":
            links += 1 if starts else -1
        text = (element.text if starts else element.tail) or ""
        parts.append(text)
        linked += len(text.split()) if links else 0


def _innermost(page: HtmlElement, taken: Sequence[_Block], title: int) -> HtmlElement:
    """Returns the innermost element that has nearly all of what was taken."""
    weights: Counter[HtmlElement] = Counter()
    for block in taken:
        for element in (block.element, *block.element.iterancestors()):
            weights[element] += len(block.words)
    article = page
    while True:
        inner = max(article.iterchildren("*"), key=lambda child: weights[child], default=None)
        if inner is None or inner.tag in _WHOLES or weights[inner] < MOST * weights[page]:
            return article
        if weights[inner] < weights[article]:
            inside = set(inner.iter("*"))
            first = next(block.place for block in taken if block.element in inside)
            if any(
                title < block.place < first and len(block.words) >= STANDFIRST for block in taken
            ):
                return article
        article = inner


def _trim(article: HtmlElement, taken: Sequence[_Block]) -> None:
    """Takes out what stands in the article's element before the first block and after the last."""
    inside = set(article.iter("*"))
    within = [block.element for block in taken if block.element in inside]
    for element, before in ((within[0], True), (within[-1], False)):
        end = _whole(element, article)
        while end is not article:
            parent = end.getparent()
            for sibling in list(end.itersiblings(preceding=before)):
                parent.remove(sibling)
            if before:
                parent.text = None
            else:
                end.tail = None
            end = parent


def _whole(element: HtmlElement, article: HtmlElement) -> HtmlElement:
    """Returns the list, table or quote that an element is a part of."""
    whole = element
    for around in (element, *element.iterancestors()):
        if around is article:
            break
        if around.tag in _WHOLES:
            whole = around
    return whole
