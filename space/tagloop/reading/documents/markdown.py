"""Markdown, as site generators and note programs have it, to a title and a text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token

from tagloop.errors import UserError
from tagloop.text.markup import html_to_text
from tagloop.text.site_markup import MARKDOWN

MAX_BRACKET_STEPS = 20_000_000
"""For every ``[`` that is open the parser reads on to the end of the paragraph: so many characters
in all take it two seconds."""
_BRACKETS = re.compile(r"\n[ \t]*\n|[\[\]]")
_COMMENTS = re.compile(r"<!--(?:[^-<]|-(?!->)|<(?!!--))*+-->")
_HTML_HEADING = re.compile(
    r"\A(\s*+(?:<(?:div|p|center|header)\b[^<>]*+>\s*+|</p\s*+>\s*+"
    r"|<(?:img|br)\b[^<>]*+>\s*+)*+)"
    r"<h1\b[^<>]*+>((?:[^<]|<(?!/h1))*+)</h1\s*+>",
    re.IGNORECASE,
)
"""As many a page has it on GitHub: `<h1 align="center">`, a picture above it."""
_PICTURES = frozenset({"image", "softbreak", "hardbreak", "link_open", "link_close", "html_inline"})


def read_markdown(body: str, name: str) -> tuple[str, str]:
    """Returns the heading at the top (empty if there is none), and the rest as plain text.

    Args:
        body: What comes after the front matter.
        name: The file's name, for messages; one that ends in ``.mdx`` says that it is MDX.

    Raises:
        UserError: There are too many brackets.
    """
    _check_brackets(body, name)
    tokens = MARKDOWN.parse(body, {"mdx": name.lower().endswith(".mdx")})
    title = ""
    top = next((place for place, token in enumerate(tokens) if not _is_before(tokens, place)), 0)
    heading = tokens[top : top + 3]
    if heading and heading[0].type == "heading_open" and heading[0].tag == "h1":
        title = " ".join(_text(heading).split())
        tokens = tokens[:top] + tokens[top + 3 :]
    elif heading and heading[0].type == "html_block":
        if found := _HTML_HEADING.match(heading[0].content):
            title = " ".join(html_to_text(found[2]).split())
            heading[0].content = found[1] + heading[0].content[found.end() :]
    return title, _text(tokens)


def _text(tokens: Sequence[Token]) -> str:
    return html_to_text(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))


def _is_before(tokens: Sequence[Token], place: int) -> bool:
    """Tells what may stand before the title: comments, pictures and badges, a rule."""
    token = tokens[place]
    if token.type == "html_block":
        return not _COMMENTS.sub("", token.content).strip()
    if token.type == "inline":
        return all(
            child.type in _PICTURES or not child.content.strip() for child in token.children or ()
        )
    return token.type in ("paragraph_open", "paragraph_close", "hr")


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
