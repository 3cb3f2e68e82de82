"""Static Spaces: served each at its own origin, and let talk to the Hub with a token alone."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from training.hub import EmbeddedHub
from training.hub.space_hosts import origin_of, subdomain_in, subdomain_of

from .plain_http import HTTP

CARD = """---
title: Page
sdk: static
app_file: start.html
custom_headers:
  cross-origin-embedder-policy: require-corp
  cross-origin-opener-policy: same-origin
  set-cookie: no
---
"""
PAGE = """<!doctype html>
<html><head lang="en"><title>before</title></head><body>
<script type="module">
import {name} from "./part.mjs";
const {variables} = window.huggingface;
const hub = variables.HF_ENDPOINT;
const headers = {authorization: "Bearer " + variables.TOKEN};
const info = await (await fetch(`${hub}/api/models/${variables.MODEL}`, {headers})).json();
const file = await fetch(`${hub}/${variables.MODEL}/resolve/main/x.bin`,
  {headers: {range: "bytes=0-3"}});
const same = file.headers.get("x-repo-commit") === info.sha;
document.title = [name, info.id, file.status, same, await file.text()].join(" ");
</script></body></html>
"""


def of_space(hub: EmbeddedHub, repo: str, path: str = "/", **more: str) -> httpx2.Response:
    """Asks a Space's host, whose name no resolver here need know."""
    host = f"{subdomain_of(repo)}.static.localhost:{hub.port}"
    return HTTP.get(hub.endpoint + path, headers={"Host": host, **more})


@pytest.fixture(scope="module")
def model(hub: EmbeddedHub) -> str:
    api = HfApi()
    repo = api.create_repo("for-the-page").repo_id
    api.upload_file(path_or_fileobj=b"abcdefgh" * 20, path_in_repo="x.bin", repo_id=repo)
    return repo


@pytest.fixture(scope="module")
def space(hub: EmbeddedHub, model: str) -> str:
    api = HfApi()
    repo = api.create_repo(
        "A_page.here",
        repo_type="space",
        space_sdk="static",
        space_variables=[
            {"key": "MODEL", "value": model},
            {"key": "TOKEN", "value": hub.accounts.create_token("demo", "read")},
            {"key": "HOSTILE", "value": "</script><script>document.title='owned'</script>"},
        ],
        space_secrets=[{"key": "SECRET", "value": "never-to-be-seen"}],
    ).repo_id
    files = {
        "README.md": CARD,
        "start.html": PAGE,
        "part.mjs": "export const name = 'loaded';",
        "engine.wasm": "\0asm",
        "deep/index.html": "no head",
        "deep/style.css": "a {}",
        "data.bin": "0123456789",
    }
    api.create_commit(
        repo,
        [CommitOperationAdd(path, text.encode()) for path, text in files.items()],
        commit_message="A page",
        repo_type="space",
    )
    return repo


