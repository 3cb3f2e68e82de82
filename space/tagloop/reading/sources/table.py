"""Tables: CSV, TSV, JSON Lines, JSON and Parquet files, compressed or not."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import itertools
import json
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow
import pyarrow.parquet
from ftfy.fixes import fix_surrogates

from tagloop.errors import UserError
from tagloop.reading.columns import Columns
from training.data.sources.source import Row, Source

COMPRESSIONS: dict[str, Callable[..., Any]] = {
    ".xz": lzma.open,
    ".gz": gzip.open,
    ".bz2": bz2.open,
}
PEEKED_ROWS = 100
"""JSON rows may leave out columns, so this many are looked at to learn the column names."""


class _Record(NamedTuple):
    place: str
    values: Mapping[str, Any]


def table_suffix(path: Path) -> str:
    """Returns the suffix that tells the format, ``.jsonl`` for ``articles.jsonl.xz``."""
    inner = path.with_suffix("") if path.suffix.lower() in COMPRESSIONS else path
    return inner.suffix.lower()


def open_table(path: Path, given: Mapping[str, str], *, needed: tuple[str, ...]) -> Source:
    """Opens a table.

    Args:
        path: The file; its suffixes tell format and compression.
        given: Column of the dataset to column of the file, where the names do not say it.
        needed: Columns of the dataset that the file must have.

    Raises:
        UserError: The format is not known, the file is broken, or a column is missing.
    """
    read = FORMATS.get(table_suffix(path))
    if read is None:
        raise UserError(
            f"{path.name}: unknown kind of table; known are {', '.join(FORMATS)}, "
            f"each also with {', '.join(COMPRESSIONS)}."
        )
    try:
        raw = path.open("rb")
    except OSError as error:
        raise UserError(f"{path.name}: the file cannot be read ({error.strerror}).") from error
    try:
        records = read(path, raw)
        first = list(itertools.islice(records, PEEKED_ROWS))
        seen = list(dict.fromkeys(name for record in first for name in record.values))
        if not first:
            raise UserError(f"{path.name}: the table has no rows.")
        columns = Columns.choose(seen, given, path.name, needed)
    except UserError:
        raw.close()
        raise
    rows = _rows(path, raw, itertools.chain(first, records), columns)
    name = fix_surrogates(path.name)
    if table_suffix(path) == ".parquet":
        # It is not read from front to back, so its bytes do not say how far the reading is.
        return Source("table", name, rows, "row", None)
    return Source("table", name, rows, "B", path.stat().st_size)


def _rows(
    path: Path, raw: IO[bytes], records: Iterator[_Record], columns: Columns
) -> Iterator[Row]:
    in_rows = table_suffix(path) == ".parquet"
    try:
        for number, (place, values) in enumerate(records, 1):
            where = f"{path.name}:{place}"
            # The reader closes the file at its end.
            position = number if in_rows else path.stat().st_size if raw.closed else raw.tell()
            yield Row(where, position, columns.fields(values, where))
    finally:
        raw.close()


def utf8_lines(path: Path, name: str, raw: IO[bytes] | None = None) -> Iterator[str]:
    """Reads the lines of a UTF-8 file, unpacking it, each with its line end.

    Raises:
        UserError: The file cannot be read, is not UTF-8 (with line and byte), or is cut off.
    """
    position = 0
    for number, line in enumerate(_packed_lines(path, name, raw), 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            start = position + error.start
            raise UserError(
                f"{name}, line {number}: not UTF-8 at byte {start} "
                f"(0x{error.object[error.start]:02x}); save the file as UTF-8."
            ) from error
        position += len(line)
        yield text


def _packed_lines(path: Path, name: str, raw: IO[bytes] | None) -> Iterator[bytes]:
    unpack = COMPRESSIONS.get(path.suffix.lower())
    try:
        stream = raw or path.open("rb")
        with stream, unpack(stream) if unpack else stream as lines:
            yield from lines
    except (lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        kind = f"a complete {path.suffix} file" if unpack else "readable"
        raise UserError(f"{name}: the file is not {kind} ({error}).") from error


def _read_csv(path: Path, raw: IO[bytes]) -> Iterator[_Record]:
    csv.field_size_limit(2**31 - 1)  # what a C long holds everywhere
    lines = utf8_lines(path, path.name, raw)
    head = next(lines, "")
    # Spreadsheets of many countries write semicolons.
    delimiter = "\t" if table_suffix(path) == ".tsv" else max(",;\t", key=head.count)
    reader = csv.reader(itertools.chain([head], lines), delimiter=delimiter, strict=True)
    start = 1
    try:
        names = next(reader, [])
        if len(set(names)) < len(names):
            raise UserError(f"{path.name}, line 1: two columns have the same name.")
        start = reader.line_num + 1
        for cells in reader:
            if cells and len(cells) != len(names):
                raise UserError(
                    f"{path.name}, line {start}: {len(cells)} columns where the first line names "
                    f"{len(names)}; a text with '{delimiter}' in it needs quotes."
                )
            if cells:
                yield _Record(str(start), dict(zip(names, cells, strict=True)))
            start = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path.name}, line {start}: broken CSV ({error}).") from error


def _read_json_lines(path: Path, raw: IO[bytes]) -> Iterator[_Record]:
    for number, line in enumerate(utf8_lines(path, path.name, raw), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            column = f", column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            raise UserError(
                f"{path.name}, line {number}{column}: broken JSON ({_short(error)})."
            ) from error
        yield _Record(str(number), _object(values, f"{path.name}, line {number}"))


def _read_json(path: Path, raw: IO[bytes]) -> Iterator[_Record]:
    lines = utf8_lines(path, path.name, raw)
    head = next((line for line in lines if line.strip()), "")
    try:
        items = json.loads(head + "".join(lines))
    except (ValueError, RecursionError) as error:
        hint = " (one object a line? then name it .jsonl)" if head.startswith("{") else ""
        place = ""
        if isinstance(error, json.JSONDecodeError):
            place = f", line {error.lineno}, column {error.colno}"
        raise UserError(f"{path.name}{place}: broken JSON ({_short(error)}){hint}.") from error
    if not isinstance(items, list):
        raise UserError(f"{path.name}: expected a list of objects, found {_type(items)}.")
    for number, item in enumerate(items, 1):
        yield _Record(f"item {number}", _object(item, f"{path.name}, item {number}"))


def _read_parquet(path: Path, raw: IO[bytes]) -> Iterator[_Record]:
    source: IO[bytes] = raw
    if path.suffix.lower() in COMPRESSIONS:
        # Parquet is read from its end, which a compressed stream has not.
        source = io.BytesIO(b"".join(_packed_lines(path, path.name, raw)))
    number = 0
    try:
        for batch in pyarrow.parquet.ParquetFile(source).iter_batches(batch_size=1000):
            for values in batch.to_pylist():
                number += 1
                yield _Record(f"row {number}", values)
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path.name}: not a readable Parquet file ({reason}).") from error


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UserError(
            f'{where}: expected an object such as {{"title": …}}, found {_type(value)}.'
        )
    return value


def _type(value: Any) -> str:
    names: dict[type, str] = {dict: "an object", list: "a list", str: "a text"}
    return names.get(type(value), f"a {type(value).__name__}")


def _short(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    # A number of thousands of digits: what else Python says of it is for programmers.
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error).split(";")[0]


FORMATS: dict[str, Callable[[Path, IO[bytes]], Iterator[_Record]]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json,
    ".parquet": _read_parquet,
}
"""How each kind of table is read."""
