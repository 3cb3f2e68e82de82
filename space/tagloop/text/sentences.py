"""Where the sentences of a text begin and end, by its punctuation."""

from __future__ import annotations

import re

Span = tuple[int, int]
"""Begin and end (exclusive) in characters of a string."""

ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st jr sr vs etc e.g i.e eg ie cf no nos vol fig figs eq sec ch pp p ca "
    "approx inc ltd corp co dept est gen gov hon rep sen sgt capt col lt mt ft al ed eds a.m p.m "
    "jan feb mar apr jun jul aug sep sept oct nov dec z.b d.h u.a bzw usw ggf vgl nr".split()
)
"""Words after which a full stop ends no sentence."""

_END = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s)"  # with a blank after it; a run is read once
    r"|[\u3002\uff01\uff1f\uff61]++[\u300d\u300f\uff09”’]*+"  # CJK writes none
    r"|\n\s*\n|\n(?![^\S\n]*[a-z])"  # a paragraph, a line of a list; not a wrapped line
)
_LAST_WORD = re.compile(r"(?:^|[\s(\[\"“'‘])([^\s(\[\"“'‘]+)$")


def split_sentences(text: str) -> list[Span]:
    """Returns the spans of a text's sentences, without blanks around them, none empty.

    A stop before a lower-case word ends none, nor a full stop after an abbreviation or initial.

    >>> [text[a:b] for text in ["Dr. Ko came. Why?"] for a, b in split_sentences(text)]
    ['Dr. Ko came.', 'Why?']
    """
    spans, begin = [], 0
    for match in _END.finditer(text):
        if _ends_sentence(text, begin, match):
            spans.append((begin, match.end()))
            begin = match.end()
    spans.append((begin, len(text)))
    stripped = (_stripped(text, *span) for span in spans)
    return [span for span in stripped if span[0] < span[1]]


def _ends_sentence(text: str, begin: int, match: re.Match[str]) -> bool:
    if match.group()[0] not in ".!?…":
        return True
    following = text[match.end() : match.end() + 50].lstrip()
    if following[:1].islower():
        return False
    if match.group() != ".":
        return True
    word = _LAST_WORD.search(text[max(begin, match.start() - 30) : match.start()])
    last = word.group(1) if word else ""
    initial = len(last) == 1 and last.isupper() and last != "I"
    return not initial and last.casefold() not in ABBREVIATIONS


def _stripped(text: str, begin: int, end: int) -> Span:
    piece = text[begin:end]
    return begin + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
