"""The dataset's Parquet files, read in small batches so that the texts never lie in memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path, PurePath

import pyarrow as pa
import pyarrow.parquet as pq

from tagloop.errors import UserError

SPLITS = ("train", "validation", "test")
REQUIRED = ("title", "text", "tags")
OPTIONAL = ("source", "url", "license", "published")
BATCH_ROWS = 256
READ_AHEAD_BYTES = 1 << 18
"""Pages are read through a buffer of this size, not a row group's whole column at once."""
_NAME = re.compile(r"\A(?P<split>\w++(?:\.\w++)*+)-\d{5}-of-\d{5}(?:-\w+)?")


@dataclass(frozen=True)
class ParquetFile:
    """One file.

    Attributes:
        path: Where it is.
        split: Of all its rows.
        groups: The number of rows of each row group.
        columns: Those of `REQUIRED` and `OPTIONAL` that it has.
    """

    path: Path
    split: str
    groups: tuple[int, ...]
    columns: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Number of articles."""
        return sum(self.groups)


def open_parts(files: Sequence[Path]) -> list[ParquetFile]:
    """Looks at each file's footer; training articles come first.

    Raises:
        UserError: A file is no Parquet file, or lacks the columns of a dataset of articles.
    """
    parts = []
    for path in files:
        with _reading(path) as file:
            schema = file.schema_arrow
            meta = file.metadata
            groups = tuple(meta.row_group(i).num_rows for i in range(meta.num_row_groups))
        _check_columns(path, schema)
        optional = [name for name in OPTIONAL if _is_single(schema, name, _reads_as_text)]
        parts.append(ParquetFile(path, split_of(path), groups, (*REQUIRED, *optional)))
    return sorted(parts, key=lambda part: reading_order(part.path))


def reading_order(path: PurePath) -> tuple[int, str, str]:
    """Returns a file's place among others: those of training come first."""
    split = split_of(path)
    place = SPLITS.index(split) if split in SPLITS else len(SPLITS)
    return place, split, path.name


def split_of(path: PurePath) -> str:
    """Returns the split that a file's name tells, as `datasets` reads it: ``train-00000-of-…``."""
    match = _NAME.fullmatch(path.stem)
    split = match["split"] if match else path.stem
    return split if match or split in SPLITS else "train"


def count_rows(path: Path) -> int:
    """Returns how many rows a file says that it has.

    Raises:
        UserError: It is no Parquet file.
    """
    with _reading(path) as file:
        rows: int = file.metadata.num_rows
        return rows


def read_batches(
    part: ParquetFile, columns: Sequence[str], groups: Sequence[int] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a file in order.

    Args:
        part: The file.
        columns: What to read; those that it lacks are left out.
        groups: Only these row groups.

    Raises:
        UserError: The file cannot be read.
    """
    present = [name for name in columns if name in part.columns]
    with _reading(part.path) as file:
        yield from file.iter_batches(
            BATCH_ROWS,
            row_groups=range(len(part.groups)) if groups is None else groups,
            columns=present,
            use_threads=False,
        )


def read_text(part: ParquetFile, row: int) -> str:
    """Reads the text of the row at this place of the file.

    Raises:
        UserError: The file cannot be read.
    """
    ends = list(accumulate(part.groups))
    group = next(place for place, end in enumerate(ends) if row < end)
    row -= ends[group] - part.groups[group]
    for batch in read_batches(part, ["text"], [group]):
        if row < batch.num_rows:
            return batch.column(0)[row].as_py() or ""
        row -= batch.num_rows
    raise UserError(f"{part.path.name} has fewer rows than it says.")


@contextmanager
def _reading(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=READ_AHEAD_BYTES) as file:
            yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path.name} cannot be read as Parquet ({type(error).__name__}): publish the dataset "
            "anew."
        ) from None


def _check_columns(path: Path, schema: pa.Schema) -> None:
    wanted = {"title": _is_text, "text": _is_text, "tags": _is_list_of_text}
    wrong = [name for name, fits in wanted.items() if not _is_single(schema, name, fits)]
    if wrong:
        raise UserError(
            f"{path.name} is not a dataset of tagged articles: it needs the columns title and "
            f"text (strings) and tags (a list of strings), and {' and '.join(wrong)} "
            f"{'are' if len(wrong) > 1 else 'is'} missing or of another type."
        )


def _is_single(schema: pa.Schema, name: str, fits: Callable[[pa.DataType], bool]) -> bool:
    return len(schema.get_all_field_indices(name)) == 1 and fits(schema.field(name).type)


def _reads_as_text(kind: pa.DataType) -> bool:
    return _is_text(kind) or pa.types.is_timestamp(kind) or pa.types.is_date(kind)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_list_of_text(kind: pa.DataType) -> bool:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return is_list and _is_text(kind.value_type)
