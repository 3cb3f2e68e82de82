from __future__ import annotations

import pytest

from tagloop.generation.loops import loops, repeats
from tagloop.vocabulary.normal_form import normal_form

REAL = (
    *("banana", "Mississippi", "BaBar", "haha", "hahaha", "C++", "Aa", "AAA", "WWW", "ccccc"),
    *(
        "hnnnnngggg",
        "SSSS.Gridman",
        "omnomnom",
        "DuckDuckGo",
        "assassination",
        "1000000000",
        "1010",
    ),
    *("黄黄", "哈哈哈", "よろよろ", "лала", "Ελλάδα", "ไทย", "peer-to-peer", "2020-2020"),
)
NAMES = (
    "Duran Duran",
    "New York New York",
    "bora bora",
    "Walla-Walla",
    "ponponpon",
    "Row, row, row",
)


@pytest.mark.parametrize("tag", REAL)
def test_words_and_numbers_do_not_loop(tag: str) -> None:
    assert not loops(normal_form(tag))
    assert not repeats(normal_form(tag)) or tag == "2020-2020"


@pytest.mark.parametrize("tag", NAMES)
def test_names_may_repeat(tag: str) -> None:
    assert repeats(normal_form(tag))
    assert not loops(normal_form(tag))


@pytest.mark.parametrize(
    "tag",
    [
        "poymymymym",
        "aaaaaaaa",
        "data data data data",
        "the of the of the of the of",
        "лалалала",
        "的的的的的的的",
        "quantumquantumquantumquantum mechanics",
        "a-b-a-b-a-b-a-b",
    ],
)
def test_what_goes_round_in_circles(tag: str) -> None:
    assert loops(normal_form(tag))
