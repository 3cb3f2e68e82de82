"""A repository against the real client and the embedded Hub."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, _commit_api
from huggingface_hub.errors import HfHubHTTPError

from tagloop.errors import UserError
from training.hub import EmbeddedHub
from training.publish.errors import clear_errors
from training.publish.repository import Repository


def folder_of(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def card(folder: Path) -> Callable[[str], object]:
    return lambda version: (folder / "README.md").write_text(f"# Version {version}\n")


def commits(api: HfApi, repo_id: str) -> int:
    return len(api.list_repo_commits(repo_id))


def repository(api: HfApi, name: str, marker: str = "marker.json") -> Repository:
    return Repository(api, name, "model", marker)


def test_push_makes_one_commit_then_none_then_one_with_the_next_version(
    hub_namespace: str, tmp_path: Path
) -> None:
    api, name = HfApi(), f"{hub_namespace}/pushed"
    target = repository(api, name)
    target.create(private=False)
    folder = folder_of(tmp_path, {"marker.json": "{}", "a/b.txt": "one", "c.txt": "two"})
    first = target.push(folder, card(folder), "first")
    count = commits(api, name)
    second = target.push(folder, card(folder), "second")
    assert (first.version, first.changed) == ("v1.0.0", True)
    assert (second.version, second.changed) == ("v1.0.0", False)
    assert second.revision == first.revision and commits(api, name) == count

    (folder / "a/b.txt").write_text("changed")
    (folder / "c.txt").unlink()
    third = target.push(folder, card(folder), "third")
    assert (third.version, third.changed) == ("v1.1.0", True)
    assert commits(api, name) == count + 1
    files = set(api.list_repo_files(name))
    assert {"a/b.txt", "marker.json", "README.md"} <= files and "c.txt" not in files
    text = Path(api.hf_hub_download(name, "README.md", revision="v1.1.0")).read_text()
    assert text == "# Version v1.1.0\n"
    tags = {tag.name: tag.target_commit for tag in api.list_repo_refs(name).tags}
    assert tags == {"v1.0.0": first.revision, "v1.1.0": third.revision}


def test_an_lfs_file_is_compared_by_its_digest(hub_namespace: str, tmp_path: Path) -> None:
    api = HfApi()
    target = repository(api, f"{hub_namespace}/large")
    target.create(private=True)
    folder = folder_of(tmp_path, {"marker.json": "{}"})
    (folder / "model.safetensors").write_bytes(b"a" * 3_000_000)
    assert target.push(folder, card(folder), "first").changed
    assert not target.push(folder, card(folder), "again").changed
    # The same size: only the digest tells.
    (folder / "model.safetensors").write_bytes(b"b" * 3_000_000)
    assert target.push(folder, card(folder), "other bytes").version == "v1.1.0"
    assert api.repo_info(target.repo_id).private


def test_a_push_that_broke_before_its_tag_is_completed(
    hub_namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = repository(HfApi(), f"{hub_namespace}/half")
    target.create(private=False)
    folder = folder_of(tmp_path, {"marker.json": "{}"})
    with monkeypatch.context() as patch:
        patch.setattr(Repository, "_tag", lambda *arguments: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            target.push(folder, card(folder), "first")
    assert target.latest_version() is None
    published = target.push(folder, card(folder), "again")
    assert (published.version, published.changed) == ("v1.0.0", False)
    assert target.latest_version() == (1, 0, 0)


def test_a_foreign_repository_is_not_overwritten(hub_namespace: str) -> None:
    api, name = HfApi(), f"{hub_namespace}/foreign"
    api.create_repo(name)
    repository(api, name).check_name()  # empty: may be ours
    api.upload_file(path_or_fileobj=b"x", path_in_repo="weights.bin", repo_id=name)
    with pytest.raises(UserError, match=r"taken.*made by Tagloop.*choose another NAME"):
        repository(api, name).check_name()
    repository(api, name, marker="weights.bin").check_name()


def test_another_namespace_is_refused_in_one_sentence(hub: EmbeddedHub) -> None:
    hub.accounts.token_of("somebody")
    with pytest.raises(UserError, match="may not write to somebody/model"):
        repository(HfApi(), "somebody/model").create(private=False)


@pytest.mark.parametrize("name", ["has blank/x", "a//b", "x" * 200 + "/y"])
def test_an_impossible_name_is_refused(hub: EmbeddedHub, name: str) -> None:
    with pytest.raises(UserError):
        repository(HfApi(), name).create(private=False)


def refusal(status: int, message: str) -> HfHubHTTPError:
    response = httpx2.Response(status, request=httpx2.Request("POST", "http://x/?token=secret"))
    url = "Client error for url http://x/?token=secret"
    return HfHubHTTPError(url, response=response, server_message=message)


@pytest.mark.parametrize(
    ("status", "space", "message", "expected"),
    [
        (401, False, "", "no valid token"),
        (402, True, "Gradio Spaces require a PRO subscription", "make space MODEL="),
        (403, True, "You need a paid plan", "make space MODEL="),
        (403, True, "not a member of this organization", "may not write"),
        (403, False, "read-only token", "may not write"),
        (404, False, "gone", "was not found"),
        (500, False, "boom", "status 500"),
    ],
)
def test_every_refusal_is_a_sentence_without_the_address(
    status: int, space: bool, message: str, expected: str
) -> None:
    with pytest.raises(UserError, match=expected) as caught, clear_errors("me/x", space=space):
        raise refusal(status, message)
    assert "secret" not in str(caught.value) and "http://" not in str(caught.value)


def test_a_hub_that_is_away_is_said_so() -> None:
    with pytest.raises(UserError, match="does not answer"), clear_errors("me/x"):
        raise httpx2.ConnectError("refused")


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), clear_errors("me/x"):
        raise KeyError("a bug")


KILLED_PUSH = """
import os, signal, sys, threading
from pathlib import Path
from huggingface_hub import HfApi, _commit_api
from training.publish.repository import Repository

first, upload = threading.Lock(), _commit_api.lfs_upload

def killed_after_the_first(*, operation, **others):
    first.acquire()
    upload(operation=operation, **others)
    print(operation.path_in_repo, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

_commit_api.lfs_upload = killed_after_the_first
Repository(HfApi(), sys.argv[1], "dataset").push(Path(sys.argv[2]), lambda version: None, "first")
"""


def test_a_killed_push_goes_on_with_the_shards_that_are_not_there(
    hub_namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, name = HfApi(), f"{hub_namespace}/sharded"
    target = Repository(api, name, "dataset")
    target.create(private=False)
    shards = {f"data/train-{number:05}-of-00004.parquet" for number in range(4)}
    (tmp_path / "data").mkdir()
    for number, shard in enumerate(sorted(shards)):
        (tmp_path / shard).write_bytes(bytes([number]) * 200_000)
    command = [sys.executable, "-c", KILLED_PUSH, name, str(tmp_path)]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (there,) = killed.stdout.split()
    assert shards.isdisjoint(api.list_repo_files(name, repo_type="dataset"))

    sent, upload = [], _commit_api.lfs_upload

    def counted(*, operation: CommitOperationAdd, **others: Any) -> None:
        sent.append(operation.path_in_repo)
        upload(operation=operation, **others)

    monkeypatch.setattr(_commit_api, "lfs_upload", counted)
    assert target.push(tmp_path, lambda version: None, "again").changed
    assert there in shards and set(sent) == shards - {there} and len(sent) == 3
    assert shards <= set(api.list_repo_files(name, repo_type="dataset"))
    path = api.hf_hub_download(name, there, repo_type="dataset")
    assert Path(path).read_bytes() == (tmp_path / there).read_bytes()
