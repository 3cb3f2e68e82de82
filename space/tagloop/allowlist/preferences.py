"""What a person wants of the tags: which are allowed, which are preferred, and how many then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tagloop.allowlist.allowed_tags import AllowedTags
from tagloop.errors import UserError
from tagloop.generation.candidates import ScoredTag, with_odds
from tagloop.generation.settings import TaggingSettings
from tagloop.limits import readable

LEAST_SURE = 0.12
"""The least default threshold with a list, for models whose own default is lower: a list always
has a likeliest tag, however little it fits. Without training data it lets three tags of 300 pass,
and of what was tried between 0.05 and 0.3 nothing has more F1@M by more than 0.001
(``training.bench.given_list.fit``)."""
PREFERRED_ODDS = 3.0
"""The odds of a preferred tag count so many times. A round number, not tuned: 0.25 becomes 0.5."""


@dataclass(frozen=True)
class Preferences:
    """What a person wants an answer's tags to be taken from.

    Attributes:
        allowed: Only these; None allows all.
        preferred: Normal form of the preferred tags to how their list writes them.
    """

    allowed: AllowedTags | None = None
    preferred: Mapping[str, str] = field(default_factory=dict)

    def prefer(self, scored: Sequence[ScoredTag]) -> list[ScoredTag]:
        """Raises the confidence of preferred tags and writes them as their list does; adds none.

        A list of allowed tags has the last word on how a tag is written.
        """
        return [self._raised(tag) if tag.form in self.preferred else tag for tag in scored]

    def _raised(self, tag: ScoredTag) -> ScoredTag:
        display = tag.display if self.allowed else self.preferred[tag.form]
        confidence = with_odds(tag.confidence, PREFERRED_ODDS)
        return replace(tag, display=display, confidence=confidence)

    def bounds(
        self, settings: TaggingSettings, min_tags: int | None, threshold: float | None
    ) -> tuple[int | None, float | None]:
        """Returns ``min_tags`` and ``threshold`` of an answer.

        Of a list only tags that reach the threshold come out, be it none, unless a person asks
        for more: no list must have a tag that fits an article.
        """
        if self.allowed is None:
            return min_tags, threshold
        least = max(settings.threshold, LEAST_SURE) if threshold is None else threshold
        return min_tags or 0, least


def checked(name: str, tags: Sequence[str]) -> tuple[str, ...]:
    """Returns the tags, made `readable`.

    Raises:
        UserError: It is one string, or holds something else.
    """
    if isinstance(tags, str):
        raise UserError(f"{name} is a list of tags, not one string: write [{tags!r}].")
    for tag in tags:
        if not isinstance(tag, str):
            raise UserError(f"{name} holds {tag!r}, which is no string: give tags as text.")
    return tuple(map(readable, tags))
