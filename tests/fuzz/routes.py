"""Requests to every declared address: parts, query, headers and body, each sound or hostile."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from starlette.routing import Route

from .hostile import (
    OID,
    RAW_JSON,
    SHA,
    TEXTS,
    as_json,
    cards,
    commits,
    fetches,
    mutations,
    raw_bytes,
    squeezed,
    texts,
    values,
)
from .scene import CARD, LARGE, LARGE_OID, NAME, USER, Scene, content_type, vocabulary
from .wire import Ask, Framing

PART = re.compile(r"\{(\w+)(?::(\w+))?\}")
WORDS = vocabulary()
HOSTILE_PARTS = [
    b"%00", b"%2F", b"..", b"%2e%2e", b".", b"%ff", b"%ED%A0%80", b"a" * 300, b"%", b"%zz", b"",
    b"\xe9", b"%C3%A9", b"a%0ab", b"%5C", b"-", b"refs%2Fheads%2Fx", b"9" * 5_000, b"a.git", b"//",
    b"%E2%80%AE", b";x=1", b"x" * 9_000, b"fuzz.git", b"*", b"{", b"%252F", b"CON", b"a.lock",
]  # fmt: skip
REVISIONS = [b"main", b"next", b"v1", b"refs%2Fpr%2F1", b"refs/pr/1", b"refs/heads/main", b"HEAD"]
PATHS = [
    b"README.md", b"folder", b"folder/a.txt", b"folder%2Fa.txt", b"large.bin", b"config.json", b"",
    b".gitattributes", b"README.md/x", b"folder/", b"missing", b"b", b"c/d",
]  # fmt: skip
CREDENTIALS = [
    b"Bearer", b"Bearer \xe9", b"Basic \xe9\xff", b"Basic =", b"Basic YQ==", b"Basic gICA", b"X y",
    b"Bearer " + b"x" * 9_000, b"basic",
]  # fmt: skip
PARAMETERS = [
    "limit", "skip", "p", "cursor", "expand", "expand[]", "recursive", "blobs", "diff", "search",
    "author", "filter", "pipeline_tag", "download", "create_pr", "include_prs", "type", "status",
    "sort", "direction", "gated", "models", "datasets", "linked", "owner", "item", "client_id",
    "redirect_uri", "scope", "state", "response_type", "code_challenge", "code_challenge_method",
]  # fmt: skip
SOUND_BODIES: dict[str, Any] = {
    "/repos/create": {
        "name": NAME, "type": "space", "sdk": "gradio", "private": False, "organization": USER,
        "variables": [{"key": "A", "value": "b", "description": "c"}],
        "secrets": [{"key": "A", "value": "b"}],
    },
    "/repos/delete": {"name": NAME + "x", "type": "model", "organization": USER},
    "/repos/move": {"fromRepo": f"{USER}/{NAME}", "toRepo": f"{USER}/{NAME}2", "type": "model"},
    "/settings": {"private": False, "visibility": "public", "gated": False},
    "/validate-yaml": {"content": CARD, "repoType": "model"},
    "/discussions": {"title": "Title", "description": "Text", "pullRequest": True},
    "/comment": {"comment": "Text"},
    "/edit": {"content": "Text"},
    "/duplicate": {"repository": f"{USER}/{NAME}3", "visibility": "public"},
    "/hardware": {"flavor": "cpu-basic", "sleepTimeSeconds": 5},
    "/sleeptime": {"seconds": 5},
    "/collections": {
        "title": "Title", "namespace": USER, "description": "Text", "private": False,
        "theme": "blue", "position": 0,
    },
    "/items": {"item": {"id": f"{USER}/{NAME}", "type": "model"}, "note": "Text", "position": 0},
    "/title": {"title": "Title"},
    "/status": {"status": "open", "comment": "Text"},
    "/merge": {"comment": "Text"},
    "/branch": {"startingPoint": "main"},
    "/tag": {"tag": "v2", "message": "Text"},
    "/super-squash": {"message": "Text"},
    "/preupload": {
        "files": [{"path": "a.bin", "size": 5, "sample": "YQ=="}], "gitIgnore": "*.log\n!a",
    },
    "/paths-info": {"paths": ["README.md", "folder", "large.bin", ""], "expand": True},
    "/variables": {"key": "A", "value": "b", "description": "c"},
    "/secrets": {"key": "A", "value": "b", "description": "c"},
    "/objects/batch": {
        "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256",
        "objects": [{"oid": OID, "size": 5}, {"oid": LARGE_OID, "size": 40 << 20}],
    },
    "/settings/webhooks": {
        "url": "http://127.0.0.1:9/", "watched": [{"type": "user", "name": USER}],
        "domains": ["repo", "discussion"], "secret": "x",
    },
    "/jobs": {
        "command": ["true"], "arguments": [], "environment": {"A": "b"}, "dockerImage": "x",
        "secrets": {"A": "b"}, "labels": {"a": "b"}, "timeoutSeconds": 5, "attempts": 2,
    },
    "/lfs/verify": {"oid": LARGE_OID, "size": len(LARGE)},
}  # fmt: skip


def request_of(scene: Scene, route: Route) -> st.SearchStrategy[Ask]:
    """Returns a strategy of requests to one address."""

    @st.composite
    def draw_request(draw: st.DrawFn) -> Ask:
        methods = sorted(route.methods or {"GET"})
        method = draw(st.sampled_from([methods[0], methods[0], methods[-1]]))
        path = PART.sub(lambda part: "{" + part[1] + "}", route.path)
        target = b""
        for piece in re.split(r"(\{\w+\})", path):
            is_part = piece.startswith("{")
            target += draw(_parts(scene, piece[1:-1])) if is_part else piece.encode()
        if draw(st.integers(0, 19)) == 0:
            method = draw(
                st.sampled_from(["PUT", "POST", "DELETE", "OPTIONS", "TRACE", "X", "GET"])
            )
        target += draw(_queries(scene, target))
        framing: Framing = draw(
            st.sampled_from(["length"] * 30 + ["chunked"] * 3 + ["short", "long", "none"])
        )
        body = draw(_bodies(scene, route.path)) if method not in ("GET", "HEAD") else b""
        headers = draw(_headers(scene))
        if body and not any(name == "Content-Type" for name, _ in headers):
            is_form = body.startswith((b"paths=", b"expand="))
            kind = b"application/x-www-form-urlencoded" if is_form else content_type(route.path)
            headers += (("Content-Type", kind),)
        if body and draw(st.integers(0, 19)) == 0:
            headers += (("Content-Encoding", b"gzip"),)
            body = squeezed(body, draw(st.booleans()))
        return Ask(f"{methods[0]} {route.path}", method, target, headers, body, framing)

    return draw_request()


def _parts(scene: Scene, name: str) -> st.SearchStrategy[bytes]:
    """Returns a strategy of what can stand for a part of an address, mostly something sound."""
    sound: dict[str, list[bytes]] = {
        "kind": [b"models", b"datasets", b"spaces"],
        "namespace": [USER.encode()],
        "user": [USER.encode(), b"nobody", b"favicon.ico", b"robots.txt"],
        "name": [NAME.encode()] * 9 + [b"fuzz.git"],
        "number": [b"1", b"2", b"3", b"0", b"01", b"-1", b"%D9%A1", b"%C2%B2"],
        "oid": [LARGE_OID.encode(), OID.encode()],
        "branch": [*REVISIONS, b"made", b"made%2Fmore", b"made/more"],
    }
    revisions = st.sampled_from([*REVISIONS, *map(str.encode, scene.heads), SHA.encode()])
    if name == "revision":
        whole = revisions
    elif name == "rest":
        path = st.sampled_from(PATHS) | st.sampled_from(HOSTILE_PARTS)
        whole = st.builds(lambda at, rest: at + b"/" + rest, revisions, path) | revisions
    else:
        whole = st.sampled_from(sound.get(name, [b"x"]))
    hostile = st.sampled_from(HOSTILE_PARTS) | texts.map(lambda text: quote(text, safe="").encode())
    return st.integers(0, 7).flatmap(lambda choice: whole if choice else hostile)


def _queries(scene: Scene, target: bytes) -> st.SearchStrategy[bytes]:
    """Returns a strategy of queries; addresses under ``/lfs/`` are mostly signed."""
    names = st.sampled_from(PARAMETERS) | st.sampled_from(WORDS)
    given = st.sampled_from(["1", "true", "abc", "-1", "9" * 5_000, "1e9", "²", "", "all", "\0"])
    pairs = st.lists(st.tuples(names, given | texts), max_size=3)
    plain = pairs.map(lambda found: urlencode(found, errors="replace").encode()) | st.sampled_from(
        [b"service=git-upload-pack", b"service=x", b"&&=&", b"%ff=%00", b"?", b"a" * 9_000]
    )

    def signed(action: str) -> bytes:
        claims: dict[str, Any] = {"size": 5, "upload": "0" * 32, "part": 1, "parts": 1, "length": 9}
        path = target.decode("latin-1")
        return scene.signer.sign(action, path, **claims).partition("?")[2].encode()

    query = st.just(b"") | plain.map(lambda query: b"?" + query)
    if target.startswith(b"/lfs/"):
        own = st.just(b"?" + signed(target.decode("latin-1").split("/")[-2]))
        query = own | own | own | query
    return query


@st.composite
def _headers(draw: st.DrawFn, scene: Scene) -> tuple[tuple[str, bytes], ...]:
    token = scene.hub.token
    basic = base64.b64encode(f"x:{token}".encode())
    found: list[tuple[str, bytes]] = []
    if draw(st.integers(0, 7)):
        found.append(scene.bearer())
    elif draw(st.booleans()):
        found.append(("Authorization", draw(st.sampled_from([*CREDENTIALS, b"Basic " + basic]))))
    others: list[tuple[str, list[bytes]]] = [
        ("Accept", [b"text/html", b"*/*", b"\xff", b"application/json;q=x"]),
        ("Content-Type", [b"application/json", b"application/x-www-form-urlencoded", b"\xe9",
                          b"application/json; charset=x-nothing", b"multipart/form-data", b""]),
        ("Range", [b"bytes=0-1", b"bytes=-1", b"bytes=5-1", b"bytes=" + b"9" * 5_000 + b"-", b"x",
                   b"bytes=0-0,1-1,2-2", b"bytes=", b"bytes=-", b"lines=1-2", b"bytes=\xb2-",
                   b"bytes=0-" + b",0-" * 900, b"bytes=99-", b"bytes=-0", b"bytes=--1"]),
        ("If-Range", [b'"x"', b"Wed, 99 Foo", b"\xff"]),
        ("If-None-Match", [b"*", b'"x", W/"y"', b'"' + LARGE_OID.encode() + b'"', b",,,", b"\xff"]),
        ("Host", [b"localhost", b"127.0.0.1:x", b"[::1", b"\xff", b"", b"evil.example",
                  b"demo-fuzz-page.static.localhost", b"x.static.localhost:1"]),
        ("Git-Protocol", [b"version=2", b"version=9" * 99]),
        ("Expect", [b"100-continue", b"x"]),
        ("Origin", [b"null", b"http://evil.example", b"\xff", b"http://x.static.localhost"]),
        ("Sec-Fetch-Site", [b"cross-site", b"same-origin", b"\xff"]),
    ]  # fmt: skip
    for name, choices in others:
        if draw(st.integers(0, 7)) == 0:
            found.append((name, draw(st.sampled_from(choices))))
    return tuple(found)


def _bodies(scene: Scene, path: str) -> st.SearchStrategy[bytes]:
    """Returns a strategy of bodies for an address, by what it takes if that is known."""
    words = st.sampled_from(WORDS)
    unknown = st.dictionaries(words | texts, words | values, max_size=5)
    general = st.builds(as_json, unknown, st.just(False)) | st.sampled_from(RAW_JSON) | raw_bytes
    if "/commit/" in path:
        return commits(LARGE_OID) | commits(LARGE_OID) | general
    if path.endswith("/git-upload-pack"):
        return fetches(scene.heads) | fetches(scene.heads) | raw_bytes
    if path.startswith("/lfs/"):
        return st.sampled_from([LARGE, LARGE, LARGE, b"", b"other", b"x" * 70_000])
    if path == "/oauth/token":
        keys = ("grant_type", "code", "redirect_uri", "code_verifier", "client_id")
        given = st.sampled_from(["authorization_code", "x", "", "\0", "\u00e9"])
        pairs = st.lists(st.tuples(st.sampled_from(keys), given), max_size=5)
        return pairs.map(lambda found: urlencode(found).encode()) | raw_bytes
    kinds = [body for end, body in SOUND_BODIES.items() if end + "/" in path + "/"]
    if not kinds:
        return general
    sound = mutations(kinds[-1])
    if "validate-yaml" in path:
        sound |= cards().map(
            lambda card: {"content": card.decode(errors="replace"), "repoType": "model"}
        )
    if "paths-info" in path:
        form = st.lists(
            st.tuples(st.sampled_from(["paths", "expand"]), st.sampled_from(TEXTS)), max_size=4
        )
        general |= form.map(lambda pairs: urlencode(pairs).encode())
    written = st.builds(as_json, sound, st.integers(0, 19).map(lambda choice: choice == 0))
    return written | written | written | general
