"""The tags of the most similar training articles, by MiniLM embeddings of title and text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from training.bench.data import Row
from training.bench.peers.minilm_embedding import beginning, load_minilm
from training.bench.system import RANKED, ScoredTag, Tagged
from training.bench.tuning import (
    Ranking,
    apply_cuts,
    best_settings,
    choose_cuts,
    of_kind,
    record,
)

Neighbours = list[tuple[int, float]]
"""Numbers of training rows with their similarity, the nearest first."""


class Vote(NamedTuple):
    """How many neighbours vote, and the power of the similarity that weighs a vote."""

    neighbours: int
    power: float


VOTES = tuple(Vote(*pair) for pair in product((5, 10, 20, 40, 80), (1.0, 4.0, 8.0, 16.0)))
MOST_NEIGHBOURS = max(vote.neighbours for vote in VOTES)


class NearestNeighbours:
    """Ranks tags by the weighted share of the neighbours that carry them (cosine similarity)."""

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Embeds the training articles and tunes the vote."""
        self._model = load_minilm()
        self._embedded = self._embed(train)
        self._forms = [row.forms for row in train]
        near = self._nearest(validation)
        self._votes, tried = best_settings(
            VOTES, lambda vote: [self._vote(others, vote) for others in near], validation
        )
        self._cuts = choose_cuts(self._rank(validation, near), validation)
        return record(self._votes, self._cuts, tried)

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Embeds the articles and lets their neighbours vote."""
        return apply_cuts(self._cuts, self._rank(rows, self._nearest(rows)), rows)

    def _embed(self, rows: Sequence[Row]) -> Any:
        return self._model.encode(
            [beginning(row) for row in rows],
            normalize_embeddings=True,
            show_progress_bar=len(rows) > 100,
        )

    def _nearest(self, rows: Sequence[Row]) -> list[Neighbours]:
        similar = self._embed(rows) @ self._embedded.T
        found = np.argsort(-similar, axis=1, kind="stable")[:, :MOST_NEIGHBOURS]
        return [
            [(int(other), max(float(similar[index, other]), 0.0)) for other in others]
            for index, others in enumerate(found)
        ]

    def _rank(self, rows: Sequence[Row], near: Sequence[Neighbours]) -> Ranking:
        return [
            self._vote(others, of_kind(self._votes, row.kind))
            for row, others in zip(rows, near, strict=True)
        ]

    def _vote(self, others: Neighbours, vote: Vote) -> list[ScoredTag]:
        votes: dict[str, float] = defaultdict(float)
        weights = [similarity**vote.power for _, similarity in others[: vote.neighbours]]
        total = sum(weights) or 1.0
        for (other, _), weight in zip(others, weights, strict=False):
            for form in self._forms[other]:
                votes[form] += weight / total
        best = sorted(votes.items(), key=lambda item: -item[1])[:RANKED]
        return [ScoredTag(tag, score) for tag, score in best]
