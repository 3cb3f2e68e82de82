"""Articles with their tags as Parquet, a row group at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from tagloop.batch.rows import CONFIDENCES, ERROR, TAGS, RowTags, free_name
from tagloop.errors import UserError
from tagloop.limits import readable
from tagloop.reading.record import Entry
from tagloop.reading.sources.tables import TableSource
from training.tag.articles import Articles

GROUP_ROWS = 1_000
GROUP_BYTES = 64_000_000
"""Of texts in a row group, whichever is reached first."""
MAX_COLUMNS = 1_000
_JSON = pyarrow.string()
"""Of a column whose values have no type in common: each is written as JSON."""
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


class ColumnTypes:
    """The types of a table's columns, by all of its values, where it states none."""

    def __init__(self) -> None:
        self._types: dict[str, pyarrow.DataType | None] = {}
        self._rows: list[Mapping[str, Any]] = []

    def see(self, values: Mapping[str, Any]) -> None:
        """Takes a row into account.

        Raises:
            UserError: There are too many columns for a table.
        """
        self._rows.append(values)
        if len(self._rows) == GROUP_ROWS:
            self._take()

    def schema(self) -> pyarrow.Schema:
        """Returns the columns; one that has no value, or values of no common type, is text."""
        self._take()
        return pyarrow.schema(
            [
                (name, _JSON if kind is None or not _writable(kind) else kind)
                for name, kind in self._types.items()
            ]
        )

    def _take(self) -> None:
        names = dict.fromkeys(str(name) for row in self._rows for name in row)
        if len(names | self._types) > MAX_COLUMNS:
            raise UserError(
                f"The articles have more than {MAX_COLUMNS:,} different keys, too many for the "
                "columns of a table: write them in their own format."
            )
        for name in names:
            before = self._types.get(name, pyarrow.null())
            if before is not None:
                self._types[name] = _common(before, [row.get(name) for row in self._rows])
        self._rows.clear()


def _common(before: pyarrow.DataType, values: Sequence[Any]) -> pyarrow.DataType | None:
    try:
        both = (before, pyarrow.array(values).type)
        schemas = [pyarrow.schema([("x", kind)]) for kind in both]
        return pyarrow.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pyarrow.ArrowException, OverflowError, ValueError, TypeError):
        return None


def _writable(kind: pyarrow.DataType) -> bool:
    """Tells whether Parquet has the type: nothing without a type in it, no object without keys."""
    if pyarrow.types.is_null(kind):
        return False
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return all(map(_writable, inner)) and not (pyarrow.types.is_struct(kind) and not inner)


class ArticleColumns:
    """How an article with its tags is a row.

    Attributes:
        schema: Of the row.
        tags: What the column of the tags is called, as for the next two.
        confidences: See there.
        error: See there.
        unfit: Values that were left out, since they are not of their column's type.
    """

    def __init__(self, articles: Articles, types: ColumnTypes) -> None:
        self._is_table = isinstance(articles.source, TableSource)
        if not self._is_table:
            own = pyarrow.schema([(name, pyarrow.string()) for name in ARTICLE])
        elif articles.schema is None:
            own = types.schema()
        else:
            wanted = set(articles.source.columns or articles.schema.names)
            own = pyarrow.schema([field for field in articles.schema if field.name in wanted])
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
