"""Hub datasets as a source, read by the real client from the embedded Hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from training.hub import EmbeddedHub

WORDS = "These are enough words for an article of the given number, which is"

UPLOAD = f"""
import datasets, sys
rows = {{
    "headline": [f"Title {{n}}" for n in range(30)],
    "text": [f"{WORDS} {{n}} or {{n * n}}, " * 3 for n in range(30)],
    "topics": [[n % 2, 2] for n in range(30)],
}}
names = datasets.ClassLabel(names=["Food", "Travel", "Science"])
features = datasets.Features(
    headline=datasets.Value("string"), text=datasets.Value("string"), topics=datasets.List(names)
)
whole = datasets.Dataset.from_dict(rows, features=features)
splits = {{"train": range(20), "validation": range(20, 25), "test": range(25, 30)}}
datasets.DatasetDict(
    {{name: whole.select(list(part)) for name, part in splits.items()}}
).push_to_hub("demo/articles")
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("hub")
    with EmbeddedHub(folder / "hub") as hub:
        environment = {**os.environ, **hub.client_env(folder / "hf_home"), "OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, "-c", UPLOAD], env=environment, check=True)
        yield environment


def run(environment: dict[str, str], place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training.build_dataset", "--output_dir", "out", *words]
    return subprocess.run(command, env=environment, cwd=place, text=True, capture_output=True)


@pytest.mark.parametrize("streaming", [False, True])
def test_reads_splits_labels_and_commit(
    environment: dict[str, str], tmp_path: Path, streaming: bool
) -> None:
    words = ["--source", "demo/articles@main", *(["--streaming"] if streaming else [])]
    result = run(environment, tmp_path, *words)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "out" / "build_report.json").read_text())
    (source,) = report["sources"]
    repo_id, _, commit = source["location"].partition("@")
    assert (source["kind"], repo_id, len(commit)) == ("hub", "demo/articles", 40)
    assert (source["read"], source["kept"]) == (30, 30)
    assert report["splits"] == {"train": 20, "validation": 5, "test": 5}
    assert report["tags"]["distinct"] == 3


def test_limit_reads_no_further(environment: dict[str, str], tmp_path: Path) -> None:
    result = run(
        environment, tmp_path, "--source", "hub:demo/articles", "--streaming", "--limit", "12"
    )
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "out" / "build_report.json").read_text())
    assert report["sources"][0]["read"] == 12


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("demo/nothing", "demo/nothing: neither a file or folder here nor a dataset on the Hub"),
        ("demo/articles@v9", "demo/articles: the dataset has no revision 'v9'."),
    ],
)
def test_missing_dataset_and_revision(
    environment: dict[str, str], tmp_path: Path, source: str, message: str
) -> None:
    result = run(environment, tmp_path, "--source", source)
    assert result.returncode == 2
    assert message in result.stderr and "Traceback" not in result.stderr


def test_missing_column(environment: dict[str, str], tmp_path: Path) -> None:
    result = run(environment, tmp_path, "--source", "demo/articles", "--columns", "text=body")
    assert result.returncode == 2
    assert "there is no column 'body' for the text; the columns are 'headline'" in result.stderr


def test_hub_that_does_not_answer(environment: dict[str, str], tmp_path: Path) -> None:
    nowhere = environment | {"HF_ENDPOINT": "http://127.0.0.1:9"}
    result = run(nowhere, tmp_path, "--source", "demo/articles")
    assert result.returncode == 2
    assert "the Hub did not answer" in result.stderr and "Traceback" not in result.stderr
