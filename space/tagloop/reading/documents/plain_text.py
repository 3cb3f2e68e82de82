"""Plain text to a title and a text."""

from __future__ import annotations

import re
from itertools import pairwise

MAX_TITLE_LINE = 120
"""A first line that stands by itself is a title if it has at most so many characters …"""
_ENDS_A_SENTENCE = (
    ".",
    ",",
    ";",
    ":",
    "!",
    "…",
    "。",
    "、",
    "\uff0c",
    "\uff01",
    "\uff1b",
    "\uff1a",
)
"""… and does not end as sentences do; a question may well be a title."""
_UNDERLINE = re.compile(r"\A[=\-~*_#]{3,}+[ \t]*+\r?\Z")
"""A line of these under a title is none of the text."""
_HARD_WRAP = 50, 100
"""Characters of a line that was broken to fit a screen or a mail."""
MIN_WRAPPED = 0.6
"""Of the lines that are not the last of their paragraph: so many must be of such a length."""


def read_text(content: str, name: str) -> tuple[str, str]:
    """Returns title and text; the title is a short first line with a blank line after it."""
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    first, _, rest = content.strip().partition("\n")
    under, _, below = rest.partition("\n")
    if _UNDERLINE.match(under):
        rest = f"\n{below}"
    alone = rest[:1] == "\n"
    if alone and len(first) <= MAX_TITLE_LINE and not first.rstrip().endswith(_ENDS_A_SENTENCE):
        return first.strip(), unwrapped(rest.strip())
    return "", unwrapped(content)


def unwrapped(text: str) -> str:
    """Returns a text whose lines were broken to fit with each paragraph on one line.

    A poem, a list, code and a text with a paragraph on each line stay as they are.
    """
    paragraphs = [paragraph.split("\n") for paragraph in re.split(r"\n[ \t]*+\n", text)]
    inner = [len(line) for lines in paragraphs for line in lines[:-1]]
    shortest, longest = _HARD_WRAP
    fitted = sum(shortest <= length <= longest for length in inner)
    if not inner or fitted < MIN_WRAPPED * len(inner):
        return text
    return "\n\n".join(_joined(lines, shortest) for lines in paragraphs)


def _joined(lines: list[str], shortest: int) -> str:
    """Joins lines but those after a short one and those that begin with a mark."""
    parts = [lines[0]]
    for before, line in pairwise(lines):
        goes_on = len(before) >= shortest and line[:1].isalnum()
        parts.append(f" {line}" if goes_on else f"\n{line}")
    return "".join(parts)
