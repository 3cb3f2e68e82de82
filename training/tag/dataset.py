"""Tagged articles as a dataset of the Hub: Parquet by split, a report, a card, a private push."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from datasets import DatasetInfo, Features, SplitDict, SplitInfo
from huggingface_hub import HfApi

from dataset_card.licenses import hub_licenses
from tagloop.batch.rows import RowTags
from tagloop.errors import UserError
from tagloop.files import TAGGING_REPORT
from tagloop.reading.record import Entry
from training import console
from training.config import command_line
from training.data.parquet_shards import shard_name
from training.json_files import write_json
from training.publish.errors import check_access
from training.publish.repository import Repository
from training.tag.card import TaggingReport, write_card
from training.tag.models import Model
from training.tag.outcome import Outcome
from training.tag.parquet import ArticleColumns, ParquetFile
from training.tag.request import Request
from training.tag.targets import Target, unfit_notes

SHARD_BYTES = 500_000_000
"""Of values, before Parquet packs them; `datasets` cuts its own shards so."""
SCHEMA = 1
VERSIONS = ("ctranslate2", "transformers", "pyarrow")
MOST_TAGS = 1_000
"""That the report counts; a card shows the first of them."""
_SPLIT = re.compile(r"\w+(?:\.\w+)*")
"""What `datasets` takes for the name of a split."""
_ANY_SPLIT = "train"


@dataclass
class Split:
    """A split that is written.

    Attributes:
        shards: Files.
        rows: Articles in those that are complete.
        bytes: Of all values in them.
    """

    shards: int = 0
    rows: int = 0
    bytes: int = 0

    def add(self, other: Split) -> None:
        """Adds what stands behind it."""
        self.shards += other.shards
        self.rows += other.rows
        self.bytes += other.bytes


@dataclass
class TaggedDataset:
    """A dataset's folder that is written: Parquet files of each split.

    Attributes:
        path: The folder.
        columns: Of an article.
        splits: What is in each.
    """

    path: Path
    columns: ArticleColumns
    splits: dict[str, Split]

    def info(self) -> DatasetInfo:
        """Returns what `load_dataset` reads in the card."""
        splits = SplitDict()
        for name, of in self.splits.items():
            splits.add(SplitInfo(name=name, num_bytes=of.bytes, num_examples=of.rows))
        files = self.path.glob("data/*.parquet")
        return DatasetInfo(
            features=Features.from_arrow_schema(self.columns.schema),
            splits=splits,
            download_size=sum(path.stat().st_size for path in files),
            dataset_size=sum(of.bytes for of in self.splits.values()),
        )


class DatasetTarget(Target):
    """A dataset's folder that is written article by article; its files are cut by their size."""

    def __init__(self, path: Path, columns: ArticleColumns) -> None:
        super().__init__(path)
        self.remove_partial()
        self.columns = columns
        self.splits: dict[str, Split] = {}
        self._file: ParquetFile | None = None
        self._split = ""
        (self.partial / "data").mkdir(parents=True)

    def add(self, entry: Entry, tagged: RowTags) -> str:
        """Writes an article; returns why it has no tags there, empty if it has."""
        named = str(entry.record.fallbacks.get("split") or "")
        split = named if _SPLIT.fullmatch(named) else _ANY_SPLIT
        if self._file and (split != self._split or self._file.bytes > SHARD_BYTES):
            self._complete()
        if self._file is None:
            self._split = split
            shard = self.splits.setdefault(split, Split())
            self._file = ParquetFile(self._shard(split, shard.shards), self.columns)
            shard.shards += 1
        self._file.add(entry, tagged)
        return tagged.problem

    def close(self) -> list[str]:
        """Gives the files the names that `datasets` gives them."""
        self._complete()
        for split, of in self.splits.items():
            for number in range(of.shards):
                path = self._shard(split, number)
                path.rename(path.with_name(shard_name(split, number, of.shards)))
        return unfit_notes(self.columns)

    def dataset(self) -> TaggedDataset:
        """Returns what was written."""
        return TaggedDataset(self.path, self.columns, self.splits)

    def _complete(self) -> None:
        if self._file:
            self._file.close()
            of = self.splits[self._split]
            of.rows += self._file.rows
            of.bytes += self._file.bytes
        self._file = None

    def _shard(self, split: str, number: int) -> Path:
        return self.partial / "data" / f"{split}-{number:05d}.parquet"


def repository(repo_id: str) -> Repository:
    """Returns the dataset's repository, into which this person may push tagged articles.

    Raises:
        UserError: There is no valid token, the namespace is somebody else's, or the name is taken.
    """
    if repo_id.count("/") != 1:
        raise UserError(f"--push {repo_id}: name a dataset as owner/name.")
    api = HfApi()
    check_access(api, repo_id.split("/")[0], "a name of ")
    found = Repository(api, repo_id, "dataset", TAGGING_REPORT)
    found.check_name()
    return found


def push(
    dataset: TaggedDataset,
    into: Repository,
    source: str,
    model: Model,
    outcome: Outcome,
    request: Request,
) -> str:
    """Publishes a folder that was written, and returns its page; a new dataset is private.

    Args:
        dataset: The folder.
        into: Where it goes.
        source: As `Source.name`.
        model: What tagged.
        outcome: What came of it.
        request: What a person asked for.

    Raises:
        UserError: The Hub refuses.
    """
    columns = dataset.columns
    report = TaggingReport(
        schema=SCHEMA,
        source=source,
        model={"name": model.shown, "revision": model.revision},
        options={name: value for name, value in request.options.items() if value is not None},
        splits={name: of.rows for name, of in dataset.splits.items()},
        tagged=outcome.tagged,
        untagged={
            kind: {"articles": some.count, "first": some.first}
            for kind, some in outcome.untagged.items()
        },
        tags=dict(outcome.tags.most_common(MOST_TAGS)),
        columns=[columns.tags, columns.confidences, columns.error],
        licenses=hub_licenses(outcome.licenses),
        command=command_line("training.tag", request.words),
        versions={name: version(name) for name in VERSIONS},
    )
    write_json(dataset.path / TAGGING_REPORT, report)
    with console.station("push") as station:
        into.create(private=True)
        made = into.push(
            dataset.path,
            lambda number: write_card(dataset.path, dataset.info(), into.repo_id, number),
            f"Tags by {model.shown}",
        )
        state = "" if made.changed else "unchanged: "
        station.result = f"{state}{made.page} {made.version} {made.revision[:8]}"
    return made.page
