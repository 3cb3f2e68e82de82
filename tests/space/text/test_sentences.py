"""Sentences end where a reader would end them."""

from __future__ import annotations

import pytest

from tagloop.text.sentences import split_sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["One.", "Two!", "Three?"],
        ["Dr. Ko met Mr. J. R. Smith at 5 p.m. on Monday.", "They talked."],
        ["Fruit, e.g. apples, costs 3.50 a kilo.", "Pears cost more."],
        ["“Why?” she asked.", "“Because.”", "He left."],
        ["Wait… what?", "Yes."],
        ["See Fig. 3 and No. 7.", "Then go on."],
        ["So did I.", "We both went."],
        ["A heading without a stop", "A paragraph."],
        ["We use node.js and U.S. servers.", "That works."],
    ],
    ids=lambda sentences: sentences[0],
)
def test_sentences(sentences: list[str]) -> None:
    for between in (" ", "\n\n", "  \n"):
        if between == " " and "heading" in sentences[0]:
            continue
        text = f" {between.join(sentences)}\n"
        assert [text[begin:end] for begin, end in split_sentences(text)] == sentences


def test_cjk_sentences_need_no_blank() -> None:
    sentences = ["今日は雨です。", "明日は\uff1f", "「行こう\uff01」", "彼は言った。"]
    text = "".join(sentences)
    assert [text[begin:end] for begin, end in split_sentences(text)] == sentences


def test_a_wrapped_line_is_no_end() -> None:
    assert len(split_sentences("One line that\ngoes on here.\nNext")) == 2


@pytest.mark.parametrize("text", ["", " \n ", "\n\n\n"])
def test_no_text_no_sentences(text: str) -> None:
    assert split_sentences(text) == []
