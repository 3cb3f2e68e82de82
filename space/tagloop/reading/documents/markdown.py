"""Markdown to a title and a text."""

from __future__ import annotations

import re

from tagloop.errors import UserError
from tagloop.reading.front_matter import split_front_matter
from tagloop.text.markup import MARKDOWN, html_to_text

MAX_BRACKET_STEPS = 20_000_000
"""For every ``[`` that is open the parser reads on to the end of the paragraph: so many characters
in all take it two seconds."""
_BRACKETS = re.compile(r"\n[ \t]*\n|[\[\]]")


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
