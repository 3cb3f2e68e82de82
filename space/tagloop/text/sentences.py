"""Where the sentences of a text begin and end, by its punctuation."""

from __future__ import annotations

import re

from tagloop.text.words import HIRAGANA, IDEOGRAPHS, KATAKANA, has_unspaced

Span = tuple[int, int]
"""Begin and end (exclusive) in characters of a string."""

ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st jr sr vs etc e.g i.e eg ie cf no nos vol fig figs eq sec ch pp p ca "
    "approx inc ltd corp co dept est gen gov hon rep sen sgt capt col lt mt ft al ed eds a.m p.m "
    "jan feb mar apr jun jul aug sep sept oct nov dec z.b d.h u.a bzw usw ggf vgl nr".split()
)
"""Words after which a full stop ends no sentence."""
OTHER_ABBREVIATIONS = frozenset(
    # German, Dutch, Scandinavian; Romance; West Slavic, Turkish; Russian, Ukrainian.
    "evtl bspw zzgl hr abb bijv dhr mevr enz d.w.z o.a t.ex bl.a dvs osv f.eks "
    "mme p.ex env sra ud uds pág núm p.ej sig dott ecc pagg tzn itd itp tzw np apod např tzv "
    "atd vb sn \u0433 \u0433\u0433 т.\u0435 т.д т.п ул им др \u0440\u0443\u0431 тыс млн млрд стр "
    "напр рис проф див ред".split()
)
"""The same of other languages; in capitals they are something else (``SRA``)."""

# Marks that end a sentence and nothing else, whatever is behind them: of Chinese and Japanese;
# Arabic and Urdu; of the scripts of India; Armenian, Burmese, Khmer, Ethiopic, Mongolian.
_STOPS = (
    r"\u3002\uff01\uff1f\uff61\u061f\u06d4\u0964\u0965\u0589\u104a\u104b\u17d4\u17d5\u1362\u1367"
    r"\u1368\u1803"
)
_GREEK = r"[\u0370-\u03ff\u1f00-\u1fff]"
_SOUTH_EAST = r"[\u0e01-\u0e4e\u0e81-\u0ece]"
_USUAL = (
    # With a blank after it; a run is read once.
    r"(?<=[.!?…])(?<![.!?…]{2})[.!?…]*+(?:[\"'”’»)\]“]|[ \u00a0\u202f]»)*+(?=\s)"
    rf"|(?<=[{_STOPS}])[{_STOPS}!?]*+[\"'\u300d\u300f\uff09\u3011\u3009\u300b”’»)]*+"
    r"|(?<=[\u0f0d\u0f0e])(?=\s)"  # Tibetan
    rf"|(?<={_GREEK}{{2}}[;\u037e])(?=\s++(?:{_GREEK}|\Z))"  # what Greek asks with
    r"|(?<=\n)(?:\s*\n|(?![^\S\n]*[a-z]))"  # a paragraph, a line of a list; not a wrapped line
)
_FIRST = rf".!?…\n;\u037e\u0f0d\u0f0e{_STOPS}"
_END = re.compile(rf"[{_FIRST}](?:{_USUAL})")
_UNSPACED_END = re.compile(
    rf"[{_FIRST}\uff0e ](?:"
    rf"(?<=[!?])(?<![!?]{{2}})[!?]*+(?=[{IDEOGRAPHS}{HIRAGANA}{KATAKANA}])"
    r"|(?<=\uff0e)(?!\d)[\u300d\u300f\uff09”’]*+"
    rf"|(?<={_SOUTH_EAST}[ ])(?={_SOUTH_EAST})"  # Thai and Lao write no mark, but a blank there
    rf"|{_USUAL})"
)
HALVES = frozenset("zduoт")
"""What the first halves of abbreviations in two parts are, such as ``z. B.``."""
_LAST_WORD = re.compile(r"(?:^|[\s(\[\"“'‘])([^\s(\[\"“'‘]+)$")
_SPACED_ABBREVIATION = re.compile(r"\w\.")
QUOTATION_CHARACTERS = 2000
"""Before a closing “, where its „ is looked for; English opens with that sign."""


def split_sentences(text: str) -> list[Span]:
    """Returns the spans of a text's sentences, without blanks around them, none empty.

    A stop before a lower-case word ends none, nor a full stop after an abbreviation or initial.

    >>> [text[a:b] for text in ["Dr. Ko came. Why?"] for a, b in split_sentences(text)]
    ['Dr. Ko came.', 'Why?']
    """
    spans, begin = [], 0
    for match in (_UNSPACED_END if has_unspaced(text) else _END).finditer(text):
        if _ends_sentence(text, begin, match):
            spans.append((begin, match.end()))
            begin = match.end()
    spans.append((begin, len(text)))
    stripped = (_stripped(text, *span) for span in spans)
    return [span for span in stripped if span[0] < span[1]]


def _ends_sentence(text: str, begin: int, match: re.Match[str]) -> bool:
    end = match.group()
    following = text[match.end() : match.end() + 50].lstrip()
    if end == "\n" or end[0] in ";\u037e":
        return not following[:1].islower()
    if end[0] not in ".!?…":
        return True
    if following[:1].islower():
        return False
    if end == ".":
        return not _is_abbreviation(text[max(begin, match.start() - 30) : match.start()], following)
    since = max(begin, match.start() - QUOTATION_CHARACTERS)
    return "“" not in end or text.rfind("„", since, match.start()) >= 0


def _is_abbreviation(before: str, following: str) -> bool:
    """Tells whether a full stop is one's, by what is before it and behind it."""
    word = _LAST_WORD.search(before)
    last = word.group(1) if word else ""
    known = last.casefold()
    if known in ABBREVIATIONS or (known in OTHER_ABBREVIATIONS and not last.isupper()):
        return True
    # An initial, or the first half of an abbreviation.
    halved = last in HALVES and _SPACED_ABBREVIATION.match(following) is not None
    return len(last) == 1 and ((last.isupper() and last != "I") or halved)


def _stripped(text: str, begin: int, end: int) -> Span:
    piece = text[begin:end]
    return begin + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
