"""Datasets of articles as they are published, for tests: rows in, ``data/*.parquet`` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "title", "text")),
        ("tags", pa.list_(pa.string())),
        *((name, pa.string()) for name in ("source", "url", "license", "published", "origin")),
    ]
)


def article(
    title: str | None, text: str | None, tags: list[str] | None, **more: Any
) -> dict[str, Any]:
    """Returns a row; what is not said of it is null."""
    blank: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    return blank | {"title": title, "text": text, "tags": tags, "origin": "source"} | more


def write_dataset(
    folder: Path, splits: Mapping[str, Sequence[dict[str, Any]]], row_group_size: int = 2
) -> Path:
    """Writes one file a split, in small row groups."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        table = pa.Table.from_pylist(list(rows), schema=SCHEMA)
        path = folder / "data" / f"{split}-00000-of-00001.parquet"
        pq.write_table(table, path, row_group_size=row_group_size)
    return folder
