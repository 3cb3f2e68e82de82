"""Tagged articles as a dataset of the Hub: Parquet by split, a report, a card, a private push."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from datasets import DatasetInfo, Features, SplitDict, SplitInfo
from huggingface_hub import HfApi

from dataset_card.licenses import hub_licenses
from tagloop.batch.rows import RowTags
from tagloop.errors import UserError
from tagloop.files import TAGGING_REPORT
from tagloop.reading.record import Entry
from training.json_files import write_json
from training.publish.errors import check_access
from training.publish.repository import Published, Repository
from training.tag.articles import Articles
from training.tag.card import TaggingReport, write_card
from training.tag.models import Model
from training.tag.outcome import Outcome
from training.tag.parquet import ArticleColumns, ParquetFile
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
class _Split:
    """A split that is written.

    Attributes:
        shards: Files.
        rows: Articles in those that are complete.
        bytes: Of all values in them.
    """

    shards: int = 0
    rows: int = 0
    bytes: int = 0


class DatasetTarget(Target):
    """A dataset's folder: Parquet files of each split, cut by their size.

    Attributes:
        columns: Of an article.
        splits: What is in each.
    """

    def __init__(self, path: Path, columns: ArticleColumns) -> None:
        super().__init__(path)
        self.remove_partial()
        self.columns = columns
        self.splits: dict[str, _Split] = {}
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
            shard = self.splits.setdefault(split, _Split())
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
                path.rename(path.with_stem(f"{path.stem}-of-{of.shards:05d}"))
        return unfit_notes(self.columns)

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
    target: DatasetTarget,
    into: Repository,
    articles: Articles,
    model: Model,
    outcome: Outcome,
    options: Mapping[str, Any],
    command: str,
) -> Published:
    """Publishes a folder that was written; a new dataset is private.

    Raises:
        UserError: The Hub refuses.
    """
    columns = target.columns
    report = TaggingReport(
        schema=SCHEMA,
        source=articles.name,
        model={"name": model.shown, "revision": model.revision},
        options={name: value for name, value in options.items() if value is not None},
        splits={name: of.rows for name, of in target.splits.items()},
        tagged=outcome.tagged,
        untagged={
            kind: {"articles": some.count, "first": some.first}
            for kind, some in outcome.untagged.items()
        },
        tags=dict(outcome.tags.most_common(MOST_TAGS)),
        columns=[columns.tags, columns.confidences, columns.error],
        licenses=hub_licenses(outcome.licenses),
        command=command,
        versions={name: version(name) for name in VERSIONS},
    )
    write_json(target.path / TAGGING_REPORT, report)
    into.create(private=True)
    return into.push(
        target.path,
        lambda number: write_card(target.path, target.info(), into.repo_id, number),
        f"Tags by {model.shown}",
    )
