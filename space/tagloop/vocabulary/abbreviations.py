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
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, starmap
from typing import Any, NamedTuple

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
CONTEXT_ARTICLES = 2_000
"""About so many articles show what stands beside a tag; of a more frequent one a sample does, which
the texts' own digests draw: so memory does not grow with the corpus, and order changes nothing."""

_DEFINED_AFTER = re.compile(r"\(([^\W_]{2,8}?)(?:s|['’]s)?\)")
_DEFINED_BEFORE = re.compile(r"(?<!\w)([^\W\d_]{2,8}) \(([^()\n]{5,70})\)")
_WORD = re.compile(r"[^\W_]+")


class Candidate(NamedTuple):
    """Two tags that may be the same, and why."""

    short: str
    long: str
    reason: str


@dataclass
class _Context:
    """What stands beside one tag: other tags and words, each with its number of articles."""

    articles: int = 0
    tags: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)


def abbreviation_merges(candidates: Iterable[Candidate], evidence: Evidence) -> list[TagMerge]:
    """Finds short forms that stand for a long one.

    Args:
        candidates: See `abbreviation_candidates`.
        evidence: Of all articles, about these candidates.
    """
    accepted: dict[str, list[TagMerge]] = defaultdict(list)
    for short, long, reason in candidates:
        if evidence.same(short, long, reason):
            accepted[short].append(TagMerge(short, long, reason))
    # A short form with two meanings is ambiguous, whatever speaks for each.
    return [merges[0] for merges in accepted.values() if len(merges) == 1]


def abbreviation_candidates(displays: Mapping[str, str]) -> Iterator[Candidate]:
    """Yields all pairs that could mean the same.

    Args:
        displays: Canonical form to how people write it.
    """
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
                    yield Candidate(short, long, reason)


def _initials(form: str, display: str) -> str:
    """Returns the words' first letters, or the capitals of a name such as JavaScript."""
    words = form.split()
    if len(words) > 1:
        return "".join(word[0] for word in words)
    capitals = re.findall(r"[A-Z](?=[a-z])", display)
    return "".join(capitals).casefold() if display[:1].isupper() else ""


class Evidence:
    """What a corpus says about pairs of tags; that of its parts adds up to that of the whole."""

    def __init__(self, candidates: Iterable[Candidate], totals: Mapping[str, int]) -> None:
        """Begins without articles.

        Args:
            candidates: The pairs.
            totals: Canonical form to the number of articles of the whole corpus that carry it.
        """
        candidates = list(candidates)
        self._pairs = {_pair(short, long) for short, long, _ in candidates}
        self._wanted = {form: totals[form] for pair in candidates for form in pair[:2]}
        self._contexts: dict[str, _Context] = defaultdict(_Context)
        self._meanings: dict[str, Counter[str]] = defaultdict(Counter)
        self._word_counts: Counter[str] = Counter()
        self._tag_counts: Counter[str] = Counter()
        self._together: Counter[str] = Counter()
        self._lower: Counter[str] = Counter()
        self._upper: Counter[str] = Counter()
        self._articles = 0

    def add(self, tags: Collection[str], text: str) -> None:
        """Takes an article: the canonical forms of its tags, its title and text."""
        self._articles += 1
        tags = set(tags)
        written = set(_WORD.findall(text[:CONTEXT_CHARACTERS]))
        for word in written:
            if (form := word.casefold()) in self._wanted:
                (self._lower if word == form else self._upper)[form] += 1
        words = {word.casefold() for word in written if len(word) > 2}
        self._word_counts.update(words)
        self._tag_counts.update(tags)
        present = sorted(tags & self._wanted.keys())
        drawn = zlib.crc32(text.encode("utf-8", "surrogatepass")) if present else 0
        for form in present:
            context = self._contexts[form]
            context.articles += 1
            if drawn * self._wanted[form] < CONTEXT_ARTICLES << 32:
                context.tags.update(tags)
                context.words.update(words)
        self._together.update(
            pair for pair in starmap(_pair, combinations(present, 2)) if pair in self._pairs
        )
        for short, meaning in stated_meanings(text):
            if short in self._wanted:
                self._meanings[short][meaning] += 1

    def to_json(self) -> dict[str, Any]:
        """Returns what these articles say, for `add_parts`."""
        contexts = {form: vars(context) for form, context in self._contexts.items()}
        return {
            "articles": self._articles,
            "contexts": contexts,
            "meanings": self._meanings,
            "word_counts": self._word_counts,
            "tag_counts": self._tag_counts,
            "together": self._together,
            "lower": self._lower,
            "upper": self._upper,
        }

    def add_parts(self, parts: Callable[[], Iterable[Mapping[str, Any]]]) -> None:
        """Takes what parts of the corpus say about the same pairs.

        Of all words and tags only those count that stand beside a tag of the pairs, so that the
        words of a large corpus need no memory.

        Args:
            parts: Reads them, as `to_json` gave each; called twice.
        """
        for part in parts():
            self._articles += part["articles"]
            for form, beside in part["contexts"].items():
                context = self._contexts[form]
                context.articles += beside["articles"]
                context.tags.update(beside["tags"])
                context.words.update(beside["words"])
            for short, meanings in part["meanings"].items():
                self._meanings[short].update(meanings)
            for counts, name in self._tallies():
                counts.update(part[name])
        contexts = list(self._contexts.values())
        words = set[str]().union(*(context.words for context in contexts))
        tags = set[str]().union(*(context.tags for context in contexts))
        for part in parts():
            self._word_counts.update(_only(words, part["word_counts"]))
            self._tag_counts.update(_only(tags, part["tag_counts"]))

    def _tallies(self) -> list[tuple[Counter[str], str]]:
        return [(self._together, "together"), (self._lower, "lower"), (self._upper, "upper")]

    def same(self, short: str, long: str, reason: str) -> bool:
        """Decides whether the short form stands for the long one, as the reason would have it."""
        by_tags, by_words = self._alike(short, long)
        counts = [self._contexts[form].articles for form in (short, long)]
        together = self._together[_pair(short, long)]
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
        product = math.fsum(
            weight * theirs[name] for name, weight in ours.items() if name in theirs
        )
        return product / (_norm(ours) * _norm(theirs)) if product else 0.0


def _norm(vector: dict[str, float]) -> float:
    # Exact sums, here and above: the order in which articles come changes no decision.
    return math.sqrt(math.fsum(weight * weight for weight in vector.values()))


def _pair(one: str, other: str) -> str:
    """Returns one name for both orders; a normal form has no line breaks."""
    return "\n".join(sorted((one, other)))


def _only(names: Container[str], counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if name in names}


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
