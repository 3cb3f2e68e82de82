"""The language that a text is in, by its own words, and what languages are called.

Languages go by their codes in BCP 47, the subtag of the language alone: ``en``, ``zh``, ``pt``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

LEAST_CONFIDENCE = 0.8
"""Of the probability that py3langid gives; below it the language is not known. On pieces of 10 to
120 characters of 28 languages no language above it was wrong, and of those of 80 characters 96 %
were above it; of English titles a quarter, of English articles all."""
READ_CHARACTERS = 200, 600, 6000
"""Of a text that are read: its beginning, and more of it where that does not tell (code, a table).
A millisecond reads about 3,000."""
RELEVANT_SHARE = 0.05
"""From such a share on, of the articles whose language is known, a language counts as one of the
corpus: quotations and single guest articles do not make one."""

_NO_LANGUAGE = "zxx"
_CODE = re.compile(r"\A[A-Za-z]{2,3}(?=[-_]|\Z)")
# What detection and front matter tell apart, and lists of languages do not.
_SAME = {"ary": "ar", "arz": "ar", "wuu": "zh", "yue": "zh", "cmn": "zh", "nb": "no", "nn": "no"}
_SAME |= {"iw": "he", "in": "id", "fil": "tl", "uzs": "uz", "und": "", "mul": ""}
_NAMES = """
    af Afrikaans; am Amharic; ar Arabic; as Assamese; az Azerbaijani; ba Bashkir; be Belarusian;
    bg Bulgarian; bn Bengali; br Breton; bs Bosnian; ca Catalan; ceb Cebuano; co Corsican;
    cs Czech; cy Welsh; da Danish; de German; dz Dzongkha; el Greek; en English; eo Esperanto;
    es Spanish; et Estonian; eu Basque; fa Persian; fi Finnish; fo Faroese; fr French;
    fy Western Frisian; ga Irish; gd Scottish Gaelic; gl Galician; grc Ancient Greek; gu Gujarati;
    ha Hausa; haw Hawaiian; he Hebrew; hi Hindi; hmn Hmong; hr Croatian; ht Haitian Creole;
    hu Hungarian; hy Armenian; id Indonesian; ig Igbo; is Icelandic; it Italian; ja Japanese;
    jv Javanese; ka Georgian; kk Kazakh; km Khmer; kn Kannada; ko Korean; ku Kurdish; ky Kyrgyz;
    la Latin; lb Luxembourgish; lg Ganda; ln Lingala; lo Lao; lt Lithuanian; lv Latvian;
    mg Malagasy; mi Maori; mk Macedonian; ml Malayalam; mn Mongolian; mr Marathi; ms Malay;
    mt Maltese; my Burmese; ne Nepali; nl Dutch; no Norwegian; ny Chichewa; oc Occitan; om Oromo;
    or Odia; pa Punjabi; pcm Nigerian Pidgin; pl Polish; ps Pashto; pt Portuguese; qu Quechua;
    ro Romanian; ru Russian; rw Kinyarwanda; sa Sanskrit; sd Sindhi; se Northern Sami; si Sinhala;
    sk Slovak; sl Slovenian; sm Samoan; sn Shona; so Somali; sq Albanian; sr Serbian;
    st Southern Sotho; su Sundanese; sv Swedish; sw Swahili; ta Tamil; te Telugu; tg Tajik;
    th Thai; tk Turkmen; tl Filipino; tr Turkish; tt Tatar; ug Uyghur; uk Ukrainian; ur Urdu;
    uz Uzbek; vec Venetian; vi Vietnamese; xh Xhosa; yi Yiddish; yo Yoruba; zh Chinese; zu Zulu
"""
NAMES: Mapping[str, str] = {
    code: name for code, _, name in (one.strip().partition(" ") for one in _NAMES.split(";"))
}
"""Code to name in English (Unicode CLDR)."""


def detect(text: str) -> str | None:
    """Returns the code of the language that a text is in, None where that is not sure.

    Too short a text is not sure, nor is one in two languages or of code. The first call loads the
    model: half a second and 75 MB.
    """
    for characters in READ_CHARACTERS:
        code, confidence = _identifier().classify(text[:characters])
        if confidence >= LEAST_CONFIDENCE:
            return None if code == _NO_LANGUAGE else language_of(code)
        if len(text) <= characters:
            break
    return None


def language_of(tag: str) -> str | None:
    """Returns the language of a tag of BCP 47 such as ``pt-BR`` or ``zh_Hant``; None for others.

    Varieties that hardly any list of languages has go by the language that it has.
    """
    match = _CODE.match(tag.strip())
    if not match:
        return None
    code = match.group().lower()
    return _SAME.get(code, code) or None


def language_name(code: str) -> str:
    """Returns the name in English, or the code where no name is known."""
    return NAMES.get(code, code)


def count_languages(texts: Iterable[str]) -> dict[str, int]:
    """Counts the languages of texts, the most frequent first; those not known are left out."""
    return ordered(Counter(code for code in map(detect, texts) if code))


def ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """Returns counts by language, the most frequent first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def relevant_languages(counts: Mapping[str, int]) -> dict[str, float]:
    """Returns each language of a corpus with its share of the articles whose language is known.

    Args:
        counts: Articles by language.

    Returns:
        Those of at least ``RELEVANT_SHARE``, the most frequent first.
    """
    known = sum(counts.values())
    shares = {code: count / known for code, count in ordered(counts).items() if known}
    return {code: share for code, share in shares.items() if share >= RELEVANT_SHARE}


@cache
def _identifier() -> Any:
    # Here, since it takes long and most of what reads texts never asks.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
