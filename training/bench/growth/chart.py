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
    epoch_seconds_estimated: float


class DatasetGrowth(TypedDict):
    """The growth by rows, each of so many words."""

    words_a_row: int
    training_articles_a_second: float
    entries: list[DatasetPoint]


class GrowthReport(TypedDict):
    """Both growths; ``results/growth.json`` has the command, too."""

    machine: dict[str, Any]
    article_words: list[LengthPoint]
    dataset_rows: DatasetGrowth


def growth_chart(report: GrowthReport, path: Path) -> None:
    """Draws four panels on logarithmic scales, where a straight rise of 1:1 is linear growth."""
    tagging = _columns(report["article_words"])
    rows = _columns(report["dataset_rows"]["entries"])
    words = report["dataset_rows"]["words_a_row"]
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(9, 6.4), layout="constrained")
        panels = figure.subplots(2, 2)
        _draw(panels[0, 0], {"": (tagging["words"], tagging["seconds"])})
        panels[0, 0].set_title("Seconds to tag one article")
        _draw(panels[0, 1], {"": (tagging["words"], tagging["peak_mb"])})
        panels[0, 1].set_title("Memory of the tagging process, MB")
        times = {
            "one epoch of training (estimate, long articles)": (
                rows["rows"],
                rows["epoch_seconds_estimated"],
            ),
            "build": (rows["rows"], rows["build_seconds"]),
            "tokenize": (rows["rows"], rows["tokenize_seconds"]),
        }
        _draw(panels[1, 0], times)
        panels[1, 0].set_title(f"Seconds for a dataset, {words} words each")
        panels[1, 0].legend(fontsize=9)
        _draw(panels[1, 1], {"": (rows["rows"], rows["build_peak_mb"])})
        panels[1, 1].set_title("Memory of the build, MB")
        for axes, label in zip(panels[:, 0].tolist() + panels[:, 1].tolist(), _LABELS, strict=True):
            axes.set_xlabel(label)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150, transparent=True, metadata={"Software": None})


_LABELS = ("words of the article", "articles", "words of the article", "articles")


def _columns(entries: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    return {name: [entry[name] for entry in entries] for name in entries[0]}


def _draw(axes: Axes, curves: Mapping[str, Points]) -> None:
    colors = (BLUE, ORANGE, INK)
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
