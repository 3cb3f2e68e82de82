"""A newer model on the Hub takes the old one's place; one that does not load does not."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from tagloop.service.model_updates import ModelUpdates
from tagloop.tagger.tagger import Tagger

TEXT = "The bank answers at midnight, through a chatbot."


@pytest.fixture
def repo(model_dir: Path, hub_namespace: str, request: pytest.FixtureRequest) -> str:
    """Returns a model of the Hub that nothing else uses."""
    repo_id = f"{hub_namespace}/{request.node.name[:60].replace('_', '-')}"
    api = HfApi()
    api.create_repo(repo_id)
    api.upload_folder(repo_id=repo_id, folder_path=model_dir)
    return repo_id


def looking_at(repo: str) -> tuple[ModelUpdates, list[Tagger]]:
    taggers = [Tagger.from_pretrained(repo, threads=1)]
    return ModelUpdates(taggers[0], None, taggers.append, seconds=0), taggers


def test_a_newer_commit_is_served_and_an_unchanged_one_is_not_loaded_again(repo: str) -> None:
    updates, taggers = looking_at(repo)
    assert not updates.look() and len(taggers) == 1
    commit = HfApi().upload_file(
        repo_id=repo, path_in_repo="report.json", path_or_fileobj=b'{"articles": 3}'
    )
    assert updates.look() and not updates.look()
    assert taggers[-1].model_revision == commit.oid != taggers[0].model_revision
    # A request that began with the old one ends with it.
    assert taggers[0].tag(TEXT) == taggers[-1].tag(TEXT)


def test_what_does_not_load_is_said_once_and_mended_by_the_next(
    repo: str, model_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    updates, taggers = looking_at(repo)
    api = HfApi()
    bad = api.upload_file(repo_id=repo, path_in_repo="tagging.json", path_or_fileobj=b"no settings")
    assert not updates.look() and not updates.look()
    assert len(taggers) == 1 and taggers[0].tag(TEXT)
    [warning] = [record.getMessage() for record in caplog.records if "load" in record.getMessage()]
    assert bad.oid[:7] in warning and taggers[0].model_revision[:7] in warning  # type: ignore[index]
    api.upload_file(
        repo_id=repo,
        path_in_repo="tagging.json",
        path_or_fileobj=(model_dir / "tagging.json").read_bytes(),
    )
    assert updates.look() and len(taggers) == 2


def test_a_hub_that_does_not_answer_changes_nothing(
    repo: str, caplog: pytest.LogCaptureFixture
) -> None:
    updates, taggers = looking_at(repo)
    HfApi().delete_repo(repo)
    assert not updates.look() and not updates.look()
    told = [record.getMessage() for record in caplog.records if "newer" in record.getMessage()]
    assert len(told) == 1 and len(taggers) == 1


def test_folders_and_commits_are_not_watched(model_dir: Path, repo: str, tmp_path: Path) -> None:
    folder = shutil.copytree(model_dir, tmp_path / "model")
    before = threading.active_count()
    ModelUpdates(Tagger.from_pretrained(folder, threads=1), None, print, seconds=1).start()
    tagger = Tagger.from_pretrained(repo, threads=1)
    ModelUpdates(tagger, tagger.model_revision, print, seconds=1).start()
    ModelUpdates(tagger, None, print, seconds=0).start()
    assert threading.active_count() == before
