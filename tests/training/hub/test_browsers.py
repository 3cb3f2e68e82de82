"""What another page can make a signed-in browser do here; the Hub's own clients stay served."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from training.hub import EmbeddedHub
from training.hub.app import API
from training.hub.browsers import Guard
from training.hub.errors import HubError
from training.hub.web import consent, pages

from ...event_loop import run
from .plain_http import HTTP, NDJSON

ROUTES: list[Route] = [route for module in (*API, consent, pages) for route in module.ROUTES]
SIMPLE_TYPES = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    None,
)
"""Media types of a body that a page may send anywhere without asking (Fetch, "no-cors")."""
ELSEWHERE = (
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


def basic(hub: EmbeddedHub) -> dict[str, str]:
    """Returns what a browser sends along once somebody has signed in."""
    return {"Authorization": "Basic " + base64.b64encode(f"demo:{hub.token}".encode()).decode()}


def bearer(hub: EmbeddedHub) -> dict[str, str]:
    return {"Authorization": f"Bearer {hub.token}"}


def writes(repo: str) -> Iterator[tuple[str, str, str]]:
    """Yields (method, address, declared path) of every route that is no reading one."""
    parts = {"kind": "models", "namespace": "demo", "name": repo.split("/")[1], "oid": "0" * 64}
    for route in ROUTES:
        for method in (route.methods or set()) - {"GET", "HEAD"}:
            address = re.sub(
                r"\{(\w+)(?::(\w+))?\}",
                lambda part: "spaces" if part[2] == "space" else parts.get(part[1], "main"),
                route.path,
            )
            yield method, address, route.path


def test_no_route_lets_another_page_write(hub: EmbeddedHub, api: HfApi, repo: str) -> None:
    before, walked = api.list_repo_refs(repo), list(writes(repo))
    assert len(walked) > 30
    for method, address, path in walked:
        for headers in ELSEWHERE:
            answer = HTTP.request(
                method, hub.endpoint + address, headers={**bearer(hub), **headers}, json={}
            )
            assert answer.status_code == 403, (method, path, headers)
            assert "from elsewhere" in answer.text
            assert "access-control-allow-origin" not in answer.headers
    assert api.list_repo_refs(repo) == before


def test_basic_credentials_write_for_git_alone(hub: EmbeddedHub, repo: str) -> None:
    """Whoever declares a new route gets bearer tokens only, unless he adds it here."""
    counted = {
        path
        for method, address, path in writes(repo)
        if HTTP.request(method, hub.endpoint + address, headers=basic(hub), json=[]).status_code
        != 401
    }
    ends = ("/git-upload-pack", "/info/lfs/objects/batch", "/info/lfs/verify")
    kinds = ("", "/datasets", "/spaces")
    # A model is found at its address; a dataset of that name is not there: 404, thus counted.
    by_git = {f"{kind}/{{namespace}}/{{name}}{end}" for kind in kinds for end in ends}
    # What the form on the page of consent is sent to asks for a signature, and for nothing else.
    assert counted == by_git | {"/oauth/authorize"}


def test_forms_are_no_bodies_of_ours(hub: EmbeddedHub, repo: str) -> None:
    forms = {"/api/{kind:kind}/{namespace}/{name}/paths-info/{rest:path}"}
    own = repo.split("/")[1]
    for method, address, path in writes(repo):
        if path.startswith("/lfs/") or f"/{own}" not in address or "spaces" in address:
            continue
        for media_type in SIMPLE_TYPES:
            if (path in forms and media_type == SIMPLE_TYPES[1]) or "datasets" in address:
                continue
            headers = bearer(hub) | ({"Content-Type": media_type} if media_type else {})
            answer = HTTP.request(
                method, hub.endpoint + address, content=b'{"a": ""}', headers=headers
            )
            assert answer.status_code == 415, (method, path, media_type)


@pytest.mark.parametrize("media_type", SIMPLE_TYPES)
@pytest.mark.parametrize("told", [True, False])
def test_a_form_elsewhere_makes_no_tag_and_no_branch(
    hub: EmbeddedHub, api: HfApi, repo: str, media_type: str | None, told: bool
) -> None:
    """An old browser says nothing of where a request comes from; the rest holds without it."""
    before = api.list_repo_refs(repo)
    page = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"} if told else {}
    headers = basic(hub) | page | ({"Content-Type": media_type} if media_type else {})
    for rest, body in (
        ("tag/main/git-upload-pack", {"tag": "owned"}),
        ("tag/main/info/lfs/objects/batch", {"tag": "owned"}),
        ("branch/x/git-upload-pack", {}),
        ("branch/git-upload-pack", {}),
    ):
        answer = HTTP.post(
            f"{hub.endpoint}/api/models/{repo}/{rest}", content=json.dumps(body), headers=headers
        )
        assert answer.status_code in (401, 403), rest
    assert api.list_repo_refs(repo) == before


def test_large_files_are_sent_with_basic_credentials(hub: EmbeddedHub, repo: str) -> None:
    content = b"sent by git-lfs"
    named = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
    headers = basic(hub) | {"Content-Type": "application/vnd.git-lfs+json; charset=utf-8"}
    where = f"{hub.endpoint}/{repo}.git/info/lfs"
    answer = HTTP.post(
        f"{where}/objects/batch",
        content=json.dumps({"operation": "upload", "objects": [named]}),
        headers=headers,
    )
    upload = answer.json()["objects"][0]["actions"]["upload"]["href"]
    assert HTTP.put(upload, content=content).status_code == 200
    verified = HTTP.post(f"{where}/verify", content=json.dumps(named), headers=headers)
    assert verified.status_code == 200


def test_a_page_of_the_hub_itself_may_write(hub: EmbeddedHub, repo: str) -> None:
    headers = {**bearer(hub), "Origin": hub.endpoint.upper().replace("HTTP:", "http:")}
    for own in (headers, {**headers, "Sec-Fetch-Site": "same-origin"}):
        answer = HTTP.put(f"{hub.endpoint}/api/models/{repo}/settings", json={}, headers=own)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("listens_on", "host", "status"),
    [
        ("127.0.0.1", "127.0.0.1:7870", 200),
        ("127.0.0.1", "localhost", 200),
        ("127.0.0.1", "hub.test:7870", 200),
        ("127.0.0.1", "10.0.0.5", 400),
        ("127.0.0.1", "evil.example:7870", 400),
        ("::1", "[::1]:7870", 200),
        ("0.0.0.0", "10.0.0.5:7870", 200),
        ("0.0.0.0", "[fe80::1]:7870", 200),
        ("0.0.0.0", "HUB.test", 200),
        ("0.0.0.0", "evil.example:7870", 400),
        ("0.0.0.0", "10.0.0.5.evil.example", 400),
        ("0.0.0.0", "user@10.0.0.5", 400),
        ("0.0.0.0", "10.0.0.5:99999", 400),
        ("0.0.0.0", "", 400),
        ("hub.lan", "hub.lan", 200),
    ],
)
def test_the_hub_answers_to_its_own_names(listens_on: str, host: str, status: int) -> None:
    """A name that an attacker's DNS points here is none of them, wherever the Hub listens."""
    sent: list[Message] = []

    def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, HubError)
        return PlainTextResponse(error.message, error.status)

    async def keep(message: Message) -> None:
        sent.append(message)

    async def nothing() -> Message:
        return {"type": "http.request"}

    guard = Guard(PlainTextResponse("here"), listens_on, ["hub.test"], refuse)
    scope = {"type": "http", "scheme": "http", "method": "GET", "path": "/"}
    headers = [(b"host", host.encode())]
    run(guard({**scope, "headers": headers}, nothing, keep))
    assert sent[0]["status"] == status


