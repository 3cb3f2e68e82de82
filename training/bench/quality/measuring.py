"""What one system does on the suites, measured: its scores, its speed and its memory.

A process measures one system only, so that its peak memory is that system's.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from training.bench.data import KINDS, Row, Suite
from training.bench.peak import forget_peak, peak_megabytes
from training.bench.quality.results import KindResult, Result, fingerprint
from training.bench.system import System, Tagged
from training.evaluation.scores import Values, answer_scores

MEASURES = (
    "f1@5", "f1@m", "precision@1", "present_f1@m", "absent_f1@m", "unseen_share",
)  # fmt: skip
"""Columns of the tables, as ``training.evaluation.scores`` names them."""
WARM_UP = 8
"""Articles that are tagged before the clock starts: the first calls load what later ones reuse."""


def measure_system(name: str, system: System, suites: Sequence[Suite]) -> list[Result]:
    """Fits the system once and measures it on every suite.

    Args:
        name: Of the system, for the record.
        system: Not fitted yet.
        suites: With the same train and validation rows.

    Returns:
        One result a suite, with the scores of every article.
    """
    started = time.perf_counter()
    settings = system.fit(suites[0].train, suites[0].validation)
    fit_seconds = time.perf_counter() - started
    fit_peak = round(peak_megabytes())
    results: list[Result] = []
    for suite in suites:
        forget_peak()
        known = suite.known_forms
        kinds = {kind: suite.of_kind(kind) for kind in KINDS if suite.of_kind(kind)}
        # Python evaluates these in their order: the last peak is that of tagging.
        result: Result = {
            "system": name,
            "suite": suite.name,
            "fingerprint": fingerprint(name, suite),
            "settings": settings,
            "fit_seconds": round(fit_seconds, 1),
            "fit_peak_mb": fit_peak,
            "kinds": {kind: _measure_kind(system, rows, known) for kind, rows in kinds.items()},
            "tagging_peak_mb": round(peak_megabytes()),
        }
        results.append(result)
    return results


def _measure_kind(system: System, rows: Sequence[Row], known: frozenset[str]) -> KindResult:
    system.tag(rows[:WARM_UP])
    started = time.perf_counter()
    tagged = system.tag(rows)
    seconds = time.perf_counter() - started
    scores = [scores_of(found, row, known) for found, row in zip(tagged, rows, strict=True)]
    return {
        "articles": len(rows),
        "articles_per_second": round(len(rows) / seconds, 2),
        "parts": [row.part for row in rows],
        "scores": scores,
    }


def scores_of(found: Tagged, row: Row, known: frozenset[str]) -> Values:
    """Scores the kept tags; ``f1@5`` and ``precision@1`` are of the ranked ones."""
    text = f"{row.title}\n{row.text}"
    ranked = [entry.tag for entry in found.ranked]
    values = answer_scores(ranked, found.kept, row.tags, text, known)
    return {name: values[name] for name in MEASURES}
