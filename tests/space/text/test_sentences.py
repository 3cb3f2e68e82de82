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


@pytest.mark.parametrize(
    "sentences",
    [
        ["Ist das z. B. Nr. 5?", "Ja, bzw. nein.", "„Gut.“", "Er ging."],
        ["« Pourquoi ? »", "Mme. Petit est partie.", "Il est parti aussi."],
        ["El Sr. y la Sra. Ruiz llegaron.", "¿Por qué?", "¡Nadie lo sabe!"],
        ["Около 1990 \u0433. Анна жила на ул. Мира.", "Почему?", "Сказал \u0410. Ф. Орлов."],
        ["Γιατί άργησε το τρένο;", "Κανείς δεν ξέρει."],
        ["هل تأخر القطار؟", "نعم، تأخر ساعة.", "لا أحد يعرف السبب!"],
        ["गाड़ी देर से आई।", "किसी को पता नहीं।", "क्यों?"],
        ["گاڑی دیر سے آئی\u06d4", "کیوں؟"],
        ["Գնացքը ուշացավ\u0589", "Բոլորը գիտեն\u0589"],
        ["ባቡሩ ዘገየ።", "ለምን፧"],
        ["ရထားနောက်ကျသည်။", "ဘာကြောင့်လဲ။"],
        ["រថភ្លើងយឺត។", "ហេតុអ្វី?"],
        ["기차가 늦었다.", "왜 그랬을까?"],
        ["รถไฟมาช้า", "ไม่มีใครแปลกใจ", "เราดื่มกาแฟ 3 แก้ว"],
    ],
    ids=lambda sentences: sentences[0][:12],
)
def test_sentences_of_other_languages(sentences: list[str]) -> None:
    text = " ".join(sentences)
    assert [text[begin:end] for begin, end in split_sentences(text)] == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["真的吗?", "我不知道。", "再见!", "走吧。"],
        ["彼は言った\uff0e", "約3\uff0e5メートル\uff0e", "終わり。"],
        ["他问：“为什么？”", "没有人回答……因为没人知道。"],
        ["走！！", "（快走。）", "好。"],
        ["गाड़ी देर से आई।", "किसी को पता नहीं।"],
    ],
    ids=lambda sentences: sentences[0],
)
def test_sentences_without_blanks(sentences: list[str]) -> None:
    text = "".join(sentences)
    assert [text[begin:end] for begin, end in split_sentences(text)] == sentences


@pytest.mark.parametrize(
    "text",
    ["Une ligne qui\némigre ici.", "Строка, которая\nидёт дальше."],
)
def test_a_line_that_goes_on_in_any_alphabet_is_no_end(text: str) -> None:
    assert len(split_sentences(text)) == 1


def test_a_wrapped_line_is_no_end() -> None:
    assert len(split_sentences("One line that\ngoes on here.\nNext")) == 2


@pytest.mark.parametrize("text", ["", " \n ", "\n\n\n"])
def test_no_text_no_sentences(text: str) -> None:
    assert split_sentences(text) == []
