"""How the tags of a whole column stand in one text, decided from its values.

``jekyll github ruby`` is three tags and ``Machine Learning`` one; no single value shows which. What
a column shows is whether its words are used as tags or its whole values are: words that recur in
different company are tags, and so are words that stand alone elsewhere; values that recur as wholes
are tags themselves, and so are phrases with "of" and "and". People whose tags may not have blanks
join words by hyphens, and give more words than the two of most phrases.

The weights are a logistic regression's, on columns made of the tags of 48 blogs and journals
(46,000 articles): their lists joined by blanks, against one tag an article. With the sources of a
fold left out of the fitting, of 30 values or more, 7 of 528 columns of phrases were divided and 10
of 987 columns of lists were not; of 10 values 13 of 249 and 45 of 531; of 5 values 6 of 224 and 58
of 520.
"""

from __future__ import annotations

import reprlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tagloop.reading.missing import is_missing
from tagloop.reading.settings import setting_name
from tagloop.reading.tag_lists import (
    MAX_CHARACTERS,
    SEPARATORS,
    WEAK,
    TagStyle,
    split_text,
    tags_of,
    whole_text,
)

FEW = 10
"""So few values show little."""
_JEKYLL = {True: 4.0, False: 1.5}
"""What a small ``tags: jekyll github ruby`` in a folder of files adds, by whether there are few:
Jekyll divides such a text at blanks [1], and no other generator takes a text without commas for
more than one tag.

[1] https://jekyllrb.com/docs/posts/#tags-and-categories"""
_MOST_WITH_SIGNS = 0.02
"""Of a table's values may have a comma or another sign where blanks divide."""
_STRONG_SHARE = 10
"""Where semicolons or bars divide ten times as many values as commas do, commas are in tags."""
_WEAK_VALUES = 3
_CONNECTING = frozenset(
    "of and the for in on to a an with & by at from or is how what und der die das de la le les et"
    " y el los du des i w z".split()
)
_SIGN_NAMES = {
    SEPARATORS["comma"]: "commas",
    SEPARATORS["semicolon"]: "semicolons",
    SEPARATORS["pipe"]: "bars",
    SEPARATORS["slash"]: "slashes",
    WEAK["dot"]: "dots",
    SEPARATORS["line"]: "line ends",
}
_MOST_EXAMPLE = 80
_SHORT = reprlib.Repr()
_SHORT.maxlist, _SHORT.maxstring = 8, 60


@dataclass(frozen=True, slots=True)
class ColumnStyle:
    """What was decided about a column.

    Attributes:
        style: How its texts are divided.
        example: For people: how its tags stand, with one of its values and the tags in it.
        most: Tags in the value that has the most.
        lists: Whether any value is a list and no text.
        numbers: Whether all tags are numbers, written as texts.
    """

    style: TagStyle
    example: str = ""
    most: int = 0
    lists: bool = False
    numbers: bool = False


def decide(
    values: Sequence[Any], given: TagStyle | None = None, *, front_matter: bool = False
) -> ColumnStyle:
    """Decides from a column's first values how its tags stand in one text.

    Args:
        values: As they stand in the source.
        given: What a person said, if anything.
        front_matter: The values are those of a key such as ``tags`` in files, where Jekyll's rule
            may hold.
    """
    style = given or _style(values, front_matter=front_matter)
    tags = [tags_of(value, style).tags for value in values]
    counts = [len(found) for found in tags]
    return ColumnStyle(
        style,
        _example(values, counts, style),
        max(counts, default=0),
        any(not isinstance(value, str | int | float) and not is_missing(value) for value in values),
        sum(counts) > 1 and all(tag.isdigit() for found in tags for tag in found),
    )


def _style(values: Sequence[Any], *, front_matter: bool) -> TagStyle:
    texts = [
        text
        for value in values
        if isinstance(value, str) and len(value) <= MAX_CHARACTERS
        if (text := whole_text(value)) is not None
    ]
    items = [
        item
        for value in values
        if isinstance(value, list | tuple)
        for item in value
        if isinstance(item, str)
    ]
    commas = set(SEPARATORS["comma"])
    known = frozenset(item.strip().casefold() for item in items if not commas & set(item))
    commas_in_lists = any(
        len(value) > 1 and isinstance(item, str) and commas & set(item)
        for value in values
        if isinstance(value, list | tuple)
        for item in value
    )
    signs = _signs(texts)
    marks = {sign for group in (*signs, SEPARATORS["line"], "#") for sign in group}
    plain = [text for text in texts if not marks & set(text)]
    weak = [group for group in WEAK.values() if _weak_divides(plain, len(texts), group)]
    if weak:
        return TagStyle((*signs, *weak), commas_in_lists=commas_in_lists, known=known)
    most = 0 if front_matter else _MOST_WITH_SIGNS * len(texts)
    blanks = len(texts) - len(plain) <= most and _blanks_divide(
        plain, items, front_matter=front_matter
    )
    return TagStyle(signs, blanks=blanks, commas_in_lists=commas_in_lists, known=known)


