"""What earlier versions published is taken as ours: named as they named it, and read as it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from training.cards.cards import write_model_card
from training.cards.changelog import latest_changes
from training.cards.repo_names import Names
from training.config import PublishConfig
from training.data.corpus import load_corpus
from training.publish.hub_files import (
    build_report,
    evaluation_report,
    merged_corrections,
    trained_on,
)
from training.publish.publish import Publication
from training.publish.retrained import retrained_model

FIGURE = {"value": 0.4, "low": 0.3, "high": 0.5}
CHANGE = {"value": 0.1, "low": 0.0, "high": 0.2, "chance_better": 0.9}
LOG: dict[str, Any] = {
    # Without "ranking", which came later.
    "schema": 1,
    "command": "python -m training.train",
    "base_model": "tagloop-base",
    "base_fingerprint": "x",
    "base_revision": None,
    "prompt_template": "{title}\n{text}",
    "hyperparameters": {"epochs": 1},
    "examples": {"train": 10},
    "log": [{"step": 1, "epoch": 1.0, "loss": 2.0}],
    "best": {"step": None, "metric": "f1@m", "value": None},
    "seconds": 5.0,
    "parameters": {"total": 1000},
    "device": "cpu",
    "precision": "fp32",
    "versions": {"python": "3.11"},
}
REPORT: dict[str, Any] = {
    # Without "threshold" and "calibration", which came later.
    "schema": 1,
    "command": "python -m training.evaluation",
    "split": "test",
    "articles": 3,
    "model": {"repo_id": "model", "revision": None},
    "engine": "ctranslate2",
    "systems": {name: {"f1@m": FIGURE} for name in ("before", "after", "most_frequent")},
    "paired": {"f1@m": {"difference": 0.1, "low": 0.0, "high": 0.2}},
    "examples": [],
    "bootstrap": {"samples": 1000, "confidence": 0.95, "seed": 20},
    "versions": {"torch": "2"},
}


def commit(repo_id: str, repo_type: str, files: dict[str, bytes | str]) -> str:
    """Makes a repository as an earlier version left it; returns its commit."""
    api = HfApi()
    sdk = "gradio" if repo_type == "space" else None
    api.create_repo(repo_id, repo_type=repo_type, space_sdk=sdk)
    operations = [
        CommitOperationAdd(name, content.encode() if isinstance(content, str) else content)
        for name, content in files.items()
    ]
    made = api.create_commit(repo_id, operations, commit_message="v1", repo_type=repo_type)
    api.create_tag(repo_id, tag="v1.0.0", repo_type=repo_type)
    return str(made.oid)


def old_dataset(repo_id: str, dataset: Path) -> str:
    """Publishes a dataset that a retrain has merged a correction into."""
    report = json.loads((dataset / "build_report.json").read_text())
    del report["tags"]["overrides"]  # came later
    row = {"corrections": ["c1"], "split": "train", "by": "reviewer", "tags": ["Rye"]}
    corrections = {
        "schema": 1,
        "repo_id": "me/blog-corrections",
        "revision": "c" * 40,
        "dataset": {"repo_id": repo_id, "revision": "d" * 40},
        "agreement": None,
        "counts": {"corrections": 1},
        "accepted": "x",
        "rows": {"a1": row},
        "frozen": [],
        "dropped": {},
        "removed": ["c0"],
    }
    files: dict[str, bytes | str] = {
        "build_report.json": json.dumps(report),
        "corrections.json": json.dumps(corrections),
    }
    for path in dataset.glob("data/*.parquet"):
        files[f"data/{path.name}"] = path.read_bytes()
    return commit(repo_id, "dataset", files)


def old_model(repo_id: str, dataset: dict[str, Any]) -> str:
    """Publishes a model that a retrain made."""
    values = {"before": FIGURE, "after": FIGURE, "difference": CHANGE}
    compared = {"articles": 3, "measures": {"f1@m": values}}
    entry = {
        "version": "v1.0.0",
        "date": "2026-01-01",
        "dataset": {"repo_id": dataset["repo_id"], "revision": "d" * 40, "version": "v1.0.0"},
        "corrections": {
            "repo_id": "me/blog-corrections",
            "revision": "c" * 40,
            "learned": 1,
            "held_out": 3,
            "withdrawn": 0,
        },
        "new_tags": ["Rye"],
        "compared": {"frozen_test": compared, "held_out": {"articles": 0, "measures": {}}},
        "decision": {"passed": True, "reasons": ["It is better."]},
    }
    tagging = {"schema": 1, "prompt_template": "{title}\n{text}", "dataset": dataset}
    return commit(
        repo_id,
        "model",
        {
            "tagging.json": json.dumps(TaggingSettings().to_json() | tagging),
            "config.json": json.dumps({"model_type": "bart"}),
            "training_log.json": json.dumps(LOG | {"dataset": dataset}),
            "report.json": json.dumps(REPORT | {"dataset": dataset}),
            "changelog.json": json.dumps({"schema": 1, "versions": [entry]}),
            "retrain_report.json": "{}",
        },
    )


@pytest.fixture
def config(hub_namespace: str) -> PublishConfig:
    return PublishConfig(namespace=hub_namespace, name=f"old{uuid4().hex[:8]}")


def test_a_space_of_the_old_layout_comes_to_the_new_one_in_one_commit(
    config: PublishConfig, tmp_path: Path
) -> None:
    api, name = HfApi(), f"{config.namespace}/{config.name}"
    commit(
        name,
        "space",
        {"app.py": "", "README.md": "---\nsdk: gradio\n---\n", "tagloop/app.py": "", "x.py": ""},
    )
    before = len(api.list_repo_commits(name, repo_type="space"))
    publication = Publication(config, tmp_path)
    publication._publish_space()
    files = set(api.list_repo_files(name, repo_type="space"))
    assert {"app.py", "README.md", "tagloop/web/app.py"} <= files
    assert not {"tagloop/app.py", "x.py"} & files
    assert len(api.list_repo_commits(name, repo_type="space")) == before + 1
    assert publication.outcome.repos["space"].version == "v1.1.0"
    Publication(config, tmp_path)._publish_space()
    assert len(api.list_repo_commits(name, repo_type="space")) == before + 1


def test_dataset_and_model_of_an_earlier_version_are_ours_and_are_read(
    config: PublishConfig, dataset: Path, tmp_path: Path
) -> None:
    api, stem = HfApi(), f"{config.namespace}/{config.name}"
    articles, model = f"{stem}-articles", f"{stem}-tagger"
    revision = old_dataset(articles, dataset)
    source = {"repo_id": articles, "revision": revision, "fingerprint": "x"}
    head = old_model(model, source)
    Publication(config, tmp_path)  # refuses what is not ours

    corpus = load_corpus(f"{articles}@{revision}")
    assert sum(map(len, corpus.splits.values())) == 19 and not corpus.overrides
    assert build_report(api, articles, revision)["splits"]["train"] == 12
    merged = merged_corrections(api, articles, revision)
    assert merged is not None and merged["rows"]["a1"]["tags"] == ["Rye"]
    assert trained_on(api, model, head) == source
    assert evaluation_report(api, model, head)["systems"]["after"]["f1@m"] == FIGURE
    found = retrained_model(api, model, corpus.source)
    assert found is not None and (found.revision, found.version) == (head, "v1.0.0")

    folder = tmp_path / "model"
    shutil.copytree(api.snapshot_download(model, revision=head), folder)
    assert "Learned from 1 corrected article" in latest_changes(folder)
    names = Names.of(config.namespace, config.name)
    card = write_model_card(folder, names, "v1.0.0", revision)
    assert f"{articles}@{revision[:10]}" in card and "Rye" in card


def test_a_space_of_somebody_else_is_not_ours(config: PublishConfig, tmp_path: Path) -> None:
    commit(f"{config.namespace}/{config.name}", "space", {"app.py": "print()"})
    with pytest.raises(UserError, match="was not made by Tagloop"):
        Publication(config, tmp_path)
