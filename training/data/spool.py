"""Articles on their way through a build: written once, read several times, never all in memory."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pyarrow as pa

from training.data.articles import FEATURES, Article

BATCH = 512
"""Articles that are in memory at a time."""
_SCHEMA = FEATURES.arrow_schema.remove_metadata().append(pa.field("where", pa.string()))


class Spooled(NamedTuple):
    """An article and its place in its source."""

    article: Article
    where: str


class Spool:
    """A file of articles, without a name: it is gone with the process, however that ends.

    It is in the folder for temporary files, which ``TMPDIR`` says.
    """

    def __init__(self) -> None:
        """Opens the file."""
        self._file = tempfile.TemporaryFile()
        weakref.finalize(self, self._file.close)
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._writer = pa.ipc.new_stream(self._file, _SCHEMA, options=options)
        self._pending: list[Spooled] = []

    def add(self, article: Article, where: str) -> None:
        """Appends an article.

        Raises:
            OSError: The disk is full.
        """
        self._pending.append(Spooled(article, where))
        if len(self._pending) == BATCH:
            self._write()

    def __iter__(self) -> Iterator[Spooled]:
        """Reads all articles, in the order in which they came."""
        for *values, where in self.rows(_SCHEMA.names):
            article = Article(**dict(zip(FEATURES, values, strict=True)))
            yield Spooled(replace(article, tags=tuple(article.tags)), where)

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Reads some columns of all articles; one reading at a time."""
        self._write()
        self._file.flush()
        self._file.seek(0, os.SEEK_END)
        if not self._file.tell():
            return  # an empty file is no stream
        self._file.seek(0)
        for batch in pa.ipc.open_stream(self._file):
            yield from zip(*batch.select(columns).to_pydict().values(), strict=True)

    def _write(self) -> None:
        rows: list[dict[str, Any]] = [
            {**entry.article.row(), "where": entry.where} for entry in self._pending
        ]
        if rows:
            self._file.seek(0, os.SEEK_END)
            self._writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=_SCHEMA))
            self._pending.clear()
