"""A dataset's folder with its corrections merged in, and reports that say so."""

from __future__ import annotations

from pathlib import Path

from tagloop.corrections.review.accepted import Decided
from tagloop.vocabulary.vocabulary import Vocabulary
from training.data.build_report import BuildReport, SourceEntry
from training.data.corrections_file import (
    SCHEMA,
    CorrectionsFile,
    MergeRecord,
    write_corrections_file,
)
from training.data.corrections_merge import Merged, digest
from training.data.dataset_folder import write_dataset
from training.data.parquet_shards import write_shards


def merge_counts(merged: Merged, decided: Decided, damaged: int) -> dict[str, int]:
    """Returns a merge's counts for people, those of corrections that it left out among them."""
    return merged.counts() | {
        "rejected": decided.count("rejected"),
        "pending": decided.count("pending"),
        "withdrawn": decided.count("withdrawn"),
        "duplicates": decided.count("duplicate"),
        "damaged": damaged,
    }


def write_merged(
    folder: Path, merged: Merged, report: BuildReport, merge: MergeRecord, decided: Decided
) -> None:
    """Writes a dataset's folder with its corrections, its report and ``corrections.json``.

    The report given is the dataset's without its corrections.

    Raises:
        UserError: The folder cannot be written.
    """
    rows = ((split, row) for split, part in merged.rows.items() for row in part)
    report = _with_corrections(report, merged, merge)
    write_dataset(folder, lambda place: write_shards(place, rows), report)
    content = CorrectionsFile(
        schema=SCHEMA,
        repo_id=merge["repo_id"],
        revision=merge["revision"],
        dataset=merge["dataset"],
        agreement=merge["agreement"],
        counts=merge["counts"],
        accepted=digest(decided.accepted),
        rows=merged.corrected,
        frozen=merged.frozen,
        dropped=merged.dropped,
        removed=merged.removed,
    )
    write_corrections_file(folder, content)


def _with_corrections(report: BuildReport, merged: Merged, merge: MergeRecord) -> BuildReport:
    """Brings a build report up to the merged rows."""
    counts = merge["counts"]
    source = SourceEntry(
        kind="corrections",
        location=f"{merge['repo_id']}@{merge['revision'][:12]}",
        read=counts["corrections"] + counts["frozen"] + counts["dropped"],
        kept=counts["corrections"],
    )
    others = [entry for entry in report["sources"] if entry["kind"] != "corrections"]
    words = Vocabulary.from_tag_lists(row["tags"] for part in merged.rows.values() for row in part)
    groups, articles = merged.groups
    return {
        **report,
        "sources": [*others, source],
        "splits": {split: len(part) for split, part in merged.rows.items()},
        "tags": {**report["tags"], "distinct": len(words)},
        "near_duplicates": {**report["near_duplicates"], "groups": groups, "articles": articles},
        "corrections": merge,
    }
