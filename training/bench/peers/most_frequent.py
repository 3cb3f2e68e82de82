"""The same tags for every article: the most frequent ones of the training articles of its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from training.bench.data import KINDS, Row
from training.bench.system import RANKED, ScoredTag, Tagged
from training.bench.tuning import Ranking, apply_cuts, choose_cuts, record


class MostFrequent:
    """Ranks tags by their share of the training articles; their number is tuned."""

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Counts the tags."""
        self._top: dict[str, list[ScoredTag]] = {}
        for kind in KINDS:
            rows = [row for row in train if row.kind == kind]
            counts = Counter(form for row in rows for form in row.forms)
            self._top[kind] = [
                ScoredTag(tag, count / len(rows)) for tag, count in counts.most_common(RANKED)
            ]
        self._cuts = choose_cuts(self._rank(validation), validation)
        return record({}, self._cuts, {})

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Returns for every article the tags of its kind."""
        return apply_cuts(self._cuts, self._rank(rows), rows)

    def _rank(self, rows: Sequence[Row]) -> Ranking:
        return [self._top[row.kind] for row in rows]
