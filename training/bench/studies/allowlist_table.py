"""The tables of the house vocabulary's measurement."""

from __future__ import annotations

from training.bench.data import KINDS
from training.bench.quality.tables import shown, table
from training.bench.reporting import Report

MEASURES = ("f1@5", "f1@m", "precision@1")
HEADS = ("tags", "engine", "F1@5", "F1@M", "precision@1")
SAME = {"same_set": "the same tags", "same_first": "the same first tag"}


def render(report: Report) -> str:
    """Renders the tables as Markdown."""
    blocks = []
    for kind in KINDS:
        lines = []
        for entry in report["systems"]:
            if part := entry["kinds"].get(kind):
                scores = [shown(part["scores"][name]) for name in MEASURES]
                false = f"{part['answered_without']} of {part['without']}"
                name = f"{entry['way']}, {entry['ranker']}"
                lines.append([name, entry["engine"], *scores, false, f"{entry['articles/s']:.1f}"])
        if lines:
            count = next(e["kinds"][kind]["articles"] for e in report["systems"])
            blocks.append(f"**{report['tags']} tags, {kind}, {report['split']}: {count} articles**")
            blocks.append(table([*HEADS, "answers where none fits", "articles/s, all"], lines))
    lines = [
        [
            entry["ranker"],
            entry["kind"],
            *(f"{entry[name]} of {entry['articles']}" for name in SAME),
        ]
        for entry in report["agreement"]
    ]
    if lines:
        blocks += ["Both engines, with the list:", table(["", "articles", *SAME.values()], lines)]
    never = report["never"]
    if never["articles"]:
        heads = list(next(iter(never["systems"].values())))
        lines = [
            [name, *(shown(values[head]) for head in heads)]
            for name, values in never["systems"].items()
        ]
        blocks.append(
            f"{never['tags']} tags that no training article has join the list: "
            f"{never['articles']} articles whose authors gave one"
        )
        blocks.append(table(["", *heads], lines))
    return "\n\n".join(blocks)
