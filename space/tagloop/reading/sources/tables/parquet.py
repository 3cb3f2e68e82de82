"""Parquet and Arrow files, and folders of their shards as a Hub has them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pyarrow
import pyarrow.ipc
import pyarrow.parquet

from tagloop.errors import UserError
from tagloop.reading.record import Limits, Record
from tagloop.reading.sources.files import InputFile, Tree
from tagloop.reading.sources.tables import TableSource
from tagloop.reading.sources.tables.bounds import check_columns, check_count

HEAD = re.compile(rb"\APAR1")
SHARD = re.compile(r"\.(?:parquet|arrow)\Z", re.IGNORECASE)
_DAMAGE = (pyarrow.ArrowException, OSError, ValueError, OverflowError)
"""What pyarrow raises for bytes that are not what they say, and for dates beyond Python's."""
_BATCH_ROWS = 1000
_INDEX = re.compile(r"\A__index_level_\d++__\Z")
"""A column that pandas adds."""
_SPLIT = re.compile(
    r"(?:\A|/)(?:(?P<train>train)|(?P<validation>validation|valid|val|dev)|(?P<test>test))"
    r"(?:[-_.]\d++)?(?:-of-\d++)?(?:-[^/.]*+)?"
    r"(?:/[^/.]++)?\.(?:parquet|arrow)\Z",
    re.IGNORECASE,
)


def read_parquet(file: InputFile, limits: Limits) -> TableSource:
    """Opens a Parquet file.

    Raises:
        UserError: It is none, or larger than may be.
    """
    try:
        table = pyarrow.parquet.ParquetFile(_seekable(file, limits))
        metadata = table.metadata
        schema = table.schema_arrow
        sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        unpacked = sum(
            metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)
        )
    except _DAMAGE as error:
        raise _unreadable(file.name, "Parquet", error) from error
    check_count(file.name, metadata.num_rows, "rows", limits)
    _check_bytes(file.name, unpacked, limits)

    def batches(group: int) -> Iterator[pyarrow.RecordBatch]:
        yield from table.iter_batches(_batch_rows(limits), row_groups=[group])

    return _source(file.name, schema, sizes, batches, limits)


def read_arrow(file: InputFile, limits: Limits) -> TableSource:
    """Opens an Arrow file, as Feather or `datasets` writes it.

    Raises:
        UserError: It is none, or larger than may be.
    """
    data = _seekable(file, limits)
    try:
        try:
            table = pyarrow.ipc.open_file(data).read_all()
        except pyarrow.ArrowInvalid:  # `datasets` writes the format for streams
            table = pyarrow.ipc.open_stream(_seekable(file, limits)).read_all()
    except _DAMAGE as error:
        raise _unreadable(file.name, "Arrow", error) from error
    check_count(file.name, table.num_rows, "rows", limits)
    _check_bytes(file.name, table.nbytes, limits)

    def batches(group: int) -> Iterator[pyarrow.RecordBatch]:
        yield from table.to_batches(_batch_rows(limits))

    return _source(file.name, table.schema, [table.num_rows], batches, limits)


def read_shards(tree: Tree, limits: Limits) -> TableSource:
    """Opens a folder of Parquet and Arrow files as one table; their names tell the splits.

    Raises:
        UserError: None of them can be read.
    """
    paths = [path for path in tree.paths() if SHARD.search(str(path))]
    first = _first_shard(tree, paths, limits)
    source = TableSource("table", tree.name, iter(()), first.columns, schema=first.schema)
    source.left_out.update(
        path.suffix.lower() or "files without an ending"
        for path in tree.paths()
        if not SHARD.search(str(path))
    )

    def records() -> Iterator[Record]:
        for path in paths:
            try:
                yield from in_split(_shard(tree.file(path), limits).records, split_of(str(path)))
            except UserError as error:
                yield Record(f"{tree.name}/{path}", {}, problem=str(error))

    source.records = records()
    return source


def _first_shard(tree: Tree, paths: Sequence[PurePosixPath], limits: Limits) -> TableSource:
    """Returns the first shard that can be read, whose columns hold for all."""
    for path in paths[:-1]:
        try:
            return _shard(tree.file(path), limits)
        except UserError:
            continue  # its record says so
    return _shard(tree.file(paths[-1]), limits)


def _shard(file: InputFile, limits: Limits) -> TableSource:
    return (read_arrow if file.ending == ".arrow" else read_parquet)(file, limits)


def split_of(path: str) -> str:
    """Returns the split that the name of a shard tells; empty where it tells none."""
    found = _SPLIT.search(path)
    return (found and found.lastgroup) or ""


def in_split(records: Iterator[Record], split: str) -> Iterator[Record]:
    """Yields the records of a shard with the split of all of them."""
    for record in records:
        yield replace(record, fallbacks={"split": split} if split else {})


