"""The files that sites copy: each is run as it stands, against the Space and the embedded Hub."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tagloop.reading.entries import entry_of
from tagloop.reading.sources import open_path
from tagloop.web.settings import SPACE_FOLDER

from .conftest import RunningSpace

ROOT = SPACE_FOLDER.parent
FILES = SPACE_FOLDER / "integrations"
WORKFLOWS = [
    FILES / "tag-posts.yml",
    ROOT / "training" / "retrain" / "schedule" / "retrain.yml",
    *(ROOT / ".github" / "workflows").glob("*.yml"),
]
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
TEXT = "The bank's chatbot knows the customer's open cases, and bread, and the night train."
POST = f"---\ntitle: New\ndate: 2026-01-05\n---\n\n{TEXT}\n"
TAGGED = f"---\ntitle: Old\ntags: [Mine]\n---\n\n{TEXT}\n"


def bash(script: str, *words: str, folder: Path, **environment: str) -> str:
    """Runs a script as GitHub does; returns what it prints."""
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script, "bash", *words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """Variables by which `tagloop` is this one, and git and pre-commit know nobody's settings."""
    script = tmp_path / "bin" / "tagloop"
    script.parent.mkdir()
    module, _, function = SCRIPTS["tagloop"].partition(":")
    lines = (f"#!{sys.executable}", f"from {module} import {function}", f"exit({function}())")
    script.write_text("\n".join(lines))
    script.chmod(0o755)
    (tmp_path / "runner").mkdir()
    author = {f"GIT_{who}_{what}": "me@example.org" for who in ("AUTHOR", "COMMITTER")
              for what in ("NAME", "EMAIL")}  # fmt: skip
    return author | {
        "PATH": f"{script.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(SPACE_FOLDER), str(ROOT), *sys.path[1:]]),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "RUNNER_TEMP": str(tmp_path / "runner"),
    }


@pytest.fixture
def site(tmp_path: Path, programs: dict[str, str]) -> Path:
    """A clone with a branch on which a post is new, one has tags and a page is no post."""
    folder = tmp_path / "site"
    bash("git init -qb main --bare origin.git; git clone -q origin.git site", folder=tmp_path,
         **programs)  # fmt: skip
    (folder / "README.md").write_text("# My site\n")
    bash("git checkout -qb main; git add .; git commit -qm Site; git push -q origin main",
         folder=folder, **programs)  # fmt: skip
    posts = folder / "content" / "posts"
    posts.mkdir(parents=True)
    (posts / "a new one, –.md").write_text(POST)
    (posts / "old.md").write_text(TAGGED)
    (folder / "content" / "note.md").write_text(f"# No front matter\n\n{TEXT}\n")
    bash("git checkout -qb draft; git add .; git commit -qm Posts; git push -q -u origin draft",
         folder=folder, **programs)  # fmt: skip
    return folder


def tags_in(path: Path) -> list[str]:
    (record,) = open_path(path).records
    return list(entry_of(record).tags)


