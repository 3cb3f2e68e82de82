"""Short and long forms of one tag, merged only where the articles themselves show it.

A short form may stand for a long one if it is its initials (``nlp``; ``js`` of ``JavaScript``), its
numeronym (``k8s``) or on a short list that everyone knows. That alone merges nothing: ``ci`` may be
continuous integration or a confidence interval. What counts is evidence of two kinds.

Stated: texts write ``long form (LF)`` or ``LF (long form)``, as in Schwartz and Hearst, "A simple
algorithm for identifying abbreviation definitions in biomedical text" (PSB 2003), here with exact
initials, and nearly always with the same long form.

Alike: the articles of both have the same other tags and words (cosine of log-tf-idf vectors, the
distributional evidence of Salton and McGill, "Introduction to Modern Information Retrieval", 1983).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tagloop.vocabulary.aliases import TagMerge
from tagloop.vocabulary.normal_form import normal_form

KNOWN = {
    # MDN's glossary, "JavaScript (or JS)"; TypeScript's own handbook and logo say TS.
    "js": "javascript",
    "ts": "typescript",
    # PostgreSQL's documentation, "What is PostgreSQL?": Postgres is an alias of the project.
    "postgres": "postgresql",
    # W3C, "Localization vs. Internationalization"; the A11Y Project; kubernetes.io, overview.
    "i18n": "internationalization",
    "l10n": "localization",
    "a11y": "accessibility",
    "k8s": "kubernetes",
}
"""Aliases that are no initials. They, too, are merged only where the articles do not differ."""
SHORTEST_NUMERONYM = 7
"""Letters of a word that has a numeronym: below, ``t2t`` and the like are something else."""
LONGEST = 8
"""Characters of a short form; longer ones are words."""
STATED = 2
"""So many articles must state what the short form means ..."""
AGREED = 0.8
"""... and so large a share of all those that state a meaning of it."""
ALIKE = 0.1
"""Least cosine, of tags or of words, for a stated meaning; unrelated tags have under 0.05."""
VERY_ALIKE = 0.25
"""Least cosine, of tags and of words, where no text states a meaning."""
DIFFERENT = 0.03
"""Below this, and with `ENOUGH` articles each, two tags have nothing to do with each other."""
ENOUGH = 3
CONTEXT_CHARACTERS = 2000
"""What is read of a text for its words; definitions are looked for in all of it."""

_DEFINED_AFTER = re.compile(r"\(([^\W_]{2,8}?)(?:s|['’]s)?\)")
_DEFINED_BEFORE = re.compile(r"(?<!\w)([^\W\d_]{2,8}) \(([^()\n]{5,70})\)")
_WORD = re.compile(r"[^\W_]+")


@dataclass
class _Context:
    """What stands beside one tag: other tags and words, each with its number of articles."""

    articles: int = 0
    tags: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)


def abbreviation_merges(
    tag_sets: Iterable[Collection[str]], texts: Iterable[str], displays: Mapping[str, str]
) -> list[TagMerge]:
    """Finds short forms that stand for a long one.

    Args:
        tag_sets: The canonical forms of each article's tags.
        texts: The title and text of each article.
        displays: Canonical form to how people write it.
    """
    candidates = list(_candidates(displays))
    if not candidates:
        return []
    evidence = _Evidence({form for pair in candidates for form in pair[:2]}, tag_sets, texts)
    accepted: dict[str, list[TagMerge]] = defaultdict(list)
    for short, long, reason in candidates:
        if evidence.same(short, long, reason):
            accepted[short].append(TagMerge(short, long, reason))
    # A short form with two meanings is ambiguous, whatever speaks for each.
    return [merges[0] for merges in accepted.values() if len(merges) == 1]


def _candidates(displays: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yields (short, long, reason) for all pairs that could mean the same."""
    long_forms = defaultdict(set)
    for form, display in displays.items():
        if len(initials := _initials(form, display)) > 1:
            long_forms[initials].add((form, "initials"))
        if form.isalpha() and len(form) > SHORTEST_NUMERONYM:
            long_forms[f"{form[0]}{len(form) - 2}{form[-1]}"].add((form, "numeronym"))
    for short, long in KNOWN.items():
        long_forms[short] = {entry for entry in long_forms[short] if entry[0] != long}
        long_forms[short] |= {(long, "known alias")} if long in displays else set()
    for short in displays:
        if " " not in short and len(short) <= LONGEST:
            for long, reason in sorted(long_forms.get(short, ())):
                if long != short:
                    yield short, long, reason


def _initials(form: str, display: str) -> str:
    """Returns the words' first letters, or the capitals of a name such as JavaScript."""
    words = form.split()
    if len(words) > 1:
        return "".join(word[0] for word in words)
    capitals = re.findall(r"[A-Z](?=[a-z])", display)
    return "".join(capitals).casefold() if display[:1].isupper() else ""


