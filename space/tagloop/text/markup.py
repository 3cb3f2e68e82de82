"""Markup to plain text: paragraphs by blank line, link texts and code kept, images left out."""

from __future__ import annotations

import re
from typing import cast

from inscriptis import Inscriptis
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_properties import Display, WhiteSpace
from inscriptis.model.config import ParserConfig
from inscriptis.model.html_element import HtmlElement
from inscriptis.model.tag import CustomHtmlTagHandlerMapping
from lxml.html import HtmlElement as Node
from lxml.html import document_fromstring

from tagloop.text.wordpress import is_wordpress, post_html

WORDS_PER_TAG = 100
"""An article in HTML closes a tag more often than this; one *about* HTML, kept as it is, hardly."""

_ELEMENTS = (
    "a|abbr|article|aside|b|blockquote|body|br|code|div|em|figure|figcaption|h[1-6]|head|hr|html|i"
    "|img|li|ol|p|pre|section|small|span|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul"
)
_FIRST_TAG = re.compile(rf"\A\s*+(?:<!|<(?:{_ELEMENTS})\b[^<>]*+>)", re.IGNORECASE)
_CLOSING_TAG = re.compile(rf"</(?:{_ELEMENTS})\s*+>|<(?:br|hr|img|p)\b[^<>]*+>", re.IGNORECASE)
_BLOCK_TAG = re.compile(r"<(?:p|div|br|li|h[1-6]|pre|table|blockquote)\b", re.IGNORECASE)

# Inside <pre>, inline elements keep the line breaks (inscriptis' own profile folds them).
_INHERITS = cast(WhiteSpace, None)
_CSS = STRICT_CSS_PROFILE | {
    name: HtmlElement(whitespace=_INHERITS)
    for name in ("a", "b", "code", "em", "i", "kbd", "mark", "samp", "span", "strong", "var")
}
# Lists and code stand apart from what is before them; the next paragraph's margin does the rest.
_CSS |= {
    name: HtmlElement(display=Display.block, margin_before=1, padding_inline=0)
    for name in ("ul", "ol")
}
_CSS["dl"] = HtmlElement(display=Display.block, margin_before=1, margin_after=1)
_CSS |= {
    name: HtmlElement(display=Display.block)
    for name in ("dt", "dd", "section", "summary", "details", "caption", "fieldset", "legend")
}
_CSS["pre"] = HtmlElement(display=Display.block, whitespace=WhiteSpace.pre, margin_before=1)
_PARSER = ParserConfig(css=_CSS)
# Rows as lines and cells one after the other, as wide as they are.
_ROWS = {"tr": HtmlElement(display=Display.block)}
_ROWS |= {name: HtmlElement(suffix=" ") for name in ("td", "th")}
_NO_HANDLERS = dict.fromkeys(("table", "tr", "td", "th"))
_PARSER_WITHOUT_TABLES = ParserConfig(
    css=_CSS | _ROWS,
    custom_html_tag_handler_mapping=CustomHtmlTagHandlerMapping(_NO_HANDLERS, _NO_HANDLERS),
)
MOST_TABLE_CHARACTERS = 2_000_000
"""Of tables as they are laid out, every cell as wide as the widest of its column and as high as the
highest of its row: a table of a few thousand characters can come to gigabytes."""
_LONG = re.compile(r"(?<![.\d])\d{3}")


def looks_like_html(text: str) -> bool:
    """Tells an HTML text from a plain one: it begins with a tag, or tags stand all over it."""
    if "<" not in text:
        return False
    if _FIRST_TAG.match(text):
        return True
    return len(_CLOSING_TAG.findall(text)) * WORDS_PER_TAG >= max(1, len(text.split()))


def html_to_text(html: str) -> str:
    """Returns the text that a browser would show, scripts, styles and images left out."""
    if not _BLOCK_TAG.search(html):
        # Only inline markup: the line breaks are the text's own.
        html = html.replace("\n", "<br>")
    # HTML knows no CDATA: to its parser, all that stands in it is a comment.
    html = html.replace("<![CDATA[", "").replace("]]>", "")
    tree = document_fromstring(f"<body>{html}</body>")
    _without_long_blanks(tree)
    tables = _table_characters(tree) <= MOST_TABLE_CHARACTERS
    return str(Inscriptis(tree, _PARSER if tables else _PARSER_WITHOUT_TABLES).get_text())


def _without_long_blanks(tree: Node) -> None:
    """Takes indents, and margins of hundreds of lines, out of the styles of elements."""
    for element in tree.xpath("//*[@style]"):
        kept = [
            declaration
            for declaration in element.get("style").split(";")
            if "padding" not in declaration.lower() and not _LONG.search(declaration)
        ]
        element.set("style", ";".join(kept))


def _table_characters(tree: Node) -> int:
    """Returns how many characters the tables have when they are laid out, at the most."""
    sizes: dict[Node, int] = {}
    total = 0
    # The inner ones come before those that they stand in.
    for table in reversed(list(tree.iter("table"))):
        widths: dict[int, int] = {}
        lines = 0
        for row in table.iter("tr"):
            high = 1
            for place, cell in enumerate(row.iter("td", "th")):
                text = cell.text_content()
                inner = sum(sizes[other] for other in cell.iter("table"))
                widths[place] = max(widths.get(place, 0), len(text) + inner)
                high = max(high, 1 + len(list(cell.iter())) + text.count("\n"))
            lines += high
        sizes[table] = lines * sum(widths.values())
        total += sizes[table]
        if total > MOST_TABLE_CHARACTERS:
            break
    return total


def plain_text(text: str) -> str:
    """Returns the text as it stands, or as plain text if it is HTML."""
    if is_wordpress(text):
        return html_to_text(post_html(text))
    return html_to_text(text) if looks_like_html(text) else text
