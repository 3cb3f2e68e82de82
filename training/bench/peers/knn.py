"""The tags of the most similar training articles, by MiniLM embeddings of title and text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from training.bench.data import Row
from training.bench.peers import RANKED, ScoredTag, Tagged
from training.bench.peers.minilm_embedding import beginning, load_minilm
from training.bench.tuning import Ranking, apply_cuts, best_setting, choose_cuts, record


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
        self._vote, tried = best_setting(VOTES, lambda vote: self._rank(near, vote), validation)
        self._cuts, _ = choose_cuts(self._rank(near, self._vote), validation)
        return record(self._cuts, tried, **self._vote._asdict())

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Embeds the articles and lets their neighbours vote."""
        return apply_cuts(self._cuts, self._rank(self._nearest(rows), self._vote), rows)

    def _embed(self, rows: Sequence[Row]) -> Any:
        return self._model.encode(
            [beginning(row) for row in rows],
            normalize_embeddings=True,
            show_progress_bar=len(rows) > 100,
        )

    def _nearest(self, rows: Sequence[Row]) -> list[list[tuple[int, float]]]:
        """Gives each row's nearest training rows with their similarity, the nearest first."""
        similar = self._embed(rows) @ self._embedded.T
        found = np.argsort(-similar, axis=1, kind="stable")[:, :MOST_NEIGHBOURS]
        return [
            [(int(other), max(float(similar[index, other]), 0.0)) for other in others]
            for index, others in enumerate(found)
        ]

    def _rank(self, near: list[list[tuple[int, float]]], vote: Vote) -> Ranking:
        return [self._votes(others[: vote.neighbours], vote.power) for others in near]

    def _votes(self, others: list[tuple[int, float]], power: float) -> list[ScoredTag]:
        votes: dict[str, float] = defaultdict(float)
        total = sum(similarity**power for _, similarity in others) or 1.0
        for other, similarity in others:
            for form in self._forms[other]:
                votes[form] += similarity**power / total
        best = sorted(votes.items(), key=lambda item: -item[1])[:RANKED]
        return [ScoredTag(tag, score) for tag, score in best]
