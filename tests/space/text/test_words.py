from __future__ import annotations

import unicodedata

import pytest

from tagloop.text.words import (
    CHARACTERS_A_WORD,
    count_words,
    first_words,
    has_unspaced,
    split_words,
)

SCRIPTS = (
    "CJK UNIFIED",
    "HIRAGANA",
    "KATAKANA LETTER",
    "THAI CHARACTER",
    "LAO",
    "MYANMAR",
    "KHMER",
)


@pytest.mark.parametrize(
    "text",
    [
        "A well-known ferry – it's late, isn’t it?",
        "Der Zug fährt  um\nacht\tUhr.",
        "Поезд опоздал на час",
        "قطار الليل متأخر",
        "रेलगाड़ी देर से आई",
        "기차가 한 시간 늦었다",
        "",
        "   ",
    ],
)
def test_where_blanks_divide_words_they_are_counted(text: str) -> None:
    assert split_words(text) == text.split()
    assert count_words(text) == len(text.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("夜行列车，晚点了。", list("夜行列车晚点了")),
        ("𠮷野家の丼", list("𠮷野家の丼")),
        ("コーヒーとパン", ["コーヒー", "と", "パン"]),
        (
            "用 Python 3.11 写的（beta）代码",
            ["用", "Python", "3.11", "写", "的", "beta", "代", "码"],
        ),
        ("Das Zeichen 山 heißt Berg.", ["Das", "Zeichen", "山", "heißt", "Berg."]),
        ("བོད་སྐད", ["བོད", "སྐད"]),
        ("列车 —— ！？", ["列", "车"]),
    ],
)
def test_where_none_do_each_ideograph_is_a_word(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_an_article_without_blanks_is_not_short() -> None:
    assert count_words("今天的火车又晚点了一个小时，" * 50) == 650


@pytest.mark.parametrize(
    "text", ["รถไฟสายกลางคืนมาช้าหนึ่งชั่วโมง", "រថភ្លើងយប់យឺតមួយម៉ោង", "ညရထားတစ်နာရီနောက်ကျသည်"]
)
def test_a_word_of_south_east_asia_is_so_many_characters(text: str) -> None:
    assert count_words(text) == -(-len(text) // CHARACTERS_A_WORD)


def test_every_letter_of_those_scripts_is_known() -> None:
    letters = [
        char
        for char in map(chr, range(0x3400))
        if unicodedata.name(char, "").startswith(SCRIPTS)
        and unicodedata.category(char) in ("Lo", "Mn", "Mc")
        and "MARK" not in unicodedata.name(char)
    ]
    assert len(letters) > 400
    assert [char for char in letters if not has_unspaced(char)] == []


@pytest.mark.parametrize("text", ["naïve “café”", "Ελληνικά", "עברית", "한국어", "🚂", "，。"])
def test_other_scripts_are_not_taken_for_such(text: str) -> None:
    assert not has_unspaced(text)


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("one  two\nthree four", "one two three"),
        ("one two", "one two"),
        ("列车晚点了", "列车晚"),
        ("「列\n车」晚点了", "「列 车」晚"),
        ("列！", "列"),
    ],
)
def test_the_first_words(text: str, beginning: str) -> None:
    assert first_words(text, 3) == beginning
