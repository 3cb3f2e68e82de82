"""Normal forms and presence of tags in any script."""

from __future__ import annotations

import pytest

from tagloop.vocabulary.normal_form import normal_form, occurring, tidy, unique_tags


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("مُحَمَّد", "محمد"),
        ("محـــمد", "محمد"),
        ("שָׁלוֹם", "שלום"),
        ("İstanbul", "istanbul"),
        ("Istanbul", "İSTANBUL"),
        ("Straße", "STRASSE"),
        ("σοφος", "ΣΟΦΟΣ"),
        ("ｶﾀｶﾅ", "カタカナ"),
        ("ﺳﻼم", "سلام"),
        ("हिन्दी-कविता", "हिन्दी कविता"),
        ("می\u200cشود", "میشود"),
        ("#机器学习", "机器学习"),
    ],
)
def test_the_same_tag_in_two_spellings(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)
    assert unique_tags([one, other]) == [tidy(one)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("दिल", "दाल"), ("ที่", "ทา"), ("কলা", "কালি"), ("பால்", "பல்"), ("ខ្មែរ", "ខមរ")],
)
def test_two_words_with_the_same_consonants(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)
    assert " " not in normal_form(one)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("爬虫", "我用Python写爬虫。"),
        ("Python", "我用Python写爬虫。"),
        ("C语言", "学C语言的第一天"),
        ("机器 学习", "机器学习很有趣"),
        ("コーヒー", "朝はコーヒーとパン"),
        ("รถไฟ", "เมื่อวานรถไฟมาช้า"),
        ("दिल", "यह दिल है।"),
        ("قطار", "هذا قطار؟"),
    ],
)
def test_a_tag_stands_in_a_text_of_its_script(tag: str, text: str) -> None:
    assert occurring([tag], text) == [True]


@pytest.mark.parametrize(
    ("tag", "text"),
    [("thon", "我用Python写爬虫。"), ("รถ", "รถ่"), ("दिल", "यह दिली है"), ("学习机", "机器学习")],
)
def test_a_part_of_a_word_is_no_tag(tag: str, text: str) -> None:
    assert occurring([tag], text) == [False]
