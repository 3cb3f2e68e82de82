"""The benchmark's tables: one a kind of article, and Tagloop's lead over every peer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from training.bench.data import KINDS
from training.bench.peers import OURS
from training.bench.quality.measuring import MEASURES, intervals
from training.bench.quality.results import Difference, Result, Summary
from training.bench.tables import markdown_table, with_interval
from training.evaluation.scores import paired_difference

COMPARED = ("f1@5", "f1@m")
"""Measures whose differences are given."""
HEADS = {
    "f1@5": "F1@5", "f1@m": "F1@M", "precision@1": "precision@1",
    "present_f1@m": "present", "absent_f1@m": "absent", "unseen_share": "unseen",
}  # fmt: skip


def summarise(results: Sequence[Result], split: str) -> Summary:
    """Returns what is committed of one suite: means, intervals, settings; nothing of an article."""
    systems: dict[str, Any] = {}
    for result in results:
        kinds = {
            kind: {
                "articles": part["articles"],
                "articles_per_second": part["articles_per_second"],
                "scores": intervals(part["scores"]),
            }
            for kind, part in result["kinds"].items()
        }
        rest = {name: value for name, value in result.items() if name not in ("suite", "system")}
        systems[result["system"]] = rest | {"kinds": kinds}
    return {
        "suite": results[0]["suite"],
        "split": split,
        "systems": systems,
        "differences": differences(results),
    }


def differences(results: Sequence[Result]) -> list[Difference]:
    """Compares each of Tagloop's systems with each peer on the same articles.

    Returns:
        ``kind, measure, ours, peer``, the paired difference ours minus peer with its interval, and
        whether the two systems' own intervals overlap.
    """
    ours = [result for result in results if result["system"] in OURS]
    peers = [result for result in results if result["system"] not in OURS]
    return [
        _difference(one, peer, kind, measure)
        for one in ours
        for kind in KINDS
        for measure in COMPARED
        for peer in peers
        if kind in one["kinds"] and kind in peer["kinds"]
    ]


def _difference(ours: Result, peer: Result, kind: str, measure: str) -> Difference:
    mine, theirs = (result["kinds"][kind]["scores"] for result in (ours, peer))
    own, other = intervals(mine)[measure], intervals(theirs)[measure]
    return {
        "kind": kind,
        "measure": measure,
        "ours": ours["system"],
        "peer": peer["system"],
        "difference": asdict(paired_difference(theirs, mine, measure)),
        "intervals_overlap": own["low"] <= other["high"] and other["low"] <= own["high"],
    }


def render(summary: Summary) -> str:
    """Renders a suite's summary as Markdown tables."""
    blocks = []
    for kind in KINDS:
        rows = {
            name: system for name, system in summary["systems"].items() if kind in system["kinds"]
        }
        if rows:
            count = next(iter(rows.values()))["kinds"][kind]["articles"]
            head = f"{summary['suite']}, {kind}, {summary['split']}: {count} articles"
            blocks += [f"**{head}**", _scores_table(rows, kind)]
            compared = [entry for entry in summary["differences"] if entry["kind"] == kind]
            if compared:
                blocks += ["Tagloop minus peer, the same articles:", _differences_table(compared)]
    return "\n\n".join(blocks)


def _scores_table(rows: Mapping[str, Any], kind: str) -> str:
    heads = ["system", *(HEADS[name] for name in MEASURES), "articles/s", "peak MB: fit, tag"]
    lines = []
    for name, system in rows.items():
        part = system["kinds"][kind]
        cells = [with_interval(part["scores"][measure]) for measure in MEASURES]
        speed = f"{part['articles_per_second']:,.1f}"
        memory = f"{system['fit_peak_mb']}, {system['tagging_peak_mb']}"
        lines.append([name, *cells, speed, memory])
    return markdown_table(heads, lines)


def _differences_table(entries: Sequence[Difference]) -> str:
    lines = [
        [
            entry["ours"],
            entry["peer"],
            HEADS[entry["measure"]],
            with_interval(entry["difference"], "+.3f"),
            "overlap" if entry["intervals_overlap"] else "apart",
        ]
        for entry in entries
    ]
    return markdown_table(["Tagloop", "peer", "measure", "difference", "intervals"], lines)
