"""Plain text to a title and a text."""

from __future__ import annotations

MAX_TITLE_LINE = 120
"""A first line that stands by itself is a title if it has at most so many characters …"""
_ENDS_A_SENTENCE = (".", ",", ";", ":", "!", "…")
"""… and does not end as sentences do; a question may well be a title."""


def read_text(content: str, name: str) -> tuple[str, str]:
    """Returns title and text; the title is a short first line with a blank line after it."""
    first, _, rest = content.strip().partition("\n")
    alone = rest[:1] == "\n" or rest[:1] == "\r"
    if alone and len(first) <= MAX_TITLE_LINE and not first.rstrip().endswith(_ENDS_A_SENTENCE):
        return first.strip(), rest.strip()
    return "", content
