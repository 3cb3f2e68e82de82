from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tagloop.ranking.keyphrases import Words
from tagloop.text.stop_words import foreign_stop_words

PARAGRAPHS: dict[str, str] = json.loads(
    (Path(__file__).parent / "paragraphs.json").read_text(encoding="utf-8")
)
STOP_WORDS = {
    "de": {"der", "und", "auf", "hatte"},
    "fr": {"le", "de", "et", "avait"},
    "es": {"el", "en", "con", "una"},
    "ru": {"и", "на", "не"},
    "uk": {"на", "не"},
    "pl": {"na", "nie", "się"},
    "fi": {"oli", "ja", "taas"},
    "tr": {"bir", "ve", "buna"},
    "el": {"το", "στην", "δεν"},
    "ar": {"من", "على", "عن"},
    "hi": {"और", "से", "को"},
    "fa": {"از", "در", "که"},
}
SUBJECTS = {"de": "kartoffeln", "fr": "train", "ru": "поезд", "fi": "koirasta", "tr": "treni"}


def stop_words(code: str) -> frozenset[str]:
    return foreign_stop_words(Counter(Words.of("", PARAGRAPHS[code]).text))


@pytest.mark.parametrize("code", STOP_WORDS)
def test_stop_words_of_the_language_that_an_article_is_in(code: str) -> None:
    assert STOP_WORDS[code] <= stop_words(code)
    assert SUBJECTS.get(code, "") not in stop_words(code)


def test_english_has_none_since_its_rankings_were_fitted_without() -> None:
    assert stop_words("en") == frozenset()


def test_of_code_and_of_nothing_there_are_none() -> None:
    assert foreign_stop_words({}) == frozenset()
    words = Words.of("", "def f(x): return [y for y in x if y]; import re; x = 1").text
    assert foreign_stop_words(Counter(words)) == frozenset()