class _Evidence:
    """What a corpus says about pairs of tags."""

    def __init__(
        self, wanted: set[str], tag_sets: Iterable[Collection[str]], texts: Iterable[str]
    ) -> None:
        self._contexts: dict[str, _Context] = defaultdict(_Context)
        self._meanings: dict[str, Counter[str]] = defaultdict(Counter)
        self._word_counts: Counter[str] = Counter()
        self._tag_counts: Counter[str] = Counter()
        self._together: Counter[frozenset[str]] = Counter()
        self._lower: Counter[str] = Counter()
        self._upper: Counter[str] = Counter()
        self._articles = 0
        for tags, text in zip(tag_sets, texts, strict=True):
            self._articles += 1
            self._read(set(tags), text, wanted)

    def _read(self, tags: set[str], text: str, wanted: set[str]) -> None:
        written = set(_WORD.findall(text[:CONTEXT_CHARACTERS]))
        for word in written:
            if (form := word.casefold()) in wanted:
                (self._lower if word == form else self._upper)[form] += 1
        words = {word.casefold() for word in written if len(word) > 2}
        self._word_counts.update(words)
        self._tag_counts.update(tags)
        present = tags & wanted
        for form in present:
            context = self._contexts[form]
            context.articles += 1
            context.tags.update(tags)
            context.words.update(words)
        self._together.update(
            frozenset((one, other)) for one in present for other in present if one < other
        )
        for short, meaning in stated_meanings(text):
            if short in wanted:
                self._meanings[short][meaning] += 1

    def same(self, short: str, long: str, reason: str) -> bool:
        """Decides whether the short form stands for the long one, as the reason would have it."""
        by_tags, by_words = self._alike(short, long)
        counts = [self._contexts[form].articles for form in (short, long)]
        together = self._together[frozenset((short, long))]
        meanings = self._meanings[short]
        ours = sum(count for meaning, count in meanings.items() if _same_number(meaning, long))
        agreed = ours >= AGREED * meanings.total()
        if reason == "known alias":
            unlike = max(by_tags, by_words) < DIFFERENT and min(counts) >= ENOUGH and not together
            return agreed and not unlike
        if reason == "numeronym":
            return agreed and max(by_tags, by_words) >= ALIKE
        if self._lower[short] > self._upper[short]:
            return False  # an ordinary word of these texts: it, who, git
        if ours >= STATED and agreed:
            return max(by_tags, by_words) >= ALIKE
        return agreed and bool(together) and min(by_tags, by_words) >= VERY_ALIKE

    def _alike(self, one: str, other: str) -> tuple[float, float]:
        ours, theirs = self._contexts[one], self._contexts[other]
        both = {one, other}
        return (
            self._cosine(ours.tags, theirs.tags, self._tag_counts, both),
            self._cosine(ours.words, theirs.words, self._word_counts, both),
        )

    def _cosine(
        self, one: Counter[str], other: Counter[str], totals: Counter[str], without: set[str]
    ) -> float:
        def weigh(counts: Counter[str]) -> dict[str, float]:
            return {
                name: (1 + math.log(count)) * math.log(self._articles / totals[name])
                for name, count in counts.items()
                if name not in without
            }

        ours, theirs = weigh(one), weigh(other)
        product = sum(weight * theirs[name] for name, weight in ours.items() if name in theirs)
        return product / (_norm(ours) * _norm(theirs)) if product else 0.0


def _norm(vector: dict[str, float]) -> float:
    return math.hypot(*vector.values())


def stated_meanings(text: str) -> set[tuple[str, str]]:
    """Finds the short forms that a text explains, with their long forms; both normal forms.

    >>> sorted(stated_meanings("Internet of Things (IoT), and AI (artificial intelligence)"))
    [('ai', 'artificial intelligence'), ('iot', 'internet of things')]
    """
    found: set[tuple[str, tuple[str, ...]]] = set()
    for match in _DEFINED_AFTER.finditer(text):
        short = match[1].casefold()
        words = _WORD.findall(text[max(0, match.start() - 100) : match.start()])[-len(short) :]
        found.add((short, tuple(words)))
    for match in _DEFINED_BEFORE.finditer(text):
        found.add((match[1].casefold(), tuple(_WORD.findall(match[2]))))
    return {
        (short, normal_form(" ".join(words)))
        for short, words in found
        if "".join(word[0] for word in words).casefold() == short
    }


def _same_number(meaning: str, form: str) -> bool:
    """Tells whether two long forms differ at most by a plural ``s``."""
    return meaning.removesuffix("s") == form.removesuffix("s")
