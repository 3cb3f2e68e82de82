"""The report of tags of a given list, its means over sources, and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from training.bench.given_list.systems import COSINE, OURS
from training.bench.tables import markdown_table, with_interval
from training.evaluation.scores import Values
from training.finetune.calibration import Reliability

SAMPLES, CONFIDENCE, SEED = 1000, 0.95, 0
MEASURE = "f1@3"
"""What the table of sources shows."""
HEADS = {"f1@3": "F1 of the top three", "f1@5": "F1@5", "precision@1": "precision@1"}


class SourceResult(TypedDict):
    """What was measured of a source.

    Attributes:
        source: Its name.
        unseen: Whether no base has learned from it.
        tags: Of its list.
        articles: Measured.
        systems: A system's means with their intervals.
        lead: Paired difference Tagloop minus cosine of the top three's F1.
        default_f1: F1 of the tags that Tagloop gives by default.
        default_tags: How many these are in the mean.
    """

    source: str
    unseen: bool
    tags: int
    articles: int
    systems: dict[str, Any]
    lead: dict[str, float]
    default_f1: float
    default_tags: float


class GivenListReport(TypedDict):
    """What ``training.bench.given_list`` measures; means count every source alike."""

    split: str
    sources: list[SourceResult]
    means: list[dict[str, Any]]
    calibration: Reliability


def mean_of_sources(
    scores: Sequence[Mapping[str, list[Values]]], measures: Sequence[str]
) -> dict[str, Any]:
    """Returns each system's means over sources, and Tagloop's lead over the cosine.

    Resampled are the articles of every source (a stratified bootstrap; Efron & Tibshirani, "An
    Introduction to the Bootstrap", 1993, chapter 8): the sources are those that there are.
    A system has means if it has answers for all of the sources.
    """
    names = [name for name in scores[0] if all(name in of for of in scores)]
    systems = {
        name: {
            measure: _stratified([_column(of[name], measure) for of in scores])
            for measure in measures
        }
        for name in names
    }
    leads = [_column(of[OURS], MEASURE) - _column(of[COSINE], MEASURE) for of in scores]
    return {"count": len(scores), "systems": systems, "lead": _stratified(leads)}


def _column(rows: Sequence[Values], measure: str) -> np.ndarray:
    return np.array([row[measure] for row in rows])


def _stratified(sources: Sequence[np.ndarray]) -> dict[str, float]:
    rng = np.random.default_rng(SEED)
    resampled = [
        values[rng.integers(len(values), size=(SAMPLES, len(values)))].mean(axis=1)
        for values in sources
    ]
    low, high = np.quantile(
        np.mean(resampled, axis=0), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    )
    value = float(np.mean([values.mean() for values in sources]))
    return {"value": value, "low": float(low), "high": float(high)}


def render(report: GivenListReport) -> str:
    """Renders the tables as Markdown."""
    blocks = [
        f"**Given list, no training data, {report['split']}: F1 of the top three tags**",
        _sources_table(report["sources"]),
    ]
    for mean in report["means"]:
        blocks += [
            f"Mean of {mean['count']} sources, {mean['sources']}; Tagloop minus MiniLM's cosine "
            f"{with_interval(mean['lead'], '+.3f')}",
            _mean_table(mean["systems"]),
        ]
    calibration = report["calibration"]
    blocks += [
        f"Tagloop's confidence and how often it is right, all tags of all lists (expected "
        f"calibration error {calibration['ece']:.4f})",
        _calibration_table(calibration),
    ]
    return "\n\n".join(blocks)


def _sources_table(sources: Sequence[SourceResult]) -> str:
    names = list(dict.fromkeys(name for source in sources for name in source["systems"]))
    heads = ["source", "unseen", "tags", "articles", *names, "Tagloop minus cosine", "by default"]
    lines = []
    for source in sources:
        values = [source["systems"].get(name) for name in names]
        lines.append(
            [
                source["source"],
                "yes" if source["unseen"] else "",
                str(source["tags"]),
                str(source["articles"]),
                *(f"{of[MEASURE]['value']:.3f}" if of else "" for of in values),
                with_interval(source["lead"], "+.3f"),
                f"{source['default_f1']:.3f}, {source['default_tags']:.1f} tags",
            ]
        )
    return markdown_table(heads, lines)


def _mean_table(systems: Mapping[str, Any]) -> str:
    lines = [
        [name, *(with_interval(values[measure]) for measure in HEADS)]
        for name, values in systems.items()
    ]
    return markdown_table(["system", *HEADS.values()], lines)


def _calibration_table(calibration: Reliability) -> str:
    lines = [
        [
            f"{one['low']:.1f} to {one['high']:.1f}",
            f"{one['tags']:,}",
            f"{one['confidence']:.3f}",
            f"{one['right']:.3f}",
        ]
        for one in calibration["bins"]
    ]
    return markdown_table(["confidence", "tags", "mean confidence", "right"], lines)
