"""KeyBERT with MiniLM: phrases of an article that are most similar to it as a whole.

Grootendorst, "KeyBERT: Minimal keyword extraction with BERT" (2020), by its author's package, with
maximal marginal relevance. Its two documented sources of candidates are tried: any phrase of the
article, and the training tags that stand in the article.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

from keybert import KeyBERT

from tagloop.vocabulary.vocabulary import normal_form
from training.bench.data import Row
from training.bench.peers.minilm_embedding import beginning, load_minilm
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

TUNING_ROWS = 100
"""Validation rows of each kind that the settings are tuned on; the cut has all."""
BATCH = 64
"""Articles of one call; their candidates are embedded once."""


class Extraction(NamedTuple):
    """KeyBERT's own settings: candidates, their most words, and diversity (0 is plain rank)."""

    candidates: str
    words: int
    diversity: float


EXTRACTIONS = (
    *(Extraction("phrases", *grid) for grid in product((1, 2), (0.0, 0.3, 0.6))),
    Extraction("phrases", 3, 0.3),
    *(Extraction("training tags", 3, diversity) for diversity in (0.0, 0.3, 0.6)),
)


class KeyBert:
    """Ranks phrases by their cosine similarity with the article."""

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Takes the tags of ``train`` as possible candidates; tunes on ``validation``."""
        self._keybert = KeyBERT(load_minilm())
        self._known = sorted({form for row in train for form in row.forms})
        few = sample(validation, TUNING_ROWS)
        self._settings, tried = best_settings(
            EXTRACTIONS, lambda settings: self._rank(few, settings), few
        )
        ranking = rank_by_kind(validation, self._settings, self._rank)
        self._cuts = choose_cuts(ranking, validation)
        return record(self._settings, self._cuts, tried)

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Extracts each article's phrases."""
        return apply_cuts(self._cuts, rank_by_kind(rows, self._settings, self._rank), rows)

    def _rank(self, rows: Sequence[Row], settings: Extraction) -> Ranking:
        ranking: Ranking = []
        for first in range(0, len(rows), BATCH):
            ranking += self._rank_batch(rows[first : first + BATCH], settings)
        return ranking

    def _rank_batch(self, rows: Sequence[Row], settings: Extraction) -> Ranking:
        texts = [beginning(row) for row in rows]
        candidates = None
        if settings.candidates == "training tags":
            # Only those that stand in the batch, so that no others are embedded.
            joined = f" {normal_form(' '.join(texts))} "
            candidates = [form for form in self._known if f" {form} " in joined]
            if not candidates:
                return [[] for _ in rows]
        found = self._keybert.extract_keywords(
            texts,
            candidates=candidates,
            keyphrase_ngram_range=(1, settings.words),
            stop_words="english",
            use_mmr=settings.diversity > 0,
            diversity=settings.diversity,
            top_n=RANKED,
        )
        # One article's phrases come without the outer list, and none at all for texts of stopwords.
        lists = [found] if len(rows) == 1 else found or [[] for _ in rows]
        return [[ScoredTag(phrase, float(score)) for phrase, score in phrases] for phrases in lists]
