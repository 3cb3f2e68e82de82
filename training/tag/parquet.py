"""Articles with their tags as Parquet, a row group at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from tagloop.batch.rows import CONFIDENCES, ERROR, TAGS, RowTags, free_name
from tagloop.limits import readable
from tagloop.reading.record import Entry

GROUP_ROWS = 1_000
GROUP_BYTES = 64_000_000
"""Of texts in a row group, whichever is reached first."""
ARTICLE: dict[str, Callable[[Entry], str | None]] = {
    "article": lambda entry: entry.record.where,
    "title": lambda entry: entry.title,
    "text": lambda entry: entry.text,
    "url": lambda entry: entry.url,
    "published": lambda entry: entry.published,
    "license": lambda entry: entry.license,
}
"""The columns of articles that stand in no table."""
ADDED = {
    TAGS: pyarrow.list_(pyarrow.string()),
    CONFIDENCES: pyarrow.list_(pyarrow.float64()),
    ERROR: pyarrow.string(),
}


class ArticleColumns:
    """How an article with its tags is a row.

    Attributes:
        schema: Of the row.
        tags: What the column of the tags is called, as for the next two.
        confidences: See there.
        error: See there.
        unfit: Values that were left out, since they are not of their column's type.
    """

    def __init__(self, own: pyarrow.Schema | None) -> None:
        """Takes the columns that the source has; None where its articles stand in no table."""
        self._is_table = own is not None
        if own is None:
            own = pyarrow.schema([(name, pyarrow.string()) for name in ARTICLE])
        names = [free_name(name, own.names) for name in ADDED]
        self.tags, self.confidences, self.error = names
        added = zip(names, ADDED.values(), strict=True)
        fields = [field.with_nullable(True) for field in own]
        self.schema = pyarrow.schema([*fields, *(pyarrow.field(*each) for each in added)])
        self._as_json = {field.name for field in own if field.type == pyarrow.string()}
        self.unfit = 0

    def row(self, entry: Entry, tagged: RowTags) -> dict[str, Any]:
        """Returns the row of an article."""
        added = {
            self.tags: list(tagged.tags),
            self.confidences: list(tagged.confidences),
            self.error: tagged.problem or None,
        }
        return self._own(entry) | added

    def batch(self, rows: Sequence[Mapping[str, Any]]) -> pyarrow.RecordBatch:
        """Returns rows as Arrow has them."""
        arrays = []
        for field in self.schema:
            cells = [row.get(field.name) for row in rows]
            try:
                arrays.append(pyarrow.array(cells, field.type))
            except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
                arrays.append(pyarrow.array(list(self._fitting(cells, field.type)), field.type))
        return pyarrow.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _own(self, entry: Entry) -> dict[str, Any]:
        if not self._is_table:
            return {name: value(entry) for name, value in ARTICLE.items()}
        record = entry.record
        values = {str(name): value for name, value in record.values.items()}
        if isinstance(record.given, Mapping):  # bytes, which may be no text
            values |= record.given
        return {
            name: _as_text(value) if name in self._as_json else value
            for name, value in values.items()
        }

    def _fitting(self, cells: Sequence[Any], kind: pyarrow.DataType) -> Iterator[Any]:
        for cell in map(_readable, cells):
            try:
                pyarrow.array([cell], kind)
            except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
                self.unfit += 1
                cell = None
            yield cell


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _readable(value: Any) -> Any:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Mapping):
        return {name: _readable(inner) for name, inner in value.items()}
    return list(map(_readable, value)) if isinstance(value, list) else value


class ParquetFile:
    """One Parquet file that grows by row groups.

    Attributes:
        rows: So many there are.
        bytes: Of all values.
    """

    def __init__(self, path: Path, columns: ArticleColumns) -> None:
        self._columns = columns
        self._waiting: list[Mapping[str, Any]] = []
        self._characters = 0
        self._writer = pyarrow.parquet.ParquetWriter(path, columns.schema, compression="zstd")
        self.rows = self.bytes = 0

    def add(self, entry: Entry, tagged: RowTags) -> None:
        """Writes an article."""
        self._waiting.append(self._columns.row(entry, tagged))
        self._characters += len(entry.text)
        if len(self._waiting) == GROUP_ROWS or self._characters > GROUP_BYTES:
            self._write()

    def close(self) -> None:
        """Completes the file."""
        if self._waiting:
            self._write()
        self._writer.close()

    def _write(self) -> None:
        batch = self._columns.batch(self._waiting)
        self._writer.write_batch(batch, row_group_size=len(self._waiting))
        self.rows += batch.num_rows
        self.bytes += batch.nbytes
        self._waiting.clear()
        self._characters = 0
