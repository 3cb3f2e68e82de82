"""Means over small corpora: over seeds and articles first, so that each corpus counts alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypedDict

from training.bench.means import Interval, intervals, mean_values
from training.bench.small.corpora import Cell
from training.bench.small.results import CellResult
from training.bench.small.systems import FINE_TUNED, SYSTEMS, TAGLOOP
from training.bench.tables import markdown_table, with_interval
from training.evaluation.scores import Values, paired_difference

COMPARED = ("f1@m", "f1@5")
HEADS = {"f1@m": "F1@M", "f1@5": "F1@5", "precision@1": "precision@1"}
Results = Mapping[tuple[Cell, str], CellResult]
"""The results that are there, by cell and system."""


class SizeSummary(TypedDict):
    """All corpora of a size that every shown system has been measured on.

    Attributes:
        corpora: Each one's measured articles and number of seeds.
        systems: Means over corpora with their intervals, by system and measure.
        differences: Tagloop minus a system, paired by corpus, by system and measure.
        each: Means of each corpus, by corpus, system and measure.
        seconds: Median time of a system's fit and tagging.
        waiting: Systems that lack some of the cells, with the number of those that they have.
    """

    corpora: dict[str, dict[str, int]]
    systems: dict[str, dict[str, Interval]]
    differences: dict[str, dict[str, Interval]]
    each: dict[str, dict[str, Values]]
    seconds: dict[str, float]
    waiting: dict[str, int]


class Summary(TypedDict):
    """What is committed, ``results/small-SPLIT.json``; nothing of an article."""

    command: str
    split: str
    sizes: dict[str, SizeSummary]


def summarise(results: Results, cells: Sequence[Cell], split: str, command: str) -> Summary:
    """Sums up the results of some cells.

    Args:
        results: Of these cells and perhaps others.
        cells: That were asked for.
        split: That was measured.
        command: What measures again.
    """
    sizes = dict.fromkeys(cell.size for cell in cells)
    found = {
        str(size): _size_summary(results, [cell for cell in cells if cell.size == size])
        for size in sizes
    }
    kept = {size: summary for size, summary in found.items() if summary["systems"]}
    return Summary(command=command, split=split, sizes=kept)


def _size_summary(results: Results, cells: Sequence[Cell]) -> SizeSummary:
    there = {name: [cell for cell in cells if (cell, name) in results] for name in SYSTEMS}
    whole = [name for name, has in there.items() if len(has) == len(cells)]
    sources = list(dict.fromkeys(cell.source for cell in cells))
    means = {
        name: {source: _mean(results, cells, source, name) for source in sources} for name in whole
    }
    rows = {name: list(by_source.values()) for name, by_source in means.items()}
    first = next(iter(whole), None)
    return SizeSummary(
        corpora={
            source: {
                "articles": len(results[of[0], first]["scores"]),
                "seeds": len(of),
            }
            for source in sources
            if first and (of := [cell for cell in cells if cell.source == source])
        },
        systems={name: _measures(intervals(values)) for name, values in rows.items()},
        differences={
            name: {
                measure: asdict(paired_difference(values, rows[TAGLOOP], measure))
                for measure in COMPARED
            }
            for name, values in rows.items()
            if name != TAGLOOP and TAGLOOP in rows
        },
        each={
            source: {name: _measures(means[name][source]) for name in whole}
            for source in (sources if whole else [])
        },
        seconds={
            name: _median([results[cell, name]["seconds"] for cell in cells]) for name in whole
        },
        waiting={name: len(has) for name, has in there.items() if 0 < len(has) < len(cells)},
    )


def _mean(results: Results, cells: Sequence[Cell], source: str, name: str) -> Values:
    """Returns the mean over a source's seeds of the mean over articles."""
    return mean_values(
        [mean_values(results[cell, name]["scores"]) for cell in cells if cell.source == source]
    )


def _measures(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in HEADS}


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def render(summary: Summary) -> str:
    """Renders the summary as Markdown: each size's means and its corpora one by one."""
    blocks = []
    for size, part in summary["sizes"].items():
        seeds = max(corpus["seeds"] for corpus in part["corpora"].values())
        blocks += [
            f"**{size} articles, {summary['split']}: {len(part['corpora'])} corpora, "
            f"{seeds} draws of each**",
            _means_table(part),
            "F1@M of each:",
            _each_table(part),
        ]
        if part["waiting"]:
            names = ", ".join(f"{name} {count}" for name, count in part["waiting"].items())
            blocks.append(f"Not measured on all of them yet: {names}.")
    return "\n\n".join(blocks)


def _means_table(part: SizeSummary) -> str:
    lines = []
    for name, measures in part["systems"].items():
        gain = part["differences"].get(name)
        lines.append(
            [
                name,
                *(with_interval(measures[measure]) for measure in HEADS),
                with_interval(gain["f1@m"], "+.3f") if gain else "",
                f"{part['seconds'][name]:,.0f}" + (" (both)" if name in FINE_TUNED else ""),
            ]
        )
    heads = ["system", *HEADS.values(), "Tagloop minus it, F1@M", "seconds"]
    return markdown_table(heads, lines)


def _each_table(part: SizeSummary) -> str:
    names = list(part["systems"])
    lines = [
        [
            source,
            str(part["corpora"][source]["articles"]),
            *(f"{by_system[name]['f1@m']:.3f}" for name in names),
        ]
        for source, by_system in part["each"].items()
    ]
    return markdown_table(["corpus", "measured", *names], lines)
