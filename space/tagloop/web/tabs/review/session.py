"""Where one reviewer is in the queue; kept on the server, with what was decided, for undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tagloop.corrections.decision import Review
from tagloop.corrections.review.queue import Opinion, QueueItem
from tagloop.corrections.review.service import Order
from tagloop.vocabulary.normal_form import occurring
from tagloop.web.languages.words import ENGLISH, Words, words_in

PAGE = 20
"""Articles, or decisions, that the list shows at a time."""


@dataclass
class Session:
    """One reviewer's place.

    Attributes:
        by_secret: The name, if it was the secret that let the reviewer in.
        language: The reviewer's, of `tagloop.web.languages.words.LANGUAGES`.
        item: The article as the reviewer sees it; a decision is on that.
        chosen: Which of its answers.
        decided: Whether the list shows what is decided.
        order: Of the queue.
        mark: See `tagloop.corrections.review.service.ReviewService.waiting`.
        page: Of the list, from 1.
        skipped: Articles that were left for later.
        done: The corrections of each decision of this session, the latest last.
        plan: What is to be accepted together, once the reviewer says so.
    """

    by_secret: str | None = None
    language: str = ENGLISH.language
    item: QueueItem | None = None
    chosen: int = 0
    decided: bool = False
    order: Order = "value"
    mark: str = ""
    page: int = 1
    skipped: set[str] = field(default_factory=set)
    done: list[list[str]] = field(default_factory=list)
    plan: list[QueueItem] = field(default_factory=list)

    @property
    def words(self) -> Words:
        """The words of the reviewer's language."""
        return words_in(self.language)

    @property
    def opinion(self) -> Opinion | None:
        """The answer that is shown."""
        return self.item.opinions[self.chosen] if self.item else None

    def show(self, mode: str, order: str, mark: str) -> None:
        """Takes the choices above the list; another choice begins with its first page."""
        shown: Order = "oldest" if order == "oldest" else "value"
        chosen = (mode == "decided", shown, mark)
        if chosen != (self.decided, self.order, self.mark):
            if chosen[1:] != (self.order, self.mark):
                self.item = None
                self.skipped.clear()
            self.decided, self.order, self.mark = chosen
            self.page = 1
        self.plan = []

    def at(self, items: Sequence[QueueItem]) -> QueueItem | None:
        """Returns the current article as it stands now, else the next one that was not skipped."""
        by_key = {item.key: item for item in items}
        if self.item is not None and self.item.key in by_key:
            now = by_key[self.item.key]
            if now is not self.item:
                self._keep_answer(now)
            return now
        left = [item for item in items if item.key not in self.skipped]
        if not left:
            self.skipped.clear()
            left = list(items)
        self.pick(left[0] if left else None)
        return self.item

    def _keep_answer(self, now: QueueItem) -> None:
        opinion = self.opinion
        keys = [one.key for one in now.opinions]
        self.item = now
        self.chosen = keys.index(opinion.key) if opinion and opinion.key in keys else 0

    def pick(self, item: QueueItem | None) -> None:
        """Goes to an article."""
        self.item, self.chosen = item, 0

    def choose(self, answer: int) -> None:
        """Shows one of the answers."""
        if self.item and answer < len(self.item.opinions):
            self.chosen = answer

    def skip(self) -> None:
        """Leaves the current article for later."""
        if self.item is not None:
            self.skipped.add(self.item.key)
            self.pick(None)

    def page_of(self, count: int) -> int:
        """Returns the number of the page, within those that there are."""
        self.page = max(1, min(self.page, -(-count // PAGE)))
        return self.page

    def decided_on(self, reviews: Sequence[Review]) -> None:
        """Remembers a decision, and goes on."""
        if reviews:
            self.done.append([review.correction_id for review in reviews])
        self.pick(None)

    def last(self) -> list[str]:
        """Returns the corrections of the last decision, which is remembered no longer."""
        return self.done.pop() if self.done else []

    def forget(self, correction_ids: Sequence[str]) -> None:
        """Remembers no decision on these."""
        gone = set(correction_ids)
        self.done = [left for one in self.done if (left := [i for i in one if i not in gone])]

    def chips(self, opinion: Opinion) -> dict[str, Any]:
        """Returns the value of the tag editor for an answer."""
        correction = opinion.corrections[0]
        sure = {tag.tag: tag.confidence for tag in correction.predicted}
        there = occurring(opinion.tags, f"{correction.title}\n{correction.text}")
        tags = [
            {"tag": tag, "confidence": sure.get(tag), "present": present}
            for tag, present in zip(opinion.tags, there, strict=True)
        ]
        return {"id": str(uuid4()), "tags": tags}
