"""What one request costs: time by what was asked, or a sentence that says the bound."""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from training.hub import EmbeddedHub
from training.hub.api import lfs
from training.hub.errors import HubError
from training.hub.names import MAX_DEPTH, file_path
from training.hub.repo_info import summary
from training.hub.signing import Signer
from training.hub.storage.commits import MAX_ENTRIES, MAX_STEPS, Changes, Header, apply
from training.hub.storage.git_store import FILE_MODE, Files, GitStore
from training.hub.storage.history import MAX_LOOKED_AT, commits, difference, last_commits
from training.hub.storage.repositories import MAX_SETTINGS, Repositories
from training.hub.web.markdown import MAX_RENDERED, render_all

from .plain_http import HTTP, NDJSON

TICKS = os.sysconf("SC_CLK_TCK")
BLOB: Any = b"0" * 40


def seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


class Asking:
    """Sends requests and measures what they cost the server's process."""

    def __init__(self, hub: EmbeddedHub) -> None:
        assert hub._process is not None
        self.hub, self._stat = hub, Path(f"/proc/{hub._process.pid}/stat")

    def post(self, path: str, **request: Any) -> tuple[httpx2.Response, float]:
        before = self._cpu()
        request["headers"] = {
            "Authorization": f"Bearer {self.hub.token}",
            **request.get("headers", {}),
        }
        answer = HTTP.post(self.hub.endpoint + path, **request)
        return answer, self._cpu() - before

    def _cpu(self) -> float:
        fields = self._stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@pytest.fixture
def asking(hub: EmbeddedHub) -> Asking:
    return Asking(hub)


def batch(sizes: list[int]) -> dict[str, object]:
    objects = [
        {"oid": hashlib.sha256(b"%d" % number).hexdigest(), "size": size}
        for number, size in enumerate(sizes)
    ]
    return {"operation": "upload", "transfers": ["multipart"], "objects": objects}


def test_patterns_of_stars_are_matched_at_once(asking: Asking, repo: str) -> None:
    body = {"gitIgnore": "*a*a*a*a*a*a*a*ab", "files": [{"path": "a" * 200, "size": 1}] * 256}
    answer, cpu = asking.post(f"/api/models/{repo}/preupload/main", json=body)
    assert answer.status_code == 200 and cpu < 1
    assert not any(file["shouldIgnore"] for file in answer.json()["files"])


def test_a_batch_larger_than_the_disk_is_refused(asking: Asking, repo: str) -> None:
    path = f"/{repo}.git/info/lfs/objects/batch"
    answer, cpu = asking.post(path, json=batch([200 << 30] * 100))
    assert answer.status_code == 507 and cpu < 0.5
    assert "bytes left" in answer.json()["error"]


def test_the_parts_of_all_files_share_ten_thousand_addresses() -> None:
    repository = SimpleNamespace(kind="models", repo_id="demo/x", address="demo/x")
    hub = SimpleNamespace(signer=Signer(b"key"))
    call: Any = SimpleNamespace(base="http://hub", repository=repository, hub=hub)
    answers: list[Any] = []
    sizes = [200 << 30, (1 << 30) + 1, 20 << 20]

    def answer() -> None:
        most = lfs.MAX_ADDRESSES // 100
        answers.extend(lfs._upload(call, "0" * 64, size, most) for size in sizes * 33)

    assert seconds(answer) < 2
    assert len(json.dumps(answers)) < 8 << 20
    for size, told in zip(sizes * 33, answers, strict=True):
        header = told["upload"]["header"]
        count = len(header) - 1
        assert count == math.ceil(size / int(header["chunk_size"])) <= 100
        assert int(header["chunk_size"]) >= lfs.PART


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ('"{}"', 304),
        ('W/"{}"', 304),
        ('"other", "{}"', 304),
        ('"a,b",W/"{}" , "c"', 304),
        ("*", 304),
        ("{}", 200),
        ('"other"', 200),
        ('"', 200),
        ('W/"{}x"', 200),
        ("", 200),
    ],
)
def test_a_file_that_is_known_is_not_sent(
    hub: EmbeddedHub, repo: str, given: str, status: int
) -> None:
    address = f"{hub.endpoint}/{repo}/resolve/main/.gitattributes"
    tag = HTTP.get(address).headers["etag"].strip('"')
    answer = HTTP.get(address, headers={"If-None-Match": given.replace("{}", tag)})
    assert answer.status_code == status


