"""What makes a correction look as if it were not meant well, each with its reason.

A mark is a hint to the reviewer, not a verdict; but what is marked is never taken without one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from tagloop.corrections.record import Correction
from tagloop.corrections.review.grouping import TagKey, article_key, person_of, tag_key
from tagloop.vocabulary.normal_form import folded, normal_form

Kind = Literal["pasted", "link", "insult", "unknown", "many", "emptied"]
KINDS: dict[Kind, str] = {
    "pasted": "Same tags on many articles",
    "link": "Link",
    "insult": "Insult",
    "unknown": "Tag from nowhere",
    "many": "Too many tags",
    "emptied": "All tags removed",
}
"""Each kind of mark and its name."""
PASTED_BY_ONE, PASTED_BY_ALL = 4, 8
"""On so many different articles the very same tags, by one person or by anyone, are no chance."""
MANY_TAGS = 12
INSULTS = Path(__file__).with_name("insults.txt")

# Each run of a scheme's characters is read once, from its beginning; a host's name not at all.
_LINK = re.compile(
    r"(?<![a-z0-9+.-])[0-9+.-]*+[a-z][a-z0-9+.-]*+://|\bwww\.|(?<=\w)\.[a-z]{2,12}/", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Mark:
    """One reason to look twice."""

    kind: Kind
    reason: str


class Suspicion:
    """Marks corrections, seen against all of them.

    Args:
        corrections: All that are there, for what only shows across articles.
        vocabulary: Has the tags that are known; the emptier, the more is marked.
    """

    def __init__(
        self, corrections: Iterable[Correction], vocabulary: Container[str] = frozenset()
    ) -> None:
        self._vocabulary = vocabulary
        self._articles: dict[tuple[TagKey, str], set[str]] = defaultdict(set)
        self._own: dict[str, tuple[Mark, ...]] = {}
        for correction in corrections:
            self.add(correction)

    def add(self, correction: Correction) -> None:
        """Takes one more correction into account."""
        key = tag_key(correction.corrected)
        if _added(correction):
            article = article_key(correction)
            self._articles[key, ""].add(article)
            if correction.user or correction.visitor:  # else nobody knows whose it is
                self._articles[key, person_of(correction)].add(article)

    def marks(self, correction: Correction) -> list[Mark]:
        """Returns what is suspicious about a correction; empty where nothing is."""
        if correction.id not in self._own:
            self._own[correction.id] = tuple(_own_marks(correction, self._vocabulary))
        return [*self._pasted(correction), *self._own[correction.id]]

    def _pasted(self, correction: Correction) -> list[Mark]:
        if not _added(correction):
            return []
        key = tag_key(correction.corrected)
        for whose, limit, by in (
            (person_of(correction), PASTED_BY_ONE, " by the same visitor"),
            ("", PASTED_BY_ALL, ""),
        ):
            if (count := len(self._articles.get((key, whose), ()))) >= limit:
                return [Mark("pasted", f"The same tags stand on {count} different articles{by}.")]
        return []


def _added(correction: Correction) -> TagKey:
    """Returns what the visitor added; tags that the model gave itself are pasted by nobody."""
    return tag_key(correction.corrected) - tag_key(tag.tag for tag in correction.predicted)


def _own_marks(correction: Correction, vocabulary: Container[str]) -> Iterable[Mark]:
    tags, note = correction.corrected, correction.note
    for where, texts in (("a tag", tags), ("the note", (note,))):
        if any(map(_LINK.search, texts)):
            yield Mark("link", f"There is a link in {where}.")
    if rude := _insults(correction):
        yield Mark("insult", f"An insult: {', '.join(rude)}.")
    if absent := _from_nowhere(correction, vocabulary):
        some = ", ".join(f"“{tag}”" for tag in absent[:3])
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        yield Mark("unknown", f"Neither in the article nor a known tag: {some}{more}.")
    if len(tags) > MANY_TAGS:
        yield Mark("many", f"{len(tags)} tags are far too many for one article.")
    if correction.predicted and not tags:
        yield Mark("emptied", "All tags were removed and none was put in their place.")


def _from_nowhere(correction: Correction, vocabulary: Container[str]) -> list[str]:
    added = _added(correction)
    if not added:
        return []
    plain = f"{correction.title}\n{correction.text}".casefold()
    # Most stand there as they are written; folding a whole article takes a millisecond.
    new = [
        tag
        for tag in correction.corrected
        if tag_key([tag]) & added and not _stands_in(tag, plain) and tag not in vocabulary
    ]
    if not new:
        return []
    read = f" {_folded(plain)} "
    return [tag for tag in new if f" {normal_form(tag)} " not in read]


def _stands_in(tag: str, plain: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(tag.casefold())}(?!\w)", plain) is not None


# Corrections of one article are looked at one after the other.
_folded = lru_cache(maxsize=32)(folded)


def _insults(correction: Correction) -> list[str]:
    said = _WORD.findall(folded(" ".join((*correction.corrected, correction.note))))
    rude = sorted(insults().intersection(said))
    if not rude:
        return []
    # A novel may be called so: what the article says itself is nobody's insult.
    article = set(_WORD.findall(folded(f"{correction.title} {correction.text}")))
    return [word for word in rude if word not in article]


@cache
def insults() -> frozenset[str]:
    """Returns the small list of insults, casefolded."""
    lines = INSULTS.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip().casefold() for line in lines if line and line[0] != "#")
