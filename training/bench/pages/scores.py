"""How much of an article an extractor found, and how much else."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from statistics import mean

from training.bench.pages.texts import Article

BEGINNING = 6
"""Words: so many first ones of the article must be the first of what was found."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class PageScore:
    """Of one page.

    Attributes:
        recall: Share of the article's words that were found.
        precision: Share of what was found that is the article's; its title, subtitle, captions and
            byline count neither way.
        begins: Whether it begins as the article does.
    """

    recall: float
    precision: float
    begins: bool


def words_of(text: str) -> list[str]:
    """Returns the words of a text in lower case."""
    return [word.lower() for word in _WORD.findall(text)]


def score(article: Article, found: str) -> PageScore:
    """Compares what was found with the article that the page was made of."""
    wanted, words = words_of(article.text), words_of(found)
    captions = [block.text for block in article.blocks if block.kind == "figure"]
    either = words_of(
        " ".join(
            [
                article.title,
                article.subtitle,
                "by",
                article.author,
                article.date,
                article.site,
                *captions,
            ]
        )
    )
    got = Counter(words)
    common = (Counter(wanted) & got).total()
    surplus = ((got - Counter(wanted)) - Counter(either)).total()
    return PageScore(
        common / len(wanted),
        common / (common + surplus) if common + surplus else 0.0,
        _begins(wanted, words, set(either)),
    )


def _begins(wanted: list[str], words: list[str], either: set[str]) -> bool:
    """Tells whether only what counts neither way stands before the article's first words."""
    first = wanted[:BEGINNING]
    for place in range(len(words) - len(first) + 1):
        if words[place : place + len(first)] == first:
            return True
        if words[place] not in either:
            return False
    return False


def average(scores: list[PageScore]) -> dict[str, float]:
    """Returns the mean of each measure, F1 of each page among them."""
    return {
        "recall": mean(one.recall for one in scores),
        "precision": mean(one.precision for one in scores),
        "f1": mean(_f1(one) for one in scores),
        "begins": mean(one.begins for one in scores),
    }


def _f1(one: PageScore) -> float:
    total = one.recall + one.precision
    return 2 * one.recall * one.precision / total if total else 0.0
