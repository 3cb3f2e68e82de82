"""What training may learn from: the corrections that a reviewer, or enough people, stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Literal

from tagloop.corrections.dataset import Records
from tagloop.corrections.decision import WITH_TAGS, Review
from tagloop.corrections.record import Correction
from tagloop.corrections.review.grouping import TagKey, by_article, people, tag_key
from tagloop.corrections.review.suspicion import Suspicion

State = Literal["accepted", "duplicate", "rejected", "withdrawn", "pending"]


@dataclass(frozen=True)
class Accepted:
    """One article's tags as they may be learned.

    Attributes:
        correction: The oldest of those that say it; has the article, and an id that stays.
        tags: The tags that count: the visitor's, or the reviewer's where one edited them.
        by: Who stands for it.
        reviewers: How many reviewers decided so.
        voters: How many people sent these tags.
        decided_at: When it was decided, UTC ISO.
    """

    correction: Correction
    tags: list[str]
    by: Literal["reviewer", "agreement"]
    reviewers: int
    voters: int
    decided_at: str


@dataclass
class Decided:
    """What became of each correction; every one has exactly one state.

    Attributes:
        accepted: One an article.
        states: Correction id to its state. "duplicate" is what an accepted one stands for too:
            the same again, or an older decision on the same article.
    """

    accepted: list[Accepted] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)

    def count(self, state: State) -> int:
        """Returns how many corrections have a state."""
        return Counter(self.states.values())[state]


def accepted(
    records: Records, agreement: int | None = None, vocabulary: Container[str] = frozenset()
) -> Decided:
    """Finds out what may be learned.

    A reviewer's decision counts before any number of visitors; of two decisions on the same
    article the later one does.

    Args:
        records: The corrections dataset.
        agreement: So many different people who gave an article the same tags are enough without
            a reviewer, unless one of these corrections is suspicious or a reviewer decided
            otherwise; None asks for a reviewer always.
        vocabulary: The tags that are known, for what counts as suspicious.
    """
    if agreement is not None and agreement < 1:
        raise ValueError(f"agreement must be at least 1, not {agreement}")
    decided = Decided()
    live = []
    for correction in records.corrections.values():
        if correction.id in records.withdrawn:
            decided.states[correction.id] = "withdrawn"
        else:
            live.append(correction)
    reviews = records.in_force()
    suspicion = Suspicion(records.corrections.values(), vocabulary) if agreement else None
    for group in by_article(live).values():
        found = _by_reviewer(group, reviews)
        if found is None and agreement and suspicion is not None:
            found = _by_agreement(group, reviews, agreement, suspicion)
        for correction in group:
            decided.states[correction.id] = _state(correction, found, reviews)
        if found is not None:
            decided.accepted.append(found)
    decided.accepted.sort(key=lambda one: (one.decided_at, one.correction.id))
    return decided


def _by_reviewer(group: list[Correction], reviews: dict[str, Review]) -> Accepted | None:
    decisions = [
        (reviews[one.id], one)
        for one in group
        if one.id in reviews and reviews[one.id].decision in WITH_TAGS
    ]
    if not decisions:
        return None
    final = max((review for review, _ in decisions), key=lambda one: (one.created_at, one.id))
    key = tag_key(final.tags)
    alike = [(review, one) for review, one in decisions if tag_key(review.tags) == key]
    return Accepted(
        alike[0][1],
        list(final.tags),
        "reviewer",
        len({review.reviewer for review, _ in alike}),
        len(people(one for one in group if tag_key(one.corrected) == key)),
        final.created_at,
    )


def _by_agreement(
    group: list[Correction], reviews: dict[str, Review], wanted: int, suspicion: Suspicion
) -> Accepted | None:
    """Returns the tags that enough people gave; of several sets that with most, then the older."""
    best: Accepted | None = None
    votes: dict[TagKey, list[Correction]] = {}
    for correction in group:
        votes.setdefault(tag_key(correction.corrected), []).append(correction)
    for key, alike in votes.items():
        count = len(people(alike))
        if not key or count < wanted or (best is not None and count <= best.voters):
            continue
        rejected = any(one.id in reviews and reviews[one.id].decision == "reject" for one in alike)
        if rejected or any(suspicion.marks(one) for one in alike):
            continue
        enough = next(n for n in range(1, len(alike) + 1) if len(people(alike[:n])) >= wanted)
        when = alike[enough - 1].created_at
        best = Accepted(alike[0], list(alike[0].corrected), "agreement", 0, count, when)
    return best


def _state(correction: Correction, found: Accepted | None, reviews: dict[str, Review]) -> State:
    review = reviews.get(correction.id)
    if found is not None and correction.id == found.correction.id:
        return "accepted"
    if review is not None and review.decision == "reject":
        return "rejected"
    if review is not None and review.decision in WITH_TAGS:
        return "duplicate"
    if found is not None and tag_key(correction.corrected) == tag_key(found.tags):
        return "duplicate"
    return "pending"
