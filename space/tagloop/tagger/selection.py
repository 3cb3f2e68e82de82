"""What an article is answered with: its tags, as many and as sure as asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagloop.article import text_of
from tagloop.generation.candidates import DIGITS, ScoredTag, select
from tagloop.generation.evidence import Evidence
from tagloop.generation.settings import TaggingSettings
from tagloop.vocabulary.normal_form import occurring


@dataclass(frozen=True)
class Tag:
    """One tag of an article.

    Attributes:
        tag: Display form.
        confidence: Probability (0..1) that the article's author would give it, where the model has
            a ranker; else with which the model generates just this tag at its place. Of tags of a
            list see ``tagloop.allowlist.scorer``; preferred ones count as surer than that.
        present: Whether the tag's words stand in the title or the text.
        evidence: What speaks for it; only when asked for.
    """

    tag: str
    confidence: float
    present: bool
    evidence: Evidence | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the tag as a plain dict; with ``evidence`` only if it has some."""
        plain = {"tag": self.tag, "confidence": self.confidence, "present": self.present}
        return plain | ({"evidence": self.evidence.to_json()} if self.evidence else {})


def answer(
    scored: Sequence[ScoredTag],
    article: Mapping[str, Any],
    settings: TaggingSettings,
    max_tags: int | None,
    min_tags: int | None,
    threshold: float | None,
) -> list[Tag]:
    """Chooses the tags of an article's answer, the surest first.

    Args:
        scored: All that may be in it.
        article: ``title`` and ``text``.
        settings: Give what is None.
        max_tags: See ``Tagger.tag``, as for the other two.
        min_tags: See there.
        threshold: See there.
    """
    least = settings.threshold if threshold is None else threshold
    # Who asks for surer tags than the model's default would rather have fewer.
    if min_tags is None:
        min_tags = settings.min_tags if least <= settings.threshold else 0
    chosen = select(scored, min_tags, settings.max_tags if max_tags is None else max_tags, least)
    present = occurring([tag.display for tag in chosen], text_of(article))
    return [
        Tag(tag.display, round(tag.confidence, DIGITS), stands)
        for tag, stands in zip(chosen, present, strict=True)
    ]
