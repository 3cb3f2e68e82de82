"""What the trials found: means, differences to ``plain`` with their intervals, and one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from training.base.trials.variants import PLAIN
from training.evaluation.scores import paired_difference

KINDS = ("articles", "titles", "all")
MEASURES = {"f1@m": "F1@M", "f1@5": "F1@5"}
Scores = dict[str, list[dict[str, float]]]


def summarise(found: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns one entry a result; a variant measured in two ways has two.

    Args:
        found: Variant to what ``training.base.trials`` keeps of it.

    Returns:
        ``variant, says, steps, examples, tokens, seconds, loss`` and, a kind and a measure,
        ``scores`` and ``difference`` (to ``plain``, with a paired bootstrap 95 % interval; absent
        for ``plain`` itself and while it is not done).
    """
    plain = _pooled(found[PLAIN]["scores"][PLAIN]) if PLAIN in found else None
    entries = []
    for result in found.values():
        for name, scores in result["scores"].items():
            entry = {"variant": name, "says": result["says"], **result["trained"]}
            pooled = _pooled(scores)
            entry["scores"] = {kind: _means(rows) for kind, rows in pooled.items()}
            if plain and name != PLAIN:
                entry["difference"] = {
                    kind: {measure: _rounded(plain[kind], rows, measure) for measure in MEASURES}
                    for kind, rows in pooled.items()
                }
            entries.append(entry)
    return entries


def _pooled(scores: Scores) -> Scores:
    return scores | {"all": [row for rows in scores.values() for row in rows]}


def _means(rows: list[dict[str, float]]) -> dict[str, float]:
    return {
        measure: round(sum(row[measure] for row in rows) / max(len(rows), 1), 4)
        for measure in MEASURES
    }


def _rounded(
    before: list[dict[str, float]], after: list[dict[str, float]], measure: str
) -> dict[str, float]:
    interval = asdict(paired_difference(before, after, measure))
    return {name: round(value, 4) for name, value in interval.items()}


def beyond_noise(entry: Mapping[str, Any], kind: str, measure: str) -> str:
    """Returns ``+`` or ``-`` where the interval of the difference leaves out 0, else nothing."""
    interval = entry.get("difference", {}).get(kind, {}).get(measure)
    if not interval or interval["low"] <= 0 <= interval["high"]:
        return ""
    return "+" if interval["low"] > 0 else "-"


def table(summary: Mapping[str, Any]) -> str:
    """Renders the summary as one Markdown table; scores and differences are points of 100."""
    heads = [f"{head}, {kind}" for kind in KINDS for head in MEASURES.values()]
    lines = [
        "| variant | steps | examples | seconds | " + " | ".join(heads) + " |",
        "|---|--:|--:|--:|" + "--:|" * len(heads),
    ]
    for entry in summary["trials"]:
        cells = [_cell(entry, kind, measure) for kind in KINDS for measure in MEASURES]
        shown = [entry["variant"], entry["steps"], entry["examples"], round(entry["seconds"])]
        lines.append("| " + " | ".join(map(str, [*shown, *cells])) + " |")
    sizes = ", ".join(f"{count} {kind}" for kind, count in summary["validation"].items())
    lines.append(
        f"\nPoints of 100 on validation ({sizes}); in brackets the difference to {PLAIN} with its "
        "paired bootstrap 95 % interval, + or - where that leaves out 0."
    )
    return "\n".join(lines)


def _cell(entry: Mapping[str, Any], kind: str, measure: str) -> str:
    score = f"{100 * entry['scores'][kind][measure]:.1f}"
    if "difference" not in entry:
        return score
    value, low, high = (
        100 * entry["difference"][kind][measure][name] for name in ("value", "low", "high")
    )
    mark = beyond_noise(entry, kind, measure)
    return f"{score} ({value:+.1f}, {low:+.1f} to {high:+.1f}){mark}"
