"""What one system does on the suites, measured: its scores, its speed and its memory.

A process measures one system only, so that its peak memory is that system's.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.bench.data import KINDS, Row, Suite
from training.bench.peak import forget_peak, peak_megabytes
from training.bench.peers import OURS, System, Tagged
from training.evaluation.scores import Values, answer_scores, bootstrap

MEASURES = (
    "f1@5", "f1@m", "precision@1", "present_f1@m", "absent_f1@m", "unseen_share",
)  # fmt: skip
"""Columns of the tables, as ``training.evaluation.scores`` names them."""
WARM_UP = 8
"""Articles that are tagged before the clock starts: the first calls load what later ones reuse."""
WEIGHTS = Path(__file__).parents[2] / "base" / "weights"


def measure_system(name: str, system: System, suites: Sequence[Suite]) -> list[dict[str, Any]]:
    """Fits the system once and measures it on every suite.

    Args:
        name: Of the system, for the record.
        system: Not fitted yet.
        suites: With the same train and validation rows.

    Returns:
        One result a suite: ``system, suite, fingerprint, settings, fit_seconds,
        fit_peak_mb, tagging_peak_mb`` and ``kinds`` with each kind's number of articles, articles
        a second and the scores of every article.
    """
    started = time.perf_counter()
    settings = system.fit(suites[0].train, suites[0].validation)
    fit_seconds = time.perf_counter() - started
    fit_peak = round(peak_megabytes())
    results = []
    for suite in suites:
        forget_peak()
        known = suite.known_forms
        kinds = {kind: suite.of_kind(kind) for kind in KINDS if suite.of_kind(kind)}
        result = {
            "system": name,
            "suite": suite.name,
            "fingerprint": fingerprint(name, suite),
            "settings": settings,
            "fit_seconds": round(fit_seconds, 1),
            "fit_peak_mb": fit_peak,
            "kinds": {kind: _measure_kind(system, rows, known) for kind, rows in kinds.items()},
        }
        results.append(result | {"tagging_peak_mb": round(peak_megabytes())})
    return results


def fingerprint(name: str, suite: Suite) -> str:
    """Returns a digest of what a result is of: the data and, for Tagloop, the bundled base."""
    if name not in OURS:
        return suite.fingerprint
    digest = hashlib.sha256(suite.fingerprint.encode("ascii"))
    for path in sorted(WEIGHTS.glob("*")):
        if path.suffix != ".md":
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _measure_kind(system: System, rows: Sequence[Row], known: frozenset[str]) -> dict[str, Any]:
    system.tag(rows[:WARM_UP])
    started = time.perf_counter()
    tagged = system.tag(rows)
    seconds = time.perf_counter() - started
    scores = [_scores(found, row, known) for found, row in zip(tagged, rows, strict=True)]
    return {
        "articles": len(rows),
        "articles_per_second": round(len(rows) / seconds, 2),
        "scores": scores,
    }


def _scores(found: Tagged, row: Row, known: frozenset[str]) -> Values:
    """Scores the kept tags; ``f1@5`` and ``precision@1`` are of the ranked ones."""
    text = f"{row.title}\n{row.text}"
    ranked = [entry.tag for entry in found.ranked]
    values = answer_scores(ranked, found.kept, row.tags, text, known)
    return {name: values[name] for name in MEASURES}


def intervals(scores: Sequence[Values]) -> dict[str, dict[str, float]]:
    """Returns each measure's mean with its 95 % bootstrap interval."""
    return {
        name: {"value": found.value, "low": found.low, "high": found.high}
        for name, found in bootstrap(scores).items()
    }
