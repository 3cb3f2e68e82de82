"""The benchmark's tables: one a part of a suite, and Tagloop's lead over every peer.

Out of domain each source is a part, and what counts is the mean over sources: a large one counts as
much as a small one, and its interval says how sure the mean is for sources like these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from training.bench.data import IN_DOMAIN
from training.bench.means import intervals, mean_values
from training.bench.peers import OURS
from training.bench.quality.measuring import MEASURES
from training.bench.quality.results import Difference, Result, Summary
from training.bench.tables import markdown_table, with_interval
from training.evaluation.scores import Values, paired_difference

COMPARED = ("f1@5", "f1@m")
"""Measures whose differences are given."""
HEADS = {
    "f1@5": "F1@5", "f1@m": "F1@M", "precision@1": "precision@1",
    "present_f1@m": "present", "absent_f1@m": "absent", "unseen_share": "unseen",
}  # fmt: skip
MEAN = "mean of the sources"
"""The part whose rows are the means of the unseen sources."""


def summarise(results: Sequence[Result], split: str) -> Summary:
    """Returns what is committed of one suite: means, intervals, settings; nothing of an article."""
    systems: dict[str, Any] = {}
    for result in results:
        rest = {
            name: value
            for name, value in result.items()
            if name not in ("suite", "system", "kinds")
        }
        speeds = {kind: part["articles_per_second"] for kind, part in result["kinds"].items()}
        parts = {
            part: {"articles": len(scores), "scores": intervals(scores)}
            for part, scores in by_part(result).items()
        }
        systems[result["system"]] = rest | {"articles_per_second": speeds, "parts": parts}
    return {
        "suite": results[0]["suite"],
        "split": split,
        "systems": systems,
        "differences": differences(results),
    }


def by_part(result: Result) -> dict[str, list[Values]]:
    """Returns the scores of each part's articles, and of unseen sources the mean of each."""
    parts: dict[str, list[Values]] = {}
    for kind in result["kinds"].values():
        for part, scores in zip(kind["parts"], kind["scores"], strict=True):
            parts.setdefault(part, []).append(scores)
    if parts.keys() <= IN_DOMAIN.keys():
        return parts
    return parts | {MEAN: [mean_values(scores) for scores in parts.values()]}


def differences(results: Sequence[Result]) -> list[Difference]:
    """Compares each of Tagloop's systems with each peer on the same articles.

    Returns:
        ``part, measure, ours, peer``, the paired difference ours minus peer with its interval, and
        whether the two systems' own intervals overlap.
    """
    scored = {result["system"]: by_part(result) for result in results}
    return [
        _difference((one, peer), (scored[one][part], scored[peer][part]), part, measure)
        for one in scored
        if one in OURS
        for part in scored[one]
        for measure in COMPARED
        for peer in scored
        if peer not in OURS and part in scored[peer]
    ]


def _difference(
    names: tuple[str, str], scores: tuple[list[Values], list[Values]], part: str, measure: str
) -> Difference:
    mine, theirs = scores
    own, other = intervals(mine)[measure], intervals(theirs)[measure]
    return {
        "part": part,
        "measure": measure,
        "ours": names[0],
        "peer": names[1],
        "difference": asdict(paired_difference(theirs, mine, measure)),
        "intervals_overlap": own["low"] <= other["high"] and other["low"] <= own["high"],
    }


def render(summary: Summary) -> str:
    """Renders a suite's summary as Markdown tables."""
    systems = summary["systems"]
    parts = list(dict.fromkeys(part for system in systems.values() for part in system["parts"]))
    if MEAN not in parts:
        return "\n\n".join(block for part in parts for block in _part_blocks(summary, part))
    blocks = _part_blocks(summary, MEAN)
    for measure in COMPARED:
        blocks += [f"Each source, {HEADS[measure]}:", _sources_table(systems, parts, measure)]
    ours = next((name for name in OURS if name in systems), None)
    if ours and len(systems) > 1:
        lead = f"{ours} minus peer, each source, F1@M, the same articles:"
        blocks += [lead, _leads_table(summary, ours, parts)]
    return "\n\n".join(blocks)


def _part_blocks(summary: Summary, part: str) -> list[str]:
    rows = {name: system for name, system in summary["systems"].items() if part in system["parts"]}
    count = next(iter(rows.values()))["parts"][part]["articles"]
    what = f"{count} sources" if part == MEAN else f"{count} articles"
    head = f"{summary['suite']}, {part}, {summary['split']}: {what}"
    blocks = [f"**{head}**", _scores_table(rows, part)]
    compared = [entry for entry in summary["differences"] if entry["part"] == part]
    if compared:
        same = "sources" if part == MEAN else "articles"
        blocks += [f"Tagloop minus peer, the same {same}:", _differences_table(compared)]
    return blocks


def _scores_table(rows: Mapping[str, Any], part: str) -> str:
    heads = ["system", *(HEADS[name] for name in MEASURES), "articles/s", "peak MB: fit, tag"]
    kind = IN_DOMAIN[part][0] if part in IN_DOMAIN else "articles"
    lines = []
    for name, system in rows.items():
        scores = system["parts"][part]["scores"]
        cells = [with_interval(scores[measure]) for measure in MEASURES]
        speed = f"{system['articles_per_second'][kind]:,.1f}"
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


def _sources_table(systems: Mapping[str, Any], parts: Sequence[str], measure: str) -> str:
    lines = []
    for part in parts:
        found = {name: system["parts"].get(part) for name, system in systems.items()}
        count = next(entry["articles"] for entry in found.values() if entry)
        cells = [
            format(entry["scores"][measure]["value"], ".3f") if entry else ""
            for entry in found.values()
        ]
        lines.append([part, "" if part == MEAN else str(count), *cells])
    return markdown_table(["source", "articles", *systems], lines)


def _leads_table(summary: Summary, ours: str, parts: Sequence[str]) -> str:
    leads = {
        (entry["part"], entry["peer"]): with_interval(entry["difference"], "+.3f")
        for entry in summary["differences"]
        if entry["ours"] == ours and entry["measure"] == "f1@m"
    }
    peers = [name for name in summary["systems"] if name not in OURS]
    lines = [[part, *(leads.get((part, peer), "") for peer in peers)] for part in parts]
    return markdown_table(["source", *peers], lines)
