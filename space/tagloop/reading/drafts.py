"""How a source says that an article is not published.

A date in the future is not looked at: what a build takes in would depend on the day it runs, and
the same articles must give the same dataset. Exports say ``status: future`` themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tagloop.reading.column_names import fold

_YES = frozenset({"true", "yes", "y", "1", "on", "t", "x", "draft"})
_NO = frozenset({"false", "no", "n", "0", "off", "f"})
_SET_ON_DRAFTS = frozenset(
    {"draft", "isdraft", "hidden", "ishidden", "private", "isprivate", "unlisted", "wip"}
)
"""``draft`` of Hugo, Zola, Astro and Obsidian; ``hidden`` of many themes; ``unlisted`` of
Docusaurus."""
_SET_ON_ARTICLES = frozenset({"published", "ispublished", "publish", "ispublic", "dgpublish"})
"""``published`` of Jekyll, Hexo, dev.to and Substack, ``publish`` of Obsidian, ``dg-publish`` of
its Digital Garden."""
_STATES = frozenset(
    {
        *("status", "poststatus", "wpstatus", "state", "poststate", "publishstatus"),
        *("articlestatus", "visibility", "publicationstatus", "publishingstatus"),
    }
)
_UNPUBLISHED = frozenset(
    {
        *("draft", "drafts", "indraft", "autodraft", "unpublished", "notpublished", "private"),
        *("pending", "pendingreview", "inreview", "review", "future", "scheduled", "queued"),
        *("trash", "trashed", "deleted", "inherit", "unlisted", "hidden", "skip", "archived"),
        *("inprogress", "notstarted", "todo", "idea", "password", "abouttosend", "wip"),
    }
)
"""States of WordPress, Ghost, Pelican, Tumblr, Buttondown, beehiiv, Hashnode and Notion. Ghost's
``members`` and ``paid`` are published, if not to everybody."""

_NO_STATE = frozenset({"0", "false", "-2"})
"""States of Drupal and Joomla, in whose tables 1 is published."""
_BEFORE_WORD = re.compile(r"\A[^\w]++")
"""Emoji, which Notion and Obsidian have before states."""


def draft_reason(values: Mapping[str, Any], named: str | None = None) -> str:
    """Returns what says that an article is not published, such as ``draft: true``; else nothing.

    Args:
        values: As they stand in the source, by its own names.
        named: The only name to look at, if a person has given one; empty: none.
    """
    if named is not None:
        value = values.get(named) if named else None
        word = _word(value)
        return _said(named, value) if word in _YES or _state(word) in _UNPUBLISHED else ""
    for name, value in values.items():
        key = fold(name)
        word = _word(value)
        if (
            (key in _SET_ON_DRAFTS and word in _YES)
            or (key in _SET_ON_ARTICLES and (word in _NO or _state(word) in _UNPUBLISHED))
            or (key in _STATES and (word in _NO_STATE or _state(word) in _UNPUBLISHED))
        ):
            return _said(name, value)
    return ""


def _word(value: Any) -> str:
    if isinstance(value, Mapping):  # {"name": "Draft"} of Notion and Strapi
        value = next((value[key] for key in ("name", "value", "label") if key in value), None)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | bool | int):
        return ""
    text = str(value)
    return text.strip().strip("'\"").casefold() if len(text) < 100 else ""


def _state(word: str) -> str:
    return fold(_BEFORE_WORD.sub("", word))


def _said(name: str, value: Any) -> str:
    return f"{name.strip()}: {_word(value)}"
