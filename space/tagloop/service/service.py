"""What the Space does for a visitor, with no user interface: tag an article, take a correction.

The tabs and the API endpoints both stand on this, so the same checks hold for everyone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.delivery.status import DeliveryStatus
from tagloop.corrections.record import Correction
from tagloop.corrections.withdrawals import withdrawal
from tagloop.deadline import MAX_BATCH_SECONDS, Deadline, TooSlow
from tagloop.errors import UserError
from tagloop.generation.evidence import Evidence
from tagloop.limits import check_article
from tagloop.rate_limits import (
    CORRECTIONS_A_DAY,
    CORRECTIONS_A_MINUTE,
    TAGGINGS_A_MINUTE,
    DayCap,
    RateLimit,
)
from tagloop.service.options import check_options
from tagloop.tagger.options import Options
from tagloop.tagger.tagger import Tag, Tagger

DEFAULTS = Options()
TOGETHER = 32
"""Articles of a call that are tagged before the others: two batches, one for each of two cores. Of
a call that takes too long those that are done keep their tags."""
NO_CORRECTIONS = "This Space takes no corrections: CORRECTIONS_REPO is not set."


@dataclass(frozen=True)
class Tagging:
    """One article as it was tagged, and by what; ``id`` tells two taggings apart."""

    title: str
    text: str
    tags: tuple[Tag, ...]
    model_repo: str
    model_revision: str | None
    id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def names(self) -> list[str]:
        """The tags without their confidences."""
        return [tag.tag for tag in self.tags]

    @property
    def predicted(self) -> list[dict[str, Any]]:
        """The tags in the form of a correction's ``predicted`` column."""
        return [{"tag": tag.tag, "confidence": tag.confidence} for tag in self.tags]


