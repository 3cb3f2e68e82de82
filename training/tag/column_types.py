"""The types of a table's columns: as it states them, or by all of its values."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow
import pyarrow.ipc

from tagloop.errors import UserError
from tagloop.reading.sources.tables import TableSource

TOGETHER = 1_000
"""Rows whose types are found at once."""
MAX_COLUMNS = 1_000
_JSON = pyarrow.string()
"""Of a column whose values have no type in common: each is written as JSON."""


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
        if len(self._rows) == TOGETHER:
            self._take()

    def add(self, schema: pyarrow.Schema) -> None:
        """Takes columns into account whose types are known.

        Raises:
            UserError: There are too many columns for a table.
        """
        for field in schema:
            self._join(field.name, field.type)
        self._check_number()

    def add_types(self, other: ColumnTypes) -> None:
        """Takes the types of more rows into account.

        Raises:
            UserError: There are too many columns for a table.
        """
        other._take()
        for name, kind in other._types.items():
            self._join(name, kind)
        self._check_number()

    def schema(self) -> pyarrow.Schema:
        """Returns the columns; one that has no value, or values of no common type, is text."""
        self._take()
        return pyarrow.schema(
            [
                (name, _JSON if kind is None or not _writable(kind) else kind)
                for name, kind in self._types.items()
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """Returns what `from_json` takes."""
        self._take()
        known = [(name, kind) for name, kind in self._types.items() if kind is not None]
        return {"names": list(self._types), "known": packed(pyarrow.schema(known))}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ColumnTypes:
        """Returns the types that `to_json` gave."""
        known = unpacked(content["known"])
        made = cls()
        for name in content["names"]:
            made._types[name] = known.field(name).type if name in known.names else None
        return made

    def _take(self) -> None:
        names = dict.fromkeys(str(name) for row in self._rows for name in row)
        for name in names:
            self._join(name, _type_of([row.get(name) for row in self._rows]))
        self._rows.clear()
        self._check_number()

    def _join(self, name: str, kind: pyarrow.DataType | None) -> None:
        before = self._types.get(name, pyarrow.null())
        self._types[name] = _common(before, kind)

    def _check_number(self) -> None:
        if len(self._types) > MAX_COLUMNS:
            raise UserError(
                f"The articles have more than {MAX_COLUMNS:,} different keys, too many for the "
                "columns of a table: write them in their own format."
            )


def packed(schema: pyarrow.Schema) -> str:
    """Returns a schema as text, for a file of JSON."""
    return base64.b64encode(schema.serialize()).decode()


def unpacked(text: str) -> pyarrow.Schema:
    """Returns the schema that ``packed`` gave."""
    return pyarrow.ipc.read_schema(pyarrow.py_buffer(base64.b64decode(text)))


def _type_of(values: Sequence[Any]) -> pyarrow.DataType | None:
    """Returns the type of values; None where they have none in common."""
    try:
        return pyarrow.array(values).type
    except (pyarrow.ArrowException, OverflowError, ValueError, TypeError):
        return None


def _common(
    one: pyarrow.DataType | None, other: pyarrow.DataType | None
) -> pyarrow.DataType | None:
    if one is None or other is None:
        return None
    schemas = [pyarrow.schema([("x", kind)]) for kind in (one, other)]
    try:
        return pyarrow.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pyarrow.ArrowException, OverflowError, ValueError, TypeError):
        return None


def _writable(kind: pyarrow.DataType) -> bool:
    """Tells whether Parquet has the type: nothing without a type in it, no object without keys."""
    if pyarrow.types.is_null(kind):
        return False
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return all(map(_writable, inner)) and not (pyarrow.types.is_struct(kind) and not inner)


def stated_columns(source: TableSource) -> pyarrow.Schema | None:
    """Returns the columns of a table with their types; None where it states none."""
    if source.schema is None:
        return None
    wanted = set(source.columns or source.schema.names)
    return pyarrow.schema([field for field in source.schema if field.name in wanted])