def test_many_paths_of_a_wide_folder(asking: Asking, repo: str) -> None:
    paths = [f"{number}.txt" for number in range(2000)]
    lines = [{"key": "header", "value": {"summary": "wide"}}]
    lines += [{"key": "file", "value": {"path": path, "content": ""}} for path in paths]
    made, _ = asking.post(
        f"/api/models/{repo}/commit/main", content="\n".join(map(json.dumps, lines)), headers=NDJSON
    )
    assert made.status_code == 200
    answer, cpu = asking.post(f"/api/models/{repo}/paths-info/main", json={"paths": paths[:1000]})
    assert len(answer.json()) == 1000 and cpu < 1.5


def removal(count: int) -> Callable[[], Files]:
    steps: list[Any] = [(b"%d" % number, None, True) for number in range(count)]
    files: Files = {b"%d/x" % number: (FILE_MODE, BLOB) for number in range(count)}
    head: Any = SimpleNamespace(id=BLOB)
    return lambda: apply(files, Changes(Header("x"), steps), head)


def test_a_commit_takes_as_long_as_it_has_operations() -> None:
    assert removal(10)() == {}
    short = min(seconds(removal(1000)) for _ in range(3))
    assert min(seconds(removal(8000)) for _ in range(3)) < 24 * short


def test_folders_go_without_their_neighbours() -> None:
    names = (b"a", b"a-b", b"a.txt", b"a/x", b"a/y/z", b"a0", b"b/a/x")
    files: Files = dict.fromkeys(names, (FILE_MODE, BLOB))
    head: Any = SimpleNamespace(id=BLOB)
    steps: list[Any] = [
        (b"a", None, False),
        (b"a", None, True),
        (b"a/new", (FILE_MODE, BLOB), False),
    ]
    after = apply(files, Changes(Header("x"), steps), head)
    assert set(after) == {b"a-b", b"a.txt", b"a0", b"b/a/x", b"a/new"}
    with pytest.raises(HubError, match='A folder with the name "a/y" does not exist'):
        apply(files, Changes(Header("x"), [*steps, (b"a/y", None, True)]), head)


