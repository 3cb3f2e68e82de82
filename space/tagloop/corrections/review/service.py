"""The review: the corrections as they stand on the Hub, and the reviewers' decisions on them.

One `ReviewService` serves all reviewers of a Space. What is decided here counts here at once, and
goes to the dataset through an outbox.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from threading import Lock, RLock
from typing import Literal

from huggingface_hub.errors import RepositoryNotFoundError

from tagloop.corrections.dataset import DatasetHead, NewFiles, Records, folder_of
from tagloop.corrections.decision import Decision, Review
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.delivery.status import OutboxState
from tagloop.corrections.record import Correction
from tagloop.corrections.review.grouping import article_key
from tagloop.corrections.review.queue import (
    DecidedArticle,
    Opinion,
    QueueItem,
    decided_article,
    queue_item,
)
from tagloop.corrections.review.suspicion import Suspicion
from tagloop.errors import UserError
from tagloop.hub_errors import problem_of
from tagloop.vocabulary.vocabulary import Vocabulary, squeezed

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
Order = Literal["value", "oldest"]


class ReviewService:
    """Corrections that wait for a decision, and those that have one.

    Args:
        repo_id: The corrections dataset.
        outbox: Takes the decisions to it.
        vocabulary: Gives the present model's tags.
        token: One that may read the dataset; None takes ``HF_TOKEN``.
        cache: Where its files are kept; None takes the Hub client's own cache.
    """

    def __init__(
        self,
        repo_id: str,
        outbox: Outbox,
        vocabulary: Callable[[], Vocabulary],
        token: str | None = None,
        cache: Path | None = None,
    ) -> None:
        self.outbox = outbox
        self._head = DatasetHead(repo_id, token, cache)
        self._vocabulary = vocabulary
        self._reading = Lock()  # one look at the Hub at a time
        self._lock = RLock()  # guards all that follows
        self._forget()
        self._own: list[Review] = []

    def _forget(self) -> None:
        self.records = Records()
        self._files: dict[str, str] = {}  # what was read, and what tells its content
        self._groups: dict[str, list[Correction]] = defaultdict(list)
        self._article: dict[str, str] = {}
        self._in_force: dict[str, Review] = {}
        self._items: dict[str, QueueItem] = {}
        self._suspicion = Suspicion([])
        self._tags: Vocabulary | None = None
        self._counts: dict[str, int] = {}

    def refresh(self) -> int:
        """Reads what is new at the head of the dataset; returns how many corrections that is.

        Raises:
            UserError: The Hub cannot be reached or refuses; what was read before stays.
        """
        with self._reading:
            try:
                read = self._head.read(self.records.revision, self._files)
            except RepositoryNotFoundError:
                return 0  # it is made with the first correction
            except Exception as error:
                told = problem_of(error).sentence
                raise UserError(f"The corrections could not be read: {told}") from error
            with self._lock:
                return self._take_in(read)

    def _take_in(self, read: NewFiles) -> int:
        if not self._files.items() <= read.blobs.items():
            self._forget()
            for review in self._own:  # may not have reached the dataset yet
                self.records.add_review(review)
        before = len(self.records.corrections)
        damaged = self.records.damaged_count
        for name, path in read.files.items():
            with path.open("rb") as file:
                self.records.add_file(folder_of(name) or "", name, file)
        for line in self.records.damage(damaged):
            logger.warning("Review: damaged lines are left out: %s", line)
        self._files, self.records.revision = read.blobs, read.commit
        new = list(self.records.corrections.values())[before:]
        if read.files or self._tags is not self._vocabulary():
            self._sort_in(new)
        return len(new)

    def _sort_in(self, new: Sequence[Correction]) -> None:
        """Groups new corrections, and works out anew what may depend on all of them."""
        vocabulary = self._vocabulary()
        if vocabulary is not self._tags:
            self._tags = vocabulary
            self._counts = {squeezed(form): count for form, count in vocabulary.counts.items()}
            self._suspicion = Suspicion(self.records.corrections.values(), vocabulary)
        else:
            for correction in new:
                self._suspicion.add(correction)
        for correction in sorted(new, key=lambda one: (one.created_at, one.id)):
            key = self._article[correction.id] = article_key(correction)
            self._groups[key].append(correction)
        self._in_force = self.records.in_force()
        self._items = {}
        for key in self._groups:
            self._update(key)

    def _update(self, key: str) -> None:
        withdrawn = self.records.withdrawn
        live = [one for one in self._groups[key] if one.id not in withdrawn]
        item = queue_item(key, live, self._in_force, self._suspicion, self._counts)
        if item is None:
            self._items.pop(key, None)
        else:
            self._items[key] = item

    def waiting(self, order: Order = "value", mark: str = "") -> list[QueueItem]:
        """Returns the open items, the most valuable or the oldest first.

        Args:
            order: What comes first.
            mark: Only those with this kind of mark; "any" and "none" as they say.
        """
        with self._lock:
            items = list(self._items.values())
        if mark == "none":
            items = [item for item in items if not item.marks]
        elif mark:
            kinds = {mark}
            items = [
                item
                for item in items
                if item.marks and (mark == "any" or kinds & {one.kind for one in item.marks})
            ]
        if order == "value":
            return sorted(items, key=lambda one: (-one.value, one.leading.corrections[0].id))
        return sorted(items, key=lambda one: one.correction.created_at)

    def item(self, key: str) -> QueueItem | None:
        """Returns an article's item as it stands now; None if nothing of it is open."""
        with self._lock:
            return self._items.get(key)

    def item_of(self, correction_id: str) -> QueueItem | None:
        """Returns the item of a correction's article."""
        with self._lock:
            return self.item(self._article.get(correction_id, ""))

    def decided(self) -> list[DecidedArticle]:
        """Returns the decisions in force, the latest first; those taken at once are one."""
        with self._lock:
            known, gone = self.records.corrections, self.records.withdrawn
            found = [
                review
                for review in self._in_force.values()
                if review.decision != "undo"
                and review.correction_id in known
                and review.correction_id not in gone
            ]
            found.sort(key=lambda one: (one.created_at, one.id), reverse=True)
            grouped = groupby(found, lambda one: (self._article[one.correction_id], one.reviewer))
            return [decided_article(list(reviews), known) for _, reviews in grouped]

    def agreed(self, people: int, share: float) -> list[QueueItem]:
        """Returns the items where ``people``, and ``share`` (0..1) of all who spoke, say the same.

        Nothing suspicious is among them, nor what leaves no tags.
        """
        return [
            item
            for item in self.waiting("oldest", "none")
            if item.leading.tags
            and item.leading.voters >= people
            and item.leading.voters >= share * item.voters
        ]

    # Deciding ---------------------------------------------------------------------------------

    def decide(
        self,
        reviewer: str,
        item: QueueItem,
        decision: Decision,
        *,
        opinion: Opinion | None = None,
        tags: Sequence[str] = (),
        note: str = "",
    ) -> list[Review]:
        """Records a decision on an article as a reviewer saw it; returns the records.

        "accept" takes one opinion (the leading one unless named) and rejects the others, "edit"
        gives all of them the reviewer's tags, "reject" takes none.

        Raises:
            UserError: No tags are left, or a record could not be saved.
        """
        chosen = opinion or item.leading
        reviews = []
        for one in item.corrections:
            own: Decision = decision
            if decision == "accept" and one not in chosen.corrections:
                own = "reject"
            kept = one.corrected if own == "accept" else tags
            reviews.append(Review.create(one.id, own, reviewer=reviewer, tags=kept, note=note))
        self._record(reviews)
        return reviews

    def decide_all(self, reviewer: str, items: Iterable[QueueItem]) -> list[Review]:
        """Accepts the leading answers of items, of those that still are as they were.

        Raises:
            UserError: A decision could not be saved; those before it are.
        """
        return [
            review
            for item in items
            if self.item(item.key) is item
            for review in self.decide(reviewer, item, "accept")
        ]

    def undo(self, reviewer: str, correction_ids: Iterable[str]) -> list[Review]:
        """Opens corrections again; returns the records.

        Raises:
            UserError: There is no decision on them, or a record could not be saved.
        """
        with self._lock:
            decided = [
                one
                for one in correction_ids
                if one in self._in_force and self._in_force[one].decision != "undo"
            ]
        if not decided:
            raise UserError("There is no decision to undo.")
        reviews = [Review.create(one, "undo", reviewer=reviewer) for one in decided]
        self._record(reviews)
        return reviews

    def deliveries(self, seconds: float) -> Iterator[OutboxState]:
        """Yields the state of the outbox as it changes, until all is delivered or time is over."""
        deadline = time.monotonic() + seconds
        while True:
            yield (state := self.outbox.state)
            if not state.waiting:
                return
            while self.outbox.state == state:
                if time.monotonic() >= deadline:
                    return
                time.sleep(POLL_SECONDS)

    def _record(self, reviews: Sequence[Review]) -> None:
        for review in reviews:
            with self._lock:
                if other := self._in_force.get(review.correction_id):
                    review = _later(review, other)
                self.outbox.save(review.to_json())
                self._own.append(review)
                self.records.add_review(review)
                self._in_force[review.correction_id] = review
                if key := self._article.get(review.correction_id):
                    self._update(key)


def _later(review: Review, other: Review) -> Review:
    """Returns the review, dated after the other: a set-back clock must not undo a decision."""
    if review.created_at > other.created_at:
        return review
    try:
        moment = datetime.fromisoformat(other.created_at) + timedelta(microseconds=1)
    except OverflowError:
        raise UserError(
            f"A decision in the dataset is dated {other.created_at}, so no later one can be taken: "
            f"take the review {other.id} out of it first."
        ) from None
    return replace(review, created_at=moment.isoformat(timespec="microseconds"))
