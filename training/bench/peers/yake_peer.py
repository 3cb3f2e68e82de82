"""YAKE: keyphrases of one article by statistics of its words alone.

Campos et al., "YAKE! Keyword extraction from single documents using multiple local features"
(Information Sciences, 2020), by its authors' package.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

from tqdm.auto import tqdm
from yake import KeywordExtractor

from training.bench.data import Row
from training.bench.system import RANKED, ScoredTag, Tagged
from training.bench.tuning import (
    Ranking,
    apply_cuts,
    best_settings,
    choose_cuts,
    rank_by_kind,
    record,
    sample,
)

TEXT_CHARACTERS = 5_000
"""Characters of a text that are read; YAKE weighs the beginning of a text most anyway."""
TUNING_ROWS = 100
"""Validation rows of each kind that the settings are tuned on; the cut has all."""


class Extraction(NamedTuple):
    """YAKE's own settings: longest phrase, de-duplication threshold, co-occurrence window."""

    words: int
    dedup: float
    window: int


EXTRACTIONS = tuple(Extraction(*grid) for grid in product((1, 2, 3), (0.7, 0.9), (1, 2)))


class Yake:
    """Ranks phrases by YAKE's score, where less is better, so it is negated."""

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Learns nothing from ``train``; tunes on ``validation``."""
        few = sample(validation, TUNING_ROWS)
        self._settings, tried = best_settings(EXTRACTIONS, lambda grid: _rank(few, grid), few)
        self._cuts = choose_cuts(rank_by_kind(validation, self._settings, _rank), validation)
        return record(self._settings, self._cuts, tried)

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Extracts each article's phrases."""
        return apply_cuts(self._cuts, rank_by_kind(rows, self._settings, _rank), rows)


def _rank(rows: Sequence[Row], settings: Extraction) -> Ranking:
    extractor = KeywordExtractor(
        lan="en",
        n=settings.words,
        dedup_lim=settings.dedup,
        dedup_func="seqm",
        window_size=settings.window,
        top=RANKED,
    )
    bar = tqdm(rows, f"YAKE {tuple(settings)}", disable=len(rows) < RANKED)
    return [_phrases(extractor, row) for row in bar]


def _phrases(extractor: KeywordExtractor, row: Row) -> list[ScoredTag]:
    text = f"{row.title}\n{row.text[:TEXT_CHARACTERS]}".strip()
    return [ScoredTag(phrase, -float(score)) for phrase, score in extractor.extract_keywords(text)]
