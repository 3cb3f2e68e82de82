"""Markdown of a card or a comment as HTML that can do nothing but be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
"""Raw HTML is shown as text, and the parser itself refuses ``javascript:`` and its kind."""


MAX_RENDERED = 64 << 10
"""Most characters of one page that are read as Markdown; the slowest known take a second."""


def render_all(texts: Iterable[str], address: str, revision: str) -> list[Markup]:
    """Renders the texts of a page; those for which there is no room stand as they are.

    Args:
        texts: In the order of their right to be rendered.
        address: As for `render`.
        revision: As for `render`.
    """
    left, rendered = MAX_RENDERED, []
    for text in texts:
        fits = len(text) <= left
        left -= len(text) if fits else 0
        rendered.append(
            render(text, address, revision) if fits else Markup("<pre>{}</pre>").format(text)
        )
    return rendered


def render(text: str, address: str, revision: str) -> Markup:
    """Renders Markdown in which relative links and images mean files of a repository.

    Args:
        text: Markdown without front matter.
        address: Of the repository, without slashes around it.
        revision: That the files are taken from.
    """
    base = f"/{address}/{{}}/{quote(revision, safe='')}/"
    tokens = PARSER.parse(text)
    _point_into_repository(tokens, base)
    return Markup(PARSER.renderer.render(tokens, PARSER.options, {}))


def _point_into_repository(tokens: Sequence[Token], base: str) -> None:
    for token in tokens:
        if token.type == "image":
            token.attrs["src"] = _absolute(str(token.attrs["src"]), base.format("resolve"))
            token.attrs["loading"] = "lazy"
        elif token.type == "link_open":
            token.attrs["href"] = _absolute(str(token.attrs["href"]), base.format("blob"))
            token.attrs["rel"] = "noopener nofollow"
        if token.children:
            _point_into_repository(token.children, base)


def _absolute(target: str, base: str) -> str:
    try:
        parts = urlsplit(target)
    except ValueError:
        return "#"
    if parts.scheme or parts.netloc or target.startswith(("/", "#")):
        return target
    return base + target.removeprefix("./")
