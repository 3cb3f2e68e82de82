"""An article as a mapping with ``title`` and ``text``, of which either may be missing or None."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def title_and_text(article: Mapping[str, Any]) -> tuple[str, str]:
    """Returns title and text; empty what is missing or None."""
    return article.get("title") or "", article.get("text") or ""


def text_of(article: Mapping[str, Any]) -> str:
    """Returns title and text in one string."""
    return "\n".join(title_and_text(article))


def has_words(article: Mapping[str, Any]) -> bool:
    """Tells whether an article has any letter or digit."""
    return any(char.isalnum() for char in text_of(article))
