"""No text takes a tagger much longer than an article of the same length does."""

from __future__ import annotations

import json
import time

import pytest

from tagloop.limits import MAX_TEXT_CHARACTERS
from tagloop.tagger.options import Options
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


HALF = "\ud83d"
ANY = {
    "half a surrogate pair": f"Trains {HALF} and tickets \udc00.",
    "only half of one": HALF,
    "NUL and characters that are none": "Trains\0 and \ufffe\uffff tickets \x1b[0m.",
    "blanks": " \t\n\u2003\u00a0 ",
    "nothing": "",
    "marks of direction": "\u202e\u2067Trains\u2069\u202c \u200f\u200e\u061c",
    "only pictures": "\U0001f682\U0001f3fd\u200d\U0001f6e4\ufe0f" * 50,
    "only accents": "\u0301" * 300,
    "an alphabet of its own": "𐎠𐎡𐎢 \U000e0041 \U0010ffff",
}


@pytest.mark.parametrize("text", ANY.values(), ids=ANY)
@pytest.mark.parametrize("engine", ["ctranslate2_tagger", "transformers_tagger"])
def test_any_string_has_tags_that_can_be_written(
    text: str, engine: str, request: pytest.FixtureRequest
) -> None:
    tagger: Tagger = request.getfixturevalue(engine)
    for title, options in ((text, Options()), ("Trains", Options(allowed_tags=["Trains", text]))):
        options |= {"threshold": 0.0, "max_windows": 2}
        for tag in tagger.tag(text, title, evidence=True, **options):
            assert tag.tag.encode() and json.dumps(tag.to_json(), ensure_ascii=False).encode()
    assert tagger.tag_batch([{"title": text, "text": text}], prefer_tags=[text])
    tagger.explain(text, text, [text, "Trains"])
    tagger.read_part(text, text)
    assert tagger.input_ids({"title": text, "text": text})
    tagger.log_probs([{"text": text}], ["Trains"])
