"""The lock on the Hub: one holder, a name and a time for the other, an end in any case."""

from __future__ import annotations

import json
import time
from pathlib import Path
from uuid import uuid4

import pytest
from huggingface_hub import HfApi

from tagloop.errors import UserError
from training.retrain.hub_lock import BRANCH, Locked, RetrainLock
from training.retrain.run_state import only_one_here


@pytest.fixture
def repo(hub_namespace: str) -> str:
    name = f"{hub_namespace}/locked{uuid4().hex[:8]}-corrections"
    return str(HfApi().create_repo(name, repo_type="dataset", private=True).repo_id)


def branches(repo: str) -> list[str]:
    refs = HfApi().list_repo_refs(repo, repo_type="dataset")
    return [branch.name for branch in refs.branches]


def test_the_second_is_told_who_holds_it_since_when(
    repo: str, hub_namespace: str, tmp_path: Path
) -> None:
    with RetrainLock(HfApi(), repo, tmp_path / "a"):
        assert BRANCH in branches(repo)
        since = json.loads((tmp_path / "a" / "lock.json").read_text())["since"]
        with pytest.raises(Locked) as error, RetrainLock(HfApi(), repo, tmp_path / "b"):
            pass
        said = str(error.value)
        assert f"{hub_namespace} holds the lock" in said and since in said and "\n" not in said
        assert BRANCH in branches(repo)  # the refused one took nothing away
    assert branches(repo) == ["main"]
    with RetrainLock(HfApi(), repo, tmp_path / "b"):
        pass


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_it_is_given_back_after_errors(
    repo: str, tmp_path: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), RetrainLock(HfApi(), repo, tmp_path):
        raise error
    assert branches(repo) == ["main"] and not (tmp_path / "lock.json").exists()


def test_a_killed_run_knows_its_own_and_others_wait_until_it_is_stale(
    repo: str, tmp_path: Path
) -> None:
    killed = RetrainLock(HfApi(), repo, tmp_path / "a")
    killed._take()  # and never given back
    with pytest.raises(Locked), RetrainLock(HfApi(), repo, tmp_path / "b"):
        pass
    with RetrainLock(HfApi(), repo, tmp_path / "a"):
        pass
    assert branches(repo) == ["main"]
    killed._take()
    with RetrainLock(HfApi(), repo, tmp_path / "b", stale_seconds=0):
        pass
    assert branches(repo) == ["main"]
    killed._take()
    with RetrainLock(HfApi(), repo, tmp_path / "c", take_over=True):
        pass


def test_a_branch_without_a_holder_is_taken(repo: str, tmp_path: Path) -> None:
    HfApi().create_branch(repo, branch=BRANCH, repo_type="dataset")  # killed in between
    with RetrainLock(HfApi(), repo, tmp_path):
        assert (tmp_path / "lock.json").is_file()
    assert branches(repo) == ["main"]


def test_it_is_renewed_and_a_lost_one_publishes_nothing(repo: str, tmp_path: Path) -> None:
    with RetrainLock(HfApi(), repo, tmp_path / "a", renew_seconds=0.3) as lock:
        first = json.loads((tmp_path / "a" / "lock.json").read_text())
        _wait(lambda: lock._holder()[1].renewed > first["renewed"], 9)  # type: ignore[union-attr]
        lock.check()
        with RetrainLock(HfApi(), repo, tmp_path / "b", take_over=True):
            _wait(lambda: lock.lost, 5)
            with pytest.raises(UserError, match="has taken over the lock"):
                lock.check()
    assert branches(repo) == ["main"]


def test_of_two_that_take_a_stale_one_at_once_one_waits(repo: str, tmp_path: Path) -> None:
    RetrainLock(HfApi(), repo, tmp_path / "dead")._take()
    locks = [RetrainLock(HfApi(), repo, tmp_path / name, stale_seconds=0) for name in "ab"]
    head, _ = locks[0]._holder()
    locks[0]._write(locks[0]._new(), head)
    with pytest.raises(Locked, match="at the same moment"):
        locks[1]._write(locks[1]._new(), head)


def test_one_folder_has_one_run(tmp_path: Path) -> None:
    with (
        only_one_here(tmp_path),
        pytest.raises(UserError, match=r"on this machine already \(process \d+, since "),
        only_one_here(tmp_path),
    ):
        pass


def _wait(ready: object, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)