class TaggingService:
    """A tagger, and the outboxes that take corrections of it and what is withdrawn of them.

    Attributes:
        tagger: What tags now; ``tagloop.service.model_updates`` may put another in its place at any
        time.
        outbox: None if no corrections are taken.
        withdrawals: None likewise.
        taggings: How many articles a visitor may have tagged.
        corrections: How many corrections, and withdrawals, a visitor may send.
        corrections_today: How many corrections an account, or a (hashed) address, may send a day.
    """

    def __init__(
        self,
        tagger: Tagger,
        outbox: Outbox | None = None,
        withdrawals: Outbox | None = None,
        *,
        taggings_a_minute: int = TAGGINGS_A_MINUTE,
        corrections_a_minute: int = CORRECTIONS_A_MINUTE,
        corrections_a_day: int = CORRECTIONS_A_DAY,
    ) -> None:
        self.tagger = tagger
        self.outbox = outbox
        self.withdrawals = withdrawals
        self.taggings = RateLimit("articles", taggings_a_minute)
        self.corrections = RateLimit("corrections", corrections_a_minute)
        self.corrections_today = DayCap("corrections", corrections_a_day)

    @property
    def model_name(self) -> str:
        """The model's id on the Hub; of a local folder only its name, never where it lies."""
        repo = self.tagger.model_repo
        return Path(repo).resolve().name if Path(repo).is_dir() else repo

    def tag(
        self,
        title: str,
        text: str,
        options: Options = DEFAULTS,
        progress: Callable[[int, int], object] | None = None,
    ) -> Tagging:
        """Tags an article.

        Args:
            title: May be empty.
            text: The article as plain text.
            options: What the visitor wants of the tags.
            progress: As ``Tagger.tag`` calls it.

        Raises:
            UserError: The article is empty or too long, takes too long, or an option is out of its
                range.
        """
        deadline = Deadline()
        title, text = check_article(title, text)
        tagger = self.tagger
        checked = check_options(options)
        tags = tagger.tag(text, title, **checked, progress=progress, check=deadline.check)
        return Tagging(title, text, tuple(tags), self.model_name, tagger.model_revision)

    def tag_batch(
        self, articles: Sequence[Mapping[str, Any]], options: Options = DEFAULTS
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Tags articles together.

        Returns:
            ``tags`` of each in order, with ``error`` if it cannot be tagged, or not in time, and
            the model's commit.

        Raises:
            UserError: An option is out of its range or of another kind.
        """
        checked = check_options(options)
        results: list[dict[str, Any]] = [{"tags": []} for _ in articles]
        good: list[tuple[int, dict[str, str]]] = []
        for place, article in enumerate(articles):
            try:
                good.append((place, _article(article)))
            except UserError as error:
                results[place]["error"] = str(error)
        tagger = self.tagger
        deadline = Deadline("Tagging these articles", MAX_BATCH_SECONDS)
        good.sort(key=lambda entry: len(entry[1]["text"]))  # of like length together
        for first in range(0, len(good), TOGETHER):
            part = good[first : first + TOGETHER]
            rows = [article for _, article in part]
            try:
                found = tagger.tag_batch(rows, **checked, check=deadline.check)
            except TooSlow as error:
                for place, _ in good[first:]:
                    results[place]["error"] = str(error)
                break
            for (place, _), tags in zip(part, found, strict=True):
                results[place]["tags"] = [tag.to_json() for tag in tags]
        return results, tagger.model_revision

    def explain(self, tagging: Tagging) -> list[Evidence]:
        """Finds what speaks for each tag of a tagging, in order.

        Raises:
            UserError: It takes too long.
        """
        check = Deadline("What speaks for these tags").check
        return self.tagger.explain(tagging.title, tagging.text, tagging.names, check=check)

    def correct(
        self,
        tagging: Tagging,
        *,
        corrected: Sequence[str],
        verdict: str,
        note: str,
        predicted: Sequence[Mapping[str, Any]] | None = None,
        user: str | None = None,
        visitor: str | None = None,
        id: str | None = None,
    ) -> str:
        """Takes what a visitor says about a tagging and returns the correction's id.

        Whether it may be called saved by now is for `delivery_status` to say.

        Raises:
            UserError: The correction is not valid (see `Correction.create`), too many today, or
                could not be saved.
        """
        if self.outbox is None:
            raise UserError(NO_CORRECTIONS)
        correction = Correction.create(
            title=tagging.title,
            text=tagging.text,
            predicted=tagging.predicted if predicted is None else predicted,
            corrected=corrected,
            verdict=verdict,
            note=note,
            model_repo=tagging.model_repo,
            model_revision=tagging.model_revision,
            user=user,
            visitor=visitor,
            id=id,
        )
        self.corrections_today.take(user and f"account {user}", visitor)
        self.outbox.save(correction.to_json())
        return correction.id

    def withdraw(self, correction_id: str) -> str:
        """Takes back a correction for a visitor; returns the correction's whole id.

        Whether that may be called saved by now is for `withdrawal_status` to say.

        Raises:
            UserError: It is no correction's id, or the withdrawal could not be saved.
        """
        if self.withdrawals is None:
            raise UserError(NO_CORRECTIONS)
        row = withdrawal(correction_id)
        self.withdrawals.save(row)
        return str(row["correction_id"])

    def delivery_status(self, correction_id: str, timeout: float = 0.0) -> DeliveryStatus:
        """Says where a correction is that was taken, see `Outbox.delivery_status`."""
        assert self.outbox is not None
        return self.outbox.delivery_status(correction_id, timeout)

    def withdrawal_status(self, correction_id: str, timeout: float = 0.0) -> DeliveryStatus:
        """Says where the withdrawal of a correction is."""
        assert self.withdrawals is not None
        return self.withdrawals.delivery_status(withdrawal(correction_id)["id"], timeout)


def _article(article: Any) -> dict[str, str]:
    if not isinstance(article, Mapping):
        raise UserError('An article must be of the form {"title": text, "text": text}.')
    title, text = check_article(article.get("title") or "", article.get("text") or "")
    return {"title": title, "text": text}
