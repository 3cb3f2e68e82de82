"""The report of the allowlist's measurement and its tables."""

from __future__ import annotations

from typing import Any, TypedDict

from training.bench.data import KINDS
from training.bench.studies.allowlist.articles import MEASURES
from training.bench.tables import markdown_table, with_interval

HEADS = ("tags", "engine", "F1@5", "F1@M", "precision@1")
SAME = ("the same tags", "the same first tag")


class Agreement(TypedDict):
    """For how many articles both engines show the same."""

    ranker: str
    kind: str
    articles: int
    same_set: int
    same_first: int


class AllowlistReport(TypedDict):
    """What ``training.bench.studies.allowlist`` measures.

    Attributes:
        split: Measured.
        tags: Length of the list.
        systems: An entry a way of tagging, with its scores by kind of article.
        agreement: An entry a ranker and kind.
        never: Of tags never seen.
    """

    split: str
    tags: int
    systems: list[dict[str, Any]]
    agreement: list[Agreement]
    never: dict[str, Any]


def render(report: AllowlistReport) -> str:
    """Renders the tables as Markdown."""
    blocks = []
    for kind in KINDS:
        lines = []
        for entry in report["systems"]:
            if part := entry["kinds"].get(kind):
                scores = [with_interval(part["scores"][name]) for name in MEASURES]
                false = f"{part['answered_without']} of {part['without']}"
                name = f"{entry['way']}, {entry['ranker']}"
                lines.append([name, entry["engine"], *scores, false, f"{entry['articles/s']:.1f}"])
        if lines:
            count = next(e["kinds"][kind]["articles"] for e in report["systems"])
            blocks.append(f"**{report['tags']} tags, {kind}, {report['split']}: {count} articles**")
            blocks.append(
                markdown_table([*HEADS, "answers where none fits", "articles/s, all"], lines)
            )
    lines = [
        [
            entry["ranker"],
            entry["kind"],
            f"{entry['same_set']} of {entry['articles']}",
            f"{entry['same_first']} of {entry['articles']}",
        ]
        for entry in report["agreement"]
    ]
    if lines:
        blocks += [
            "Both engines, with the list:",
            markdown_table(["", "articles", *SAME], lines),
        ]
    never = report["never"]
    if never["articles"]:
        heads = list(next(iter(never["systems"].values())))
        lines = [
            [name, *(with_interval(values[head]) for head in heads)]
            for name, values in never["systems"].items()
        ]
        blocks.append(
            f"{never['tags']} tags that no training article has join the list: "
            f"{never['articles']} articles whose authors gave one"
        )
        blocks.append(markdown_table(["", *heads], lines))
    return "\n\n".join(blocks)
