"""What the Space does for a visitor, with no user interface: tag an article, take a correction.

The tabs and the API endpoints both stand on this, so the same checks hold for everyone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tagloop.corrections import Correction
from tagloop.errors import UserError
from tagloop.limits import MAX_TAGS, check_article
from tagloop.outbox import Outbox
from tagloop.tagger import Tag, Tagger


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


@dataclass(frozen=True)
class TaggingService:
    """A tagger, and the outbox that takes corrections of it (None: none are taken)."""

    tagger: Tagger
    outbox: Outbox | None

    @property
    def model_name(self) -> str:
        """The model's id on the Hub; of a local folder only its name, never where it lies."""
        repo = self.tagger.model_repo
        return Path(repo).resolve().name if Path(repo).is_dir() else repo

    def tag(
        self, title: str, text: str, max_tags: int | None = None, threshold: float | None = None
    ) -> Tagging:
        """Tag an article.

        Args:
            title: May be empty.
            text: The article as plain text.
            max_tags: At most so many tags; None takes the model's own number.
            threshold: Tags with less confidence are left out; None takes the model's own.

        Raises:
            UserError: Empty or too long, or a number out of its range.
        """
        title, text = check_article(title, text)
        tagger = self.tagger
        tags = tagger.tag(
            text,
            title,
            max_tags=None if max_tags is None else int(_within("max_tags", max_tags, 1, MAX_TAGS)),
            threshold=None if threshold is None else _within("threshold", threshold, 0, 1),
        )
        return Tagging(title, text, tuple(tags), self.model_name, tagger.model_revision)

    def correct(
        self,
        tagging: Tagging,
        *,
        corrected: Sequence[str],
        verdict: str,
        note: str,
        predicted: Sequence[Mapping[str, Any]] | None = None,
        id: str | None = None,
    ) -> str:
        """Save what a visitor says about a tagging and return the correction's id.

        Raises:
            UserError: The correction is not in order, or could not be saved.
        """
        if self.outbox is None:
            raise UserError("This Space takes no corrections: CORRECTIONS_REPO is not set.")
        correction = Correction.create(
            title=tagging.title,
            text=tagging.text,
            predicted=tagging.predicted if predicted is None else predicted,
            corrected=corrected,
            verdict=verdict,
            note=note,
            model_repo=tagging.model_repo,
            model_revision=tagging.model_revision,
            id=id,
        )
        self.outbox.save(correction.to_json())
        return correction.id


def _within(name: str, value: float, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise UserError(f"{name} must be a number from {low} to {high}, not {value!r}.")
    return value
