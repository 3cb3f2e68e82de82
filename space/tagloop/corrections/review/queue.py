"""What waits for a reviewer: one item an article, with everything that people said about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tagloop.corrections.decision import Review
from tagloop.corrections.record import Correction
from tagloop.corrections.review.grouping import TagKey, people, tag_key
from tagloop.corrections.review.priority import expected_value
from tagloop.corrections.review.suspicion import Mark, Suspicion
from tagloop.vocabulary.normal_form import tidy


@dataclass(frozen=True)
class Opinion:
    """One tag set that people gave to an article.

    Attributes:
        key: What near-identical tag lists share.
        tags: As the oldest of them wrote it.
        corrections: Those that say so, the oldest first.
        voters: How many different people that is.
    """

    key: TagKey
    tags: tuple[str, ...]
    corrections: tuple[Correction, ...]
    voters: int


@dataclass(frozen=True)
class QueueItem:
    """An article with corrections that nobody has decided on.

    Attributes:
        key: The article.
        opinions: What people say, the tags with most people first.
        voters: How many different people that is.
        marks: What is suspicious, each reason once.
        value: See `tagloop.corrections.review.priority.expected_value`.
        earlier: Decisions in force on other corrections of the article, the latest first.
    """

    key: str
    opinions: tuple[Opinion, ...]
    voters: int
    marks: tuple[Mark, ...]
    value: float
    earlier: tuple[Review, ...]

    @property
    def leading(self) -> Opinion:
        """What most people say."""
        return self.opinions[0]

    @property
    def correction(self) -> Correction:
        """The oldest correction; its article stands for all of them."""
        return min(self.corrections, key=lambda one: (one.created_at, one.id))

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """All that are open."""
        return tuple(one for opinion in self.opinions for one in opinion.corrections)


@dataclass(frozen=True)
class DecidedArticle:
    """A decision as it was taken: on all that was open of an article.

    Attributes:
        review: The one of its records that says most: with tags, if any has some.
        correction: What that is about.
        correction_ids: All that were decided with it.
    """

    review: Review
    correction: Correction
    correction_ids: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """The model's tags against others, in the order they are shown."""

    kept: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def difference(predicted: Sequence[str], corrected: Sequence[str]) -> Difference:
    """Returns what a correction changes; a tag that is spelled another way is removed and added."""
    before, after = [tidy(tag) for tag in predicted], [tidy(tag) for tag in corrected]
    return Difference(
        tuple(tag for tag in after if tag in before),
        tuple(tag for tag in after if tag not in before),
        tuple(tag for tag in before if tag not in after),
    )


def queue_item(
    key: str,
    live: Sequence[Correction],
    in_force: Mapping[str, Review],
    suspicion: Suspicion,
    counts: Mapping[str, int],
) -> QueueItem | None:
    """Makes an article's item; None where nothing is open.

    Args:
        key: The article.
        live: Its corrections that are not withdrawn, the oldest first.
        in_force: Decisions by correction id; "undo" leaves a correction open.
        suspicion: Marks the corrections.
        counts: See `expected_value`.
    """
    given: dict[TagKey, list[Correction]] = {}
    earlier = []
    for correction in live:
        review = in_force.get(correction.id)
        if review is not None and review.decision != "undo":
            earlier.append(review)
        else:
            given.setdefault(tag_key(correction.corrected), []).append(correction)
    if not given:
        return None
    opinions = [
        Opinion(form, alike[0].corrected, tuple(alike), len(people(alike)))
        for form, alike in given.items()
    ]
    # Python's sort is stable: of equal ones the one that came first leads.
    opinions.sort(key=lambda one: (-one.voters, not one.tags))
    marks = {
        mark.reason: mark
        for opinion in opinions
        for one in opinion.corrections
        for mark in suspicion.marks(one)
    }
    predicted = opinions[0].corrections[0].predicted
    value = expected_value(
        predicted,
        [(one.key, one.voters) for one in opinions],
        tag_key(tag.tag for tag in predicted),
        counts,
    )
    voters = len(people(one for opinion in opinions for one in opinion.corrections))
    earlier.sort(key=lambda one: (one.created_at, one.id), reverse=True)
    return QueueItem(key, tuple(opinions), voters, tuple(marks.values()), value, tuple(earlier))


def decided_article(reviews: Sequence[Review], known: Mapping[str, Correction]) -> DecidedArticle:
    """Returns as one what was decided on one article at once."""
    shown = next((review for review in reviews if review.tags), reviews[0])
    ids = tuple(review.correction_id for review in reviews)
    return DecidedArticle(shown, known[shown.correction_id], ids)
