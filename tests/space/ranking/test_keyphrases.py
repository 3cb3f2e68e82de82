"""Which known tags an article names, and which unknown words stand out in it."""

from __future__ import annotations

import numpy as np
import pytest
from transformers import AutoTokenizer

from tagloop.ranking.keyphrases import (
    OTHER_WORDS,
    KnownPhrases,
    Words,
    linked_shares,
    salient_words,
)
from training.finetune.preprocess import BUNDLED_BASE

KNOWN = {"machine learning": 0, "learning": 1, "c++": 2, "data": 3}
PHRASES = KnownPhrases(KNOWN)
TOKENIZER = AutoTokenizer.from_pretrained(BUNDLED_BASE)


def test_known_phrases_are_counted_whole_words_in_any_spelling() -> None:
    found = PHRASES.in_article(
        Words.of("Machine-Learning in C++", "Machine learning needs data; learnings do not.")
    )
    assert found == {0: 2, 1: 2, 2: 1, 3: 1}


def test_a_phrase_does_not_reach_from_the_title_into_the_text() -> None:
    assert 0 not in PHRASES.in_article(Words.of("The machine", "learning to drive"))


def test_a_text_that_ends_within_a_phrase_names_it_not() -> None:
    assert PHRASES.in_article(Words.of("", "data machine")) == {3: 1}


def test_known_phrases_are_found_where_no_blanks_divide_words() -> None:
    known = {"爬虫": 0, "机器学习": 1, "python": 2, "c语言": 3, "รถไฟ": 4, "ปลา": 5}
    article = Words.of("Python爬虫", "我用Python写爬虫，也学机器学习和C语言。รถไฟมาช้า")
    assert KnownPhrases(known).in_article(article) == {0: 2, 1: 1, 2: 2, 3: 1, 4: 1}


def test_stop_words_of_another_language_do_not_stand_out() -> None:
    idf = np.full(len(TOKENIZER), 5.0)
    text = (
        "Der Zug war nicht da, und der Schaffner war auch nicht da. Der Zug kam nicht, und wir "
        "haben auf den Zug gewartet."
    )
    found = salient_words(Words.of("Der Zug", text), {}, TOKENIZER, idf)
    assert {"zug", "schaffner"} <= found.keys()
    assert not {"der", "und", "nicht", "war"} & found.keys()


def test_letters_and_loops_do_not_stand_out() -> None:
    idf = np.full(len(TOKENIZER), 5.0)
    words = Words.of("夜行列车", "夜行列车又晚点了 hahahahaha lichen")
    assert list(salient_words(words, {}, TOKENIZER, idf)) == ["lichen"]


def test_salient_words_are_frequent_rare_and_unknown() -> None:
    idf = np.full(len(TOKENIZER), 5.0)
    common = TOKENIZER("the", add_special_tokens=False).input_ids[0]
    idf[common] = 1.0
    found = salient_words(
        Words.of("", "the the the lichen lichen moss data data 2024"), KNOWN, TOKENIZER, idf
    )
    assert list(found) == ["lichen", "moss"]
    assert found["lichen"] == pytest.approx(np.log1p(2) * 5.0)


def test_salient_words_are_few() -> None:
    idf = np.full(len(TOKENIZER), 5.0)
    text = " ".join(f"word{chr(97 + index)}" for index in range(26))
    assert len(salient_words(Words.of("", text), {}, TOKENIZER, idf)) == OTHER_WORDS
    assert salient_words(Words.of("", ""), {}, TOKENIZER, idf) == {}


def test_linked_is_the_share_of_naming_articles_whose_authors_gave_the_tag() -> None:
    articles = [
        (PHRASES.in_article(Words.of("", "data")), {3}),
        (PHRASES.in_article(Words.of("", "data")), set()),
    ]
    shares = linked_shares(articles * 10, len(KNOWN))
    assert shares[3] == pytest.approx((10 + 0.5) / (20 + 10))
    assert shares[0] == pytest.approx(0.05)
