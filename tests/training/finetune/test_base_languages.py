from __future__ import annotations

import json
from pathlib import Path

import pytest
from datasets import Dataset

from tagloop.text.languages import NAMES, language_of
from training.finetune.base_languages import (
    KNOWN,
    MULTILINGUAL,
    SAMPLE,
    bases_for,
    encoder_sentence,
    foreign_languages,
    foreign_sentence,
    foreign_warning,
    foreign_warnings,
    sampled_languages,
    trained_on,
)

TEXTS: dict[str, str] = json.loads(
    (Path(__file__).parents[2] / "space" / "text" / "paragraphs.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    "base",
    [
        "tagloop-base",
        "google/flan-t5-small",
        "google-t5/t5-base",
        "t5-small",
        "google/t5-v1_1-small",
        "facebook/bart-base",
    ],
)
def test_what_was_trained_on_english(base: str) -> None:
    assert foreign_languages(base, {"en": 50, "zh": 50}) == {"zh": 0.5}
    assert foreign_languages(base, {"en": 50}) == {}


@pytest.mark.parametrize("base", [*MULTILINGUAL, "google/mt5-base", "facebook/mbart-large-cc25"])
def test_what_was_trained_on_many_languages(base: str) -> None:
    assert foreign_languages(base, dict.fromkeys(["en", "zh", "ru", "ar", "hi", "fi"], 10)) == {}
    assert list(foreign_languages(base, {"en": 50, "fo": 50})) == ["fo"]


def test_of_an_unknown_base_nothing_is_said() -> None:
    for base in ("somebody/flan-t5-small-german", "my-model", ""):
        assert trained_on(base) is None
        assert foreign_sentence(base, {"zh": 10}) == foreign_warning(base, {"zh": 10}) == ""


def test_only_bases_of_all_the_languages_are_named() -> None:
    assert bases_for({"zh": 1.0}) == list(MULTILINGUAL)
    assert bases_for({"zh": 0.5, "el": 0.5}) == ["google/mt5-small", "google/byt5-small"]
    assert bases_for({"fo": 1.0}) == []


def test_what_is_said_of_articles_that_a_base_cannot_read() -> None:
    assert foreign_warning("tagloop-base", {"en": 27, "zh": 60, "el": 10, "fr": 3}) == (
        "60 % of the articles are in Chinese and 10 % in Greek, and tagloop-base was trained on "
        "English. Bases trained on them: google/mt5-small, google/byt5-small. Take one with "
        "make train BASE=google/mt5-small (--base google/mt5-small)."
    )
    assert foreign_warning("google/flan-t5-small", {"fo": 1}) == (
        "100 % of the articles are in Faroese, and google/flan-t5-small was trained on English for "
        "the most part. Bases trained on it: none that is known."
    )
    assert foreign_warning("tagloop-base", {"en": 97, "zh": 3}) == ""
    assert foreign_warning("tagloop-base", {}) == ""


def test_the_english_encoder_is_said_in_one_sentence() -> None:
    said = encoder_sentence("", {"en": 20, "de": 60, "el": 20})
    assert said == (
        "The sentence encoder that finds neighbours reads English alone: take one for German and "
        "Greek with make train ENCODER=intfloat/multilingual-e5-small (--encoder "
        "intfloat/multilingual-e5-small)."
    )
    assert encoder_sentence("", {"en": 97, "de": 3}) == encoder_sentence("", {}) == ""
    assert encoder_sentence("somebody/encoder", {"de": 9}) == ""
    assert foreign_warnings("google/mt5-small", "", {"de": 9}) == [encoder_sentence("", {"de": 9})]
    assert len(foreign_warnings("tagloop-base", "", {"de": 9})) == 2
    assert foreign_warnings("tagloop-base", "", {"en": 9}) == []


def test_a_sample_is_taken_evenly() -> None:
    few = SAMPLE + 20
    texts = [TEXTS["de"] if place < few // 2 else "" for place in range(few)]
    titles = [TEXTS["fi"] if not text else "" for text in texts]
    data = Dataset.from_dict({"title": titles, "text": texts, "tags": [[]] * few})
    assert sampled_languages(data) == {"de": few // 4, "fi": few // 4}
    assert sampled_languages(data.select([])) == {}


def test_the_codes_of_bases_are_those_of_texts() -> None:
    for known in KNOWN:
        assert {code for code in known.languages if language_of(code) != code} == set()
        assert known.languages <= NAMES.keys()
    mt5, mbart50 = trained_on("google/mt5-small"), trained_on("facebook/mbart-large-50")
    assert mt5 and len(mt5.languages) == 101
    assert mbart50 and len(mbart50.languages) == 52  # two more than its name says