def _seekable(file: InputFile, limits: Limits) -> Any:
    """Returns what pyarrow reads from the end: the file itself, or its unpacked bytes.

    Raises:
        UserError: It cannot be read, or unpacks to more than may be.
    """
    if file.opener is None and file.head()[:4] in (b"PAR1", b"ARRO"):
        with file.path.open("rb") as raw:
            if raw.read(4) == file.head()[:4]:
                return pyarrow.memory_map(str(file.path))
    with file.open() as stream:
        most = limits.unpacked_bytes
        data = stream.read() if most is None else stream.read(most + 1)
    _check_bytes(file.name, len(data), limits)
    return io.BytesIO(data)


def _check_bytes(name: str, size: int, limits: Limits) -> None:
    if limits.unpacked_bytes is not None and size > limits.unpacked_bytes:
        raise UserError(
            f"{name} unpacks to more than {limits.unpacked_bytes / 1e6:,.0f} MB: split it and give "
            "one part after the other."
        )


def _batch_rows(limits: Limits) -> int:
    # A dictionary of values may make each row of a small file large.
    return _BATCH_ROWS if limits.record_characters is None else 1


def _unreadable(name: str, kind: str, error: Exception) -> UserError:
    return UserError(f"{name} is not a readable {kind} file ({_reason(error)}).")


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".")


def _source(
    name: str,
    schema: pyarrow.Schema,
    sizes: Sequence[int],
    batches: Callable[[int], Iterator[pyarrow.RecordBatch]],
    limits: Limits,
) -> TableSource:
    columns = [column for column in schema.names if not _INDEX.match(column)]
    check_columns(name, len(columns), limits)
    records = _records(name, columns, sizes, batches, limits)
    return TableSource(
        "table", name, records, columns, total=sum(sizes), header=columns, schema=schema
    )


def _records(
    name: str,
    columns: Sequence[str],
    sizes: Sequence[int],
    batches: Callable[[int], Iterator[pyarrow.RecordBatch]],
    limits: Limits,
) -> Iterator[Record]:
    begin = 0
    for group, size in enumerate(sizes):
        number = begin
        try:
            for batch in batches(group):
                for values, given in _rows(batch.select(columns)):
                    number += 1
                    yield _record(f"{name}:row {number}", values, given, limits)
        except _DAMAGE as error:
            yield Record(
                f"{name}:row {number + 1}",
                {},
                problem=f"rows {number + 1:,} to {begin + size:,} cannot be read "
                f"({_reason(error)})",
            )
        begin += size
    if not begin:
        raise UserError(f"{name} has no rows in it: give a file with at least one.")


def _record(
    where: str, values: Mapping[str, Any], given: Mapping[str, Any] | None, limits: Limits
) -> Record:
    most = limits.record_characters
    if (
        most is not None
        and sum(len(value) for value in values.values() if isinstance(value, str | bytes)) > most
    ):
        return Record(where, {}, problem=f"it has more than {most:,} characters", given=given)
    return Record(where, values, given=given)


def _rows(
    batch: pyarrow.RecordBatch,
) -> Iterator[tuple[dict[str, Any], dict[str, bytes | None] | None]]:
    """Yields the rows with values of Python, and of those with bytes what these are.

    One that Python has no value for is None. Bytes may be a text, or no text at all.
    """
    names = batch.schema.names
    values = {name: _values(_readable(batch.column(at))) for at, name in enumerate(names)}
    raw = {name: values[name] for name in names if _is_binary(batch.schema.field(name).type)}
    values |= {name: list(map(_decoded, cells)) for name, cells in raw.items()}
    for place in range(batch.num_rows):
        row = {name: cells[place] for name, cells in values.items()}
        yield row, {name: cells[place] for name, cells in raw.items()} or None


def _readable(column: pyarrow.Array) -> pyarrow.Array:
    """Returns a column without what Python's datetime cannot hold: nanoseconds."""
    kind = column.type
    if pyarrow.types.is_timestamp(kind) and kind.unit == "ns":
        return column.cast(pyarrow.timestamp("us", kind.tz), safe=False)
    return column


def _values(column: pyarrow.Array) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError, pyarrow.ArrowException):
        return [_value(cell) for cell in column]


def _is_binary(kind: pyarrow.DataType) -> bool:
    return bool(pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind))


def _decoded(value: bytes | None) -> str | None:
    """Returns the text of bytes: programs that know no texts write them so."""
    return None if value is None else value.decode("utf-8", "replace")


def _value(cell: pyarrow.Scalar) -> Any:
    try:
        return cell.as_py()
    except (ValueError, OverflowError, pyarrow.ArrowException):
        return None
