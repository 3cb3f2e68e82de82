"""Suspicious patterns: each is marked with its reason, and what is well meant is not."""

from __future__ import annotations

from typing import Any

import pytest

from tagloop.corrections.review.suspicion import (
    MANY_TAGS,
    PASTED_BY_ALL,
    PASTED_BY_ONE,
    Suspicion,
    insults,
)

from .review_rows import correction


def kinds(known: set[str] | None = None, **changes: Any) -> list[str]:
    one = correction(**changes)
    return [mark.kind for mark in Suspicion([one], known or set()).marks(one)]


def test_an_ordinary_correction_has_no_mark() -> None:
    assert kinds() == []
    assert kinds(verdict="good", corrected=[]) == []
    assert kinds(note="Amazon.com and node.js are fine, e.g. here.") == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"note": "see https://example.org"}, "link"),
        ({"note": "Buy at WWW.example.org"}, "link"),
        ({"corrected": ["Banking", "example.shop/now"]}, "link"),
        ({"note": "You IDIOTS!"}, "insult"),
        ({"corrected": ["Stupid chatbots"]}, "insult"),
        ({"corrected": ["Banking", "Casino"]}, "unknown"),
        ({"corrected": [f"chatbots {n}" for n in range(MANY_TAGS + 1)]}, "many"),
        ({"verdict": "bad", "corrected": []}, "emptied"),
    ],
)
def test_each_pattern_is_marked(changes: dict[str, Any], kind: str) -> None:
    assert kind in kinds(**changes)


def test_what_the_article_says_or_the_vocabulary_has_is_no_mark() -> None:
    assert kinds(text="The Idiot is a novel.", corrected=["Idiot", "Novel"]) == []
    assert kinds({"Casino"}, corrected=["Banking", "Casino"]) == []


def test_the_same_tags_on_many_articles_are_marked_of_one_visitor_sooner() -> None:
    def pasted(count: int, visitors: int) -> list[list[str]]:
        every = [
            correction(text=f"Chatbots, article {n}.", visitor=f"v{n % visitors}")
            for n in range(count)
        ]
        suspicion = Suspicion(every)
        return [[mark.kind for mark in suspicion.marks(one)] for one in every]

    one, everyone = PASTED_BY_ONE, PASTED_BY_ALL
    assert pasted(one - 1, 1) == [[]] * (one - 1)
    assert pasted(one, 1) == [["pasted"]] * one
    assert pasted(everyone - 1, everyone) == [[]] * (everyone - 1)
    assert pasted(everyone, everyone) == [["pasted"]] * everyone


def test_the_models_own_tags_and_one_article_are_pasted_by_nobody() -> None:
    good = [correction(text=f"Article {n}.", verdict="good", visitor="v") for n in range(9)]
    same = [correction(visitor="v") for _ in range(9)]
    for every in (good, same):
        suspicion = Suspicion(every)
        assert not any(suspicion.marks(one) for one in every)


def test_the_list_of_insults_is_small_and_whole_words() -> None:
    assert 10 < len(insults()) < 60
    assert all(word.isalpha() and word == word.casefold() for word in insults())
