"""Tags in the text itself, as Obsidian and other note-takers have them: `#boats/ferry`."""

from __future__ import annotations

import re

_FENCE = re.compile(r"^[ \t]*+(```|~~~)")
_CODE = re.compile(r"`[^`\n]*+`")
_TAG_OF_BEAR = re.compile(r"(?<![^\s,;])#([^\W\d_][\w/-]*+(?: [\w/-]++){1,4}+)#(?![\w#])")
_LINK = re.compile(r"\[\[([^\[\]|\n]{1,200}+)(?:\|[^\[\]\n]{0,200}+)?+\]\][\s,;]*+")
_TAG = re.compile(r"(?<![^\s,;])#([^\W_][\w/-]*+)(?!#)")
_TAGS_LINE = re.compile(
    r"\A[ \t>*_-]*+(?:tags?|keywords|topics)[*_]*+[ \t]*+::?+[*_]*+[ \t]", re.IGNORECASE
)
_COLOUR = re.compile(r"(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\Z", re.IGNORECASE)
_NO_WORDS = frozenset(
    ("abc", "abcd", "abcdef", "fff", "ffff", "ffffff", "eee", "ccc", "ddd", "aaa", "bbb")
)
"""Colours of letters alone that are no word; `#cafe` is one."""


def body_tags(body: str) -> tuple[list[str], str]:
    """Returns the tags in a text, and the text without the lines that hold nothing else."""
    if "#" not in body and "[[" not in body:
        return [], body
    tags: dict[str, None] = {}
    kept: list[str] = []
    fence = ""
    for line in body.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1] == fence):
            fence = "" if fence else mark[1]
        code = fence or mark or line.startswith(("    ", "\t"))
        found = [] if code else _links(line) or _in_line(line)
        tags.update(dict.fromkeys(found))
        if not found or not _holds_nothing_else(line):
            kept.append(line)
    return list(tags), "\n".join(kept)


def _links(line: str) -> list[str]:
    """Returns the links of a line such as `Tags: [[Boats]], [[Harbour]]`."""
    named = _TAGS_LINE.match(line)
    links = line[named.end() :].strip() if named else ""
    return _LINK.findall(links) if links and not _LINK.sub("", links) else []


def _in_line(line: str) -> list[str]:
    if "#" not in line:
        return []
    text = _CODE.sub(" ", line)
    of_bear = [tag for tag in _TAG_OF_BEAR.findall(text) if _is_tag(tag)]
    text = _TAG_OF_BEAR.sub(" ", text)
    found = of_bear + [tag.rstrip("/-") for tag in _TAG.findall(text) if _is_tag(tag)]
    # Markdown of old had headings without a blank: `#Harbour news`.
    if text.startswith("#") and text[1:2] not in (" ", "#") and not _holds_nothing_else(text):
        first = found[:1] if _TAG.match(text) else []
        found = found[len(first) :]
    return found


def _is_tag(tag: str) -> bool:
    if not any(character.isalpha() for character in tag):
        return False
    if not _COLOUR.match(tag):
        return True
    return tag.isalpha() and tag.casefold() not in _NO_WORDS


def _holds_nothing_else(line: str) -> bool:
    line = _TAGS_LINE.sub("", line.strip() + " ", count=1)
    line = _LINK.sub("", _TAG_OF_BEAR.sub("", line))
    return not _TAG.sub("", line).strip(" \t\r,;|·*_")
