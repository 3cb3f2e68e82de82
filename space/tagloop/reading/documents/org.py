"""Org to a title and a text.

Read line by line: orgparse takes a time that grows with the square of a hostile line.
"""

from __future__ import annotations

import re

_HEADING = re.compile(
    r"\A(\*++)[ \t]++(?:(?:TODO|DONE|NEXT|WAIT|WAITING|CANCELLED)[ \t]++)?+"
    r"(?:\[#[A-Z]\][ \t]++)?+([^\n]*+)\Z"
)
_TAGS = re.compile(r"(?:\A|[ \t])(:[\w@#%:]{1,200}+)[ \t]*+\Z")
_DRAWER = re.compile(r"\A[ \t]*+:(?:PROPERTIES|LOGBOOK|[A-Z_]++):[ \t]*+\Z", re.IGNORECASE)
_DRAWER_END = re.compile(r"\A[ \t]*+:END:[ \t]*+\Z", re.IGNORECASE)
_BLOCK = re.compile(r"\A[ \t]*+#\+(begin|end)_(\w++)", re.IGNORECASE)
_KEYWORD = re.compile(r"\A[ \t]*+(?:#\+[^\s:]++:|#(?:[ \t]|\Z)|(?:SCHEDULED|DEADLINE|CLOSED):)")
_RULE = re.compile(r"\A[ \t]*+(?:-{5,}+|\|[-+|: \t]*+)[ \t]*+\Z")
_LINK = re.compile(r"\[\[([^\[\]\n]{0,2000}+)\](?:\[([^\[\]\n]{0,2000}+)\])?+\]")
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|avif)\Z", re.IGNORECASE)
_FOOTNOTE = re.compile(r"\[fn:[^\[\]\n]{0,500}+\]")
_EMPHASIS = re.compile(r"(?<![\w*/_=~+])([*/_+])(?=\S)([^*/_+\n]{1,300}+)(?<=\S)\1(?!\w)")
_CODE = re.compile(r"(?<![\w=~])([=~])(?=\S)([^=~\n]{1,300}+)(?<=\S)\1(?!\w)")
_HIDDEN_BLOCKS = frozenset(("comment", "export"))


def read_org(body: str, name: str) -> tuple[str, str]:
    """Returns the heading at the top, if it is the only one of its level, and the text."""
    lines = body.split("\n")
    title, begin = _title(lines)
    return title, _text(lines[begin:])


def _title(lines: list[str]) -> tuple[str, int]:
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    heading = _HEADING.match(lines[first])
    if (
        heading is None
        or heading[1] != "*"
        or any(line.startswith("* ") for line in lines[first + 1 :])
    ):
        return "", 0
    return _inline(_TAGS.sub("", heading[2])).strip(), first + 1


def _text(lines: list[str]) -> str:
    kept: list[str] = []
    block, drawer, hidden = "", False, 0
    for line in lines:
        if found := _BLOCK.match(line):
            block = found[2].casefold() if found[1].casefold() == "begin" else ""
            kept.append("")
        elif block:
            if block not in _HIDDEN_BLOCKS and not hidden:
                kept.append(line if block in ("src", "example") else _inline(line))
        elif drawer or _DRAWER.match(line):
            drawer = not _DRAWER_END.match(line)
        elif found := _HEADING.match(line):
            level = len(found[1])
            hidden = 0 if hidden and level <= hidden else hidden
            if not hidden and _is_hidden(found[2]):
                hidden = level
            if not hidden:
                kept += ["", _inline(_TAGS.sub("", found[2])), ""]
        elif not hidden and not _KEYWORD.match(line) and not _RULE.match(line):
            kept.append(_cells(line) if line.lstrip().startswith("|") else _inline(line))
    return "\n".join(kept).strip("\n")


def _is_hidden(heading: str) -> bool:
    tags = _TAGS.search(heading)
    return heading.startswith("COMMENT ") or bool(tags and ":noexport:" in tags[1])


def _cells(line: str) -> str:
    return _inline("  ".join(cell.strip() for cell in line.strip().strip("|").split("|")))


def _inline(line: str) -> str:
    line = _FOOTNOTE.sub("", _LINK.sub(_link_text, line))
    return _CODE.sub(r"\2", _EMPHASIS.sub(r"\2", line))


def _link_text(link: re.Match[str]) -> str:
    if link[2] is not None:
        return "" if _PICTURE.search(link[2]) else link[2]
    return "" if _PICTURE.search(link[1]) or link[1].startswith("file:") else link[1]
