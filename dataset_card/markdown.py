"""Markdown from templates in which no text of an article can do anything but be read.

Every value that a template prints is escaped, unless our own code marked it as `Markdown`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

PLACEHOLDER = re.compile(
    r"\[more information needed\]|\blorem ipsum\b|<!--|\{\{|\}\}|\{%|%\}"
    r"|(?<![a-z0-9])(?-i:TODO|TBD|FIXME|None|nan|NaN)(?![a-z0-9])",
    re.IGNORECASE,
)
"""What an unfinished template or a missing figure leaves in a card."""

# Joiners shape letters and emoji; every other format character only hides or reorders text.
_JOINERS = "\u200c\u200d"
# Entities, where a backslash would not do: renderers of the Hub read `\(` and `$$` as mathematics.
_ENTITIES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "\\": "&#92;",
    "$": "&#36;",
    "{": "&#123;",
    "}": "&#125;",
}
_BACKSLASHED = re.compile(r"[`*_\[\]|~]")
# Bare addresses become links in GitHub's Markdown.
_ADDRESS = re.compile(r":(?=//)|(?<=www)\.|(?<=\S)@(?=[\w-]+\.)", re.IGNORECASE)
# What would begin a heading, a list or a rule if the value stood at the start of a line.
_LINE_START = re.compile(r"^(?:#|[+-](?=\s|-|$)|=(?==*$)|:(?=-)|\d{1,9}(?=[.)](?:\s|$)))")
_PLAIN_CODE = re.compile(r"[\w ./@:+,=()%'\"{}\\-]+")


class Markdown(str):
    """Text that is Markdown already and goes into a card as it stands."""


def visible(text: str) -> str:
    """Returns the text in one line as a reader sees it: no control, hidden or reordering signs.

    Removed are Unicode's Cc and Cf but the joiners of scripts and emoji; blanks and line breaks of
    every kind become one blank (Unicode Technical Report 36 on such spoofing).
    """
    text = text.encode("utf-8", "replace").decode()  # lone surrogates cannot be written
    text = re.sub(r"\s+", " ", text)
    kept = (
        char for char in text if char in _JOINERS or unicodedata.category(char) not in ("Cc", "Cf")
    )
    return re.sub(r"\s+", " ", "".join(kept)).strip()


def escape(text: str) -> Markdown:
    """Escapes a text so that Markdown (CommonMark, GitHub's tables and links, HTML) only shows it.

    Also keeps `PLACEHOLDER` from taking an article called "TODO" for an unfinished card.
    """
    text = visible(text)
    masked = PLACEHOLDER.sub(lambda match: f"\0{match.group()}", text)
    masked = "".join(_ENTITIES.get(char, char) for char in masked)
    masked = _BACKSLASHED.sub(r"\\\g<0>", masked)
    masked = _ADDRESS.sub(lambda match: f"&#{ord(match.group())};", masked)
    masked = re.sub(r"\0([A-Za-z])", lambda match: f"&#{ord(match.group(1))};", masked)
    masked = _LINE_START.sub(_escape_line_start, masked.replace("\0", ""))
    return Markdown(re.sub(r"!$", r"\\!", masked))


def _escape_line_start(match: re.Match[str]) -> str:
    start = match.group()
    # A digit cannot be backslashed, so a number is spelt by the code of its first digit.
    return f"&#{ord(start[0])};{start[1:]}" if start[0].isdigit() else f"\\{start}"


def code(text: str) -> Markdown:
    """Returns a short text as inline code, or merely escaped when it could break out of it."""
    text = visible(str(text))
    if _PLAIN_CODE.fullmatch(text) and not PLACEHOLDER.search(text):
        return Markdown(f"`{text}`")
    return escape(text)


def fenced(text: str, language: str) -> Markdown:
    """Returns a code block; its fence is longer than any run of backticks inside."""
    lines = [re.sub(r"[^\S ]", " ", line) for line in text.strip("\n").split("\n")]
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown("\n".join([f"{fence}{language}", *lines, fence]))


def shorten(text: str, length: int) -> str:
    """Cuts a text at a blank to at most ``length`` characters, the ellipsis included."""
    text = visible(text)
    if len(text) <= length:
        return text
    head = text[: length - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[length // 2 :] else head).rstrip(" ,;:.") + "…"


def number(value: int | float) -> str:
    """Returns 1234 as ``1,234``."""
    return f"{value:,}"


def _printed(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(f"a card cannot show {value!r}")
    return value if isinstance(value, Markdown) else escape(str(value))


def render(template: Path, **values: Any) -> str:
    """Renders a template; every printed value is escaped.

    Raises:
        ValueError: A printed value is None, NaN or infinite.
        jinja2.UndefinedError: The template prints a value that was not given.
    """
    environment = Environment(
        loader=FileSystemLoader(template.parent),
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # HTML's escaping; ours is `finalize`
    )
    environment.filters |= {"code": code, "shorten": shorten, "number": number}
    text = environment.get_template(template.name).render(values)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"
