"""The checkpoint alone: the tags that the card's first snippet gives, in the order written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tagloop.generation.settings import TaggingSettings
from training.bench.data import Row
from training.bench.system import RANKED, ScoredTag, Tagged
from training.evaluation.checkpoint import Checkpoint
from training.finetune.preprocess import BUNDLED_BASE


class CheckpointAlone:
    """Stock ``generate`` and ``decode``: nothing is learned from rows, and nothing is tuned."""

    def __init__(self, folder: Path = BUNDLED_BASE) -> None:
        self._folder = folder

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Loads the weights; they were trained before."""
        settings = TaggingSettings.load(self._folder)
        self._checkpoint = Checkpoint.from_pretrained(str(self._folder), settings)
        return {"max_input_tokens": settings.max_input_tokens}

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Generates each article's tags; the first written is taken for the surest."""
        articles = [{"title": row.title, "text": row.text} for row in rows]
        return [
            as_tagged([tag for tag in written if tag])
            for written in self._checkpoint.answer(articles, "checkpoint alone")
        ]


def as_tagged(written: Sequence[str]) -> Tagged:
    """Takes an answer without scores for a ranking; all of it is kept."""
    ranked = [ScoredTag(tag, -float(place)) for place, tag in enumerate(written[:RANKED])]
    return Tagged(ranked, list(written))
