"""One caller's work takes no other one's threads; what goes away meanwhile is gone, not broken."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from training.hub import EmbeddedHub
from training.hub.app import broken
from training.hub.storage.lfs_store import LfsStore
from training.hub.storage.repositories import Repositories
from training.hub.turns import AT_ONCE, Turns

from ...event_loop import run


def test_one_caller_leaves_threads_to_the_next() -> None:
    turns, over, begun = Turns(), threading.Event(), []

    def slow() -> None:
        begun.append(1)
        over.wait(10)

    async def ask() -> str:
        busy = [asyncio.create_task(turns.work("a", slow)) for _ in range(60)]
        while len(begun) < AT_ONCE:
            await asyncio.sleep(0.01)
        answer = await asyncio.wait_for(turns.work("b", lambda: "answered"), 5)
        assert len(begun) == AT_ONCE
        over.set()
        await asyncio.gather(*busy)
        return str(answer)

    assert run(ask()) == "answered"
    assert len(begun) == 60
    assert not turns._places


def test_a_name_stays_free_when_an_upload_outlives_its_repository(tmp_path: Path) -> None:
    repositories = Repositories(tmp_path)
    made = repositories.create("models", "demo/x", private=False, sdk=None)
    store, content = LfsStore(made.directory / "lfs", tmp_path), b"late"
    oid = hashlib.sha256(content).hexdigest()
    (tmp_path / "sent").write_bytes(content)
    repositories.delete(made)
    with pytest.raises(FileNotFoundError):
        store._keep(tmp_path / "sent", oid, len(content), oid, len(content))
    repositories.create("models", "demo/x", private=False, sdk=None)


@pytest.mark.parametrize(("removed", "status"), [(True, 404), (False, 500)])
def test_a_repository_that_goes_away_is_not_damaged(
    tmp_path: Path, removed: bool, status: int
) -> None:
    repositories = Repositories(tmp_path)
    repositories.create("models", "demo/x", private=False, sdk=None)
    found = repositories.find("models", "demo/x")
    assert found is not None
    if removed:
        repositories.delete(found)
        repositories.create("models", "demo/x", private=False, sdk=None)
    request: Any = SimpleNamespace(
        app=SimpleNamespace(state=SimpleNamespace(hub=SimpleNamespace(repositories=repositories))),
        state=SimpleNamespace(repository=found),
        scope={"path": "/demo/x"},
        headers={},
    )
    assert broken(request, FileNotFoundError("blob")).status_code == status


def test_a_file_that_is_lost_names_its_repository(hub: EmbeddedHub, repo: str) -> None:
    shutil.rmtree(hub.root / "repos" / "models" / repo / "uploads")
    answer = httpx2.get(f"{hub.endpoint}/{repo}/resolve/main/.gitattributes", trust_env=False)
    assert (answer.status_code, repo in answer.json()["error"]) == (500, True)


def test_names_that_nobody_has_leave_nothing(tmp_path: Path) -> None:
    repositories = Repositories(tmp_path)
    assert not any(repositories.find("models", f"demo/{number}") for number in range(100))
    assert not repositories._locks
