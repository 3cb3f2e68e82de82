"""A report for a terminal: the table of all systems, what one is ahead of another, examples."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

from training.evaluation.measures import SYSTEMS, metric_of
from training.evaluation.report import EvaluationReport, Figure, differences_of

CELL = 21
"""Characters of a column: "0.603 0.519-0.679", or "most frequent tags", and blanks before it."""
CHANGE = 26
"""Of a difference: "+0.230 +0.150 to +0.310" and three blanks."""
HEADING = "on the same articles"
LABEL = 10
"""Of what stands before an example's tags."""
WIDEST = 100
"""Of a line: what a terminal of a laptop shows, and a log is read in."""


def show(report: EvaluationReport) -> str:
    """Renders a report: the table, the paired differences, the examples."""
    return "\n".join([*_table(report), "", *_differences(report), *_examples(report)])


def _table(report: EvaluationReport) -> list[str]:
    systems = {name: label for name, label in SYSTEMS.items() if name in report["systems"]}
    measures = list(report["systems"]["after"])
    width = max(len(metric_of(measure).label) for measure in measures)
    lines = [
        f"{report['articles']:,} articles of the {report['split']} split of "
        f"{report['dataset']['repo_id']}: mean, {report['bootstrap']['confidence']:.0%} interval",
        "",
        " " * width + "".join(f"{label:>{CELL}}" for label in systems.values()),
    ]
    for measure in measures:
        cells = [report["systems"][name].get(measure) for name in systems]
        lines.append(f"{metric_of(measure).label:<{width}}" + "".join(map(_cell, cells)))
    return lines


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return " " * CELL
    text = f"{figure['value']:.3f} {figure['low']:.3f}-{figure['high']:.3f}"
    return f"{text:>{CELL}}"


def _differences(report: EvaluationReport) -> list[str]:
    pairs = differences_of(report)
    if not pairs:
        return []
    names = [f"{SYSTEMS[pair['of']]} against {SYSTEMS[pair['over']]}" for pair in pairs]
    width = max(map(len, [HEADING, *names]))
    measures = list(pairs[0]["measures"])
    lines = [
        f"{HEADING:<{width}}" + "".join(f"{metric_of(name).label:>{CHANGE}}" for name in measures)
    ]
    for name, pair in zip(names, pairs, strict=True):
        changes = [pair["measures"][measure] for measure in measures]
        cells = [f"{c['difference']:+.3f} {c['low']:+.3f} to {c['high']:+.3f}" for c in changes]
        lines.append(f"{name:<{width}}" + "".join(f"{cell:>{CHANGE}}" for cell in cells))
    return lines


def _examples(report: EvaluationReport) -> list[str]:
    lines = []
    for example in report["examples"]:
        lines += ["", f"  {example['title'] or example['text'][:80]}"]
        lines += _tags("authors", example["tags"])
        lines += _tags("before", example["before"])
        if "checkpoint" in example:
            lines += _tags("alone", example["checkpoint"])
        lines += _tags("Tagloop", [tag["tag"] for tag in example["after"]])
    return lines


def _tags(label: str, tags: Sequence[str]) -> list[str]:
    first = f"    {label:<{LABEL}}"
    width = min(shutil.get_terminal_size((WIDEST, 0)).columns, WIDEST)
    return textwrap.wrap(
        ", ".join(tags) or "-",
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first),
    )
