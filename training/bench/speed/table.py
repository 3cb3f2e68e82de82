"""The speed benchmark's report as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict

from training.bench.tables import markdown_table

GOALS = {
    "Tagloop, CTranslate2 int8: T5-base shape, 8 beams": 100,
    "checkpoint alone, CTranslate2 int8: checkpoint alone, transformers greedy": 3,
}
"""How many times as fast as the other the tagger is meant to be."""
COLD_START_SECONDS, PEAK_MB, F1_POINTS = 5.0, 700.0, 0.5
Spread = dict[str, float]
"""``median``, ``low`` and ``high`` over the rounds."""


class SpeedReport(TypedDict):
    """What ``training.bench.speed`` measures; ``results/speed.json`` has its command, too.

    Attributes:
        articles: Their ``number``, and the spread of their ``words``.
        articles_per_second: System and batch to its rate.
        ratios: Of the tagger to the others.
        latency_ms: Of one article.
        cold_start_seconds: From the start of a process to its first tags.
        serving: Of a process that serves for a while.
        batches: Size and order of batches to their rate.
        int8_against_float32: F1@5 (0..1) of both, and their difference.
    """

    machine: dict[str, Any]
    articles: dict[str, Any]
    articles_per_second: dict[str, Spread]
    ratios: dict[str, float]
    latency_ms: dict[str, float]
    cold_start_seconds: Spread
    serving: dict[str, Any]
    batches: dict[str, Spread]
    int8_against_float32: dict[str, Any]


def table(report: SpeedReport) -> str:
    """Renders the report of ``training.bench.speed``."""
    return "\n\n".join(_blocks(report))


def _blocks(report: SpeedReport) -> Iterator[str]:
    here, articles = report["machine"], report["articles"]
    yield (
        f"{here['processor']}, {here['cores']} cores; {articles['number']} articles of "
        f"{articles['words']['median']:.0f} words (median)"
    )
    rates = [
        [name, *(f"{rate[key]:.3g}" for key in ("median", "low", "high"))]
        for name, rate in report["articles_per_second"].items()
    ]
    yield markdown_table(["articles a second", "median", "low", "high"], rates)
    ratios = [
        [name, f"{ratio:.4g}", str(GOALS.get(name.rpartition(", ")[0], ""))]
        for name, ratio in report["ratios"].items()
    ]
    yield markdown_table(["the first to the second", "times as fast", "goal"], ratios)
    yield markdown_table(["one process", "measured", "goal"], _costs(report))
    batches = [
        [
            name.removesuffix(" sorted"),
            f"{rate['median']:.3g}",
            f"{report['batches'][name.replace('sorted', 'as they come')]['median']:.3g}",
        ]
        for name, rate in report["batches"].items()
        if name.endswith(" sorted")
    ]
    yield markdown_table(["batch, half of it titles only", "sorted", "as they come"], batches)


def _costs(report: SpeedReport) -> list[list[str]]:
    """Returns what one process costs, and what int8 costs in quality."""
    latency, cold, serving = report["latency_ms"], report["cold_start_seconds"], report["serving"]
    quality = report["int8_against_float32"]
    f1, gap = quality["f1@5"], quality["difference"]
    return [
        ["one article, ms", f"{latency['median']} (95th percentile {latency['p95']})", ""],
        [
            "start to first tags, s",
            f"{cold['median']} (at most {cold['high']})",
            f"{COLD_START_SECONDS:g}",
        ],
        [
            f"peak memory over {serving['articles']} articles, MB",
            f"{serving['peak_mb']}, torch {'' if serving['torch_imported'] else 'not '}imported",
            f"{PEAK_MB:g}",
        ],
        [
            f"F1@5 of int8 on {quality['articles']} validation articles",
            f"{f1['int8']:.4f}, float32 {f1['float32']:.4f}: {100 * gap['value']:+.2f} points "
            f"({100 * gap['low']:+.2f} to {100 * gap['high']:+.2f})",
            f"a loss under {F1_POINTS:g}",
        ],
    ]