def test_files_are_what_browsers_expect(hub: EmbeddedHub, space: str) -> None:
    for path, kind in {
        "/": "text/html; charset=utf-8",
        "/start.html": "text/html; charset=utf-8",
        "/deep/": "text/html; charset=utf-8",
        "/part.mjs": "text/javascript; charset=utf-8",
        "/engine.wasm": "application/wasm",
        "/deep/style.css": "text/css; charset=utf-8",
    }.items():
        answer = of_space(hub, space, path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind), path
        assert answer.headers["cross-origin-embedder-policy"] == "require-corp"
        assert "set-cookie" not in answer.headers
        assert "content-security-policy" not in answer.headers
        again = of_space(hub, space, path, **{"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert of_space(hub, space, "/data.bin", Range="bytes=2-4").content == b"234"
    assert of_space(hub, space, "/deep").headers["location"] == "/deep/"
    for path in ("/none", "/%2e%2e/README.md", "/.git/config", "/deep/none/"):
        assert of_space(hub, space, path).status_code == 404, path
    host = {"Host": f"{subdomain_of(space)}.static.localhost:{hub.port}"}
    assert HTTP.post(hub.endpoint + "/start.html", headers=host).status_code == 405


def test_pages_have_the_variables_and_no_secrets(hub: EmbeddedHub, space: str, model: str) -> None:
    for path in ("/", "/deep/"):
        text = of_space(hub, space, path).text
        found = re.search(r"<script>window\.huggingface = (.*?);</script>", text)
        assert found is not None
        variables = json.loads(found[1])["variables"]
        assert variables["MODEL"] == model
        assert variables["HF_ENDPOINT"] == f"http://localhost:{hub.port}"
        assert "SECRET" not in variables and "never-to-be-seen" not in text
        assert "<script>document.title" not in text
    assert of_space(hub, space).text.index("window.huggingface") < PAGE.index("<title>") + 999


def test_the_hub_says_where_it_is(api: HfApi, hub: EmbeddedHub, space: str) -> None:
    info = api.space_info(space)
    assert (info.subdomain, info.host) == (
        "demo-a-page-here",
        f"http://demo-a-page-here.static.localhost:{hub.port}",
    )
    page = HTTP.get(f"{hub.endpoint}/spaces/{space}")
    assert f'<iframe src="{info.host}/"' in page.text
    assert f"frame-src {info.host}" in page.headers["content-security-policy"]


def test_only_public_static_spaces_are_served(api: HfApi, hub: EmbeddedHub, space: str) -> None:
    other = api.create_repo("no-page", repo_type="space", space_sdk="gradio").repo_id
    assert of_space(hub, other, "/README.md").status_code == 404
    assert api.space_info(other).host is None
    api.update_repo_settings(space, private=True, repo_type="space")
    assert of_space(hub, space).status_code == 404
    api.update_repo_settings(space, private=False, repo_type="space")
    assert of_space(hub, space).status_code == 200
    assert HTTP.get(hub.endpoint, headers={"Host": "x.static.evil.example"}).status_code == 400


def test_a_damaged_space_says_so(api: HfApi, hub: EmbeddedHub) -> None:
    repo = api.create_repo("damaged-page", repo_type="space", space_sdk="static").repo_id
    assert of_space(hub, repo, "/README.md").status_code == 200
    folder = hub.root / "repos/spaces" / repo
    for blob in (folder / "blobs").iterdir():
        blob.unlink()
    for stored in (folder / "git/objects").glob("??/*"):
        stored.chmod(0o644)
        stored.write_bytes(b"no object")
    answer = of_space(hub, repo, "/README.md")
    assert answer.status_code == 500 and "damaged" in answer.text
    api.delete_repo(repo, repo_type="space")


def test_a_page_asks_the_hub_with_a_token(hub: EmbeddedHub, space: str, model: str) -> None:
    origin = origin_of(hub.endpoint, subdomain_of(space))
    assert origin is not None
    asked = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    wanted = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    target = f"{hub.endpoint}/api/models/{model}/discussions"
    preflight = HTTP.request("OPTIONS", target, headers={**asked, **wanted})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == origin
    assert preflight.headers["access-control-allow-headers"] == "authorization,content-type"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    bearer = {"Authorization": f"Bearer {hub.token}"}
    made = HTTP.post(target, headers={**asked, **bearer}, json={"title": "From a page"})
    assert made.status_code == 200 and made.headers["access-control-allow-origin"] == origin
    assert HTTP.post(target, headers=asked, json={"title": "Without"}).status_code == 401
    for path in (f"/{model}/resolve/main/x.bin", f"/{model}/raw/main/x.bin", "/api/nothing"):
        answer = HTTP.get(hub.endpoint + path, headers=asked)
        assert answer.headers["access-control-allow-origin"] == origin, path
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "access-control-allow-credentials" not in answer.headers
    for elsewhere in (
        f"http://x.static.localhost:{hub.port + 1}",
        f"https://x.static.localhost:{hub.port}",
        f"http://x.static.evil.example:{hub.port}",
        f"http://static.localhost:{hub.port}",
    ):
        refused = HTTP.post(target, headers={"Origin": elsewhere, **bearer}, json={"title": "No!"})
        assert refused.status_code == 403, elsewhere
        assert "access-control-allow-origin" not in refused.headers


def test_a_browser_runs_it(
    api: HfApi, hub: EmbeddedHub, space: str, model: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu"),
            *("--disable-background-networking", f"--user-data-dir={tmp_path}"),
            *("--no-proxy-server", "--virtual-time-budget=5000", "--dump-dom"),
            f"http://{subdomain_of(space)}.static.localhost:{hub.port}/",
        ],
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert f"<title>loaded {model} 206 true abcd</title>" in done.stdout, done.stderr[-2000:]


def test_names() -> None:
    assert subdomain_of("Some_One/My.Page--x") == "some-one-my-page-x"
    long = subdomain_of("a" * 90 + "/b")
    assert len(long) <= 63 and long != subdomain_of("a" * 91 + "/b")
    assert origin_of("http://127.0.0.1:7870", "a-b") == "http://a-b.static.localhost:7870"
    assert origin_of("http://[::1]:7870", "a-b") == "http://a-b.static.localhost:7870"
    assert origin_of("https://hub.lan", "a-b") == "https://a-b.static.hub.lan"
    assert origin_of("http://10.0.0.5:7870", "a-b") is None
    names = {"localhost", "hub.lan"}
    assert subdomain_in("a-b.static.hub.lan", names) == "a-b"
    for name in ("hub.lan", "static.hub.lan", "a.b.static.hub.lan", "a.static.evil.lan"):
        assert subdomain_in(name, names) is None
