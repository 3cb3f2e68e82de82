"""From what the model generates to the tags of an answer: candidates, scores, the selection."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from tagloop.generation.decoding import Decoding
from tagloop.generation.loops import loops, repeats
from tagloop.generation.outputs import Output
from tagloop.limits import MAX_TAG_CHARACTERS
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form, occurs_in, tidy

CONTINUATION = "##"
"""How WordPiece marks a piece that stands inside a word; no word begins with one."""
DIGITS = 4
"""Of the confidences in an answer."""
Chance = TypeVar("Chance", float, np.ndarray)


@dataclass(frozen=True)
class Candidate:
    """A tag that the model generated.

    Attributes:
        form: Normal form of the display form; never empty.
        display: Display form.
        log_prob: Summed log-probability of the tag's own tokens.
        place: Which tag of the output it is, from 0.
        window: Which window of the article it was generated for, from 0.
    """

    form: str
    display: str
    log_prob: float
    place: int
    window: int = 0


@dataclass(frozen=True)
class ScoredTag:
    """A tag that an answer may hold: normal form, display form, confidence (0..1)."""

    form: str
    display: str
    confidence: float


@dataclass(frozen=True)
class Generated:
    """What the model generated for one article.

    Attributes:
        article: ``title`` and ``text``.
        prompts: Token ids of the windows.
        outputs: One a window, with ``starts`` where tags are ranked.
        candidates: The clean tags of all outputs, in their order.
    """

    article: Mapping[str, Any]
    prompts: Sequence[list[int]]
    outputs: Sequence[Output]
    candidates: Sequence[Candidate]


class Ranks(Protocol):
    """Turns what the model generated into confidences."""

    def rank(
        self, generated: Sequence[Generated], required: Mapping[str, str] | None = None
    ) -> list[list[ScoredTag]]:
        """Scores each article's candidates and any tag it adds; no normal form twice.

        Args:
            generated: An entry an article.
            required: Tags that must be scored for all, too: normal form to display form.
        """


def read_candidates(
    output: Output,
    tokenizer: Any,
    marks: Collection[int],
    vocabulary: Vocabulary,
    text: str,
    window: int = 0,
) -> list[Candidate]:
    """Cuts an output at its separators into clean tags, in the order in which they stand.

    Left out are pieces that are no whole tag: only punctuation, an unknown token, a word that
    begins in its middle, one longer than a tag may be, and, unless the vocabulary knows it as it
    stands, the last one of an output that the length limit cut off, one that loops, and one that
    repeats itself and does not stand in the article.

    Args:
        output: One output.
        tokenizer: Of the model.
        marks: Ids of the tokens that separate two tags.
        vocabulary: The tags that the model was trained on.
        text: Title and text of the article, for the spelling of tags that are not known.
        window: Which part of the article the output is about.
    """
    segments: list[tuple[list[int], float]] = [([], 0.0)]
    for token, log_prob in zip(output.ids, output.log_probs, strict=True):
        if token in marks:
            segments.append(([], 0.0))
        else:
            ids, total = segments[-1]
            segments[-1] = ([*ids, token], total + log_prob)
    found = []
    for place, (ids, total) in enumerate(segments):
        if not ids or tokenizer.unk_token_id in ids:
            continue
        if tokenizer.convert_ids_to_tokens(ids[0]).startswith(CONTINUATION):
            continue
        surface = tidy(tokenizer.decode(ids))
        cut_off = not output.finished and place == len(segments) - 1
        if surface not in vocabulary and (cut_off or _went_in_circles(surface, text)):
            continue
        display = vocabulary.display(surface, text)
        if len(display) <= MAX_TAG_CHARACTERS and (form := normal_form(display)):
            found.append(Candidate(form, display, total, place, window))
    return found


def _went_in_circles(tag: str, text: str) -> bool:
    form = normal_form(tag)
    return loops(form) or (repeats(form) and not occurs_in(tag, text))


def score_candidates(candidates: Iterable[Candidate]) -> list[ScoredTag]:
    """Takes the probability that the model gave the tag's own tokens for its confidence.

    No tag stands twice: of equal normal forms the first stays. What was generated for
    several windows is surer than for any of them: its confidence is the probability that at least
    one of the windows is right, were they independent (on long validation articles as good as the
    first window's and the mean probability for two or three windows, better for four).
    """
    found: dict[str, dict[int, float]] = {}
    displays: dict[str, str] = {}
    for tag in candidates:
        displays.setdefault(tag.form, tag.display)
        chance = math.exp(min(tag.log_prob, 0.0))
        found.setdefault(tag.form, {}).setdefault(tag.window, chance)
    return [
        ScoredTag(form, displays[form], _any_of(list(chances.values())))
        for form, chances in found.items()
    ]


def _any_of(chances: Sequence[float]) -> float:
    first, *others = chances
    if not others:
        return first
    return 1 - math.prod(1 - chance for chance in chances)


def vote_shares(decoding: Decoding, totals: Sequence[float]) -> list[float]:
    """Returns each output's part of the whole: a vote each, or its share of the probability mass.

    Args:
        decoding: ``beam`` or ``sample``.
        totals: Log-probability of each output.
    """
    if decoding.mode == "sample":
        return [1 / len(totals)] * len(totals)
    masses = [math.exp(total - max(totals)) for total in totals]
    return [mass / sum(masses) for mass in masses]


def score_votes(outputs: Sequence[Sequence[Candidate]], shares: Sequence[float]) -> list[ScoredTag]:
    """Sums for each tag the shares of the outputs that hold it; the first seen comes first."""
    totals: dict[str, float] = {}
    displays: dict[str, str] = {}
    for found, share in zip(outputs, shares, strict=True):
        for form, display in {tag.form: tag.display for tag in reversed(found)}.items():
            totals[form] = totals.get(form, 0.0) + share
            displays.setdefault(form, display)
    return [ScoredTag(form, displays[form], min(total, 1.0)) for form, total in totals.items()]


def with_odds(chance: Chance, times: float) -> Chance:
    """Returns the probability whose odds are so many times those of ``chance``."""
    raised = times * chance
    probability: Chance = raised / (raised + 1 - chance)
    return probability


def select(
    scored: Sequence[ScoredTag], min_tags: int, max_tags: int, threshold: float
) -> list[ScoredTag]:
    """Chooses an answer's tags, the surest first (of equally sure ones the first given).

    Args:
        scored: Tags with confidence.
        min_tags: So many are kept even below the threshold, as far as there are any.
        max_tags: Upper bound; stronger than ``min_tags``.
        threshold: Least confidence (0..1).
    """
    # By the digits that people see: a tag shown with 0.5 passes 0.5, and what batch an article was
    # in, which sways the last bits, does not change the order of its tags.
    ordered = sorted(scored, key=lambda tag: -round(tag.confidence, DIGITS))
    sure = sum(round(tag.confidence, DIGITS) >= threshold for tag in ordered)
    return ordered[: max(min(max(sure, min_tags), max_tags), 0)]
