"""No text takes a tagger much longer than an article of the same length does."""

from __future__ import annotations

import time

import pytest

from tagloop.limits import MAX_TEXT_CHARACTERS
from tagloop.tagger.tagger import Tagger

SENTENCE = "Trains, tickets and timetables are what this long article is about. "
ALLOWED = ["A", "a a", "& " * 30 + "b", "Trains", "\ufdfa", "1.1.1"]
TIMES, SECONDS = 4, 1.0


def seconds(tagger: Tagger, unit: str) -> float:
    text = (unit * (MAX_TEXT_CHARACTERS // len(unit) + 1))[:MAX_TEXT_CHARACTERS]
    begun = time.process_time()
    tagger.tag(text, "A title", evidence=True, max_windows=2, allowed_tags=ALLOWED, threshold=0.0)
    return time.process_time() - begun


@pytest.fixture(scope="module")
def usual(ctranslate2_tagger: Tagger) -> float:
    return min(seconds(ctranslate2_tagger, SENTENCE) for _ in range(2))


@pytest.mark.parametrize(
    "unit", ["!", "a ", "& ", "a\u0301\u0316" + "\u0301\u0316" * 2000, "1. ", "\ufdfa", "\n", "#_"]
)
def test_a_hostile_text_takes_about_as_long_as_an_article(
    unit: str, ctranslate2_tagger: Tagger, usual: float
) -> None:
    assert seconds(ctranslate2_tagger, unit) < TIMES * usual + SECONDS
