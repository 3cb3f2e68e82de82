"""One tag's normal form, its clean spelling, and generated text to tags and back.

The normal form is the only form in which tags are ever compared; the display form, which
``tagloop.vocabulary.vocabulary`` knows, is the only form that people see.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from tagloop.text.words import SIGNS, divided

OUTER = " ,;:|\"'`“”‘’<>!?*_~-：！？～"  # noqa: RUF001
"""What no tag begins or ends with."""
UNKNOWN = ("[UNK]", "<unk>")
"""What tokenizers write for characters that they do not know: the tag around it is broken."""

_SPACED_SYMBOLS = re.compile(r"(?<=\w)\s*\+\s*\+(?!\w)|(?<=\w)\s+#(?=\s|$)|(?<=\w)\s+\+$")
# A blank after the dot is the tokenizer's; "Visual Basic .NET" has one before it alone.
_SPACED_DOT = re.compile(
    r"(?<=\w)\s*\.\s+(?=(?:js|net|io|ai|py|org|com|jl|rs|ts|gov|edu|ly|fm|txt|html|css|json|csv|xml)"
    r"\b)|(?<=\d)\s*\.\s+(?=\d)|(?<=\b[^\W\d_])\s*\.\s+(?=\d)",
    re.IGNORECASE,
)
# Nobody but a tokenizer puts blanks on both sides of an apostrophe inside a word; Bayes' Theorem
# has one behind it, Rock 'n' Roll has them around the three characters.
_SPACED_N = re.compile(r"(?<=\w)\s+(['’])\s+n\s+(['’])\s+(?=\w)", re.IGNORECASE)
_SPACED_GENITIVE = re.compile(r"(?<=s)\s+(['’])\s+(?=\w\w)")
_SPACED_APOSTROPHE = re.compile(
    r"(?<=\w)\s*(['’])\s+(?=(?:s|t|re|ve|ll|d|m)\b)|(?<=\w)\s+(['’])\s+(?=\w)", re.IGNORECASE
)
_SPACED_INITIALS = re.compile(r"(?:(?<=\b\w\.)|(?<=\bph\.))\s(?=\w(?:\.|$))", re.IGNORECASE)
_SPACED_BRACKETS = re.compile(r"(?<=[(\[{])\s++|(?<!\s)\s++(?=[)\]}])")
_LEADING_DOT = re.compile(r"(?:^|(?<=\s))\.\s+(?=\w)")
_ACRONYM = re.compile(r"\b[^\W\d_](?:\.[^\W\d_])+\b\.?")
_ENDS_IN_INITIALS = re.compile(r"\b\w{1,2}\.\w\.$")
_FOLDED = re.compile(rf"[^\w+#.{SIGNS}]+|_+")
# What readers leave out: vowel points of Arabic and Hebrew and what stretches a word; the dot that
# casefolding leaves of a Turkish capital.
_POINTS = re.compile(
    "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff]|(?<=i)\u0307"
)
_LONE_DOT = re.compile(r"(?<!\w)\.(?!\w)|(?<=\w)\.(?!\w)")
_LONE_SYMBOL = re.compile(r"(?<![\w+#])[+#]+")
# How Chinese and Japanese write them; the comma, which parts tags, is not among them.
_WIDE_SIGNS = re.compile("([（）［］｛｝：！？～])")  # noqa: RUF001
_SPACED_DASH = re.compile(r"(?<=[\w+#])\s+([-/])\s+(?=\w)")
_HASHTAG = re.compile(r"\A(?:#[#\s]*+(?=\w)_*+)+")  # also what outer underscores hide
_APOSTROPHE = re.compile(r"['’]")
_BLANKS = re.compile(r"\s+")
_KNOWN_TAGS, _KNOWN_CHARACTERS = 50_000, 100
"""Forms that are remembered, and of tags up to what length: the same tags come again and again, and
cleaning one takes a tenth of a millisecond."""
MOST_MARKS = 30
"""Combining marks in a row that count: no language has so many (Unicode Standard Annex #15,
"Stream-Safe Text Format")."""


def tidy(tag: str) -> str:
    """Cleans one surface form without changing its words.

    NFKC but for the wide brackets and stops of Chinese and Japanese, invisible characters and outer
    punctuation gone, blanks folded, and the blanks that a WordPiece tokenizer puts inside symbols
    taken out again (``c + +`` → ``c++``, ``node. js`` → ``node.js``, ``e - commerce`` →
    ``e-commerce``).
    """
    return _known_tidy(tag) if len(tag) <= _KNOWN_CHARACTERS else _tidy(tag)


def _tidy(tag: str) -> str:
    if not _WIDE_SIGNS.search(tag):
        return _settled(_tidied, _plain(tag))
    parts = _WIDE_SIGNS.split(tag)
    plain = [part if number % 2 else _plain(part) for number, part in enumerate(parts)]
    return _settled(_tidied, "".join(plain))


_known_tidy = lru_cache(_KNOWN_TAGS)(_tidy)


def _tidied(text: str) -> str:
    text = _SPACED_DASH.sub(r"\1", text)
    text = _SPACED_GENITIVE.sub(r"\1 ", _SPACED_N.sub(r" \1n\2 ", text))
    text = _SPACED_APOSTROPHE.sub(r"\1\2", text)
    text = _SPACED_SYMBOLS.sub(lambda match: match.group().replace(" ", ""), text)
    text = _SPACED_INITIALS.sub("", _LEADING_DOT.sub(".", _SPACED_DOT.sub(".", text)))
    text = _stripped(_SPACED_BRACKETS.sub("", text))
    return _HASHTAG.sub("", text)


def _stripped(text: str) -> str:
    """Takes outer punctuation away, but not ``U.S.``'s last dot nor one of a pair of brackets."""
    left, right = OUTER + ")]}）］｝", OUTER + ".([{（［｛"  # noqa: RUF001
    for opening, closing in ("()", "[]", "{}", "（）", "［］", "｛｝"):  # noqa: RUF001
        around = text.startswith(opening) and text.endswith(closing) and text.count(opening) == 1
        left += opening if around or closing not in text else ""
        right += closing if around or opening not in text else ""
    text = text.lstrip(left)
    bare = text.rstrip(right)
    initials = text[len(bare) :].startswith(".") and _ENDS_IN_INITIALS.search(f"{bare}.")
    return f"{bare}." if initials else bare


