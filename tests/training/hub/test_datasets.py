"""The unmodified `datasets` library: push, load, stream."""

from __future__ import annotations

import datasets
import pytest
from huggingface_hub import HfApi

ROWS = {"title": ["a", "b", "c"], "tags": [["x"], ["x", "y"], []]}


@pytest.fixture(scope="module")
def pushed(hub: object) -> str:
    repo = "demo/pushed"
    parts = {"train": datasets.Dataset.from_dict(ROWS), "test": datasets.Dataset.from_dict(ROWS)}
    datasets.DatasetDict(parts).push_to_hub(repo, private=True)
    return repo


def test_push_and_load(pushed: str) -> None:
    loaded = datasets.load_dataset(pushed)
    assert {split: part.num_rows for split, part in loaded.items()} == {"train": 3, "test": 3}
    assert loaded["train"].to_dict() == ROWS
    card = HfApi().dataset_info(pushed).card_data
    assert card is not None
    assert card["dataset_info"]["splits"][0]["num_examples"] == 3


def test_streaming(pushed: str) -> None:
    streamed = datasets.load_dataset(pushed, split="train", streaming=True)
    assert [row["title"] for row in streamed] == ["a", "b", "c"]


def test_a_second_push_and_an_older_revision(pushed: str) -> None:
    before = HfApi().dataset_info(pushed).sha
    datasets.Dataset.from_dict({"title": ["new"], "tags": [["z"]]}).push_to_hub(
        pushed, split="train"
    )
    assert datasets.load_dataset(pushed, split="train")["title"] == ["new"]
    assert datasets.load_dataset(pushed, split="train", revision=before).num_rows == 3
    assert datasets.load_dataset(pushed, split="test").num_rows == 3


def test_files_without_a_card(api: HfApi) -> None:
    repo = api.create_repo("rows", repo_type="dataset").repo_id
    for number in range(3):
        api.upload_file(
            path_or_fileobj=b'{"id": %d}\n' % number,
            path_in_repo=f"data/2026-01-0{number + 1}/{number}.jsonl",
            repo_id=repo,
            repo_type="dataset",
        )
    assert sorted(datasets.load_dataset(repo, split="train")["id"]) == [0, 1, 2]
