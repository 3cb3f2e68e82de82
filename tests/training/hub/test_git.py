"""Plain git, and git-lfs where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from training.hub import EmbeddedHub
from training.hub.api.git import MAX_HAVES, MAX_LINES, sound_request
from training.hub.errors import HubError

LARGE = b"large" * 3000


def git(*arguments: str | Path, home: Path, lfs: bool = False) -> subprocess.CompletedProcess[str]:
    command = ["git"]
    if lfs:
        command += [
            "-c",
            "filter.lfs.smudge=git-lfs smudge -- %f",
            "-c",
            "filter.lfs.required=true",
        ]
        command += ["-c", "filter.lfs.process=git-lfs filter-process"]
    environment = {
        **os.environ,
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }
    return subprocess.run(
        [*command, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def filled(api: HfApi, repo: str) -> str:
    for number in range(2):
        api.create_commit(
            repo,
            [
                CommitOperationAdd("folder/a.txt", b"%d" % number),
                CommitOperationAdd("large.bin", LARGE),
            ],
            commit_message=f"Commit {number}",
        )
    api.create_tag(repo, tag="v1.0.0", tag_message="first")
    return repo


def test_clone_fetch_and_verify(hub: EmbeddedHub, api: HfApi, filled: str, tmp_path: Path) -> None:
    target = tmp_path / "clone"
    done = git("clone", f"{hub.endpoint}/{filled}", target, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (target / "folder/a.txt").read_text() == "1"
    assert (target / "large.bin").read_text().startswith("version https://git-lfs")
    log = git("-C", target, "log", "--format=%H %an %s", home=tmp_path).stdout.splitlines()
    assert log[0] == f"{api.model_info(filled).sha} demo Commit 1"
    assert len(log) == 3
    assert git("-C", target, "tag", home=tmp_path).stdout.split() == ["v1.0.0"]
    checked = git("-C", target, "fsck", "--strict", home=tmp_path)
    assert checked.returncode == 0, checked.stderr
    made = api.create_commit(
        filled, [CommitOperationAdd("b.txt", b"b")], commit_message="More", create_pr=True
    )
    fetched = git("-C", target, "fetch", "origin", f"refs/pr/{made.pr_num}", home=tmp_path)
    assert fetched.returncode == 0, fetched.stderr
    head = git("-C", target, "rev-parse", "FETCH_HEAD", home=tmp_path).stdout.strip()
    assert head == made.oid
    shallow = git(
        "clone", "--depth", "1", f"{hub.endpoint}/{filled}.git", tmp_path / "s", home=tmp_path
    )
    assert shallow.returncode == 0, shallow.stderr
    count = git("-C", tmp_path / "s", "rev-list", "--count", "HEAD", home=tmp_path).stdout
    assert count.strip() == "1"


def test_the_stored_repository_is_sound_for_git(
    hub: EmbeddedHub, filled: str, tmp_path: Path
) -> None:
    stored = hub.root / "repos" / "models" / filled / "git"
    checked = git("--git-dir", stored, "fsck", "--strict", "--full", home=tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_pushing_is_refused_with_a_word(hub: EmbeddedHub, filled: str, tmp_path: Path) -> None:
    target = tmp_path / "clone"
    git("clone", f"{hub.endpoint}/{filled}", target, home=tmp_path)
    done = git("-C", target, "push", "origin", "HEAD:refs/heads/x", home=tmp_path)
    assert done.returncode != 0
    assert "403" in done.stderr


def test_a_private_repository_needs_a_token(
    hub: EmbeddedHub, api: HfApi, filled: str, tmp_path: Path
) -> None:
    api.update_repo_settings(filled, private=True)
    assert git("clone", f"{hub.endpoint}/{filled}", tmp_path / "no", home=tmp_path).returncode != 0
    address = f"http://demo:{hub.token}@127.0.0.1:{hub.port}/{filled}"
    done = git("clone", address, tmp_path / "yes", home=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
@pytest.mark.parametrize("private", [False, True])
def test_large_files_come_by_git_lfs(
    hub: EmbeddedHub, api: HfApi, filled: str, tmp_path: Path, private: bool
) -> None:
    api.update_repo_settings(filled, private=private)
    address = f"http://demo:{hub.token}@127.0.0.1:{hub.port}/{filled}"
    target = tmp_path / "clone"
    done = git("clone", address, target, home=tmp_path, lfs=True)
    assert done.returncode == 0, done.stderr
    assert (target / "large.bin").read_bytes() == LARGE


@pytest.mark.parametrize("how", ["--filter=blob:none", "--filter=tree:0", "--depth=1"])
def test_a_clone_in_part_has_its_files_and_becomes_whole(
    hub: EmbeddedHub, filled: str, tmp_path: Path, how: str
) -> None:
    target = tmp_path / "part"
    address = f"{hub.endpoint}/{filled}"
    done = git("clone", how, "--depth=1", address, target, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (target / "folder/a.txt").read_text() == "1"
    done = git("-C", target, "fetch", "--unshallow", home=tmp_path)
    assert done.returncode == 0, done.stderr
    count = git("-C", target, "rev-list", "--count", "HEAD", home=tmp_path).stdout
    assert count.strip() == "3"


def packet(line: str) -> bytes:
    return b"%04x%s" % (len(line) + 4, line.encode())


def test_what_a_clone_has_counts_once_and_in_bounds() -> None:
    want, done = packet(f"want {0:040x} agent=x\n") + b"0000", packet("done\n")
    same = packet(f"have {1:040x}\n")
    assert sound_request(want + same * 50_000 + done) == want + same + done
    several = b"".join(packet(f"have {number:040x}\n") for number in range(MAX_HAVES + 5))
    kept = sound_request(want + several + done)
    assert kept == want + several[: len(same) * MAX_HAVES] + done
    with pytest.raises(HubError, match="at most"):
        sound_request(b"0000" * (MAX_LINES + 1))
