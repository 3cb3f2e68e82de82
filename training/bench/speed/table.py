"""The speed benchmark's report as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

GOALS = {
    "Tagger, CTranslate2 int8: T5-base shape, 8 beams": 100.0,
    "Tagger without memory: same model, transformers greedy": 3.0,
}
"""How many times as fast as the other the tagger is meant to be."""
COLD_START_SECONDS, PEAK_MB, F1_POINTS = 5.0, 700.0, 0.5


def table(report: Mapping[str, Any]) -> str:
    """Renders the report of ``training.bench.speed``."""
    return "\n".join(_lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    here, articles = report["machine"], report["articles"]
    yield (
        f"{here['processor']}, {here['cores']} cores; {articles['number']} articles of "
        f"{articles['words']['median']:.0f} words (median)"
    )
    yield f"\n{'articles a second':<48}{'median':>9}{'low':>9}{'high':>9}"
    for name, rate in report["articles_per_second"].items():
        yield f"{name:<48}" + "".join(f"{rate[key]:>9.3g}" for key in ("median", "low", "high"))
    yield "\nthe first is so many times as fast as the second"
    for name, ratio in report["ratios"].items():
        goal = GOALS.get(name.rpartition(", ")[0])
        yield f"{name:<82}{ratio:>9.4g}" + (f"   goal {goal:g}" if goal else "")
    latency, cold, serving = report["latency_ms"], report["cold_start_seconds"], report["serving"]
    yield (
        f"\none article: {latency['median']} ms (median), {latency['p95']} ms (95th percentile)"
        f"\ncold start to first tags: {cold['median']} s, at most {cold['high']} s "
        f"(goal {COLD_START_SECONDS:g})"
        f"\npeak memory while serving {serving['articles']} articles: {serving['peak_mb']} MB "
        f"(goal {PEAK_MB:g}); torch {'is' if serving['torch_imported'] else 'is not'} imported"
    )
    yield f"\n{'batch, half of the articles titles only':<48}{'sorted':>9}{'as they come':>15}"
    for name, rate in report["batches"].items():
        size, _, how = name.partition(" ")
        if how == "sorted":
            other = report["batches"][f"{size} as they come"]
            yield f"{size:<48}{rate['median']:>9.3g}{other['median']:>15.3g}"
    quality = report["int8_against_float32"]
    f1, gap = quality["f1@5"], quality["difference"]
    yield (
        f"\nF1@5 on {quality['articles']} validation articles: float32 {f1['float32']:.4f}, "
        f"int8 {f1['int8']:.4f}; difference {100 * gap['value']:+.2f} points "
        f"[{100 * gap['low']:+.2f} to {100 * gap['high']:+.2f}] (goal: a loss under {F1_POINTS:g})"
    )
