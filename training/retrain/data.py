"""The data's half of a retrain: corrections are pulled, merged and published as a revision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tagloop.corrections.review.accepted import Decided, accepted
from tagloop.corrections.review.store import Records, read_records
from tagloop.errors import UserError
from tagloop.generation.settings import FILE_NAME as TAGGING_FILE
from tagloop.vocabulary.vocabulary import Vocabulary
from training.cards.cards import write_dataset_card
from training.data.build_dataset import REPORT, write_dataset
from training.data.corpus import Corpus, load_corpus
from training.data.corrections_merge import CORRECTIONS_FILE, SCHEMA, Merged, digest, merge
from training.json_files import write_json
from training.publish.errors import clear_errors
from training.publish.repo_names import Names
from training.publish.repository import Published, Repository
from training.retrain.run_state import Start

AGREEMENT_VARIABLE = "TAGLOOP_AGREEMENT"


@dataclass(frozen=True)
class Pulled:
    """What the Hub holds at a run's commits.

    Attributes:
        corpus: The dataset.
        earlier: Its ``corrections.json``; empty before the first merge.
        learned: Rows of ``corrections.json`` of the revision that the model was trained on.
        records: All corrections, reviews and withdrawals.
        decided: What of them may be learned from.
    """

    corpus: Corpus
    earlier: dict[str, Any]
    learned: dict[str, Any]
    records: Records
    decided: Decided


def head(api: HfApi, repo_id: str, repo_type: str) -> str | None:
    """Returns the commit that ``main`` is at; None when there is no such repository."""
    with clear_errors(repo_id):
        try:
            return str(api.repo_info(repo_id, repo_type=repo_type).sha)
        except RepositoryNotFoundError:
            return None


def trained_on(api: HfApi, model: str, revision: str | None) -> dict[str, Any]:
    """Reads from the model's files which dataset at which commit it learned from.

    Raises:
        UserError: The model is none of Tagloop's.
    """
    with clear_errors(model):
        try:
            path = api.hf_hub_download(model, TAGGING_FILE, revision=revision)
        except EntryNotFoundError:
            raise UserError(
                f"{model} has no {TAGGING_FILE}: it was not made by Tagloop; publish one first "
                "with make publish."
            ) from None
    return dict(json.loads(Path(path).read_text(encoding="utf-8")).get("dataset") or {})


def pull(api: HfApi, names: Names, start: Start, agreement: int | None) -> Pulled:
    """Reads dataset and corrections at their commits.

    Raises:
        UserError: The Hub refuses, or a repository is not as Tagloop makes it.
    """
    with clear_errors(names.corrections):
        records = read_records(names.corrections, start.corrections)
    source = trained_on(api, names.model, start.model)
    learned: dict[str, Any] = {}
    if source.get("revision") and source.get("repo_id") == names.dataset:
        learned = corrections_file(names.dataset, source["revision"])
    corpus = load_corpus(f"{names.dataset}@{start.dataset}")
    return Pulled(
        corpus,
        corrections_file(names.dataset, start.dataset),
        learned.get("rows", {}),
        records,
        accepted(records, agreement, known_tags(corpus)),
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


def known_tags(corpus: Corpus) -> frozenset[str]:
    """Returns the tags that a dataset has, in any way of writing."""
    vocabulary = corpus.train_vocabulary()
    return frozenset([*vocabulary.tags, *vocabulary.counts, *vocabulary.aliases])


def corrections_file(repo_id: str, revision: str) -> dict[str, Any]:
    """Reads a dataset's ``corrections.json``; empty where there is none (any more)."""
    with clear_errors(repo_id):
        try:
            path = hf_hub_download(
                repo_id, CORRECTIONS_FILE, repo_type="dataset", revision=revision
            )
        except (EntryNotFoundError, RevisionNotFoundError):
            return {}
    return dict(json.loads(Path(path).read_text(encoding="utf-8")))


def merge_pulled(pulled: Pulled, corrections_repo: str) -> Merged:
    """Merges what is accepted into the dataset; the same as last time is in it already."""
    splits = {split: rows.to_list() for split, rows in pulled.corpus.splits.items()}
    earlier = pulled.earlier
    if earlier.get("accepted") == digest(pulled.decided.accepted):
        parts = {name: earlier[name] for name in ("frozen", "dropped", "removed")}
        return Merged(splits, earlier["rows"], **parts)
    return merge(
        splits,
        pulled.earlier,
        pulled.decided.accepted,
        corrections_repo,
        pulled.corpus.merges,
        pulled.corpus.overrides,
    )


