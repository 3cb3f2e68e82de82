"""A page in HTML to a title and a text."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement, document_fromstring, tostring

from tagloop.errors import UserError
from tagloop.text.markup import html_to_text

_NOT_THE_ARTICLE = ("script", "style", "noscript", "template", "nav", "footer", "aside", "form")
_XML_DECLARATION = re.compile(r"\A\s*+<\?xml[^>]*\?>")


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
