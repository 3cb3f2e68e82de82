"""Means over articles, and over sources or corpora, where each counts alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.evaluation.scores import Values, bootstrap

Interval = dict[str, float]
"""``value``, ``low`` and ``high`` of a mean and its 95 % bootstrap interval."""


def intervals(scores: Sequence[Values]) -> dict[str, Interval]:
    """Returns each measure's mean with its 95 % bootstrap interval."""
    return {
        name: {"value": found.value, "low": found.low, "high": found.high}
        for name, found in bootstrap(scores).items()
    }


def mean_values(scores: Sequence[Values]) -> Values:
    """Returns each measure's mean, as the values of one source; NaN where all are.

    Intervals over such values are over sources, whatever the number of their articles (a cluster
    bootstrap: Field & Welsh, "Bootstrapping clustered data", JRSS B, 2007).
    """
    columns = {name: np.array([row[name] for row in scores]) for name in scores[0]}
    return {
        name: float(np.nanmean(column)) if not np.isnan(column).all() else float("nan")
        for name, column in columns.items()
    }
