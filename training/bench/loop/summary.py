"""The simulation's table and chart, of all rounds that have a result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dataset_card.charts import BLUE, INK, ORANGE, STYLE
from training.bench.loop.methods import NEIGHBOURS, RETRAIN
from training.bench.loop.results import Change, PartChange, RoundResult, Row, Spread, Summary
from training.retrain.gate import TOLERANCE

MEASURE: Final = "f1@m"
LEARNS = (RETRAIN, NEIGHBOURS)
CHOICES = {
    "random": "at random",
    "uncertainty": "the least sure",
    "diversity": "the most diverse",
    "old": "as many more old articles",
}
OTHERS = ("#3a9a78", "#a06bc0", "#8a8f98")


def summarise(results: Sequence[RoundResult], split: str, command: str = "") -> Summary:
    """Joins the seeds of each kind of round."""
    grouped: dict[tuple[Any, ...], list[RoundResult]] = defaultdict(list)
    for result in results:
        done = result["round"]
        key = (done["learns"], done["choice"], done["bad"], done["review"], done["corrections"])
        grouped[key].append(result)
    rows = [_row(key, found) for key, found in sorted(grouped.items(), key=str)]
    return {"schema": 1, "split": split, "command": command, "rows": rows}


def _row(key: tuple[Any, ...], found: Sequence[RoundResult]) -> Row:
    learns, choice, bad, review, corrections = key
    passed = [result for result in found if result["passed"]]
    shares = [result["kept_bad"] / max(result["kept"], 1) for result in found]
    return {
        "learns": learns,
        "choice": choice,
        "bad": bad,
        "review": review,
        "corrections": corrections,
        "seeds": len(found),
        "learned": round(float(np.mean([result["learned"] for result in found])), 1),
        "bad_learned_share": round(float(np.mean(shares)), 3),
        "new": _spreads([result["measures"]["new"] for result in found]),
        "old": _spreads([result["measures"]["old"] for result in found]),
        "passed": len(passed),
        "passed_worse": sum(is_worse(result) for result in passed),
        "passed_losing": sum(_loses(result) for result in passed),
    }


def _spreads(parts: Sequence[PartChange]) -> dict[str, Spread]:
    return {
        "f1@m": _spread([part["f1@m"] for part in parts]),
        "f1@5": _spread([part["f1@5"] for part in parts]),
    }


def is_worse(result: RoundResult) -> bool:
    """Tells whether a candidate is surely worse, on articles that the gate did not see.

    That is: worse on the new blog, or on the old test by more than the gate tolerates.
    """
    new, old = (result["measures"][part][MEASURE]["high"] for part in ("new", "old"))
    return bool(new < 0 or old < -TOLERANCE)


def _loses(result: RoundResult) -> bool:
    return bool(result["measures"]["old"][MEASURE]["difference"] < -TOLERANCE)


def _spread(figures: Sequence[Change]) -> Spread:
    changes = [one["difference"] for one in figures]
    return {
        "before": round(float(np.mean([one["before"] for one in figures])), 4),
        "after": round(float(np.mean([one["after"] for one in figures])), 4),
        "change": round(float(np.mean(changes)), 4),
        "least": round(min(changes), 4),
        "most": round(max(changes), 4),
    }


def render(summary: Summary) -> str:
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


def table(summary: Summary) -> str:
    """Returns the short table in Markdown: a method a line, a number of corrections a column.

    A cell has the points of F1@M that the new blog and the old test gain or lose, as means over
    the seeds.
    """
    rows = summary["rows"]
    counts = sorted({row["corrections"] for row in rows})
    found = {(*_method(row), row["corrections"]): row for row in rows}
    methods = sorted({key[:-1] for key in found}, key=_place)
    lines = [
        f"| learned by | corrections | {' | '.join(map(str, counts))} |",
        f"|---|---|{'--:|' * len(counts)}",
    ]
    for method in methods:
        cells = [_cell(found.get((*method, count))) for count in counts]
        lines.append(f"| {method[0]} | {_said(*method[1:])} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _method(row: Row) -> tuple[Any, ...]:
    return row["learns"], row["choice"], row["bad"], row["review"]


def _place(method: tuple[Any, ...]) -> tuple[Any, ...]:
    learns, choice, bad, review = method
    first = LEARNS.index(learns) if learns in LEARNS else len(LEARNS)
    return first, learns, list(CHOICES).index(choice), bad, review


def _said(choice: str, bad: float, review: bool) -> str:
    quality = f", {bad:.0%} bad" if bad else ""
    return CHOICES[choice] + quality + (", reviewed" if review else "")


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    new, old = (100 * spreads[MEASURE]["change"] for spreads in (row["new"], row["old"]))
    return f"{new:+.1f} / {old:+.1f}"


def _points(spread: Spread) -> str:
    change, least, most = (100 * spread[name] for name in ("change", "least", "most"))
    return f"{change:+.1f} ({least:+.1f} to {most:+.1f})"


def loop_chart(summary: Summary, path: Path) -> None:
    """Draws F1@5 on the new blog, and how the old test changes, by number of corrections."""
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
    ("a retrain: neighbours and decoder", (RETRAIN, "random", 0.0, False), BLUE, "-"),
    ("neighbours alone", (NEIGHBOURS, "random", 0.0, False), BLUE, ":"),
    ("neighbours, 30 % bad, no review", (NEIGHBOURS, "random", 0.3, False), ORANGE, "-"),
    ("neighbours, 30 % bad, reviewed", (NEIGHBOURS, "random", 0.3, True), ORANGE, "--"),
    ("neighbours, the least sure first", (NEIGHBOURS, "uncertainty", 0.0, False), OTHERS[0], "-"),
    ("neighbours, the most diverse first", (NEIGHBOURS, "diversity", 0.0, False), OTHERS[1], "-"),
    ("neighbours, as many more old articles", (NEIGHBOURS, "old", 0.0, False), OTHERS[2], "--"),
)


def _draw(
    axes: Axes,
    summary: Summary,
    part: Literal["new", "old"],
    what: Literal["after", "change"],
    scale: float,
) -> None:
    for label, key, color, style in _LINES:
        rows = [row for row in summary["rows"] if _method(row) == key]
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