def _signs(texts: Sequence[str]) -> tuple[str, ...]:
    strong = set(SEPARATORS["pipe"] + SEPARATORS["semicolon"])
    commas = set(SEPARATORS["comma"])
    with_strong = sum(bool(strong & set(text)) for text in texts)
    with_commas = sum(bool(commas & set(text)) and not strong & set(text) for text in texts)
    if with_strong >= FEW and with_strong >= _STRONG_SHARE * with_commas:
        return (SEPARATORS["pipe"], SEPARATORS["semicolon"])
    return TagStyle().signs


def _weak_divides(plain: Sequence[str], texts: int, signs: str) -> bool:
    having = [text for text in plain if any(sign in text.strip(signs) for sign in signs)]
    # "Boats / Piers" is a list more clearly than "Boats/Piers".
    apart = all(f" {sign} " in text for text in having for sign in signs if sign in text)
    if len(having) < max(_WEAK_VALUES, texts / (10 if apart else 3)):
        return False
    to_first = str.maketrans(dict.fromkeys(signs, signs[0]))

    def parts(text: str) -> list[str]:
        divided = text.translate(to_first).split(signs[0])
        return [part.strip() for part in divided if part.strip()]

    return _lead(plain, parts, connecting=False) > 0


def _blanks_divide(plain: Sequence[str], items: Sequence[str], *, front_matter: bool) -> bool:
    phrases = [text for text in plain if len(text.split()) > 1]
    if not phrases:
        return False
    if set(phrases) & set(items):
        return False  # the same phrase is one item of a list elsewhere
    lead = _lead(plain, str.split, connecting=True)
    if front_matter and not any(" " in item.strip() for item in items):
        small = sum(text == text.lower() for text in phrases)
        lead += _JEKYLL[len(plain) < FEW] * (small == len(phrases))
    return lead > 0


def _lead(texts: Sequence[str], parts_of: Callable[[str], list[str]], *, connecting: bool) -> float:
    """Returns how far the parts of texts are rather the tags than the texts are; see the module."""
    divided = [[part.casefold() for part in parts_of(text)] for text in texts]
    alone = {parts[0] for parts in divided if len(parts) == 1}
    wholes = Counter(tuple(parts) for parts in divided if len(parts) > 1)
    if not wholes:
        return 0.0
    tokens = [part for parts in wholes for part in parts]
    phrases = sum(any(part in _CONNECTING for part in parts) for parts in wholes)
    joined = sum("-" in token or "_" in token for token in tokens)
    return (
        2.5 * min(len(tokens) / len(wholes), 5)
        + 6.0 * (1 - len(set(tokens)) / len(tokens))
        - 7.0 * (1 - len(wholes) / wholes.total())
        - 18.0 * (phrases / len(wholes) if connecting else 0)
        + 6.0 * sum(token in alone for token in tokens) / len(tokens)
        + 5.0 * (joined > len(tokens) / 10)
        - 7.5
    )


def _example(values: Sequence[Any], counts: Sequence[int], style: TagStyle) -> str:
    """Returns how the tags stand, each way with the first value that has several."""
    ways: dict[str, str] = {}
    for value, count in zip(values, counts, strict=True):
        way = _way(value, style) if count > 1 else ""
        if way and way not in ways and len(ways) < 3:
            ways[way] = _shown(value, style)
    said = [f"{way}: {shown}" for way, shown in ways.items()]
    whole = [
        value
        for value, count in zip(values, counts, strict=True)
        if count == 1 and isinstance(value, str) and whole_text(value) == value.strip()
    ]
    for signs, name in ((" ", "blanks"), (WEAK["slash"], "slashes"), (WEAK["dot"], "dots")):
        having = (value for value in whole if any(sign in value.strip() for sign in signs))
        if (value := next(having, None)) is not None:
            said.append(f"are not split at {name}: {_shown(value, style)}")
    if not said and any(counts):
        value = next(value for value, count in zip(values, counts, strict=True) if count)
        said = [f"stand alone: {_shown(value, style)}"]
    return "; ".join(said)


def _way(value: Any, style: TagStyle) -> str:
    if not isinstance(value, str):
        return "are lists"
    text = whole_text(value)
    if text is None:
        return "are written lists"
    if style.given:
        return f"are split as {setting_name('tag_separator')} says"
    if "\n" in text or "\r" in text:
        return "are split at line ends"
    for signs in style.signs:
        if any(sign in text for sign in signs):
            return f"are split at {_SIGN_NAMES[signs]}"
    if text.startswith("#") and not style.blanks:
        return "are split before each #"
    return "are split at blanks" if len(split_text(text, style)) > 1 else ""


def _shown(value: Any, style: TagStyle) -> str:
    # Of lists in lists without end, a bounded part.
    written = " ".join((value if isinstance(value, str) else _SHORT.repr(value)).split())
    if len(written) > _MOST_EXAMPLE:
        written = written[:_MOST_EXAMPLE] + "…"
    if isinstance(value, str):
        written = f'"{written}"'
    tags = tags_of(value, style).tags
    shown = " | ".join(tags[:6]) + (" | …" if len(tags) > 6 else "")
    return f"{written} → {shown}"
