"""What a system of the benchmark is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from training.bench.data import Row

RANKED = 10
"""Tags that a system ranks for each article, at the most."""


class ScoredTag(NamedTuple):
    """A tag with the system's own score: only the order and a threshold are made of it."""

    tag: str
    score: float


class Tagged(NamedTuple):
    """One article's result: all ranked tags, the best first, and those that it would be given."""

    ranked: list[ScoredTag]
    kept: list[str]


class System(Protocol):
    """What the benchmark asks of a system."""

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Learns from ``train``, chooses every setting on ``validation`` and returns them."""

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Tags articles by their title and text, in their order."""