def test_github_knows_what_the_workflows_say() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run(
        [*command, "vendor.github-workflows", *map(str, WORKFLOWS)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    workflow: dict[Any, Any] = yaml.safe_load(WORKFLOWS[0].read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "write"}
    steps = workflow["jobs"]["tag"]["steps"]
    used = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", name) for name in used)
    # What others wrote (a branch, a title) comes in as a variable, never as a part of a script.
    assert not [step for step in steps if "${{" in step.get("run", "")]


def test_a_pull_request_gets_its_tags(
    site: Path, programs: dict[str, str], published_tagger: str
) -> None:
    job = yaml.safe_load(WORKFLOWS[0].read_text(encoding="utf-8"))["jobs"]["tag"]
    steps = {step["name"]: step["run"] for step in job["steps"] if "run" in step}
    assert list(steps) == ["Install", "Tag", "Commit"]
    base = bash("git rev-parse main", folder=site, **programs).strip()
    variables = programs | job["env"] | {"MODEL": published_tagger, "BASE": base}
    (told,) = bash(steps["Tag"], folder=site, **variables).splitlines()
    assert told.startswith("content/posts/a new one, –.md: ")
    bash(steps["Commit"], folder=site, **variables)
    changed = bash("git diff --name-only -z HEAD~1 origin/draft", folder=site, **programs)
    assert changed == "content/posts/a new one, –.md\0"
    new = site / "content" / "posts" / "a new one, –.md"
    assert tags_in(new)
    written = new.read_text()
    assert re.sub(r"tags:.*\n(?: *- .*\n)*", "", written, count=1) == POST  # nothing else
    for _ in range(2):  # a second run finds all posts tagged, and commits nothing
        bash(steps["Tag"] + steps["Commit"], folder=site, **variables)
    assert bash("git log --format=%s", folder=site, **programs).split("\n")[:2] == [
        "Tag new posts",
        "Posts",
    ]


def test_a_commit_gets_its_tags_by_pre_commit(
    tmp_path: Path, site: Path, programs: dict[str, str], published_tagger: str
) -> None:
    hooks = tmp_path / "tagloop"
    hooks.mkdir()
    (hooks / ".pre-commit-hooks.yaml").write_bytes((ROOT / ".pre-commit-hooks.yaml").read_bytes())
    bash("git init -q; git add .; git commit -qm Hooks; git tag v0.1.0", folder=hooks, **programs)
    readme = (FILES / "README.md").read_text(encoding="utf-8")
    (config,) = re.findall(r"```yaml\n(repos:.*?)```", readme, re.DOTALL)
    config = config.replace("https://github.com/owner/tagloop", str(hooks))
    (site / ".pre-commit-config.yaml").write_text(config.replace("owner/tagger", published_tagger))
    (site / "README.md").write_text("---\ntitle: A page that is no post\n---\nText.\n")
    second = site / "content" / "posts" / "second.md"
    second.write_text(POST)
    bash("pre-commit install; git add .", folder=site, **programs)
    assert "refused" in bash("git commit -qm Second || echo refused", folder=site, **programs)
    assert tags_in(second) and tags_in(second.with_name("old.md")) == ["Mine"]
    assert not tags_in(site / "README.md")
    bash("git add .; git commit -qm Second", folder=site, **programs)


class Blog(BaseHTTPRequestHandler):
    """Stands for WordPress and Ghost: one post, tags, and who may change them."""

    post: dict[str, Any]
    tags: dict[str, int]
    asked: list[str]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> Any:
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _allowed(self) -> bool:
        self.asked.append(f"{self.command} {self.path}")
        given = self.headers["Authorization"] or ""
        if given.startswith("Ghost "):
            head, body, sign = given.removeprefix("Ghost ").split(".")
            secret = bytes.fromhex("0123456789abcdef" * 4)
            right = hmac.digest(secret, f"{head}.{body}".encode(), hashlib.sha256)
            said = json.loads(base64.urlsafe_b64decode(f"{body}=="))
            assert json.loads(base64.urlsafe_b64decode(f"{head}=="))["kid"] == "65ab"
            assert said["aud"] == "/admin/" and 0 < said["exp"] - said["iat"] <= 300
            allowed = base64.urlsafe_b64encode(right).rstrip(b"=").decode() == sign
        else:
            allowed = given == f"Basic {base64.b64encode(b'me:one two').decode()}"
        if not allowed:
            self._answer(401, {"code": "not_logged_in"})
        return allowed

    def do_GET(self) -> None:
        if self._allowed():
            is_ghost = "/ghost/" in self.path
            self._answer(200, {"posts": [self.post]} if is_ghost else self.post)

    def do_POST(self) -> None:
        if not self._allowed():
            return
        body = self._body()
        if not self.path.endswith("/tags"):
            self.post["tags"] = body["tags"]
            self._answer(200, self.post)
        elif body["name"] in self.tags:
            said = {
                "code": "term_exists",
                "data": {"status": 400, "term_id": self.tags[body["name"]]},
            }
            self._answer(400, said)
        else:
            self.tags[body["name"]] = 100 + len(self.tags)
            self._answer(201, {"id": self.tags[body["name"]], "name": body["name"]})

    def do_PUT(self) -> None:
        if self._allowed():
            (change,) = self._body()["posts"]
            assert change["updated_at"] == self.post["updated_at"]
            self.post["tags"] = change["tags"]
            self._answer(200, {"posts": [self.post]})


@contextmanager
def blog(post: dict[str, Any]) -> Iterator[tuple[str, type[Blog]]]:
    state = type("Site", (Blog,), {"post": post, "tags": {"Chatbots": 7}, "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), state) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", state
        server.shutdown()


Script = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def script(space: RunningSpace, tmp_path: Path) -> Script:
    """Runs a file of the folder with the Space's address."""

    def run(name: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(FILES / name), *words],
            env=os.environ | {"SPACE": space.url, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_a_wordpress_post_gets_its_tags(script: Script, tmp_path: Path) -> None:
    raw = f'<!-- wp:paragraph --><p>{TEXT} <b>"Quoted"</b></p>'
    post: dict[str, Any] = {
        "id": 42,
        "title": {"raw": "It's 5 o'clock"},
        "content": {"raw": raw},
        "tags": [],
    }
    with blog(post) as (address, state):
        site = {"WORDPRESS": address, "WORDPRESS_USER": "me", "WORDPRESS_PASSWORD": "one two"}
        done = script("wordpress.sh", "42", **site)
        assert done.returncode == 0, done.stderr
        names = {number: name for name, number in state.tags.items()}
        assert [names[number] for number in post["tags"]] == done.stdout.strip().split(",")
        assert state.asked[0] == "GET /wp-json/wp/v2/posts/42?context=edit"
        before = list(post["tags"])
        again = script("wordpress.sh", "42", **site)
        assert again.returncode == 0 and "has tags" in again.stderr and post["tags"] == before
        refused = script("wordpress.sh", "42", **site | {"WORDPRESS_PASSWORD": "wrong"})
        assert refused.returncode != 0 and "401" in refused.stderr
    assert os.listdir(tmp_path) == []


def test_a_ghost_post_gets_its_tags(script: Script, tmp_path: Path) -> None:
    post: dict[str, Any] = {
        "id": "65",
        "title": "It's",
        "html": f"<p>{TEXT}</p>",
        "tags": [],
        "updated_at": "T1",
    }
    with blog(post) as (address, state):
        site = {"GHOST": address, "GHOST_ADMIN_KEY": f"65ab:{'0123456789abcdef' * 4}"}
        done = script("ghost.sh", "65", **site)
        assert done.returncode == 0, done.stderr
        assert ", ".join(tag["name"] for tag in post["tags"]) == done.stdout.strip() != ""
        assert state.asked[0] == "GET /ghost/api/admin/posts/65/?formats=html"
        again = script("ghost.sh", "65", **site)
        assert again.returncode == 0 and "has tags" in again.stderr
        refused = script("ghost.sh", "65", **site | {"GHOST_ADMIN_KEY": f"65ab:{'00' * 32}"})
        assert refused.returncode != 0 and "401" in refused.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["wordpress.sh", "ghost.sh"])
def test_an_article_without_tags_changes_nothing(script: Script, name: str) -> None:
    post = {"title": {"raw": ""}, "content": {"raw": ""}, "html": "", "tags": [], "updated_at": ""}
    with blog(post) as (address, state):
        site = {"WORDPRESS": address, "WORDPRESS_USER": "me", "WORDPRESS_PASSWORD": "one two",
                "GHOST": address, "GHOST_ADMIN_KEY": f"65ab:{'0123456789abcdef' * 4}"}  # fmt: skip
        done = script(name, "1", **site)
        assert done.returncode == 1 and "no tags for post 1" in done.stderr
        assert len(state.asked) == 1 and post["tags"] == []
