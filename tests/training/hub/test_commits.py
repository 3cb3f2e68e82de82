"""Commits through the unmodified client: add, delete, copy, conflicts, concurrency, refusals."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    RepoFile,
)
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError

from training.hub import EmbeddedHub
from training.hub.storage.git_store import GitStore

from .plain_http import HTTP, NDJSON

BIG = 40 << 20


def read(api: HfApi, repo: str, path: str, revision: str | None = None) -> bytes:
    return Path(api.hf_hub_download(repo, path, revision=revision)).read_bytes()


def test_add_delete_and_copy_in_one_commit(api: HfApi, repo: str) -> None:
    first = api.create_commit(
        repo,
        [
            CommitOperationAdd("a.txt", b"a"),
            CommitOperationAdd("folder/b.txt", b"b"),
            CommitOperationAdd("folder/c.txt", b"c"),
            CommitOperationAdd("large.bin", b"L" * 1000),
        ],
        commit_message="Four files",
        commit_description="with a body",
    )
    api.create_commit(
        repo,
        [
            CommitOperationAdd("a.txt", b"A"),
            CommitOperationDelete("folder/"),
            CommitOperationCopy("large.bin", "copy/large.bin"),
            CommitOperationCopy("a.txt", "copy/a.txt"),
            CommitOperationDelete("large.bin"),
        ],
        commit_message="Change them",
    )
    assert sorted(api.list_repo_files(repo)) == [
        ".gitattributes",
        "a.txt",
        "copy/a.txt",
        "copy/large.bin",
    ]
    assert read(api, repo, "a.txt") == b"A"
    assert read(api, repo, "copy/large.bin") == b"L" * 1000
    assert read(api, repo, "a.txt", first.oid) == b"a"
    assert sorted(api.list_repo_files(repo, revision=first.oid))[1:3] == ["a.txt", "folder/b.txt"]
    history = api.list_repo_commits(repo)
    assert [commit.title for commit in history] == ["Change them", "Four files", "initial commit"]
    assert (history[1].message, history[1].authors) == ("with a body", ["demo"])


def test_a_folder_and_back(api: HfApi, repo: str, tmp_path: Path) -> None:
    for name, content in {"x.txt": b"x", "d/y.parquet": b"y" * 50, "d/é ü.txt": b"z"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    api.upload_folder(repo_id=repo, folder_path=tmp_path)
    got = Path(api.snapshot_download(repo))
    assert {path.relative_to(got).as_posix() for path in got.rglob("*") if path.is_file()} == {
        ".gitattributes",
        "x.txt",
        "d/y.parquet",
        "d/é ü.txt",
    }
    entries = api.list_repo_tree(repo, recursive=True)
    tree = {entry.path: entry.lfs for entry in entries if isinstance(entry, RepoFile)}
    large = tree["d/y.parquet"]
    assert large is not None and large.sha256 == hashlib.sha256(b"y" * 50).hexdigest()
    assert tree["x.txt"] is None
    info = api.get_paths_info(repo, ["x.txt", "d", "nothing"], expand=True)
    assert [item.path for item in info] == ["x.txt", "d"]
    last = info[0].last_commit
    assert last is not None and last.oid == api.model_info(repo).sha
    before = api.model_info(repo).sha
    api.upload_folder(repo_id=repo, folder_path=tmp_path)
    assert api.model_info(repo).sha == before, "unchanged files must make no commit"


def test_a_large_file_travels_in_parts(
    api: HfApi, hub: EmbeddedHub, repo: str, tmp_path: Path
) -> None:
    content = hashlib.sha256(b"seed").digest() * (BIG // 32) + b"end"
    (tmp_path / "big").write_bytes(content)
    api.upload_file(path_or_fileobj=tmp_path / "big", path_in_repo="big.safetensors", repo_id=repo)
    assert read(api, repo, "big.safetensors") == content
    stored = hub.root / "repos" / "models" / repo
    assert list((stored / "uploads").iterdir()) == []
    sizes = [path.stat().st_size for path in (stored / "git").rglob("*") if path.is_file()]
    assert max(sizes) < 10_000, "the large file must not be in git"


def test_a_stale_parent_is_a_412(api: HfApi, repo: str) -> None:
    parent = api.model_info(repo).sha
    add = [CommitOperationAdd("a.txt", b"1")]
    made = api.create_commit(repo, add, commit_message="first", parent_commit=parent)
    other = [CommitOperationAdd("a.txt", b"2")]
    with pytest.raises(HfHubHTTPError, match="412"):
        api.create_commit(repo, other, commit_message="second", parent_commit=parent)
    assert api.model_info(repo).sha == made.oid


def test_concurrent_commits_all_arrive_in_one_line(api: HfApi, repo: str) -> None:
    def add(number: int) -> None:
        api.create_commit(
            repo, [CommitOperationAdd(f"{number}.txt", b"%d" % number)], commit_message=str(number)
        )

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(12)))
    assert len(api.list_repo_files(repo)) == 13
    assert len(api.list_repo_commits(repo)) == 13


def test_of_two_commits_on_one_parent_one_wins(api: HfApi, repo: str) -> None:
    parent = api.model_info(repo).sha

    def add(number: int) -> int:
        try:
            api.create_commit(
                repo,
                [CommitOperationAdd("same.txt", b"%d" % number)],
                commit_message=str(number),
                parent_commit=parent,
            )
        except HfHubHTTPError as error:
            return error.response.status_code
        return 200

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(add, range(4))) == [200, 412, 412, 412]
    assert len(api.list_repo_commits(repo)) == 2


def test_what_is_not_there_cannot_be_deleted(api: HfApi, repo: str) -> None:
    with pytest.raises(EntryNotFoundError):
        api.delete_file("nothing.txt", repo)
    with pytest.raises(RevisionNotFoundError):
        api.upload_file(path_or_fileobj=b"", path_in_repo="a", repo_id=repo, revision="nowhere")


def send(hub: EmbeddedHub, repo: str, *operations: tuple[str, dict[str, Any]]) -> httpx2.Response:
    lines = [("header", {"summary": "by hand"}), *operations]
    return HTTP.post(
        f"{hub.endpoint}/api/models/{repo}/commit/main",
        content="\n".join(json.dumps({"key": key, "value": value}) for key, value in lines),
        headers={"Authorization": f"Bearer {hub.token}", **NDJSON},
    )


def added(path: object, content: bytes = b"x") -> tuple[str, dict[str, Any]]:
    encoded = base64.b64encode(content).decode()
    return "file", {"path": path, "content": encoded, "encoding": "base64"}


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/x", ".git/config", "a/.GIT/x", "a\0b", "x" * 5000, "a//b", "", 3],
)
def test_hostile_paths_are_refused(hub: EmbeddedHub, api: HfApi, repo: str, path: object) -> None:
    before = api.model_info(repo).sha
    assert send(hub, repo, added("good.txt"), added(path)).status_code == 400
    assert api.model_info(repo).sha == before


def test_malformed_commits_are_refused_whole(hub: EmbeddedHub, api: HfApi, repo: str) -> None:
    before = api.model_info(repo).sha
    digest = "0" * 64
    refused = [
        send(hub, repo, added("a"), added("a/b")),
        send(hub, repo, ("file", {"path": "a", "content": "!", "encoding": "base64"})),
        send(hub, repo, ("lfsFile", {"path": "a", "algo": "sha256", "oid": digest, "size": 3})),
        send(hub, repo, ("lfsFile", {"path": "a", "algo": "sha256", "oid": "../../x"})),
        send(hub, repo, ("unknown", {"path": "a"})),
        HTTP.post(
            f"{hub.endpoint}/api/models/{repo}/commit/main",
            content=b'{"key": 1}\n[]',
            headers={"Authorization": f"Bearer {hub.token}", **NDJSON},
        ),
    ]
    assert [answer.status_code for answer in refused] == [400] * len(refused)
    assert api.model_info(repo).sha == before


def test_ignored_files_stay_at_home(api: HfApi, repo: str, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "x.log").write_text("x")
    (tmp_path / "x.txt").write_text("x")
    api.upload_folder(repo_id=repo, folder_path=tmp_path)
    assert "x.log" not in api.list_repo_files(repo)
    assert "x.txt" in api.list_repo_files(repo)


def test_the_same_content_arrives_many_times_at_once(tmp_path: Path) -> None:
    store = GitStore.create(tmp_path / "repo.git")
    for number in range(20):
        content = bytes([number]) * (1 << 20)
        with ThreadPoolExecutor(8) as pool:
            oids = set(pool.map(store.add_blob, [content] * 8))
        assert len(oids) == 1 and store.blob(oids.pop()) == content


def test_a_folder_is_deleted_as_a_folder(api: HfApi, repo: str) -> None:
    files = [CommitOperationAdd(f"{folder}/{name}", b"1") for folder in "ab" for name in "xy"]
    api.create_commit(repo, files, commit_message="Two folders")
    for path, is_folder, kind in (
        ("a", False, "file"),
        ("a/x", True, "folder"),
        ("c/", True, "folder"),
    ):
        operation = CommitOperationDelete(path, is_folder=is_folder)
        name = path.rstrip("/")
        with pytest.raises(EntryNotFoundError, match=f'A {kind} with the name "{name}" does not'):
            api.create_commit(repo, [operation], commit_message="No")
    api.create_commit(repo, [CommitOperationDelete("a/")], commit_message="Implied")
    api.delete_folder("b", repo)
    assert api.list_repo_files(repo) == [".gitattributes"]
