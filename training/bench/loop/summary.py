"""The simulation's table and chart, of all turns that have a result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dataset_card.charts import BLUE, INK, ORANGE, STYLE
from training.retrain.gate import TOLERANCE

MEASURE = "f1@m"
KEY = ("learns", "choice", "bad", "review")
LEARNS = ("memory and decoder", "memory")
CHOICES = {
    "random": "at random",
    "uncertainty": "the least sure",
    "diversity": "the most diverse",
    "old": "as many more old articles",
}
OTHERS = ("#3a9a78", "#a06bc0", "#8a8f98")


def summarise(
    results: Sequence[Mapping[str, Any]], split: str, command: str = ""
) -> dict[str, Any]:
    """Joins the seeds of each kind of turn.

    Returns:
        ``split``, the ``command`` and ``rows``: what was done, number of corrections, seeds, and
        for the new blog and the old test each measure's mean before, after and change, with the
        least and the greatest of the seeds; how many candidates passed the gate, how many of those
        are surely worse on articles that the gate has not seen, and how many lose more of the old
        test in the mean than the gate tolerates.
    """
    grouped: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for result in results:
        turn = result["turn"]
        key = (turn["learns"], turn["choice"], turn["bad"], turn["review"], turn["corrections"])
        grouped[key].append(result)
    rows = [_row(key, found) for key, found in sorted(grouped.items(), key=str)]
    return {"schema": 1, "split": split, "command": command, "rows": rows}


def _row(key: tuple[Any, ...], found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = (*KEY, "corrections")
    passed = [result for result in found if result["passed"]]
    return {
        **dict(zip(names, key, strict=True)),
        "seeds": len(found),
        "learned": round(float(np.mean([result["learned"] for result in found])), 1),
        "bad_learned_share": round(
            float(np.mean([result["kept_bad"] / max(result["kept"], 1) for result in found])), 3
        ),
        **{
            part: {
                measure: _spread([result["measures"][part][measure] for result in found])
                for measure in ("f1@m", "f1@5")
            }
            for part in ("new", "old")
        },
        "passed": len(passed),
        "passed_worse": sum(is_worse(result) for result in passed),
        "passed_losing": sum(_loses(result) for result in passed),
    }


def is_worse(result: Mapping[str, Any]) -> bool:
    """Tells whether a candidate is surely worse, on articles that the gate did not see.

    That is: worse on the new blog, or on the old test by more than the gate tolerates.
    """
    new, old = (result["measures"][part][MEASURE]["high"] for part in ("new", "old"))
    return bool(new < 0 or old < -TOLERANCE)


def _loses(result: Mapping[str, Any]) -> bool:
    return bool(result["measures"]["old"][MEASURE]["difference"] < -TOLERANCE)


def _spread(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    changes = [one["difference"] for one in figures]
    return {
        "before": round(float(np.mean([one["before"] for one in figures])), 4),
        "after": round(float(np.mean([one["after"] for one in figures])), 4),
        "change": round(float(np.mean(changes)), 4),
        "least": round(min(changes), 4),
        "most": round(max(changes), 4),
    }


def render(summary: Mapping[str, Any]) -> str:
    """Returns the table in Markdown."""
    lines = [
        "| learns | corrected | bad | review | k | new blog F1@M | change (seeds) "
        "| old test, change (seeds) | gate |",
        "|---|---|--:|---|--:|--:|--:|--:|--:|",
    ]
    for row in summary["rows"]:
        new, old = row["new"][MEASURE], row["old"][MEASURE]
        lines.append(
            f"| {row['learns']} | {row['choice']} | {row['bad']:.0%} "
            f"| {'yes' if row['review'] else 'no'} | {row['corrections']} "
            f"| {new['before']:.3f} → {new['after']:.3f} | {_points(new)} | {_points(old)} "
            f"| {row['passed']} of {row['seeds']} |"
        )
    return "\n".join(lines)


def table(summary: Mapping[str, Any]) -> str:
    """Returns the short table in Markdown: a way a line, a number of corrections a column.

    A cell has the points of F1@M that the new blog and the old test gain or lose, as means over
    the seeds.
    """
    rows = summary["rows"]
    counts = sorted({row["corrections"] for row in rows})
    found = {(*(row[name] for name in KEY), row["corrections"]): row for row in rows}
    ways = sorted({key[:-1] for key in found}, key=_place)
    lines = [
        f"| learned by | corrections | {' | '.join(map(str, counts))} |",
        f"|---|---|{'--:|' * len(counts)}",
    ]
    for way in ways:
        cells = [_cell(found.get((*way, count))) for count in counts]
        lines.append(f"| {way[0]} | {_said(*way[1:])} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _place(way: tuple[Any, ...]) -> tuple[Any, ...]:
    learns, choice, bad, review = way
    first = LEARNS.index(learns) if learns in LEARNS else len(LEARNS)
    return first, learns, list(CHOICES).index(choice), bad, review


def _said(choice: str, bad: float, review: bool) -> str:
    quality = f", {bad:.0%} bad" if bad else ""
    return CHOICES[choice] + quality + (", reviewed" if review else "")


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    new, old = (100 * row[part][MEASURE]["change"] for part in ("new", "old"))
    return f"{new:+.1f} / {old:+.1f}"


def _points(spread: Mapping[str, float]) -> str:
    change, least, most = (100 * spread[name] for name in ("change", "least", "most"))
    return f"{change:+.1f} ({least:+.1f} to {most:+.1f})"


def loop_chart(summary: Mapping[str, Any], path: Path) -> None:
    """Draws F1@5 on the new blog, and how the old test changes, by number of corrections.

    Args:
        summary: Of ``summarise``.
        path: PNG file to write.
    """
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(9.5, 4.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw(left, summary, "new", "after", 1.0)
        left.set_title("A blog never seen before: F1@5")
        left.set_ylim(bottom=0)
        _draw(right, summary, "old", "change", 100.0)
        right.set_title("The old test: change of F1@5 in points")
        right.set_ylim(-3, 3)
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150, transparent=True, metadata={"Software": None})


_LINES = (
    ("a retrain: memory and decoder", ("memory and decoder", "random", 0.0, False), BLUE, "-"),
    ("memory alone", ("memory", "random", 0.0, False), BLUE, ":"),
    ("memory, 30 % bad, no review", ("memory", "random", 0.3, False), ORANGE, "-"),
    ("memory, 30 % bad, reviewed", ("memory", "random", 0.3, True), ORANGE, "--"),
    ("memory, the least sure first", ("memory", "uncertainty", 0.0, False), OTHERS[0], "-"),
    ("memory, the most diverse first", ("memory", "diversity", 0.0, False), OTHERS[1], "-"),
    ("memory, as many more old articles", ("memory", "old", 0.0, False), OTHERS[2], "--"),
)


def _draw(axes: Axes, summary: Mapping[str, Any], part: str, what: str, scale: float) -> None:
    for label, key, color, style in _LINES:
        rows = [row for row in summary["rows"] if tuple(row[name] for name in KEY) == key]
        rows.sort(key=lambda row: row["corrections"])
        if not rows:
            continue
        figures = [row[part]["f1@5"] for row in rows]
        start = figures[0]["before"] if what == "after" else 0.0
        xs = [0, *(row["corrections"] for row in rows)]
        ys = [scale * value for value in (start, *(one[what] for one in figures))]
        axes.plot(xs, ys, style, color=color, label=label, marker="o", markersize=4)
    axes.set_xlabel("corrected articles")
    axes.grid(axis="y")
    axes.tick_params(colors=INK)
