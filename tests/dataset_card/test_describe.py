"""Counts of a dataset folder are those of its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from dataset_card.describe import describe, size_category, split_files
from tagloop.errors import UserError
from training.data.articles import FEATURES


def row(number: int, **changes: Any) -> dict[str, Any]:
    values = {
        "id": f"{number:064x}",
        "title": f"Title {number}",
        "text": " ".join(["word"] * number),
        "tags": ["Bread", f"tag{number}"],
        "source": "here",
        "url": None,
        "license": "CC0-1.0",
        "published": f"202{number}-01-01",
        "origin": "source",
    }
    return values | changes


def write(folder: Path, split: str, rows: list[dict[str, Any]], part: int = 0) -> None:
    path = folder / "data" / f"{split}-{part:05d}-of-00002.parquet"
    path.parent.mkdir(exist_ok=True)
    columns = {name: [row[name] for row in rows] for name in FEATURES}
    Dataset.from_dict(columns, features=FEATURES).to_parquet(path)


def test_counts(tmp_path: Path) -> None:
    write(tmp_path, "test", [row(5, license=None, tags=["bread", "One"])])
    write(tmp_path, "train", [row(1), row(2, origin="correction"), row(3, text="")])
    write(tmp_path, "train", [row(4, text="mail me@a.example now", published=None)], part=1)
    found = describe(tmp_path)
    assert found.splits == {"train": 4, "test": 1}
    assert found.articles == 5
    assert found.words == [1, 2, 0, 3, 5]
    assert found.median_words == 2  # of the texts that there are: 1, 2, 3, 5
    assert found.median_tags == 2
    assert found.vocabulary.counts["bread"] == 5
    assert found.single_use == 5
    assert found.sources == {("here", "CC0-1.0"): 4, ("here", None): 1}
    assert found.licenses == {"CC0-1.0": 4, None: 1}
    assert (found.corrections, found.titles_only, found.mail_addresses) == (1, 1, 1)
    assert found.published == ("2021-01-01", "2025-01-01")
    assert found.example["title"] == "Title 1"
    assert found.info.features == FEATURES
    assert [path.name for path in split_files(tmp_path)["train"]] == [
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]


def test_what_cannot_be_described_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no data/"):
        describe(tmp_path)
    write(tmp_path, "train", [])
    with pytest.raises(UserError, match="holds no article"):
        describe(tmp_path)
    (tmp_path / "data" / "test-00000-of-00001.parquet").write_bytes(b"no parquet")
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        describe(tmp_path)


@pytest.mark.parametrize(
    ("articles", "category"),
    [(1, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (123456, "100K<n<1M"), (10**6, "1M<n<10M")],
)
def test_size_category(articles: int, category: str) -> None:
    assert size_category(articles) == category
