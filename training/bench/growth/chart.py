"""What ``training.bench.growth`` reports, and its chart: by length and by number of articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from dataset_card.charts import BLUE, INK, ORANGE, STYLE

GREEN = "#3f9a6b"
Points = tuple[Sequence[float], Sequence[float]]


class LengthPoint(TypedDict):
    """What tagging one article of so many words costs."""

    words: int
    seconds: float
    peak_mb: float


class DatasetPoint(TypedDict):
    """What a dataset of so many rows costs; ``kept`` and ``train`` are rows, too."""

    rows: int
    kept: int
    train: int
    build_peak_mb: float
    build_seconds: float
    tokenize_seconds: float


class DatasetGrowth(TypedDict):
    """The growth by rows, each of so many words."""

    words_a_row: int
    entries: list[DatasetPoint]


class TagPoint(TypedDict):
    """What tagging a file of so many rows costs."""

    rows: int
    seconds: float
    peak_mb: float


class LookUpPoint(TypedDict):
    """What looking one article up costs in an index of so many."""

    articles: int
    file_mb: float
    seconds: float
    peak_mb: float


class GrowthReport(TypedDict):
    """All growths; ``results/growth.json`` has the command, too."""

    machine: dict[str, Any]
    article_words: list[LengthPoint]
    dataset_rows: DatasetGrowth
    tagged_rows: list[TagPoint]
    look_ups: list[LookUpPoint]


def growth_chart(report: GrowthReport, path: Path) -> None:
    """Draws six panels on logarithmic scales, where a straight rise of 1:1 is linear growth."""
    length = _columns(report["article_words"])
    rows = _columns(report["dataset_rows"]["entries"])
    tagged, index = _columns(report["tagged_rows"]), _columns(report["look_ups"])
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(9, 9.6), layout="constrained")
        panels = figure.subplots(3, 2)
        _draw(panels[0, 0], {"": (length["words"], length["seconds"])})
        panels[0, 0].set_title("Seconds to tag one article")
        _draw(panels[0, 1], {"": (length["words"], length["peak_mb"])})
        panels[0, 1].set_title("Memory of the tagging process, MB")
        times = {
            "build": (rows["rows"], rows["build_seconds"]),
            "tokenize": (rows["rows"], rows["tokenize_seconds"]),
            "tag": (tagged["rows"], tagged["seconds"]),
        }
        _draw(panels[1, 0], times)
        panels[1, 0].set_title(f"Seconds, {report['dataset_rows']['words_a_row']} words a row")
        memory = {
            "build": (rows["rows"], rows["build_peak_mb"]),
            "tag": (tagged["rows"], tagged["peak_mb"]),
        }
        _draw(panels[1, 1], memory)
        panels[1, 1].set_title("Memory, MB")
        _draw(panels[2, 0], {"": (index["articles"], index["seconds"])})
        panels[2, 0].set_title("Seconds to look one article up")
        _draw(panels[2, 1], {"": (index["articles"], index["peak_mb"])})
        panels[2, 1].set_title("Memory of the look-up, MB")
        for axes in panels[1]:
            axes.legend(fontsize=9)
        for axes, label in zip(panels.flat, _LABELS, strict=True):
            axes.set_xlabel(label)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150, transparent=True, metadata={"Software": None})


_LABELS = 2 * ("words of the article",) + 2 * ("rows",) + 2 * ("articles of the index",)


def _columns(entries: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    return {name: [entry[name] for entry in entries] for name in entries[0]}


def _draw(axes: Axes, curves: Mapping[str, Points]) -> None:
    colors = (BLUE, ORANGE, INK, GREEN)
    for (name, (across, up)), color in zip(curves.items(), colors, strict=False):
        axes.plot(across, up, color=color, marker="o", markersize=4, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        # Plain numbers: 10,000 reads easier than a power of ten.
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))
        axis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    low, high = min(min(up) for _, up in curves.values()), max(max(up) for _, up in curves.values())
    if high < 10 * low:
        # Less than a power of ten would leave the axis without a labelled tick.
        axes.set_yscale("linear")
        axes.set_ylim(0, 1.25 * high)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))
    axes.grid(axis="y")
