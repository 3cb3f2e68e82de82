"""What files are encoded in, told by their letters; sentences of our own in many languages."""
# ruff: noqa: RUF001 -- letters of other alphabets

from __future__ import annotations

import time

import pytest

from tagloop.errors import UserError
from tagloop.text.encodings import decode, encoding_note, find_encoding

FERRY = {
    "en": "The ferry – it’s late. “Again”, she said, and the café had no naïve waiters.",
    "de": "Käse aus dem Süden schmeckt vorzüglich; größere Stücke für die Gäste.",
    "fr": "Déjà vu – l’été dernier, nous étions à la plage où les élèves jouaient.",
    "es": "El niño corrió hacia la montaña por la mañana; ¿qué pasó después?",
    "pt": "A balsa para a ilha não sai às manhãs; a informação está na estação.",
    "da": "Færgen til øen sejler to gange om dagen, og køreplanen på tavlen gælder stadig.",
    "pl": "Łódź płynie przez jezioro, a żeglarze śpiewają pieśni o morzu i gęstej mgle.",
    "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy o večerním městě a řece.",
    "ru": "Сегодня паром на остров ходит два раза в день, а расписание зимнее.",
    "uk": "Сьогодні пором на острів ходить двічі на день, а розклад зимовий і її немає.",
    "el": "Το πλοίο για το νησί φεύγει δύο φορές την ημέρα και το πρόγραμμα είναι παλιό.",
    "tr": "İstanbul’da bugün hava güneşli, ışıl ışıl bir şehir ve çok güzel ağaçlar.",
    "he": "המעבורת לאי יוצאת פעמיים ביום ולוח הזמנים הוא של החורף.",
    "ar": "العبّارة إلى الجزيرة تسير مرتين في اليوم وجدول المواعيد شتوي.",
    "ja": "今日は島へのフェリーが一日に二回しか出ませんでした。時刻表は冬のままです。",
    "zh": "今天去岛上的渡轮每天只有两班，时刻表还是去年冬天的。我们沿着运河走了三个小时。",
    "zh-Hant": "今天去島上的渡輪每天只有兩班，時刻表還是去年冬天的。我們沿著運河走了三個小時。",
    "ko": "오늘 섬으로 가는 배는 하루에 두 번만 다니고 시간표는 아직 겨울 것이다.",
}
IN = [
    ("en", "cp1252"), ("de", "cp1252"), ("fr", "cp1252"), ("es", "cp1252"), ("pt", "cp1252"),
    ("da", "cp1252"), ("fr", "mac_roman"), ("pl", "cp1250"), ("pl", "iso8859_2"), ("cs", "cp1250"),
    ("ru", "cp1251"), ("ru", "koi8_r"), ("uk", "cp1251"), ("el", "cp1253"), ("tr", "cp1254"),
    ("he", "cp1255"), ("ar", "cp1256"), ("ja", "shift_jis"), ("ja", "euc_jp"), ("zh", "gb18030"),
    ("zh-Hant", "big5"), ("ko", "cp949"), ("ru", "utf-16-le"), ("ja", "utf-16-be"), ("zh", "utf-8"),
]  # fmt: skip


@pytest.mark.parametrize("times", [1, 300])
@pytest.mark.parametrize(("language", "codec"), IN)
def test_the_usual_codecs_are_told(language: str, codec: str, times: int) -> None:
    text = "title,text,tags\n" + f"{FERRY[language]},x\n" * times
    assert decode(text.encode(codec), "a.csv") == text


@pytest.mark.parametrize("codec", ["cp1252", "cp1251", "shift_jis"])
def test_a_letter_far_from_the_top_counts(codec: str) -> None:
    language = {"cp1252": "fr", "cp1251": "ru", "shift_jis": "ja"}[codec]
    text = "a line of plain letters\n" * 20_000 + FERRY[language]
    data = text.encode(codec)
    blocks = [data[start : start + 1000] for start in range(0, len(data), 1000)]
    assert data.decode(find_encoding(blocks, "a.txt")) == text


def test_a_few_nuls_are_no_binary_file() -> None:
    assert decode(b"title,text\nPier,The fer\0ry runs\0 twice\n", "a.csv") == (
        "title,text\nPier,The ferry runs twice\n"
    )
    for data in (b"PK\x03\x04\0\0\1\0\2" * 9, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0"):
        with pytest.raises(UserError, match="not a text file"):
            decode(data, "a.csv")


def test_what_was_taken_for_the_encoding_is_said() -> None:
    assert encoding_note("utf-8-sig") is None
    note = encoding_note("cp1252")
    assert note is not None and "Windows-1252" in note


def test_telling_is_quick_whatever_the_length() -> None:
    begun = time.process_time()
    for piece in (b"\xe4", b"\xe4 ", b"\xe4\n", b"\x81\x9f", b"a\xff\xfe", "日本".encode("cp932")):
        try:
            decode(piece * 300_000, "a.txt")
        except UserError as error:
            assert "UTF-8" in str(error)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("codec", ["cp932", "euc_jp"])
def test_a_single_sentence_of_japanese(codec: str) -> None:
    data = "渡し船は毎朝島へ出発します。とても静かです".encode(codec)
    assert find_encoding([b"title,text\r\n" + data + b",The ferry leaves."], "a.csv") == codec
