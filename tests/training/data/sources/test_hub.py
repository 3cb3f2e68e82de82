"""Hub datasets as a source, read by the real client from the embedded Hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow
import pytest

from training.build_dataset import main
from training.data.sources import hub

WORDS = "These are enough words for an article of the given number, which is"


@pytest.fixture(scope="module")
def repo_id(hub_namespace: str) -> str:
    features = datasets.Features(
        headline=datasets.Value("string"),
        text=datasets.Value("string"),
        topics=datasets.List(datasets.ClassLabel(names=["Food", "Travel", "Science"])),
    )
    rows = {
        "headline": [f"Title {number}" for number in range(30)],
        "text": [f"{WORDS} {number} or {number * number}, " * 3 for number in range(30)],
        "topics": [[number % 2, 2] for number in range(30)],
    }
    whole = datasets.Dataset.from_dict(rows, features=features)
    parts = {"train": range(20), "validation": range(20, 25), "test": range(25, 30)}
    splits = {name: whole.select(list(part)) for name, part in parts.items()}
    repo_id = f"{hub_namespace}/source-articles"
    datasets.DatasetDict(splits).push_to_hub(repo_id)
    return repo_id


def report_of(folder: Path, *words: str) -> dict[str, Any]:
    assert main(["--output_dir", str(folder / "out"), *words]) == 0
    report: dict[str, Any] = json.loads((folder / "out" / "build_report.json").read_text())
    return report


@pytest.mark.parametrize("streaming", [False, True])
def test_reads_splits_labels_and_commit(repo_id: str, tmp_path: Path, streaming: bool) -> None:
    words = ["--source", f"{repo_id}@main", *(["--streaming"] if streaming else [])]
    report = report_of(tmp_path, *words)
    (source,) = report["sources"]
    name, _, commit = source["location"].partition("@")
    assert (source["kind"], name, len(commit)) == ("hub", repo_id, 40)
    assert (source["read"], source["kept"]) == (30, 30)
    assert report["splits"] == {"train": 20, "validation": 5, "test": 5}
    data = datasets.load_dataset(str(tmp_path / "out"), split="test", keep_in_memory=True)
    assert data["title"] == [f"Title {number}" for number in range(25, 30)]
    assert data["tags"][:2] == [["Travel", "Science"], ["Food", "Science"]]


def test_limit(repo_id: str, tmp_path: Path) -> None:
    report = report_of(tmp_path, "--source", f"hub:{repo_id}", "--streaming", "--limit", "12")
    assert report["sources"][0]["read"] == 12


def test_an_earlier_build_on_the_hub_keeps_its_splits(
    hub_namespace: str, repo_id: str, tmp_path: Path
) -> None:
    report_of(tmp_path, "--source", repo_id)
    earlier = datasets.load_dataset(str(tmp_path / "out"), keep_in_memory=True)
    earlier.push_to_hub(f"{hub_namespace}/earlier-articles")
    (tmp_path / "a.jsonl").write_text(
        "".join(
            json.dumps({"title": row["title"], "text": row["text"], "tags": row["tags"]}) + "\n"
            for split in earlier.values()
            for row in split
        )
    )
    report = report_of(
        tmp_path, "--source", str(tmp_path / "a.jsonl"),
        "--previous", f"{hub_namespace}/earlier-articles",
    )  # fmt: skip
    assert report["splits"] == {"train": 20, "validation": 5, "test": 5}


def test_mistakes_are_one_sentence(
    repo_id: str, hub_namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = f"{hub_namespace}/nothing"
    for words, message in {
        (nothing,): f"{nothing}: neither a file or folder here nor a dataset on the Hub",
        (f"{repo_id}@v9",): f"{repo_id}: the dataset has no revision 'v9'.",
        (f"{repo_id}:other",): "cannot be read as a dataset (BuilderConfig 'other' not found",
        (repo_id, "--columns", "text=body"): "no column 'body' for the text; the columns are",
        ("a b",): "a b: there is no such file or folder",
        ("hub:a b",): "a b: expected a Hub dataset as owner/name",
    }.items():
        assert main(["--source", *words]) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("error: ") and message in error


def test_a_hub_that_does_not_answer(tmp_path: Path) -> None:
    nowhere = os.environ | {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"}
    result = subprocess.run(
        [sys.executable, "-m", "training.build_dataset", "--source", "demo/articles"],
        env=nowhere, cwd=tmp_path, text=True, capture_output=True,
    )  # fmt: skip
    assert result.returncode == 2
    assert "the Hub did not answer" in result.stderr and "Traceback" not in result.stderr


class _Broken:
    """A split whose third row cannot be decoded, as `datasets` shows it."""

    features = datasets.Features(
        title=datasets.Value("string"), tags=datasets.ClassLabel(names=["Food", "Travel"])
    )

    def __init__(self, numbers: range) -> None:
        self.numbers = numbers
        self.num_rows = len(numbers)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for number in self.numbers:
            if number == 2:
                raise pyarrow.ArrowInvalid("no such file: https://host/a?token=b")
            yield {"title": f"T{number}", "tags": number - 1 if number < 3 else None}

    def select(self, numbers: range) -> _Broken:
        return _Broken(self.numbers[numbers.start : numbers.stop])


def test_a_broken_row_is_a_problem_and_no_label_is_no_tag() -> None:
    records = list(hub._records({"train": _Broken(range(5))}, "me/blog@1"))
    assert [record.where for record in records] == [f"me/blog@1:train:{n}" for n in range(1, 6)]
    assert [record.values.get("tags") for record in records] == [None, "Food", None, None, None]
    assert [bool(record.problem) for record in records] == [False, False, True, False, False]
    assert "token" not in records[2].problem and records[0].fallbacks == {"split": "train"}


def test_columns_without_text_are_not_read() -> None:
    features = datasets.Features(text=datasets.Value("string"), cover=datasets.Image())
    split = datasets.Dataset.from_dict({"text": ["a"], "cover": [None]}, features=features)
    assert list(hub._without_media(split)) == [{"text": "a"}]
