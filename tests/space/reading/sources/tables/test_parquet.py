"""Parquet and Arrow files: values as Python has them; a broken part stops no other."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pytest

from tagloop.reading.record import Limits
from tagloop.reading.sources import open_path
from tagloop.reading.sources.tables import TableSource

Open = Callable[..., TableSource]
Refused = Callable[[Callable[[], object]], str]
ROWS: list[dict[str, Any]] = [
    {"title": f"Pier {number}", "text": "One.\n\nTwo.", "tags": ["Boats", "Piers"], "n": number}
    for number in range(6)
]


def parquet(rows: list[dict[str, Any]] | pyarrow.Table, **options: Any) -> bytes:
    target = io.BytesIO()
    table = rows if isinstance(rows, pyarrow.Table) else pyarrow.Table.from_pylist(rows)
    pyarrow.parquet.write_table(table, target, **options)
    return target.getvalue()


def feather() -> bytes:
    target = io.BytesIO()
    pyarrow.feather.write_feather(pyarrow.Table.from_pylist(ROWS), target)
    return target.getvalue()


def stream() -> bytes:
    table = pyarrow.Table.from_pylist(ROWS)
    target = io.BytesIO()
    with pyarrow.ipc.new_stream(target, table.schema) as writer:
        writer.write_table(table)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (parquet(ROWS), "a.parquet"),
        (parquet(ROWS), "a.csv"),
        (gzip.compress(parquet(ROWS)), "a.parquet.gz"),
        (feather(), "a.feather"),
        (stream(), "a.arrow"),
    ],
)
def test_values_and_places(table: Open, content: bytes, name: str) -> None:
    source = table(content, name)
    records = list(source.records)
    assert [record.values for record in records] == ROWS
    assert records[5].where == f"{name}:row 6"
    assert (source.columns, source.total, source.unit) == ([*ROWS[0]], 6, "row")


def test_values_that_python_has_not(table: Open) -> None:
    columns = {
        "text": pyarrow.array([b"One", b"caf\xe9", None]),
        "date": pyarrow.array([10**18 + 1, 0, None], pyarrow.timestamp("ns")),
        "far": pyarrow.array([10**17, 0, None], pyarrow.timestamp("ms")),
        "__index_level_0__": [1, 2, 3],
    }
    records = list(table(parquet(pyarrow.table(columns)), "a.parquet").records)
    assert [dict(record.values) for record in records] == [
        {"text": "One", "date": datetime(2001, 9, 9, 1, 46, 40), "far": None},
        {"text": "caf\ufffd", "date": datetime(1970, 1, 1), "far": datetime(1970, 1, 1)},
        {"text": None, "date": None, "far": None},
    ]


def test_a_broken_part_stops_no_other(table: Open) -> None:
    content = bytearray(parquet(ROWS, row_group_size=2))
    content[8:60] = b"\xff" * 52
    first, *others = table(bytes(content), "a.parquet").records
    assert first.where == "a.parquet:row 1" and first.problem.startswith("rows 1 to 2 cannot be")
    assert [record.values for record in others] == ROWS[2:]


def test_what_leaves_nothing_to_read(table: Open, refused: Refused) -> None:
    says = "not a readable Parquet file"
    assert says in refused(lambda: table(b"text", "a.parquet"))
    assert says in refused(lambda: table(parquet(ROWS)[:-9], "a.parquet"))
    assert says in refused(lambda: table(b"PAR1" + b"x" * 99 + b"PAR1", "a.parquet"))
    assert "not a readable Arrow file" in refused(lambda: table(b"text", "a.arrow"))
    assert "no rows" in refused(lambda: table(parquet(pyarrow.table({"title": []})), "a.parquet"))


def test_a_visitors_file_has_bounds(table: Open, refused: Refused) -> None:
    limits = Limits(records=5, record_characters=1_000, columns=3, unpacked_bytes=50_000)
    content = parquet(ROWS)
    assert "more than 5 rows" in refused(lambda: table(content, "a.parquet", limits))
    content = parquet(ROWS[:5])
    assert "the limit is 3" in refused(lambda: table(content, "a.parquet", limits))
    content = parquet([{"text": "x" * 100_000}])
    assert "unpacks to more" in refused(lambda: table(content, "a.parquet", limits))
    content = gzip.compress(b"PAR1" + b"x" * 100_000)
    assert "unpacks to more" in refused(lambda: table(content, "a.parquet", limits))
    long, short = table(
        parquet([{"text": "x" * 1_001}, {"text": "y"}]), "a.parquet", limits
    ).records
    assert long.problem == "it has more than 1,000 characters" and short.values == {"text": "y"}


def test_a_folder_of_shards_is_one_table(tmp_path: Path) -> None:
    folder = tmp_path / "posts"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text("# Posts")
    for name, rows in {
        "train-00000-of-00002": ROWS[:2],
        "train-00001-of-00002": ROWS[2:3],
        "validation": ROWS[3:4],
        "test-00000-of-00001-abc123": ROWS[4:5],
        "broken": [],
    }.items():
        (folder / "data" / f"{name}.parquet").write_bytes(parquet(rows) if rows else b"PAR1")
    source = open_path(folder)
    found = {record.where: record for record in source.records}
    assert found["posts/data/train-00001-of-00002.parquet:row 1"].values == ROWS[2]
    splits = [record.fallbacks.get("split") for record in found.values() if not record.problem]
    assert splits == ["test", "train", "train", "train", "validation"]
    assert "not a readable" in found["posts/data/broken.parquet"].problem
    assert source.left_out == {".md": 1}
