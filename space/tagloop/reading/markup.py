"""Markdown, HTML and plain text to a title and a text."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement, document_fromstring, tostring

from tagloop.errors import UserError
from tagloop.text.front_matter import split_front_matter
from tagloop.text.markup import MARKDOWN, html_to_text

MAX_TITLE_LINE = 120
"""A first line that stands by itself is a title if it has at most so many characters …"""
_ENDS_A_SENTENCE = (".", ",", ";", ":", "!", "…")
"""… and does not end as sentences do; a question may well be a title."""
_NOT_THE_ARTICLE = ("script", "style", "noscript", "template", "nav", "footer", "aside", "form")
MAX_BRACKET_STEPS = 20_000_000
"""For every ``[`` that is open the parser reads on to the end of the paragraph: so many characters
in all take it two seconds."""
_BRACKETS = re.compile(r"\n[ \t]*\n|[\[\]]")
_XML_DECLARATION = re.compile(r"\A\s*+<\?xml[^>]*\?>")


def read_markdown(content: str, name: str) -> tuple[str, str]:
    """Returns title and text; the title is the front matter's, else the heading at the top.

    Raises:
        UserError: The front matter cannot be parsed, or there are too many brackets.
    """
    front = split_front_matter(content, name)
    given = front.values.get("title")
    title = given.strip() if isinstance(given, str) else ""
    _check_brackets(front.body, name)
    tokens = MARKDOWN.parse(front.body)
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        heading = html_to_text(MARKDOWN.renderer.render(tokens[:3], MARKDOWN.options, {})).strip()
        if title in ("", heading):
            title, tokens = heading, tokens[3:]
    return title, html_to_text(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))


def _check_brackets(markdown: str, name: str) -> None:
    begin = opened = most = 0
    for found in _BRACKETS.finditer(markdown + "\n\n"):
        if found[0] == "[":
            opened += 1
            most = max(most, opened)
        elif found[0] == "]":
            opened = max(0, opened - 1)
        else:
            if most * (found.start() - begin) > MAX_BRACKET_STEPS:
                raise UserError(
                    f"{name} has a paragraph with too many brackets that are not closed: paste "
                    "its text instead."
                )
            begin, opened, most = found.end(), 0, 0


def read_html(html: str, name: str) -> tuple[str, str]:
    """Returns title and text of a page: of its article, if it marks one, without its navigation.

    Raises:
        UserError: The page is empty.
    """
    try:
        page = document_fromstring(_XML_DECLARATION.sub("", html, count=1))
    except etree.ParserError as error:
        raise UserError(f"{name} has no text in it; paste the text instead.") from error
    title = _page_title(page)
    for element in page.xpath("//" + "|//".join(_NOT_THE_ARTICLE)):
        element.drop_tree()
    articles = page.xpath("//article") or page.xpath("//main") or page.xpath("//*[@role='main']")
    body = articles[0] if len(articles) == 1 else page
    for heading in body.xpath(".//h1"):
        if _words(heading) == title:
            heading.drop_tree()
            break
    for head in body.xpath(".//head"):
        head.drop_tree()
    return title, html_to_text(tostring(body, encoding="unicode", with_tail=False))


def read_text(content: str, name: str) -> tuple[str, str]:
    """Returns title and text; the title is a short first line with a blank line after it."""
    first, _, rest = content.strip().partition("\n")
    alone = rest[:1] == "\n" or rest[:1] == "\r"
    if alone and len(first) <= MAX_TITLE_LINE and not first.rstrip().endswith(_ENDS_A_SENTENCE):
        return first.strip(), rest.strip()
    return "", content


def _page_title(page: HtmlElement) -> str:
    """Takes the heading or the Open Graph title first: <title> often names the site as well."""
    for title in page.xpath("//meta[@property='og:title']/@content"):
        if title.strip():
            return " ".join(title.split())
    for elements in (page.xpath("//h1"), page.xpath("//head/title")):
        for element in elements[:1]:
            if words := _words(element):
                return words
    return ""


def _words(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())
