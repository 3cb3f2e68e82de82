"""The folder through which the parts of a build meet: here, shared, or anywhere fsspec opens."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.io import DataFolder, get_datafolder

_ROWS = 2_000
"""Read at a time."""


class WorkFolder:
    """JSON and Parquet files by their paths in a folder."""

    def __init__(self, location: str) -> None:
        """Names the folder, which need not be there.

        Args:
            location: A path, or an address such as ``hf://buckets/you/build``.
        """
        self.location = location
        self.files: DataFolder = get_datafolder(location)

    def exists(self, path: str) -> bool:
        """Tells whether there is a file of that name."""
        # Others write here, too: what a listing said before may have changed.
        self.files.fs.invalidate_cache()
        return bool(self.files.isfile(path))

    def names(self, under: str = "") -> list[str]:
        """Returns the paths of all files, sorted; none where there is no such folder."""
        self.files.fs.invalidate_cache()
        return sorted(self.files.list_files(under)) if self.files.isdir(under) else []

    def remove(self, path: str) -> None:
        """Removes a file or folder, if it is there."""
        self.files.fs.invalidate_cache()
        if self.files.exists(path):
            self.files.rm(path, recursive=True)

    def write_json(self, path: str, content: Mapping[str, Any]) -> None:
        """Writes a JSON file."""
        with self.files.open(path, "wt", encoding="utf-8") as file:
            json.dump(content, file)

    def read_json(self, path: str) -> dict[str, Any]:
        """Reads what `write_json` wrote."""
        with self.files.open(path, "rt", encoding="utf-8") as file:
            return cast(dict[str, Any], json.load(file))

    def write_table(self, path: str, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
        """Writes a Parquet file, a row group a batch."""
        with self.files.open(path, "wb") as file, pq.ParquetWriter(file, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)

    def read_batches(self, path: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Reads columns of a Parquet file, some rows at a time."""
        with self.files.open(path, "rb") as file:
            table = pq.ParquetFile(file, pre_buffer=False)
            yield from table.iter_batches(_ROWS, columns=list(columns))

    def read_rows(self, path: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Reads columns of a Parquet file, row by row."""
        for batch in self.read_batches(path, columns):
            yield from zip(*batch.select(list(columns)).to_pydict().values(), strict=True)

    def read_table(self, path: str) -> pa.Table:
        """Reads a Parquet file."""
        with self.files.open(path, "rb") as file:
            return pq.read_table(file)

    def put(self, folder: Path, path: str) -> None:
        """Copies the files of a folder of this machine to one here, in place of what it had."""
        self.remove(path)
        for file in sorted(folder.iterdir()):
            self.files.makedirs(path, exist_ok=True)
            self.files.put_file(str(file), f"{path}/{file.name}")

    def bring(self, path: str, target: Path) -> None:
        """Puts a file of the folder at a place of this machine, without a copy where that goes."""
        if not self.files.is_local():
            self.files.get_file(path, str(target))
            return
        source = self.files.resolve_paths(path)
        try:
            os.link(source, target)
        except OSError:  # another disk, or one that knows no links
            shutil.copyfile(source, target)
