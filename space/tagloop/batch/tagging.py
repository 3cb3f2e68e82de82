"""Rows to their tags, some together; one that cannot be tagged does not take the others with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tagloop.batch.rows import Row, RowTags
from tagloop.errors import UserError

logger = logging.getLogger(__name__)

TagArticles = Callable[[Sequence[Mapping[str, str]]], Sequence[Mapping[str, Any]]]
"""Takes ``title`` and ``text`` of each article; returns ``tags`` of each, with ``tag`` and
``confidence``, and ``error`` where there are none because something was wrong."""


def tag_rows(rows: Sequence[Row], tag: TagArticles) -> list[RowTags]:
    """Tags those rows together that can be tagged; returns what each is given.

    Raises:
        UserError: An option is wrong.
    """
    found = [RowTags(problem=row.problem) for row in rows]
    fit = [place for place, row in enumerate(rows) if not row.problem]
    articles = [{"title": rows[place].title, "text": rows[place].text} for place in fit]
    for place, result in zip(fit, _results(articles, tag), strict=True):
        found[place] = RowTags.of(result)
    return found


def _results(
    articles: Sequence[Mapping[str, str]], tag: TagArticles
) -> Sequence[Mapping[str, Any]]:
    """Tags articles together; if that fails, one by one, to find the one that it is about."""
    if not articles:
        return []
    try:
        return tag(articles)
    except UserError:
        raise
    except Exception:  # one article must not take all others with it
        logger.exception("a batch's chunk of %d articles failed", len(articles))
    if len(articles) == 1:
        return [{"tags": [], "error": "the tagger cannot tag it"}]
    return [_results([article], tag)[0] for article in articles]