def test_commits_and_revisions_have_a_size(asking: Asking, repo: str) -> None:
    lines = [{"key": "header", "value": {"summary": "x"}}]
    lines += [{"key": "deletedFile", "value": {"path": "a"}}] * (MAX_STEPS + 1)
    answer, cpu = asking.post(
        f"/api/models/{repo}/commit/main", content="\n".join(map(json.dumps, lines)), headers=NDJSON
    )
    assert (answer.status_code, "make several" in answer.text) == (413, True) and cpu < 3
    steps: list[Any] = [(b"%d" % number, (FILE_MODE, BLOB), False) for number in range(10)]
    files: Files = {b"d%d/x" % number: (FILE_MODE, BLOB) for number in range(MAX_ENTRIES // 2)}
    with pytest.raises(HubError, match="files and folders"):
        apply(files, Changes(Header("x"), steps), SimpleNamespace(id=BLOB))  # type: ignore[arg-type]
    with pytest.raises(HubError, match="folders deep"):
        file_path("a/" * MAX_DEPTH + "x")
    assert file_path("a/" * (MAX_DEPTH - 1) + "x")


@pytest.fixture
def store(tmp_path: Path) -> GitStore:
    return GitStore.create(tmp_path / "store.git")


def commit(store: GitStore, content: bytes, parents: list[Any]) -> Any:
    files: Files = {b"a": (FILE_MODE, store.add_blob(content))}
    return store.commit("refs/heads/main", files, parents, "demo", "x").encode()


def test_comparing_has_a_bound(store: GitStore) -> None:
    chance = random.Random(1)
    heads: list[Any] = []
    for count in (40_000, 40_000, 500, 510):
        lines = (b"%d" % chance.randrange(150) for _ in range(count))
        heads.append(store.objects[commit(store, b"\n".join(lines), [])])
    [part] = difference(store, heads[0].tree, heads[1].tree)
    assert part.text.startswith("Too large to compare: ")
    assert seconds(lambda: list(difference(store, heads[0].tree, heads[1].tree))) < 0.5
    [part] = difference(store, heads[2].tree, heads[3].tree)
    assert "@@" in part.text


def test_a_long_history_is_looked_at_in_part(
    store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_LOOKED_AT <= 1000
    for name in ("MAX_LOOKED_AT", "MAX_HISTORY"):
        monkeypatch.setattr(f"training.hub.storage.history.{name}", 5)
    parents: list[Any] = []
    for _ in range(8):
        parents = [commit(store, b"same", parents)]
    head = store.resolve("main")
    walked = list(commits(store, head))
    assert len(walked) == 5
    assert last_commits(store, head, ["a"])["a"].id == walked[-1].id


@pytest.mark.parametrize("unit", ["![", "[a\n", "a\n\n"])
def test_markdown_has_a_bound(unit: str) -> None:
    long, short = unit * (MAX_RENDERED // len(unit)), "**short**"
    shown: list[str] = []
    assert seconds(lambda: shown.extend(render_all([short, long, short], "a/b", "main"))) < 1
    assert "<strong>" in shown[0] and "<strong>" in shown[2]
    assert shown[1].startswith("<pre>")
    assert seconds(lambda: render_all([long[:MAX_RENDERED]], "a/b", "main")) < 4
    assert render_all(["<b>" * MAX_RENDERED], "a/b", "main")[0].startswith("<pre>&lt;b&gt;")


def test_discussions_and_settings_have_a_bound(tmp_path: Path) -> None:
    made = Repositories(tmp_path).create("models", "demo/x", private=False, sdk=None)
    with pytest.raises(HubError, match="may have"):
        made.save({**made.settings(), "variables": {"A": "x" * MAX_SETTINGS}})
    # What is there from before can still be read and made smaller.
    full = {**made.settings(), "variables": {"A": "x" * (MAX_SETTINGS + 100)}}
    (made.directory / "repo.json").write_text(json.dumps(full))
    made.save({**full, "variables": {"A": "x" * (MAX_SETTINGS + 10)}})


def test_a_listing_reads_a_card_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Repositories(tmp_path).create("models", "demo/x", private=False, sdk=None)
    files: Files = {b"README.md": (FILE_MODE, made.git.add_blob(b"---\nlicense: mit\n---\n# A"))}
    head = made.git.resolve("main").id
    made.git.commit("refs/heads/main", files, [head], "demo", "card")
    assert summary(made)["cardData"] == {"license": "mit"}
    monkeypatch.delattr("training.hub.repo_info.lenient_card")
    assert "license:mit" in summary(made)["tags"]


def test_a_clone_larger_than_the_memory_for_it(
    hub: EmbeddedHub, api: HfApi, repo: str, tmp_path: Path
) -> None:
    content = random.Random(1).randbytes(9 << 20)
    api.create_commit(repo, [CommitOperationAdd("a.dat", content)], commit_message="Large")
    done = subprocess.run(
        ["git", "clone", "--quiet", f"{hub.endpoint}/{repo}", tmp_path / "clone"],
        env=os.environ | {"GIT_TERMINAL_PROMPT": "0"},
        timeout=60,
    )
    assert done.returncode == 0
    assert (tmp_path / "clone" / "a.dat").read_bytes() == content


@pytest.mark.parametrize(
    ("path", "types"),
    [
        ("/api/repos/create", "application/json"),
        ("/{repo}.git/info/lfs/objects/batch", "application/vnd.git-lfs+json"),
        ("/api/models/{repo}/preupload/main", "application/json"),
        ("/api/models/{repo}/paths-info/main", "application/x-www-form-urlencoded"),
        ("/{repo}/git-upload-pack", "application/x-git-upload-pack-request"),
    ],
)
def test_a_long_body_is_refused(asking: Asking, repo: str, path: str, types: str) -> None:
    answer, cpu = asking.post(
        path.format(repo=repo), content=b"a=&" * (5 << 20), headers={"Content-Type": types}
    )
    assert answer.status_code == 413 and cpu < 1
    assert "A body may have" in answer.text
