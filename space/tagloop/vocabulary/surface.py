"""How an article writes a tag that a model generated without capitals, accents and exact blanks."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from tagloop.vocabulary.normal_form import tidy

BETWEEN_WORDS = r"(?:[\s\-_/'.]{0,2}|(?<=\d),(?=\d))"
"""What an article may have where a tag has a blank or another of these."""

_PARTS = re.compile(r"[^\W_]+|[^\w\s]|_")
# Writing systems without blanks between words: a tag's edges cannot be seen in them.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_BLANKS = re.compile(r"\s+")
_IDEOGRAM = re.compile(f"[{_UNSPACED}]")
_SPACED_IDEOGRAMS = re.compile(rf"(?<!\S)(?:[{_UNSPACED}] )+[{_UNSPACED}](?!\S)")
_SPACED_SIGNS = [
    (re.compile(r"(?<!\S)(\w{1,2}) & (\w{1,2})(?!\S)"), r"\1&\2"),  # r & d, at & t
    (re.compile(r"(?<=\S) ([_@\\]) (?=\S)"), r"\1"),
    (re.compile(r"(?<!\S)([$€£@/]) (?=\w)"), r"\1"),
    (re.compile(r"(?<=\d) %"), "%"),
    (re.compile(r"(?<=\w) \((\w?)\)"), r"(\1)"),  # f (x)
    (re.compile(r"(?<=\+\+) (?=\d)"), ""),
]
_OF_ANOTHER_NAME = r"(?:\+\+|#|\.(?:js|net|io|py|org|com|gov)\b)"
_APOSTROPHES = frozenset("’‘\u02bc")


def spelled(text: str) -> str:
    """Returns what a tokenizer's spelling keeps of a tag: no case, no accents, no blanks.

    >>> spelled("São Paulo") == spelled("sao paulo") and spelled("C++") == spelled("c + +")
    True
    """
    return _BLANKS.sub("", _fold(text)[0]).rstrip(".")


def find_surface(tag: str, text: str) -> str:
    """Finds how the text writes the tag most often; empty when it does not.

    First as the tag stands, but for case, accents and the blanks around signs; then with other
    signs or none between the words (``java script`` is ``JavaScript``).
    """
    parts = _PARTS.findall(_fold(tag)[0])
    words = [part for part in parts if part.isalnum()]
    folded, places = _fold_article(text)
    if not words or not all(word in folded for word in words):
        return ""
    surfaces = _surfaces(_exact(parts), text, folded, places)
    if not surfaces and _may_be_joined(parts, words):
        pattern = _edged(BETWEEN_WORDS.join(map(re.escape, words)), words[0], words[-1])
        surfaces = _surfaces(pattern, text, folded, places)
        if "." in parts:  # U.S. may be US, and never us
            surfaces = Counter(
                {key: count for key, count in surfaces.items() if key != key.lower()}
            )
    return max(surfaces.items(), key=lambda item: (item[1], item[0]))[0] if surfaces else ""


def closed_up(tag: str) -> str:
    """Takes out the blanks that WordPiece puts around signs and ideograms, where that is safe."""
    for pattern, sign in _SPACED_SIGNS:
        tag = pattern.sub(sign, tag)
    return _SPACED_IDEOGRAMS.sub(lambda match: match.group().replace(" ", ""), tag)


def _may_be_joined(parts: list[str], words: list[str]) -> bool:
    """Tells whether all signs only divide words: ``c++`` is not ``c``, nor ``o(n)`` ``on``."""
    inner = parts[:-1] if parts[-1] == "." else parts
    dividing = inner[0].isalnum() and all(part.isalnum() or part in "-_/'." for part in inner)
    return dividing and len(words) > 1 and ("." in parts or any(len(word) > 1 for word in words))


def _exact(parts: list[str]) -> str:
    pattern = re.escape(parts[0])
    for left, right in pairwise(parts):
        blank = left.isalnum() and right.isalnum() and not _unspaced(left[-1] + right[0])
        pattern += (r"\s+" if blank else r"\s*") + re.escape(right)
    return _edged(pattern, parts[0], parts[-1])


def _edged(pattern: str, first: str, last: str) -> str:
    before = r"(?<![\w.])" if first.isalnum() and not _unspaced(first[0]) else ""
    after = rf"(?!\w|{_OF_ANOTHER_NAME})" if last.isalnum() else r"(?![+#])"
    return before + pattern + ("" if _unspaced(last[-1]) else after)


def _unspaced(characters: str) -> bool:
    return _IDEOGRAM.search(characters) is not None


def _surfaces(pattern: str, text: str, folded: str, places: list[int] | None) -> Counter[str]:
    """Counts the ways in which the text writes what the pattern finds in the folded text."""
    found: Counter[str] = Counter()
    for match in re.compile(pattern).finditer(folded):
        start, last = match.start(), match.end() - 1
        if places:
            start, last = places[start], places[last]
        end = last + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        found[tidy(text[start:end])] += 1
    return found


@lru_cache(maxsize=4)
def _fold_article(text: str) -> tuple[str, list[int] | None]:
    """Folds once for all tags of an article."""
    return _fold(text)


def _fold(text: str) -> tuple[str, list[int] | None]:
    """Drops case and accents; also returns each character's place in the text (None: the same)."""
    if text.isascii():
        return text.lower(), None
    table = {char: _fold_character(char) for char in set(text)}
    folded = "".join(map(table.__getitem__, text))
    if all(len(part) == 1 for part in table.values()):
        return folded, None
    return folded, [place for place, char in enumerate(text) for _ in table[char]]


def _fold_character(char: str) -> str:
    if char in _APOSTROPHES:
        return "'"
    parts = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", char).casefold())
    return "".join(part for part in parts if unicodedata.category(part) not in ("Mn", "Cf"))