def answers(hub: EmbeddedHub, repo: str) -> Iterator[httpx2.Response]:
    """Yields an answer of each sort: pages, JSON, refusals, git, files as they stand."""
    for path in ("/", "/sign-in", "/static/hub.css", f"/{repo}", "/no/where", "/api/models", "/a"):
        yield HTTP.get(hub.endpoint + path, headers={"Accept": "text/html"})
        yield HTTP.get(hub.endpoint + path, headers=basic(hub))
    yield HTTP.get(f"{hub.endpoint}/{repo}/info/refs?service=git-upload-pack")
    yield HTTP.get(hub.endpoint, headers={"Host": "evil.example"})
    yield HTTP.request("OPTIONS", hub.endpoint, headers={"Origin": "http://evil.example"})
    yield HTTP.get(f"{hub.endpoint}/{repo}/resolve/main/page.html")


def test_every_answer_is_inert(hub: EmbeddedHub, api: HfApi, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"<script>", path_in_repo="page.html", repo_id=repo)
    for answer in answers(hub, repo):
        assert answer.headers["x-content-type-options"] == "nosniff", answer.url
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], answer.url
        assert answer.headers["cross-origin-resource-policy"] == "same-site"
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert "set-cookie" not in answer.headers


ACTIVE = "<script xmlns='http://www.w3.org/1999/xhtml'>document.title='owned'</script>"
FILES = {
    "page.html": f"<title>safe</title>{ACTIVE}",
    "page.xhtml": f"<html xmlns='http://www.w3.org/1999/xhtml'>{ACTIVE}</html>",
    "page.xml": f"<html xmlns='http://www.w3.org/1999/xhtml'>{ACTIVE}</html>",
    "picture.svg": f"<svg xmlns='http://www.w3.org/2000/svg'>{ACTIVE}</svg>",
    "page.svgz": ACTIVE,
    "page.mhtml": ACTIVE,
    "script.js": "document.title='owned'",
    "paper.pdf": ACTIVE,
    "nothing": f"<!doctype html>{ACTIVE}",
}


def test_a_file_of_a_repository_is_no_page_of_the_hub(
    hub: EmbeddedHub, api: HfApi, repo: str, tmp_path: Path
) -> None:
    operations = [CommitOperationAdd(name, text.encode()) for name, text in FILES.items()]
    api.create_commit(repo, operations, commit_message="Files that would act")
    shown = {"text/plain; charset=utf-8", "application/octet-stream", "image/svg+xml"}
    for name in FILES:
        answer = HTTP.get(f"{hub.endpoint}/{repo}/resolve/main/{name}", follow_redirects=True)
        assert answer.status_code == 200
        assert answer.headers["content-type"] in shown, name
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    done = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu"),
            *("--disable-background-networking", f"--user-data-dir={tmp_path}"),
            *("--virtual-time-budget=1000", "--dump-dom"),
            f"{hub.endpoint}/{repo}/resolve/main/picture.svg",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "<svg" in done.stdout and "<title" not in done.stdout


def test_a_commit_by_hand_needs_its_own_type(hub: EmbeddedHub, api: HfApi, repo: str) -> None:
    line = json.dumps({"key": "header", "value": {"summary": "x"}})
    address = f"{hub.endpoint}/api/models/{repo}/commit/main"
    for headers, status in ((NDJSON, 200), ({"Content-Type": "text/plain"}, 415), ({}, 415)):
        sent = HTTP.post(address, content=line, headers={**bearer(hub), **headers})
        assert sent.status_code == status
