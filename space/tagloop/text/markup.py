"""Markup to plain text: paragraphs by blank line, link texts and code kept, images left out."""

from __future__ import annotations

import re
from typing import cast

from inscriptis import get_text
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_properties import Display, WhiteSpace
from inscriptis.model.config import ParserConfig
from inscriptis.model.html_element import HtmlElement
from markdown_it import MarkdownIt

WORDS_PER_TAG = 100
"""An article in HTML closes a tag more often than this; one *about* HTML, kept as it is, hardly."""

_ELEMENTS = (
    "a|abbr|article|aside|b|blockquote|body|br|code|div|em|figure|figcaption|h[1-6]|head|hr|html|i"
    "|img|li|ol|p|pre|section|small|span|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul"
)
_FIRST_TAG = re.compile(rf"\s*(?:<!|<(?:{_ELEMENTS})\b[^<>]*>)", re.IGNORECASE)
_CLOSING_TAG = re.compile(rf"</(?:{_ELEMENTS})\s*>|<(?:br|hr|img|p)\b[^<>]*>", re.IGNORECASE)
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
_CSS["pre"] = HtmlElement(display=Display.block, whitespace=WhiteSpace.pre, margin_before=1)
_PARSER = ParserConfig(css=_CSS)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


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
    return str(get_text(f"<body>{html}</body>", _PARSER))


def plain_text(text: str) -> str:
    """Returns the text as it stands, or as plain text if it is HTML."""
    return html_to_text(text) if looks_like_html(text) else text


def markdown_to_text(markdown: str) -> str:
    """Returns the text of CommonMark with tables (and of the HTML in it)."""
    return html_to_text(MARKDOWN.render(markdown))