def merge_result(pulled: Pulled, merged: Merged) -> dict[str, Any]:
    """Returns what a merge comes to: whether the data change, and what there is to learn.

    Returns:
        ``changed`` (the dataset gets a revision), ``new_ids`` (rows of train that the model in use
        has not learned as they are now), ``forget`` (it has learned some that are gone),
        ``counts`` for people.
    """
    before = {split: rows.to_list() for split, rows in pulled.corpus.splits.items()}
    decided = pulled.decided
    new = [
        row_id
        for row_id, row in merged.corrected.items()
        if row["split"] == "train" and pulled.learned.get(row_id, {}).get("tags") != row["tags"]
    ]
    gone = [
        row_id
        for row_id, row in pulled.learned.items()
        if row["split"] == "train" and row_id not in merged.corrected
    ]
    return {
        "changed": any(before[split] != merged.rows[split] for split in merged.rows),
        "new_ids": sorted(new),
        "forget": bool(gone),
        "counts": merged.counts()
        | {
            "rejected": decided.rejected,
            "pending": decided.pending,
            "withdrawn": decided.withdrawn,
            "duplicates": decided.duplicates,
            "damaged": len(pulled.records.damaged),
        },
    }


def write_revision(
    folder: Path, pulled: Pulled, merged: Merged, names: Names, start: Start, counts: dict[str, int]
) -> None:
    """Writes the merged dataset's folder: rows, build report and ``corrections.json``.

    Raises:
        UserError: The dataset has no build report, so it is none of Tagloop's, or the folder
            cannot be written.
    """
    with clear_errors(names.dataset):
        try:
            path = hf_hub_download(
                names.dataset, REPORT, repo_type="dataset", revision=start.dataset
            )
        except EntryNotFoundError:
            raise UserError(
                f"{names.dataset} has no {REPORT}: it was not made by Tagloop; build and publish "
                "it with make publish."
            ) from None
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    provenance = {
        "repo_id": names.corrections,
        "revision": start.corrections,
        "dataset": {"repo_id": names.dataset, "revision": start.dataset},
        "agreement": start.settings["agreement"],
        "counts": counts,
    }
    write_merged(folder, merged, report, provenance, digest(pulled.decided.accepted))


def write_merged(
    folder: Path,
    merged: Merged,
    report: dict[str, Any],
    provenance: Mapping[str, Any],
    accepted_digest: str,
) -> None:
    """Writes a dataset's folder with its corrections, its report and ``corrections.json``.

    Args:
        folder: To write.
        merged: The rows.
        report: What ``build_report.json`` says of the dataset without its corrections.
        provenance: Corrections' ``repo_id`` and ``revision``, the ``dataset`` that they were merged
            into, the ``agreement``, the ``counts``.
        accepted_digest: Of ``training.data.corrections_merge.digest``.

    Raises:
        UserError: The folder cannot be written.
    """
    write_dataset(folder, merged.rows, _report(report, merged, provenance))
    write_json(
        folder / CORRECTIONS_FILE,
        {
            "schema": SCHEMA,
            **provenance,
            "accepted": accepted_digest,
            "rows": merged.corrected,
            "frozen": merged.frozen,
            "dropped": merged.dropped,
            "removed": merged.removed,
        },
    )


def _report(
    report: dict[str, Any], merged: Merged, provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """Brings a build report up to the merged rows."""
    counts = provenance["counts"]
    source = {
        "kind": "corrections",
        "location": f"{provenance['repo_id']}@{provenance['revision'][:12]}",
        "read": counts["corrections"] + counts["frozen"] + counts["dropped"],
        "kept": counts["corrections"],
    }
    others = [entry for entry in report["sources"] if entry["kind"] != "corrections"]
    words = Vocabulary.from_tag_lists(row["tags"] for part in merged.rows.values() for row in part)
    groups, articles = merged.groups
    return report | {
        "sources": [*others, source],
        "splits": {split: len(part) for split, part in merged.rows.items()},
        "tags": report["tags"] | {"distinct": len(words)},
        "near_duplicates": report["near_duplicates"] | {"groups": groups, "articles": articles},
        "corrections": provenance,
    }


def publish_revision(
    api: HfApi, folder: Path, names: Names, parent: str, message: str
) -> Published:
    """Brings the dataset's ``main`` to the merged folder, with its card, and tags it.

    Raises:
        UserError: The Hub refuses.
        training.publish.repository.Moved: Somebody else's commit came between.
    """

    def render(version: str) -> str:
        return write_dataset_card(
            folder,
            names.dataset,
            version=version,
            corrections_repo=names.corrections,
            model_repo=names.model,
            space_repo=names.space,
        )

    return Repository(api, names.dataset, "dataset", REPORT).push(folder, render, message, parent)
