"""The dataset of a retrain: corrections are pulled, merged and published as its next revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypedDict

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from tagloop.corrections.dataset import Records, read_records
from tagloop.corrections.review.accepted import Decided, accepted
from tagloop.files import BUILD_REPORT
from training.cards.cards import write_dataset_card
from training.cards.repo_names import Names
from training.data.corpus import Corpus, load_corpus
from training.data.corrections_file import (
    CorrectedRow,
    CorrectionsFile,
    MergeRecord,
    RepoCommit,
)
from training.data.corrections_merge import Merged, digest, merge
from training.data.merged_dataset import merge_counts, write_merged
from training.publish.errors import clear_errors
from training.publish.hub_files import build_report, merged_corrections, trained_on
from training.publish.repository import Published, Repository
from training.retrain.run_state import Start

AGREEMENT_VARIABLE = "TAGLOOP_AGREEMENT"


@dataclass(frozen=True)
class Pulled:
    """What the Hub holds at a run's commits.

    Attributes:
        corpus: The dataset.
        earlier: Its ``corrections.json``; None before the first merge.
        learned: Corrected rows of the revision that the model was trained on.
        records: All corrections, reviews and withdrawals.
        decided: What of them may be learned from.
    """

    corpus: Corpus
    earlier: CorrectionsFile | None
    learned: Mapping[str, CorrectedRow]
    records: Records
    decided: Decided


class MergeResult(TypedDict):
    """What a merge comes to.

    Attributes:
        changed: The dataset gets a revision.
        new_ids: Rows of train that the model in use has not learned as they are now.
        forget: It has learned some that are gone.
        counts: For people.
    """

    changed: bool
    new_ids: list[str]
    forget: bool
    counts: dict[str, int]


def pull(api: HfApi, names: Names, start: Start, agreement: int | None) -> Pulled:
    """Reads dataset and corrections at their commits.

    Raises:
        UserError: The Hub refuses, or a repository is not as Tagloop makes it.
    """
    with clear_errors(names.corrections):
        records = read_records(names.corrections, start.corrections)
    source = trained_on(api, names.model, start.model)
    revision = source.get("revision") if source else None
    learned = None
    if source and revision and source.get("repo_id") == names.dataset:
        learned = merged_corrections(api, names.dataset, revision)
    corpus = load_corpus(f"{names.dataset}@{start.dataset}")
    return Pulled(
        corpus,
        merged_corrections(api, names.dataset, start.dataset),
        learned["rows"] if learned else {},
        records,
        accepted(records, agreement, corpus.known_tags()),
    )


def agreement_of(api: HfApi, space: str) -> int | None:
    """Reads how many people must agree where nobody reviews: the Space's ``TAGLOOP_AGREEMENT``.

    Returns:
        None where it is not set, or this token may not see it: everything needs a reviewer.
    """
    try:
        variable = api.get_space_variables(space).get(AGREEMENT_VARIABLE)
    except HfHubHTTPError:
        return None
    value = str(variable.value if variable else "").strip()
    return int(value) if value.isdecimal() and int(value) >= 2 else None


def merge_pulled(pulled: Pulled, corrections_repo: str) -> Merged:
    """Merges what is accepted into the dataset; the same as last time is in it already."""
    splits = {split: rows.to_list() for split, rows in pulled.corpus.splits.items()}
    earlier = pulled.earlier
    if earlier and earlier["accepted"] == digest(pulled.decided.accepted):
        return Merged(
            splits, earlier["rows"], earlier["frozen"], earlier["dropped"], earlier["removed"]
        )
    return merge(
        splits,
        earlier,
        pulled.decided.accepted,
        corrections_repo,
        pulled.corpus.merges,
        pulled.corpus.overrides,
    )


def merge_result(pulled: Pulled, merged: Merged) -> MergeResult:
    """Returns what a merge comes to: whether the data change, and what there is to learn."""
    before = {split: rows.to_list() for split, rows in pulled.corpus.splits.items()}
    known = {row_id: row.get("tags") for row_id, row in pulled.learned.items()}
    new = [
        row_id
        for row_id, row in merged.corrected.items()
        if row["split"] == "train" and known.get(row_id) != row["tags"]
    ]
    gone = [
        row_id
        for row_id, row in pulled.learned.items()
        if row["split"] == "train" and row_id not in merged.corrected
    ]
    return MergeResult(
        changed=any(before[split] != merged.rows[split] for split in merged.rows),
        new_ids=sorted(new),
        forget=bool(gone),
        counts=merge_counts(merged, pulled.decided, pulled.records.damaged_count),
    )


def write_revision(
    api: HfApi,
    folder: Path,
    pulled: Pulled,
    merged: Merged,
    names: Names,
    start: Start,
    counts: dict[str, int],
) -> None:
    """Writes the merged dataset's folder: rows, build report and ``corrections.json``.

    Raises:
        UserError: The dataset has no build report, or the folder cannot be written.
    """
    record = MergeRecord(
        repo_id=names.corrections,
        revision=start.corrections,
        dataset=RepoCommit(repo_id=names.dataset, revision=start.dataset),
        agreement=start.settings["agreement"],
        counts=counts,
    )
    report = build_report(api, names.dataset, start.dataset)
    write_merged(folder, merged, report, record, pulled.decided)


def publish_revision(
    api: HfApi, folder: Path, names: Names, parent: str, message: str
) -> Published:
    """Brings the dataset's ``main`` to the merged folder, with its card, and tags it.

    Raises:
        UserError: The Hub refuses.
        training.publish.repository.Moved: Somebody else's commit came between.
    """
    render = partial(write_dataset_card, folder, names)
    return Repository(api, names.dataset, "dataset", BUILD_REPORT).push(
        folder, render, message, parent
    )
