"""What people do to a repository, in any order, and then a look at every page that shows it."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from training.hub.names import PREFIXES

from .hostile import RAW_JSON, cards, commits, fetches, raw_bytes, texts
from .scene import LARGE_OID, USER, Scene, content_type
from .wire import Answer, Ask

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{LARGE_OID}\nsize %s\n"
POINTERS = [
    (POINTER % size).encode() for size in ("5", "-5", "1e9", "9" * 400, "9" * 900, "1_0", "²", "")
]
SMALL_FILES = [b"*.bin filter=lfs\n[", b"*" * 300, b"[" * 300 + b" filter=lfs", b"\xff\0", b"!"]
PLANTED = [
    "README.md", "README.md", "README.md", "config.json", ".gitattributes", ".gitignore", "big.bin",
    "a/b/c.txt", "%41", "a b", "ü.md", "x.svg",
]  # fmt: skip
LISTS = ("/", f"/{USER}", "/api/models", "/api/datasets", "/api/spaces", "/api/models?search=f")
HTML = ("Accept", b"text/html")


@dataclass(frozen=True)
class Step:
    """One thing that somebody does: a request with the parts of its address, or a planted file."""

    method: str
    rest: str
    body: bytes = b""

    def __repr__(self) -> str:
        return f"{self.method} {self.rest} {self.body[:600]!r}"


def steps() -> st.SearchStrategy[Step]:
    """Returns a strategy of steps."""
    names = st.sampled_from(["next", "next/a", "made", "v1", "main", "x" * 200]) | texts
    encoded = names.map(lambda name: quote(name, safe="", errors="replace"))
    revisions = st.sampled_from(["main", "main", "next", "made", "refs%2Fpr%2F1", "v1"])
    contents = (
        cards()
        | st.sampled_from(POINTERS)
        | st.sampled_from(RAW_JSON)
        | st.sampled_from(SMALL_FILES)
        | raw_bytes
    )

    def as_commit(path: str, content: bytes) -> bytes:
        file = {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}
        lines = [{"key": "header", "value": {"summary": "x"}}, {"key": "file", "value": file}]
        return "\n".join(map(json.dumps, lines)).encode()

    def post(rest: st.SearchStrategy[str], body: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
        written = body.map(lambda value: json.dumps(value, allow_nan=True).encode())
        return st.builds(Step, st.just("POST"), rest, written)

    paths = st.sampled_from(PLANTED)
    planted = st.builds(Step, st.just("plant"), paths, contents)
    pushed = st.builds(
        Step,
        st.just("POST"),
        revisions.map("/commit/{}".format) | revisions.map("/commit/{}?create_pr=1".format),
        st.builds(as_commit, paths, contents) | commits(LARGE_OID),
    )
    return st.one_of(
        planted,
        planted,
        pushed,
        pushed,
        post(encoded.map("/branch/{}".format), st.fixed_dictionaries({})),
        post(
            revisions.map("/tag/{}".format),
            st.fixed_dictionaries({"tag": names}, optional={"message": names}),
        ),
        post(
            st.just("/discussions"),
            st.fixed_dictionaries(
                {"title": names.map("abc{}".format)},
                optional={"pullRequest": st.booleans(), "description": names},
            ),
        ),
        post(
            st.sampled_from(["/discussions/1/comment", "/discussions/2/comment"]),
            st.fixed_dictionaries({"comment": names}),
        ),
        post(st.sampled_from(["/discussions/1/merge", "/discussions/2/merge"]), st.just({})),
        post(revisions.map("/super-squash/{}".format), st.fixed_dictionaries({})),
        st.builds(Step, st.just("DELETE"), encoded.map("/branch/{}".format)),
        st.builds(Step, st.just("fetch"), st.just("/git-upload-pack"), fetches([])),
    )


def play(scene: Scene, kind: str, story: list[Step]) -> None:
    """Makes a repository, lets the story happen to it, looks at everything, and removes it.

    Raises:
        AssertionError: An answer was 500 or none, took too long, or a list was broken.
    """
    name = f"story-{uuid.uuid4().hex[:8]}"
    body = {"type": kind.removesuffix("s"), "name": name, "sdk": "static"}
    assert scene.call("POST", "/api/repos/create", body).status == 200
    at, page = f"/api/{kind}/{USER}/{name}", f"/{PREFIXES[kind]}{USER}/{name}"
    try:
        for step in story:
            if step.method == "plant":
                scene.plant(kind, f"{USER}/{name}", step.rest.encode(), step.body)
                continue
            target = page + step.rest if step.method == "fetch" else at + step.rest
            method = "POST" if step.method == "fetch" else step.method
            _ask(scene, f"story {step.rest.split('/')[1]}", method, target, step.body)
        for target in LISTS:
            answer = _ask(scene, f"story {target}", "GET", target)
            assert answer.status == 200, (target, answer)
            assert b"demo/fuzz" in answer.content or kind not in target
        for target in _pages(scene, kind, at, page):
            _ask(scene, "story pages", "GET", target)
    finally:
        scene.call("DELETE", "/api/repos/delete", {"name": name, "type": kind.removesuffix("s")})


def _pages(scene: Scene, kind: str, at: str, page: str) -> Iterator[str]:
    """Yields the address of everything that shows a repository."""
    yield from (page, at, f"{at}?blobs=true", f"{at}/refs?include_prs=1", f"{page}/discussions")
    yield from (f"{page}.git/info/refs?service=git-upload-pack", f"{at}/discussions")
    yield from (f"{page}/discussions/{number}" for number in (1, 2))
    yield from (f"{at}/discussions/{number}?diff=1" for number in (1, 2))
    refs = json.loads(scene.call("GET", f"{at}/refs?include_prs=1").content)
    found = [ref for group in refs.values() for ref in group]
    for ref in found[:4]:
        revision = quote(ref["ref"], safe="")
        yield from (f"{page}/{part}/{revision}" for part in ("tree", "commits", "commit"))
        yield f"{at}/revision/{revision}"
        yield f"{at}/tree/{revision}?recursive=1&expand=1"
        listed = scene.call("GET", f"{at}/tree/{revision}?recursive=1")
        assert listed.status == 200, listed
        for item in json.loads(listed.content)[:8]:
            path = quote(item["path"])
            parts = ("blob", "resolve") if item["type"] == "file" else ("tree",)
            yield from (f"{page}/{part}/{revision}/{path}" for part in parts)
    yield f"{at}/preupload/main"


def _ask(scene: Scene, label: str, method: str, target: str, body: bytes = b"") -> Answer:
    headers: tuple[tuple[str, bytes], ...] = (scene.bearer(), HTML)
    if body:
        headers += (("Content-Type", content_type(target)),)
    answer = scene.wire.send(Ask(label, method, target.encode(), headers, body))
    check(answer, f"{method} {target}")
    return answer


def check(answer: Answer, what: str) -> None:
    """Holds an answer to the promise.

    Raises:
        AssertionError: It was 500, missing, or slow.
    """
    assert not answer.is_failure, f"{what}: {answer.status} {answer.content[:300]!r}"
    assert answer.seconds < SLOW, f"{what} took {answer.seconds:.1f} s"


SLOW = 20.0
"""Seconds within which every answer comes, also on a busy machine; alone it is hundredths."""
