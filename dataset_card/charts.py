"""The charts of both cards, as PNG files whose bytes depend on the data alone.

Transparent, in mid-tones that have a contrast of at least 4:1 on white and on the Hub's dark
background, since one file serves both themes.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dataset_card.markdown import shorten

INK = "#747c86"
BLUE, ORANGE = "#3f86d8", "#d1742a"
STYLE: dict[str, Any] = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.alpha": 0.35,
    "lines.linewidth": 2,
    "text.parse_math": False,
    "legend.frameon": False,
    **dict.fromkeys(("text.color", "axes.titlecolor", "axes.labelcolor"), INK),
    **dict.fromkeys(("axes.edgecolor", "grid.color", "xtick.color", "ytick.color"), INK),
}
PAPER = "#ffffff"
TOP_TAGS = 20
TOP_CHIPS = 6
LABEL_CHARACTERS = 32


def tags_chart(counts: Mapping[str, int], path: Path) -> None:
    """Draws the most frequent tags as bars.

    Args:
        counts: Tag as people see it to number of articles, the most frequent first.
        path: PNG file to write.
    """
    top = list(counts.items())[:TOP_TAGS]
    with _style():
        figure = Figure(figsize=(8, 0.9 + 0.29 * len(top)), layout="constrained")
        axes = figure.add_subplot()
        places = range(len(top))
        bars = axes.barh(places, [count for _, count in top], color=BLUE, height=0.7)
        axes.bar_label(bars, padding=4, fontsize=10)
        axes.set_yticks(places, [shorten(tag, LABEL_CHARACTERS) for tag, _ in top])
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        axes.margins(x=0.08, y=0.02)
        axes.set_title("Most frequent tags, articles each")
        _save(figure, path)


def lengths_chart(words: Sequence[int], tags_per_article: Sequence[int], path: Path) -> None:
    """Draws how long the texts are and how many tags they have.

    Args:
        words: Words of each text; texts without words are left out.
        tags_per_article: Tags of each article.
        path: PNG file to write.
    """
    lengths = np.array([count for count in words if count] or [1])
    with _style():
        figure = Figure(figsize=(8, 3), layout="constrained")
        left, right = figure.subplots(1, 2)
        # A long tail of books would squeeze the articles into one bar.
        shown = lengths[lengths <= np.quantile(lengths, 0.99)]
        left.hist(shown, bins=min(30, max(5, len(shown) // 8)), color=BLUE)
        left.axvline(float(np.median(lengths)), color=ORANGE, linestyle="--")
        left.set_title(f"Words of a text (median {np.median(lengths):,.0f})")
        numbers, articles = np.unique(np.array(tags_per_article), return_counts=True)
        right.bar(numbers, articles, color=BLUE, width=0.75)
        right.set_title("Tags of an article")
        right.xaxis.get_major_locator().set_params(integer=True)
        for axes in (left, right):
            axes.set_ylabel("articles")
            axes.grid(axis="y")
        _save(figure, path)


def training_chart(
    log: Sequence[Mapping[str, Any]], metric: str, metric_name: str, path: Path
) -> None:
    """Draws the loss and, where it was measured, a validation metric over the epochs.

    Args:
        log: ``log`` of training_log.json.
        metric: Key of the metric in the log.
        metric_name: Its name for people.
        path: PNG file to write.
    """
    curves = {
        "training": _curve(log, "loss"),
        "validation": _curve(log, "eval_loss"),
    }
    scores = _curve(log, metric)
    with _style():
        figure = Figure(figsize=(8, 3), layout="constrained")
        panels = figure.subplots(1, 2 if scores else 1, squeeze=False)[0]
        for (name, points), color in zip(curves.items(), (BLUE, ORANGE), strict=True):
            _draw(panels[0], points, color, name)
        panels[0].set_title("Loss")
        panels[0].legend()
        if scores:
            _draw(panels[1], scores, ORANGE, "validation")
            panels[1].set_title(f"{metric_name}, validation")
            panels[1].set_ylim(bottom=0)
        for axes in panels:
            axes.set_xlabel("epoch")
            axes.grid(axis="y")
        _save(figure, path)


def reliability_chart(bins: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draws how often tags were right against how sure the model was; on the diagonal is ideal.

    Args:
        bins: ``confidence`` and ``right`` (0..1) and number of ``tags`` of each bin.
        path: PNG file to write.
    """
    with _style():
        figure = Figure(figsize=(8, 3), layout="constrained")
        shares, counts = figure.subplots(1, 2)
        shares.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle="--", label="ideal")
        _draw(shares, [(entry["confidence"], entry["right"]) for entry in bins], BLUE, "measured")
        shares.set(title="Tags that were right", xlabel="confidence", xlim=(0, 1), ylim=(0, 1))
        shares.legend()
        middles = [(entry["low"] + entry["high"]) / 2 for entry in bins]
        counts.bar(middles, [entry["tags"] for entry in bins], width=0.08, color=ORANGE)
        counts.set(title="Number of tags", xlabel="confidence", xlim=(0, 1))
        for axes in (shares, counts):
            axes.grid(axis="y")
        _save(figure, path)


def thumbnail(name: str, title: str, tags: Sequence[str], path: Path) -> None:
    """Draws what a link to a model shows elsewhere: its name, an article and the tags it gave.

    Args:
        name: The model's id.
        title: Of the article; may be empty.
        tags: Of the article; the first few are drawn.
        path: PNG file to write, 1200 to 630 pixels.
    """
    with _style():
        figure = Figure(figsize=(8, 4.2), facecolor=PAPER)
        figure.text(0.07, 0.84, shorten(name, 44), fontsize=22, weight="bold", color=BLUE)
        lines = textwrap.wrap(shorten(title, 96), 48) or ["Article in, tags out"]
        figure.text(0.07, 0.68, "\n".join(lines), fontsize=16, va="top")
        left, bottom = 0.085, 0.34
        box = {"boxstyle": "round,pad=0.45", "facecolor": PAPER, "edgecolor": ORANGE}
        for tag in tags[:TOP_CHIPS]:
            chip = figure.text(left, bottom, shorten(tag, 24), fontsize=15, color=ORANGE, bbox=box)
            width = chip.get_window_extent().width / figure.bbox.width
            if left + width > 0.93:
                left, bottom = 0.085, bottom - 0.16
                chip.set_position((left, bottom))
            left += width + 0.06
        _save(figure, path, transparent=False)


def _curve(log: Sequence[Mapping[str, Any]], key: str) -> list[tuple[float, float]]:
    return [(entry["epoch"], entry[key]) for entry in log if entry.get(key) is not None]


def _draw(axes: Axes, points: list[tuple[float, float]], color: str, name: str) -> None:
    if points:
        marker = "o" if len(points) < 20 else ""
        axes.plot(*zip(*points, strict=True), color=color, marker=marker, markersize=4, label=name)


@contextmanager
def _style() -> Iterator[None]:
    # From matplotlib's own defaults: a person's matplotlibrc must not change the bytes.
    with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
        # A tag in a script that DejaVu lacks shows as boxes; the card's text has it right.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


def _save(figure: Figure, path: Path, *, transparent: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without "Software", which would change the bytes with matplotlib's version.
    figure.savefig(path, dpi=150, transparent=transparent, metadata={"Software": None})
