"""Rows of a dataset to its Parquet files, such as ``train-00000-of-00002.parquet``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import datasets
import pyarrow as pa
from datasets.table import InMemoryTable

from training.data.articles import FEATURES, ArticleRow

SHARD_BYTES = 128 * 2**20
"""Of a shard in memory, one of each split at a time; its file has half of it."""
_BATCH = 512
_SCHEMA = FEATURES.arrow_schema


def write_shards(folder: Path, rows: Iterable[tuple[str, ArticleRow]]) -> None:
    """Writes the files of every split that has rows: ``load_dataset`` reads no empty one.

    Args:
        folder: Is there, and empty.
        rows: Each with its split; those of a split keep their order.

    Raises:
        OSError: The disk is full.
    """
    splits: dict[str, _Split] = {}
    for name, row in rows:
        if name not in splits:
            splits[name] = _Split(folder, name)
        splits[name].add(row)
    for split in splits.values():
        split.finish()


def shard_name(split: str, place: int, number: int) -> str:
    """Returns the name by which ``load_dataset`` knows a shard's split and its place among others.

    Args:
        split: ``train``, ``validation`` or ``test``.
        place: From 0.
        number: How many there are of the split.
    """
    return f"{split}-{place:05}-of-{number:05}.parquet"


class _Split:
    """The shards of one split."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._rows: list[ArticleRow] = []
        self._batches: list[pa.RecordBatch] = []
        self._shards: list[Path] = []

    def add(self, row: ArticleRow) -> None:
        self._rows.append(row)
        if len(self._rows) == _BATCH:
            self._take_rows()
            if sum(batch.nbytes for batch in self._batches) >= SHARD_BYTES:
                self._write()

    def finish(self) -> None:
        """Writes the last shard and gives all their names, which say how many there are."""
        self._take_rows()
        self._write()
        number = len(self._shards)
        for place, shard in enumerate(self._shards):
            shard.rename(self._folder / shard_name(self._name, place, number))

    def _take_rows(self) -> None:
        rows = [dict(row) for row in self._rows]
        self._batches.append(pa.RecordBatch.from_pylist(rows, schema=_SCHEMA))
        self._rows.clear()

    def _write(self) -> None:
        # In one piece: the pages of a file end where the pieces of its table do.
        table = pa.Table.from_batches(self._batches, schema=_SCHEMA).combine_chunks()
        self._batches.clear()
        if table.num_rows:
            self._shards.append(self._folder / f"{self._name}-{len(self._shards):05}.parquet")
            datasets.Dataset(InMemoryTable(table)).to_parquet(self._shards[-1])
