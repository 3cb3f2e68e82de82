"""Lines of `Name: value` at the top, one value each.

Pelican and MultiMarkdown write them without anything around, Nikola as `.. name: value` (in
Markdown within a comment), others as `<!-- name: value -->`; Org has `#+NAME: value`,
reStructuredText `:name: value`, and Notion writes them under the heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tagloop.reading.front_matter.parts import KNOWN, MAX_CHARACTERS, TAG_NAMES, FrontMatter

MAX_NAME = 40
_NAME = re.compile(rf"\A[^\W\d][\w ()/.-]{{0,{MAX_NAME}}}+\Z")
_TELLING = frozenset(("title", "tags", "tag", "date", "category", "categories", "slug", "keywords"))
"""One of these is among them at least: `Note: bring a coat` is a sentence."""
_COMMENT = re.compile(r"^<!--[ \t]*+\r?\n", re.MULTILINE)
_COMMENT_END = re.compile(r"[ \t]{0,9}+(?:\r?\n[ \t]{0,9}+){1,9}+-->")
_HEADING = re.compile(r"^#[ \t]++[^\n]*+\n(?:[ \t]*+\r?\n){1,9}+", re.MULTILINE)


class Shape(NamedTuple):
    """What stands around `name: value` in a line."""

    before: str = ""
    after: str = ""


PLAIN, NIKOLA, COMMENT = Shape(), Shape(".. "), Shape("<!--", "-->")
ORG, FIELD = Shape("#+"), Shape(":")


class Read(NamedTuple):
    """Values, where their last line ends, and whether a blank line or nothing comes after them."""

    values: dict[str, str | list[str]]
    end: int
    apart: bool


def find(content: str, start: int, where: str) -> FrontMatter | None:
    """Finds the lines that begin at ``start``."""
    comment = _COMMENT.match(content, start)
    if comment is not None:
        return _in_comment(content, comment.end())
    for shape in (PLAIN, NIKOLA, COMMENT):
        if content.startswith(shape.before, start):
            read = read_lines(content, start, shape)
            if read and _tells(read) and (shape is not PLAIN or read.apart or _titled(read)):
                return _front(content, start, read.end, read)
    return None


def find_under_heading(content: str, start: int, where: str) -> FrontMatter | None:
    """Finds the properties that Notion writes below the title."""
    heading = _HEADING.match(content, start)
    if heading is None:
        return None
    read = read_lines(content, heading.end(), PLAIN)
    if read is None or not read.apart or not _tells(read):
        return None
    title = content[start : heading.end()].strip().strip("#").strip()
    front = _front(content, heading.end(), read.end, read)
    return FrontMatter(
        {"title": title} | front.values, front.lines, front.body, True, "notion", front.head
    )


def read_lines(content: str, start: int, shape: Shape) -> Read | None:
    """Reads lines up to the first that has another shape.

    A value may go on in indented lines. Tags that are given twice become a list.
    """
    values: dict[str, str | list[str]] = {}
    last, end = "", start
    for text, after in lines_from(content, start):
        indented = text[:1] in (" ", "\t") and text.strip()
        if found := _name_and_value(text, shape):
            last, value = found
            _add(values, last, value)
        elif indented and last and isinstance(values[last], str):
            values[last] = f"{values[last]} {text.strip()}".strip()
        else:
            return Read(values, end, not text.strip()) if values else None
        end = after
    return Read(values, end, True) if values else None


def lines_from(content: str, start: int) -> Iterator[tuple[str, int]]:
    """Gives lines without their ends, each with where it ends, up to `MAX_CHARACTERS`."""
    stop = min(len(content), start + MAX_CHARACTERS)
    while start < stop:
        end = content.find("\n", start)
        line_end = len(content) if end < 0 else end
        text = content[start:line_end].removesuffix("\r")
        yield text, start + len(text)
        start = line_end + 1


def _name_and_value(text: str, shape: Shape) -> tuple[str, str] | None:
    if not text.startswith(shape.before) or not text.rstrip().endswith(shape.after):
        return None
    inner = text.rstrip()[len(shape.before) :].removesuffix(shape.after)
    if shape is COMMENT:
        inner = inner.strip()
    name, colon, value = inner.partition(":")
    if value.startswith(":"):  # as Logseq and Dataview write it
        value = value[1:]
    # A value begins after a blank: `https://…` is none.
    plain = name.removesuffix("[]") if shape is ORG else name  # a list, in Hugo's Org
    if not colon or not _NAME.match(plain) or value[:1] not in ("", " ", "\t"):
        return None
    return name.rstrip(), value.strip()


def _add(values: dict[str, str | list[str]], name: str, value: str) -> None:
    before = values.get(name)
    if before is None or before == "":
        values[name] = value
    elif name.casefold() in TAG_NAMES:
        values[name] = [*(before if isinstance(before, list) else [before]), value]


def _tells(read: Read, names: frozenset[str] = _TELLING) -> bool:
    return any(name.casefold() in names for name in read.values)


def _titled(read: Read) -> bool:
    """Tells headers with a title and more, which Pelican takes without a blank line after them."""
    names = {name.casefold() for name in read.values}
    return "title" in names and len(names & _TELLING) > 1


def _in_comment(content: str, begin: int) -> FrontMatter | None:
    for shape in (NIKOLA, PLAIN):
        read = read_lines(content, begin, shape)
        closing = _COMMENT_END.match(content, read.end) if read else None
        if read and closing and _tells(read, KNOWN):
            return _front(content, begin, closing.end(), read)
    return None


def _front(content: str, begin: int, end: int, read: Read) -> FrontMatter:
    return FrontMatter(
        dict(read.values),
        content[begin : read.end],
        content[end:],
        True,
        "headers",
        content[:begin],
        content[read.end : end],
    )
