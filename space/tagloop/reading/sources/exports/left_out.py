"""What an export holds besides articles, counted, as a sentence."""

from __future__ import annotations

from collections import Counter


def left_out_note(what: Counter[str]) -> str:
    """Returns a sentence that counts them by kind; nothing if there are none."""
    counted = ", ".join(f"{count:,} {kind}" for kind, count in what.most_common())
    return f"Left out, since they are no articles: {counted}." if counted else ""


def unique(texts: list[str]) -> list[str]:
    """Returns texts without repetitions and empty ones, in order."""
    return list(dict.fromkeys(text for text in texts if text))
