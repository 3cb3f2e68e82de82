"""reStructuredText to a title and a text, by docutils."""

from __future__ import annotations

import re
import threading
from typing import Any

from docutils.core import publish_parts
from docutils.nodes import Node, SkipNode
from docutils.parsers.rst import Directive, directives
from docutils.utils import SystemMessage
from docutils.writers.html5_polyglot import HTMLTranslator, Writer

from tagloop.text.markup import html_to_text

MAX_CHARACTERS = 200_000
"""docutils reads about 200,000 a second."""
MAX_PARAGRAPH_MARKS, MAX_EXPLICIT = 1_000, 1_000
"""Its time grows with the square of how many marks a paragraph has, and of how many targets a file
has; these take a second at most. A text beyond them is read without docutils."""
MAX_SUBSTITUTED = 1_000_000
"""Characters that substitutions come to. A file whose substitutions hold others is read without
docutils: a dozen that each hold the one before ten times come to any size."""
MAX_NAMES = 100
"""Of directives that docutils does not know."""
_SETTINGS: dict[str, Any] = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 5,
    "line_length_limit": MAX_CHARACTERS,
    "syntax_highlight": "none",
    "math_output": "LaTeX",
    "docinfo_xform": False,
    "sectsubtitle_xform": False,
    "embed_stylesheet": False,
}
_DIRECTIVE = re.compile(
    r"^[ \t]*+\.\.[ \t]++([A-Za-z][\w:.+-]*?)[ \t]*+::(?:[ \t]|$)", re.MULTILINE
)
_ROLE = re.compile(r":[A-Za-z][\w+.-]{0,30}+(?::[\w+.-]{1,30}+)?+:`([^`\n]{0,300}+)`")
_TARGET = re.compile(r"(?<=\S)[ \t]*+<[^<>]*+>\Z")
_MARK = re.compile(r"[`_|*\[]")
_SUBSTITUTION = re.compile(
    r"^[ \t]*+\.\.[ \t]++\|[^|\n]++\|([^\n]*+(?:\n(?:[ \t][^\n]*+|(?=\n)))*+)", re.MULTILINE
)
_BLANK_LINE = re.compile(r"\n[ \t]*+\n")
_MARKUP_LINE = re.compile(
    r"\A[ \t]*+(?:\.\.(?:[ \t]|\Z)|:[\w-]++:(?:[ \t]|\Z)|([!-/:-@\[-`{-~])\1{2,}+[ \t]*+\Z)"
)
_NO_PROSE = frozenset(
    (
        "toctree", "index", "only", "automodule", "autoclass", "autofunction", "autosummary",
        "literalinclude", "graphviz", "post-list", "postlist", "youtube", "vimeo", "gist", "media",
        "soundcloud", "thumbnail", "slides", "listing", "chart", "uml", "mermaid", "plantuml",
        "bibliography", "tabularcolumns", "meta", "update", "disqus",
    )
)  # fmt: skip
"""Directives of Sphinx, Nikola and Pelican whose content is not the article's."""
_lock = threading.Lock()
"""docutils knows directives for the whole process."""


class _Unknown(Directive):  # type: ignore[misc]  # docutils has no types
    """A directive that docutils does not have: its content stays."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[Node]:
        from docutils import nodes

        if self.name in _NO_PROSE or not self.content:
            return []
        found = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, found)
        return list(found.children)


class _AnyOption(dict[str, Any]):
    """Takes every option of a directive."""

    def __missing__(self, name: str) -> Any:
        return directives.unchanged

    def __bool__(self) -> bool:
        return True


_Unknown.option_spec = _AnyOption()


class _Translator(HTMLTranslator):  # type: ignore[misc]
    """Leaves out what is no prose."""

    def visit_system_message(self, node: Any) -> None:
        raise SkipNode

    def visit_problematic(self, node: Any) -> None:
        pass

    def depart_problematic(self, node: Any) -> None:
        pass

    def visit_footnote_reference(self, node: Any) -> None:
        raise SkipNode

    def visit_label(self, node: Any) -> None:
        raise SkipNode

    def visit_admonition(self, node: Any, name: str = "") -> None:
        # Without the word "Note" that docutils puts there; a title of its own stays.
        if node[0].astext().casefold() in node["classes"]:
            node.remove(node[0])
        self.body.append("<div>")

    def visit_image(self, node: Any) -> None:
        raise SkipNode


def read_rst(body: str, name: str) -> tuple[str, str]:
    """Returns the title at the top (empty if there is none) and the rest as plain text."""
    body = _ROLE.sub(lambda role: _shown(role[1]), body)
    if not _is_bounded(body):
        return "", _plainly(body)
    with _lock:
        names = dict.fromkeys(found.lower() for found in _DIRECTIVE.findall(body))
        unknown = [found for found in names if found not in directives._directive_registry]
        unknown = [found for found in unknown if found not in directives._directives][:MAX_NAMES]
        for found in unknown:
            directives.register_directive(found, _Unknown)
        try:
            writer = Writer()
            writer.translator_class = _Translator
            parts = publish_parts(body, writer=writer, settings_overrides=_SETTINGS)
        except (SystemMessage, RecursionError, ValueError, AttributeError, KeyError, IndexError):
            return "", _plainly(body)
        finally:
            for found in unknown:
                directives._directives.pop(found, None)
    return html_to_text(parts["title"]).strip(), html_to_text(parts["body"])


def _shown(written: str) -> str:
    """Returns what a role shows (`text` of `text <target>`), as docutils leaves it alone."""
    return f"``{_TARGET.sub('', written).removeprefix('~').removeprefix('!') or ' '}``"


def _is_bounded(body: str) -> bool:
    if len(body) > MAX_CHARACTERS or body.count("\n.. ") > MAX_EXPLICIT:
        return False
    meanings = _SUBSTITUTION.findall(body)
    if any(meaning.count("|") > 1 for meaning in meanings):
        return False
    if max(map(len, meanings), default=0) * body.count("|") > 2 * MAX_SUBSTITUTED:
        return False
    paragraphs = _BLANK_LINE.split(body)
    return all(len(_MARK.findall(text)) <= MAX_PARAGRAPH_MARKS for text in paragraphs)


def _plainly(body: str) -> str:
    """Returns the text without the lines that are only markup."""
    return "\n".join(line for line in body.split("\n") if not _MARKUP_LINE.match(line))