def normal_form(tag: str) -> str:
    """Returns the form in which tags are compared.

    NFKC and casefold; hyphens, underscores, slashes, apostrophes and other punctuation folded;
    what tells names apart stays (``c++``, ``c#``, ``.net``, ``node.js``). Empty when the tag has
    no letter or digit.

    >>> normal_form("Machine-Learning") == normal_form("machine  learning")
    True
    """
    return _known_form(tag) if len(tag) <= _KNOWN_CHARACTERS else _form(tag)


def _form(tag: str) -> str:
    form = _settled(lambda text: _folded(tidy(text)), tag)
    return form if any(char.isalnum() for char in tidy(tag)) else ""


_known_form = lru_cache(_KNOWN_TAGS)(_form)


def folded(text: str) -> str:
    """Folds a text as ``normal_form`` does a tag.

    It does not mend a tokenizer's blanks, which takes ten times as long.
    """
    return _folded(_plain(text))


def _folded(text: str) -> str:
    """Casefolds; initials lose their dots, sentence dots go, dots inside names stay."""
    text = text.casefold() if text.isascii() else _POINTS.sub("", text.casefold())
    text = _ACRONYM.sub(lambda match: match.group().replace(".", ""), text)
    text = _APOSTROPHE.sub("", text).replace("&", " and ")
    text = _LONE_SYMBOL.sub(" ", _FOLDED.sub(" ", text))
    return _BLANKS.sub(" ", _LONE_DOT.sub(" ", text)).strip()


def compatible(text: str) -> str:
    """Returns the text in NFKC, in time proportional to its length.

    Normalising sorts the combining marks of a character with as many exchanges as pairs of them
    are out of order, so of a longer row only ``MOST_MARKS`` are kept.
    """
    if text.isascii():
        return text
    marks = "".join(sorted(char for char in set(text) if _is_mark(char)))
    if marks:
        kind = f"[{re.escape(marks)}]"
        text = re.compile(f"({kind}{{{MOST_MARKS}}}){kind}++").sub(r"\1", text)
    return unicodedata.normalize("NFKC", text)


def _is_mark(char: str) -> bool:
    """Tells whether a character is sorted among those before it once it is normalised."""
    return unicodedata.combining(unicodedata.normalize("NFKD", char)[0]) > 0


def _plain(text: str) -> str:
    """NFKC; characters without width gone, those without ink blanks, blanks folded."""
    text = compatible(text)
    # By distinct characters: an article has thousands, but few different ones.
    kinds = {char: unicodedata.category(char) for char in set(text)}
    table = {
        ord(char): "" if kind == "Cf" else " " for char, kind in kinds.items() if kind[0] in "ZC"
    }
    return _BLANKS.sub(" ", text.translate(table)).strip()


def _settled(step: Callable[[str], str], text: str) -> str:
    """Repeats a step until it changes nothing: what one rule takes away may uncover another."""
    while (after := step(text)) != text:
        text = after
    return text


def squeezed(tag: str) -> str:
    """Returns the normal form without its blanks: equal for ``e-commerce`` and ``ecommerce``."""
    return normal_form(tag).replace(" ", "")


def unique_tags(tags: Iterable[str]) -> list[str]:
    """Tidies the tags; drops the empty and the repeated (by normal form), keeping the order."""
    kept: dict[str, str] = {}
    for tag in map(tidy, tags):
        if form := normal_form(tag):
            kept.setdefault(form, tag)
    return list(kept.values())


def parse_tags(generated: str, separator: str = ",") -> list[str]:
    """Splits generated text into clean tags: none empty, none twice, none with unknown pieces."""
    pieces = generated.split(separator.strip() or separator)
    return unique_tags(piece for piece in pieces if not any(mark in piece for mark in UNKNOWN))


def join_tags(tags: Sequence[str], separator: str = ", ") -> str:
    """Joins tags into the text that a model learns; a separator in a tag becomes a blank.

    ``parse_tags(join_tags(tags))`` gives the unique tags back.
    """
    mark = separator.strip() or separator
    return separator.join(unique_tags(tidy(tag).replace(mark, " ") for tag in tags))


def occurs_in(tag: str, text: str) -> bool:
    """Tells whether the tag's words stand in the text, in order, as whole words."""
    return occurring([tag], text)[0]


def occurring(tags: Sequence[str], text: str) -> list[bool]:
    """Tells of each tag whether its words stand in the text; reads the text once."""
    read = f" {divided(folded(text))} "
    forms = map(normal_form, tags)
    return [bool(form) and f" {divided(form)} " in read for form in forms]
