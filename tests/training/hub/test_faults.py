"""kill -9 at random moments: a repository is at its previous or its new commit, never between."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import HfApi, RepoFile

from training.hub import EmbeddedHub

from .plain_http import HTTP, NDJSON

ROUNDS = 5
FILES = 30
LARGE_FILES = 3


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedHub]:
    hub = EmbeddedHub(tmp_path)
    hub.start()
    yield hub
    hub.stop()


def client(hub: EmbeddedHub) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=hub.token)


def check(hub: EmbeddedHub, repo: str) -> int:
    """Reads the whole repository and gives the round that all its files are from."""
    api = client(hub)
    paths = [path for path in api.list_repo_files(repo) if path != ".gitattributes"]
    contents = [HTTP.get(f"{hub.endpoint}/{repo}/resolve/main/{path}").content for path in paths]
    assert len(paths) in (0, FILES)
    rounds = {int(content.split(b" ", 1)[0]) for content in contents}
    assert len(rounds) <= 1, f"files of different commits: {rounds}"
    stored = hub.root / "repos" / "models" / repo / "git"
    fsck = subprocess.run(
        ["git", "--git-dir", stored, "fsck", "--strict", "--no-dangling"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert fsck.returncode == 0, fsck.stderr
    return rounds.pop() if rounds else -1


def upload(hub: EmbeddedHub, repo: str, content: bytes) -> dict[str, object]:
    """Uploads a large file and gives the operation that commits it."""
    oid, headers = hashlib.sha256(content).hexdigest(), {"Authorization": f"Bearer {hub.token}"}
    answer = HTTP.post(
        f"{hub.endpoint}/{repo}.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [{"oid": oid, "size": len(content)}]},
        headers=headers,
    )
    actions = answer.json()["objects"][0].get("actions")
    if actions:
        assert HTTP.put(actions["upload"]["href"], content=content).status_code == 200
    return {"algo": "sha256", "oid": oid, "size": len(content)}


def commit(hub: EmbeddedHub, repo: str, number: int, before_commit: Callable[[], None]) -> None:
    """Replaces all files in one commit, by hand: the client would wait and try again."""
    lines: list[dict[str, object]] = [{"key": "header", "value": {"summary": str(number)}}]
    for place in range(FILES):
        content = b"%d " % number + b"x" * (100_000 + place)
        value: dict[str, object] = {"content": content.decode(), "encoding": "utf-8"}
        if place < LARGE_FILES:
            value = upload(hub, repo, content * 10)
        kind = "lfsFile" if place < LARGE_FILES else "file"
        lines.append({"key": kind, "value": {"path": f"{place}/file", **value}})
    before_commit()
    answer = HTTP.post(
        f"{hub.endpoint}/api/models/{repo}/commit/main",
        content="\n".join(map(json.dumps, lines)),
        headers={"Authorization": f"Bearer {hub.token}", **NDJSON},
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["upload", "commit"])
def test_killed_at_random_moments(tmp_path: Path, moment: str) -> None:
    hub = EmbeddedHub(tmp_path).start()
    repo = client(hub).create_repo("hit").repo_id
    chance, times = random.Random(moment), {"upload": time.monotonic()}

    def begin_commit() -> None:
        times["commit"] = time.monotonic()

    commit(hub, repo, 0, begin_commit)
    duration = time.monotonic() - times[moment]
    newest, cut = 0, 0
    for number in range(1, ROUNDS + 1):
        timer = threading.Timer(chance.uniform(0, duration), hub.kill)
        if moment == "upload":
            timer.start()
        try:
            commit(hub, repo, number, timer.start if moment == "commit" else lambda: None)
            newest = number
        except httpx2.TransportError:
            cut += 1
        timer.join()
        hub = EmbeddedHub(tmp_path, port=hub.port).start()
        found = check(hub, repo)
        assert found in (newest, number), "an acknowledged commit is lost"
        newest = found
    assert cut, "no kill came in time; the moments are chosen wrongly"
    commit(hub, repo, 99, lambda: None)
    assert check(hub, repo) == 99
    hub.stop()


def test_a_half_upload_leaves_nothing(own: EmbeddedHub) -> None:
    api = client(own)
    repo = api.create_repo("half").repo_id
    content = b"y" * 30_000_000
    oid = hashlib.sha256(content).hexdigest()
    answer = httpx2.post(
        f"{own.endpoint}/{repo}.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [{"oid": oid, "size": len(content)}]},
        headers={"Authorization": f"Bearer {own.token}"},
    )
    href = answer.json()["objects"][0]["actions"]["upload"]["href"]

    def cut_short() -> Iterator[bytes]:
        yield content[:20_000_000]
        own.kill()
        yield content[20_000_000:]

    with pytest.raises(httpx2.HTTPError):
        httpx2.put(href, content=cut_short(), headers={"Content-Length": str(len(content))})
    stored = own.root / "repos" / "models" / repo
    assert sum(path.stat().st_size for path in (stored / "uploads").iterdir()) > 1_000_000
    with EmbeddedHub(own.root, port=own.port) as again:
        assert list((stored / "uploads").iterdir()) == []
        assert [path for path in (stored / "lfs").rglob("*") if path.is_file()] == []
        client(again).upload_file(path_or_fileobj=content, path_in_repo="y.bin", repo_id=repo)
        [stored_file] = client(again).get_paths_info(repo, "y.bin")
        assert isinstance(stored_file, RepoFile) and stored_file.lfs is not None
        assert stored_file.lfs.sha256 == oid


def test_locks_of_a_killed_process_are_cleared(own: EmbeddedHub) -> None:
    repo = client(own).create_repo("locked").repo_id
    own.kill()
    git = own.root / "repos" / "models" / repo / "git"
    (git / "refs/heads/main.lock").write_text("half a commit id")
    (own.root / "unfinished" / "half-made").mkdir()
    with EmbeddedHub(own.root, port=own.port) as again:
        client(again).upload_file(path_or_fileobj=b"x", path_in_repo="a", repo_id=repo)
        assert "a" in client(again).list_repo_files(repo)
        assert not (own.root / "unfinished" / "half-made").exists()
