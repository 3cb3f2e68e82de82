"""A Hub of its own with a repository of each kind, whole again after whatever was done to it."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.routing import Route

import training.hub
from training.hub import EmbeddedHub
from training.hub.app import build
from training.hub.names import PREFIXES
from training.hub.signing import Signer
from training.hub.storage.git_store import FILE_MODE, GitStore

from .wire import Answer, Ask, Tally, Wire

USER = "demo"
NAME = "fuzz"
LARGE = b"large"
LARGE_OID = hashlib.sha256(LARGE).hexdigest()
CARD = "---\nlicense: mit\ntags: [a]\nsdk: gradio\n---\n# Title\n"
WORD = re.compile(r"[A-Za-z][A-Za-z_-]{1,24}(\[\])?")


@dataclass
class Scene:
    """A running Hub and what is known of it.

    Attributes:
        hub: The server process.
        tally: What was sent to it.
        wire: A connection to it.
        heads: Commit ids that exist.
    """

    hub: EmbeddedHub
    tally: Tally
    wire: Wire
    heads: list[str] = field(default_factory=list)

    @property
    def signer(self) -> Signer:
        """Returns what signs as the Hub does."""
        return Signer(self.hub.accounts.signing_key)

    def bearer(self) -> tuple[str, bytes]:
        """Returns the header of the owner."""
        return "Authorization", f"Bearer {self.hub.token}".encode()

    def call(self, method: str, target: str, body: Any = None) -> Answer:
        """Sends a sound request in the owner's name."""
        content = b""
        headers: tuple[tuple[str, bytes], ...] = (self.bearer(),)
        if method != "GET":
            content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
            headers += (("Content-Type", content_type(target)),)
        return self.wire.send(Ask("the scene", method, target.encode(), headers, content))

    def restore(self) -> None:
        """Makes what is missing of the repositories that the requests aim at."""
        heads: list[str] = []
        for kind in PREFIXES:
            at = f"/api/{kind}/{USER}/{NAME}"
            refs = self.call("GET", f"{at}/refs?include_prs=1")
            if refs.status != 200:
                self._fill(kind, at)
                refs = self.call("GET", f"{at}/refs?include_prs=1")
            found = json.loads(refs.content)
            heads += [ref["targetCommit"] for group in found.values() for ref in group][-5:]
        self.heads[:] = heads
        page = {"type": "space", "name": f"{NAME}-page", "sdk": "static"}
        self.call("POST", "/api/repos/create", page)

    def _fill(self, kind: str, at: str) -> None:
        body = {"type": kind.removesuffix("s"), "name": NAME, "sdk": "gradio"}
        self.call("POST", "/api/repos/create", body)
        address = PREFIXES[kind] + f"{USER}/{NAME}"
        given = {"operation": "upload", "objects": [{"oid": LARGE_OID, "size": len(LARGE)}]}
        batch = self.call("POST", f"/{address}.git/info/lfs/objects/batch", given)
        actions = json.loads(batch.content)["objects"][0].get("actions")
        if actions:
            place = actions["upload"]["href"].split("/lfs/", 1)[1]
            self.call("PUT", f"/lfs/{place}", LARGE)
        files = {"README.md": CARD, "folder/a.txt": "a", "config.json": '{"model_type": "t5"}'}
        lines: list[Any] = [{"key": "header", "value": {"summary": "Fill"}}]
        lines += [
            {"key": "file", "value": {"path": path, "content": text, "encoding": "utf-8"}}
            for path, text in files.items()
        ]
        large = {"path": "large.bin", "algo": "sha256", "oid": LARGE_OID, "size": len(LARGE)}
        lines.append({"key": "lfsFile", "value": large})
        body_lines = "\n".join(json.dumps(line) for line in lines).encode()
        self.call("POST", f"{at}/commit/main", body_lines)
        self.call("POST", f"{at}/tag/main", {"tag": "v1", "message": "first"})
        self.call("POST", f"{at}/branch/next", {"startingPoint": "main"})
        self.call("POST", f"{at}/discussions", {"title": "Request", "pullRequest": True})
        self.call("POST", f"{at}/discussions", {"title": "Talk", "description": "Hello"})

    def plant(self, kind: str, repo_id: str, path: bytes, content: bytes) -> None:
        """Puts a file into the main branch past all checks, as an earlier version might have."""
        git = GitStore(self.hub.root / "repos" / kind / repo_id / "git")
        head = git.resolve("main")
        files = {**git.files(head), path: (FILE_MODE, git.add_blob(content))}
        git.commit("refs/heads/main", files, [head.id], USER, "Planted")


@contextmanager
def open_scene(folder: Path, tally: Tally) -> Iterator[Scene]:
    """Starts a Hub in that folder."""
    with EmbeddedHub(folder / "hub", user=USER) as hub:
        wire = Wire(hub.port, tally)
        scene = Scene(hub, tally, wire)
        scene.restore()
        try:
            yield scene
        finally:
            wire.close()


def declared_routes(folder: Path) -> list[Route]:
    """Returns every address that the Hub declares: a new one is tried without being named here."""
    app: Any = build(folder, "127.0.0.1")
    while not hasattr(app, "routes"):
        app = app.app
    return [route for route in app.routes if isinstance(route, Route)]


def content_type(path: str) -> bytes:
    """Returns what clients say of the body that they send to an address."""
    if "/commit/" in path:
        return b"application/x-ndjson"
    if path.endswith("/git-upload-pack"):
        return b"application/x-git-upload-pack-request"
    if path.startswith("/lfs/"):
        return b"application/octet-stream"
    if path.startswith("/oauth/"):
        return b"application/x-www-form-urlencoded"
    return b"application/vnd.git-lfs+json" if "/info/lfs/" in path else b"application/json"


def vocabulary() -> list[str]:
    """Returns the words in the Hub's own code: keys, values and parameters that it may look for."""
    found = set()
    for path in Path(training.hub.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update([node.value] if WORD.fullmatch(node.value) else [])
    return sorted(found)
