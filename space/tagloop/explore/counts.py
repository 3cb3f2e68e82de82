"""What the pictures show: how many articles, by split and source, by number of tags, by length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagloop.explore.articles import Articles

OTHER_SOURCES = None
"""Stands for all sources after the largest ones."""
LENGTH_STEPS = [digit * 10**power for power in range(7) for digit in (1, 2, 5)]
"""Widths of a class of lengths, in words."""
OUTER_SHARE = 0.02
"""Of the articles, at both ends, that do not widen the classes: a few are always far longer."""


@dataclass(frozen=True)
class SourceCount:
    """One source.

    Attributes:
        source: Its name, empty if the dataset does not tell, `OTHER_SOURCES` for the rest.
        by_split: Number of articles of each split, in the order of ``Articles.splits``.
    """

    source: str | None
    by_split: tuple[int, ...]

    @property
    def articles(self) -> int:
        """Number of articles in all splits."""
        return sum(self.by_split)


def count_splits(articles: Articles) -> dict[str, int]:
    """Returns the number of articles of each split."""
    counts = np.bincount(articles.split, minlength=len(articles.splits))
    return dict(zip(articles.splits, map(int, counts), strict=True))


def count_sources(articles: Articles, most: int = 8) -> list[SourceCount]:
    """Returns the number of articles by source and split, the largest first, the rest together."""
    splits, sources = len(articles.splits), len(articles.sources)
    cells = articles.source.astype(np.int64) * splits + articles.split
    table = np.bincount(cells, minlength=sources * splits).reshape(sources, splits)
    order = np.argsort(-table.sum(axis=1), kind="stable")
    named = order if len(order) <= most else order[: most - 1]
    counts = [SourceCount(articles.sources[i], _integers(table[i])) for i in named]
    if len(named) < len(order):
        rest = table[order[len(named) :]].sum(axis=0)
        counts.append(SourceCount(OTHER_SOURCES, _integers(rest)))
    return counts


def top_tags(articles: Articles, most: int = 20) -> list[tuple[str, int]]:
    """Returns the most frequent tags with their number of articles."""
    names = articles.tag_names[:most]
    return list(zip(names, map(int, articles.tag_counts[:most]), strict=True))


def count_tags_each(articles: Articles, most: int = 10) -> list[tuple[str, int]]:
    """Returns how many articles have no tag, one tag, …; ``most`` and more stand together."""
    counts = np.bincount(np.minimum(articles.tags_each, most), minlength=most + 1)
    labels = [*map(str, range(most)), f"{most}+"]
    last = max(np.flatnonzero(counts), default=0)
    return [(labels[i], int(counts[i])) for i in range(last + 1)]


def count_lengths(articles: Articles, most: int = 8) -> list[tuple[str, int]]:
    """Returns how many articles have how many words, in at most ``most`` classes of equal width.

    The first and the last class also take what is shorter or longer; articles without a text do
    not count.
    """
    words = articles.words[articles.words > 0]
    if not len(words):
        return []
    low, high = (int(at) for at in np.quantile(words, [OUTER_SHARE, 1 - OUTER_SHARE]))
    step = next(step for step in LENGTH_STEPS if high // step - low // step < most)
    first, last = low // step, high // step
    counts = np.bincount(np.clip(words // step, first, last) - first, minlength=last - first + 1)
    labels = [f"{c * step or 1:,}–{(c + 1) * step - 1:,}" for c in range(first, last + 1)]
    if words.max() // step > last:
        labels[-1] = f"{last * step:,}+"
    if words.min() // step < first:
        labels[0] = f"<{(first + 1) * step:,}"
    return list(zip(labels, map(int, counts), strict=True))


def median_words(articles: Articles) -> int:
    """Returns the median number of words of the articles that have a text."""
    words = articles.words[articles.words > 0]
    return round(float(np.median(words))) if len(words) else 0


def _integers(counts: np.ndarray) -> tuple[int, ...]:
    return tuple(map(int, counts))
