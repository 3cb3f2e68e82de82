"""The words of a text in any script, counted and divided.

Where blanks divide words, they do here. Where a script writes none, an ideograph or a sign of
Hiragana is a word each and a run of Katakana one, which is the default of Unicode Standard Annex
#29, "Unicode Text Segmentation"; for Thai, Lao, Khmer, Burmese and their kin, which that leaves to
dictionaries, so many characters count as one. A segmenter that follows the whole annex (uniseg)
takes a hundred times as long.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from itertools import islice

IDEOGRAPHS = r"\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
RARE_IDEOGRAPHS = r"\U00020000-\U0003ffff"
HIRAGANA = r"\u3041-\u309f"
KATAKANA = r"\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
SOUTH_EAST_ASIAN = (
    r"\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109d"
    r"\u1780-\u17d3\u17dc\u17dd\u1950-\u19c9\u1a20-\u1a7c\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaadd"
)
"""Letters and marks of Thai, Lao, Burmese, Khmer, Tai Le, New Tai Lue, Tai Tham, Tai Viet: the
class SA of Unicode Standard Annex #14."""
TIBETAN = r"\u0f00\u0f40-\u0fbc"
_COMMON = IDEOGRAPHS + HIRAGANA + KATAKANA + SOUTH_EAST_ASIAN + TIBETAN
UNSPACED = _COMMON + RARE_IDEOGRAPHS
"""Characters of scripts that write no blanks between words, as the inside of a character class."""
_MARKED = (range(0x900, 0x1100), range(0x1700, 0x1B00), range(0xA800, 0xAC00))
SIGNS = "".join(
    chr(code) for part in _MARKED for code in part if unicodedata.category(chr(code))[0] == "M"
)
"""Combining vowels and tones of the scripts of India and South-East Asia: parts of words, although
Python's ``\\w`` does not think so."""
CHARACTERS_A_WORD = 5
"""Of a script of South-East Asia, marks counted: about what words of its running text have."""

# What ends a word beside blanks in texts of these scripts.
_WIDE_SIGNS = r"\u3001-\u3003\u3008-\u301f\u30fb\uff01-\uff0f\uff1a-\uff20\uff5f-\uff65"
# No text has rare ideographs only, and a class with them takes twice as long.
_UNSPACED = re.compile(f"[{_COMMON}]")
_LETTER = re.compile(f"[{UNSPACED}][{SIGNS}]*+")
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(
    rf"[{IDEOGRAPHS}{RARE_IDEOGRAPHS}{HIRAGANA}]|[{KATAKANA}]++|[{SOUTH_EAST_ASIAN}]{{1,{CHARACTERS_A_WORD}}}+"
    rf"|[{TIBETAN}]++|[^\W{UNSPACED}][^\s{UNSPACED}{_WIDE_SIGNS}]*+"
)


def has_unspaced(text: str) -> bool:
    """Tells whether a text has letters of a script that writes no blanks between words."""
    return not text.isascii() and _UNSPACED.search(text) is not None


def split_words(text: str) -> list[str]:
    """Returns the words of a text, in order.

    >>> split_words("Zug um Zug"), split_words("PDF 文件，コーヒー")
    (['Zug', 'um', 'Zug'], ['PDF', '文', '件', 'コーヒー'])
    """
    return _WORD.findall(text) if has_unspaced(text) else text.split()


def count_words(text: str) -> int:
    """Returns the number of words of a text."""
    return len(split_words(text))


def first_words(text: str, count: int) -> str:
    """Returns a text as far as its first ``count`` words (at least 1) go, in one line."""
    if not has_unspaced(text):
        return " ".join(text.split(maxsplit=count)[:count])
    last = deque(islice(_WORD.finditer(text), count), maxlen=1)
    return " ".join((text[: last[0].end()] if last else text).split())


def divided(text: str) -> str:
    """Sets blanks around every letter of scripts that write none.

    So what is looked for as whole words, blanks around it, is found in any script.

    >>> divided("用python写的爬虫")
    '用 python 写 的 爬 虫'
    """
    if not has_unspaced(text):
        return text
    return _BLANKS.sub(" ", _LETTER.sub(r" \g<0> ", text)).strip()
