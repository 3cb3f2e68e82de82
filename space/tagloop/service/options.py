"""What a visitor or a program may want of an article's tags, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tagloop.errors import UserError
from tagloop.limits import MAX_LIST_TAGS, MAX_TAGS, MAX_WINDOWS
from tagloop.tagger.options import Options
from tagloop.vocabulary.length import check_tag


def check_options(options: Mapping[str, Any]) -> Options:
    """Checks what a visitor or a program asks for, whatever its types.

    Args:
        options: ``max_tags`` (1 to ``MAX_TAGS``), ``threshold`` (0 to 1), ``allowed_tags`` and
            ``prefer_tags`` (at most ``MAX_LIST_TAGS``; an empty list counts as none) and
            ``max_windows`` (1 to ``MAX_WINDOWS``); what is missing or None is not asked for.

    Raises:
        UserError: A number is out of its range, or a list is no list, too long or holds no text.
    """
    return Options(
        max_tags=_whole("max_tags", options.get("max_tags"), MAX_TAGS),
        threshold=_within("threshold", options.get("threshold"), 0, 1),
        allowed_tags=_tags("allowed_tags", options.get("allowed_tags")) or None,
        prefer_tags=_tags("prefer_tags", options.get("prefer_tags")) or None,
        max_windows=_whole("max_windows", options.get("max_windows"), MAX_WINDOWS),
    )


def written_list(text: str | None) -> list[str]:
    """Reads tags that a visitor wrote, separated by commas, semicolons or line breaks."""
    return [tag for part in re.split(r"[,;\n]", text or "") if (tag := part.strip())]


def _whole(name: str, value: float | None, high: int) -> int | None:
    value = _within(name, value, 1, high)
    return None if value is None else int(value)


def _within(name: str, value: float | None, low: float, high: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise UserError(f"{name} must be a number from {low} to {high}, not {value!r}.")
    return value


def _tags(name: str, tags: Sequence[str] | None) -> list[str]:
    if tags is None:
        return []
    if not isinstance(tags, list | tuple):
        raise UserError(f"{name} must be a list of tags, not {type(tags).__name__}.")
    if len(tags) > MAX_LIST_TAGS:
        raise UserError(f"{name} has {len(tags):,} tags; the limit is {MAX_LIST_TAGS:,}.")
    cleaned = [check_tag(f"tag in {name}", tag).strip() for tag in tags]
    return [tag for tag in cleaned if tag]
