"""A built dataset as training and evaluation read it: from a folder or from the Hub at a commit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from datasets import DatasetDict, load_dataset
from datasets.exceptions import DatasetsError
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError

from tagloop.errors import UserError
from tagloop.files import BUILD_REPORT
from tagloop.vocabulary.aliases import Overrides, TagMerge
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.data.build_report import read_build_report
from training.data.sources.hub import dataset_commit

SPLITS = ("train", "validation", "test")


class DataSource(TypedDict):
    """Which articles a log, a report or a model's settings speak of; see `Corpus`."""

    repo_id: str
    revision: str | None
    fingerprint: str


@dataclass(frozen=True)
class Corpus:
    """Articles with their splits, and where they came from.

    Attributes:
        splits: ``train``, ``validation``, ``test`` with the columns of ``Article``.
        repo_id: The Hub's id, or the folder's name.
        revision: Commit on the Hub, None for a folder.
        fingerprint: sha256 of the content; equal wherever the same articles come from.
        merges: Which tags building found to be the same.
        overrides: What a person decided about tags when it was built.
    """

    splits: DatasetDict
    repo_id: str
    revision: str | None
    fingerprint: str
    merges: tuple[TagMerge, ...] = ()
    overrides: Overrides = field(default_factory=Overrides)

    @property
    def source(self) -> DataSource:
        """What a log or card says of the data."""
        return DataSource(
            repo_id=self.repo_id, revision=self.revision, fingerprint=self.fingerprint
        )

    def train_vocabulary(self) -> Vocabulary:
        """Returns the vocabulary of the train split, with the merges of the whole dataset."""
        return Vocabulary.from_tag_lists(
            self.splits["train"]["tags"], merges=self.merges, overrides=self.overrides
        )

    def known_tags(self) -> frozenset[str]:
        """Returns the tags of the train split in any way of writing."""
        vocabulary = self.train_vocabulary()
        return frozenset([*vocabulary.tags, *vocabulary.counts, *vocabulary.aliases])


def load_corpus(dataset: str) -> Corpus:
    """Loads ``folder`` or ``owner/name[@revision]``.

    Raises:
        UserError: It is not there, may not be read, or lacks a split or a column.
    """
    if Path(dataset).is_dir():
        repo_id, revision = Path(dataset).resolve().name, None
        if not list(Path(dataset).glob("data/*.parquet")):
            raise UserError(f"{dataset} holds no data/*.parquet: build it first with make data.")
        splits = _load(dataset, None)
        report: Path | None = Path(dataset) / BUILD_REPORT
    else:
        repo_id, _, named = dataset.partition("@")
        revision = dataset_commit(repo_id, named or None)
        splits, report = _load(repo_id, revision), _download_report(repo_id, revision)
    _check(splits, dataset)
    merges, overrides = _merged_tags(report)
    return Corpus(splits, repo_id, revision, _fingerprint(splits, overrides), merges, overrides)


def _download_report(repo_id: str, revision: str | None) -> Path | None:
    try:
        return Path(hf_hub_download(repo_id, BUILD_REPORT, repo_type="dataset", revision=revision))
    except EntryNotFoundError:
        return None  # a dataset that others built


def _merged_tags(report: Path | None) -> tuple[tuple[TagMerge, ...], Overrides]:
    """Reads from a report which tags are the same; none where there is no such report."""
    if report is None:
        return (), Overrides()
    try:
        tags = read_build_report(report)["tags"]
        merges = tuple(
            TagMerge(merge["form"], normal_form(entry["tag"]), merge["reason"])
            for entry in tags["merged"]
            for merge in entry["merged"]
        )
        return merges, Overrides.from_json(tags["overrides"])
    except (OSError, ValueError, KeyError, TypeError):
        return (), Overrides()


def _load(location: str, revision: str | None) -> DatasetDict:
    try:
        return load_dataset(location, revision=revision)
    except (ValueError, DatasetsError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"The dataset {location} cannot be loaded ({reason}); build it anew with make data."
        ) from None


def _check(splits: DatasetDict, dataset: str) -> None:
    if "train" not in splits or not len(splits["train"]):
        raise UserError(f"{dataset} has no articles to train on: it needs a split 'train'.")
    for split in SPLITS:
        # A tiny corpus may have no validation or test articles; then there is no file for them.
        splits.setdefault(split, splits["train"].select([]))
        missing = {"title", "text", "tags"} - set(splits[split].column_names)
        if missing:
            raise UserError(
                f"{dataset}, split {split}: no column {', '.join(sorted(missing))}; build the "
                "dataset with make data, which maps columns."
            )


def _fingerprint(splits: DatasetDict, overrides: Overrides) -> str:
    digest = hashlib.sha256()
    if overrides:  # they decide what a model shows even where they changed no row
        digest.update(json.dumps(overrides.to_json(), ensure_ascii=False).encode())
    for split in SPLITS:
        for row in splits[split].select_columns(["title", "text", "tags"]):
            line = json.dumps([split, row["title"], row["text"], row["tags"]], ensure_ascii=False)
            digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
