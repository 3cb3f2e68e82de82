"""``retrain_report.json``: what a retrain merged, learned, measured and decided."""

from __future__ import annotations

from pathlib import Path
from typing import NotRequired, TypedDict

from tagloop.files import RETRAIN_REPORT
from training.cards.changelog import (
    ChangelogEntry,
    ComparedSets,
    GateDecision,
    LearnedCorrections,
    VersionedDataset,
    entry_text,
)
from training.data.corrections_file import RepoCommit
from training.finetune.training_log import Replay
from training.json_files import write_json

RETRAIN_TEXT = "retrain_report.md"
SCHEMA = 1


class GateSettings(TypedDict):
    """What the gate let pass; see `training.retrain.gate.decide`."""

    tolerance: float
    least_held_out: int


class RetrainReport(TypedDict):
    """The file's content.

    Attributes:
        date: Of the start.
        model: The model in use at the start.
        dataset: What the candidate was trained on.
        corrections: What was merged into it.
        merged: Counts of the merge.
        learned: Number of corrected articles that are new to the model.
        new_tags: Tags that the model before did not know.
        adaptation: How they were learned.
        compared: The model in use and the candidate.
        version: That the candidate got, or would get.
    """

    schema: int
    date: str
    model: RepoCommit
    dataset: VersionedDataset
    corrections: RepoCommit
    merged: dict[str, int]
    learned: int
    new_tags: list[str]
    adaptation: Replay
    compared: ComparedSets
    gate: GateSettings
    decision: GateDecision
    version: NotRequired[str]


def write_retrain_report(folder: Path, report: RetrainReport) -> None:
    """Writes the report into a folder."""
    write_json(folder / RETRAIN_REPORT, report)


def entry_of(report: RetrainReport, version: str) -> ChangelogEntry:
    """Returns the changelog's entry for the version that a retrain made, such as ``v1.2.0``."""
    return ChangelogEntry(
        version=version,
        date=report["date"],
        dataset=report["dataset"],
        corrections=LearnedCorrections(
            repo_id=report["corrections"]["repo_id"],
            revision=report["corrections"]["revision"],
            learned=report["learned"],
            held_out=report["compared"]["held_out"]["articles"],
            withdrawn=report["merged"]["removed"],
        ),
        new_tags=report["new_tags"],
        compared=report["compared"],
        decision=report["decision"],
    )


def report_text(report: RetrainReport, version: str) -> str:
    """Returns the retrain report for people, as Markdown."""
    counts = report["merged"]
    lines = [
        entry_text(entry_of(report, version)),
        "",
        f"Merged: {counts['corrections']:,} accepted corrections in {counts['rows']:,} articles "
        f"({counts['train']:,} train, {counts['validation']:,} validation, {counts['test']:,} "
        f"test); {counts['replaced']:,} of them were in the dataset and got new tags. "
        f"{counts['by_reviewer']:,} were decided by reviewers, {counts['by_agreement']:,} by "
        f"agreement. Not merged: {counts['frozen']:,} of frozen test articles, "
        f"{counts['dropped']:,} that make no article, {counts['rejected']:,} rejected, "
        f"{counts['pending']:,} not reviewed yet, {counts['withdrawn']:,} withdrawn.",
        "",
        f"Replayed for each corrected article: {report['adaptation'].get('replay_ratio', 0):g} old "
        "ones.",
    ]
    return "\n".join(lines)
