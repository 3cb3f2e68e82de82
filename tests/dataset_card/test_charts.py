"""Charts: the same data give the same bytes, any tag can be drawn, both themes can be read."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from dataset_card.charts import (
    BLUE,
    INK,
    ORANGE,
    lengths_chart,
    tags_chart,
    thumbnail,
    training_chart,
)

TAGS = {
    "Programming": 40,
    "$x_1$ \\frac{1}{2} $": 30,
    "日本語 👩": 20,
    "x" * 200: 10,
    "<b>&": 9,
    "#": 1,
}
LOG = [{"epoch": n / 2, "step": n, "loss": 4 / n} for n in range(1, 9)]
LOG += [{"epoch": n, "step": 2 * n, "eval_loss": 3 / n, "eval_f1@m": n / 9} for n in range(1, 5)]
CHARTS: dict[str, Callable[[Path], None]] = {
    "tags": lambda path: tags_chart(TAGS, path),
    "lengths": lambda path: lengths_chart([10, 20, 30, 5000, 0], [1, 2, 2, 5, 3], path),
    "training": lambda path: training_chart(LOG, "eval_f1@m", "F1@M", path),
    "training without validation": lambda path: training_chart(LOG[:8], "eval_f1@m", "F1", path),
}


def luminance(color: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("name", CHARTS)
def test_bytes_depend_on_the_data_alone(name: str, tmp_path: Path) -> None:
    CHARTS[name](tmp_path / "one.png")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.dpi": 20}):
        CHARTS[name](tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert b"Matplotlib" not in (tmp_path / "one.png").read_bytes()


def test_a_thumbnail_draws_any_article(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for title in ("", "$x_1$ \\frac 日本語 " * 9):
            thumbnail("me/a-very-long-name" * 5, title, list(TAGS), tmp_path / f"{len(title)}.png")
    one, two = (path.read_bytes() for path in tmp_path.iterdir())
    assert one != two
    thumbnail("me/a-very-long-name" * 5, "", list(TAGS), tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "0.png").read_bytes()


@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_transparent_and_drawn(name: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CHARTS[name](tmp_path / "chart.png")
    alpha = np.array(Image.open(tmp_path / "chart.png").convert("RGBA"))[..., 3]
    assert alpha[0, 0] == 0
    assert 0.005 < (alpha > 128).mean() < 0.6


@pytest.mark.parametrize("color", [INK, BLUE, ORANGE])
@pytest.mark.parametrize(("background", "least"), [("#ffffff", 3.0), ("#0b0f19", 4.0)])
def test_colours_are_seen_on_both_themes(color: str, background: str, least: float) -> None:
    light, dark = sorted((luminance(color), luminance(background)), reverse=True)
    contrast = (light + 0.05) / (dark + 0.05)
    assert contrast >= (4.0 if color == INK else least)


def test_no_two_texts_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr("dataset_card.charts._save", lambda figure, path: figures.append(figure))
    long = {
        f"A rather long tag of number {n}": random.Random(n).randint(1, 99999) for n in range(20)
    }
    tags_chart(dict(sorted(long.items(), key=lambda item: -item[1])), tmp_path / "x.png")
    lengths_chart([*range(100, 20000, 7)], [*range(1, 12)] * 400, tmp_path / "x.png")
    training_chart(LOG, "eval_f1@m", "F1@M", tmp_path / "x.png")
    assert len(figures) == 3
    for figure in figures:
        figure.draw_without_rendering()
        for axes in figure.axes:
            low, high = sorted(axes.get_ylim())
            ticks = [
                tick for tick in axes.get_yticklabels() if low <= tick.get_position()[1] <= high
            ]
            left = axes._left_title  # type: ignore[attr-defined]  # no public name
            texts = [axes.title, left, *axes.texts, *ticks]
            boxes = [text.get_window_extent() for text in texts if text.get_text()]
            assert all(figure.bbox.padded(1).contains(*box.min) for box in boxes)
            for index, box in enumerate(boxes):
                assert not any(box.overlaps(other) for other in boxes[index + 1 :])
