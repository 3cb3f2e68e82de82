"""Signing in to a static Space: the code flow with PKCE, and what its token can do."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from training.chromium import OPTIONS, find_chromium
from training.hub import EmbeddedHub
from training.hub.accounts import OAUTH
from training.hub.errors import HubError
from training.hub.oauth.grants import Grant, Grants
from training.hub.space_hosts import origin_of, subdomain_of

from .plain_http import HTTP

CARD = """---
title: Corrections
sdk: static
hf_oauth: true
hf_oauth_scopes: [email, {scopes}, made-up]
hf_oauth_expiration_minutes: 30
---
"""
PAGE = """<!doctype html><html><head></head><body><script type="module">
const {variables} = window.huggingface;
const base64url = bytes => btoa(String.fromCharCode(...bytes))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const config = await (await fetch(
  variables.OPENID_PROVIDER_URL + "/.well-known/openid-configuration")).json();
const query = new URLSearchParams(location.search);
if (query.has("code")) {
  const body = new URLSearchParams({grant_type: "authorization_code", code: query.get("code"),
    redirect_uri: location.origin + "/", code_verifier: localStorage.verifier});
  const answer = await (await fetch(config.token_endpoint, {method: "POST", body})).json();
  const headers = {Authorization: "Bearer " + answer.access_token};
  const info = await (await fetch(config.userinfo_endpoint, {headers})).json();
  document.title = `${info.preferred_username} ${query.get("state")} ${answer.scope}`;
} else {
  localStorage.verifier = crypto.randomUUID() + crypto.randomUUID();
  const bytes = new TextEncoder().encode(localStorage.verifier);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  location = config.authorization_endpoint + "?" + new URLSearchParams({
    client_id: variables.OAUTH_CLIENT_ID, scope: variables.OAUTH_SCOPES, response_type: "code",
    redirect_uri: location.origin + "/", state: "kept", code_challenge_method: "S256",
    code_challenge: base64url(new Uint8Array(digest))});
}
</script></body></html>
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """Yields a Hub with a visitor who signs in without a token."""
    with EmbeddedHub(tmp_path_factory.mktemp("oauth"), visitors=["guest"]) as hub:
        yield hub


def space(api: HfApi, name: str, scopes: str = "write-discussions") -> str:
    made = api.create_repo(name, repo_type="space", space_sdk="static").repo_id
    files = {"README.md": CARD.format(scopes=scopes), "index.html": PAGE}
    api.create_commit(
        made,
        [CommitOperationAdd(path, text.encode()) for path, text in files.items()],
        commit_message="A page with a sign-in",
        repo_type="space",
    )
    return made


@pytest.fixture(scope="module")
def asking(own: EmbeddedHub) -> str:
    return space(HfApi(endpoint=own.endpoint, token=own.token), "asking")


def variables(hub: EmbeddedHub, repo: str) -> dict[str, str]:
    host = {"Host": f"{subdomain_of(repo)}.static.localhost:{hub.port}"}
    found = re.search(
        r"window\.huggingface = (.*?);</script>", HTTP.get(hub.endpoint, headers=host).text
    )
    assert found is not None
    told: dict[str, str] = json.loads(found[1])["variables"]
    return told


class Page:
    """A Space's page, as far as the protocol sees it."""

    def __init__(self, hub: EmbeddedHub, repo: str) -> None:
        self.hub, self.repo = hub, repo
        self.told = variables(hub, repo)
        self.origin = origin_of(hub.endpoint, subdomain_of(repo)) or ""
        self.verifier = secrets.token_urlsafe(48)

    def question(self, **changed: str) -> dict[str, str]:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return {
            "client_id": self.told["OAUTH_CLIENT_ID"],
            "scope": self.told["OAUTH_SCOPES"],
            "response_type": "code",
            "redirect_uri": f"{self.origin}/back?a=1",
            "state": '{"nonce": "n"}',
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changed,
        }

    def ask(self, headers: dict[str, str] | None = None, /, **changed: str) -> httpx2.Response:
        address = f"{self.hub.endpoint}/oauth/authorize?{urlencode(self.question(**changed))}"
        return HTTP.get(address, headers={"Accept": "text/html", **(headers or {})})

    def agree(self, shown: httpx2.Response) -> dict[str, str]:
        """Presses the button; returns what the Space's page finds in its address."""
        assert shown.status_code == 200, shown.text
        [action] = re.findall(r'<form method="post" action="([^"]+)"', shown.text)
        target = self.hub.endpoint + html.unescape(action)
        done = HTTP.post(target, headers={"Origin": self.hub.endpoint})
        assert done.status_code == 303, done.text
        assert done.headers["location"].startswith(f"{self.origin}/back?a=1&")
        return {
            key: value[0]
            for key, value in parse_qs(urlsplit(done.headers["location"]).query).items()
        }

    def redeem(self, code: str, **changed: str) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{self.origin}/back?a=1",
            "code_verifier": self.verifier,
            **changed,
        }
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "cross-site"}
        return HTTP.post(f"{self.hub.endpoint}/oauth/token", data=form, headers=headers)

    def sign_in(self, **changed: str) -> str:
        token: str = self.redeem(self.agree(self.ask(**changed))["code"]).json()["access_token"]
        return token


def basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"any:{token}".encode()).decode()}


def operations() -> list[CommitOperationAdd]:
    """Returns a small file and a large one; the client takes each such object once."""
    return [CommitOperationAdd("data/a.jsonl", b"{}\n"), CommitOperationAdd("b.bin", b"x" * 99)]


def test_a_visitor_signs_in_and_opens_a_pull_request(own: EmbeddedHub, asking: str) -> None:
    owner = HfApi(endpoint=own.endpoint, token=own.token)
    dataset = owner.create_repo("corrections", repo_type="dataset").repo_id
    page = Page(own, asking)
    assert page.told["OAUTH_SCOPES"] == "openid profile email write-discussions"
    shown = page.ask()
    assert "Allow as guest" in shown.text and "pull requests in your name" in shown.text
    back = page.agree(shown)
    assert back["state"] == '{"nonce": "n"}'
    answer = page.redeem(back["code"])
    assert answer.headers["access-control-allow-origin"] == page.origin
    assert answer.headers["cache-control"] == "no-store"
    given = answer.json()
    assert (given["expires_in"], given["scope"]) == (1800, page.told["OAUTH_SCOPES"])
    claims = json.loads(base64.urlsafe_b64decode(given["id_token"].split(".")[1] + "=="))
    assert (claims["sub"], claims["aud"]) == ("guest", page.told["OAUTH_CLIENT_ID"])
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    info = HTTP.get(f"{own.endpoint}/oauth/userinfo", headers=bearer).json()
    assert (info["preferred_username"], info["email"]) == ("guest", "guest@localhost")
    guest = HfApi(endpoint=own.endpoint, token=given["access_token"])
    assert guest.whoami()["auth"]["type"] == "oauth"
    made = guest.create_commit(
        dataset, operations(), commit_message="A correction", repo_type="dataset", create_pr=True
    )
    assert made.pr_num is not None
    details = owner.get_discussion_details(dataset, made.pr_num, repo_type="dataset")
    assert (details.author, details.status) == ("guest", "open")
    guest.comment_discussion(dataset, made.pr_num, "please", repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="403"):
        guest.create_commit(dataset, operations(), commit_message="No", repo_type="dataset")
    owner.merge_pull_request(dataset, made.pr_num, repo_type="dataset")
    assert "data/a.jsonl" in owner.list_repo_files(dataset, repo_type="dataset")


def test_the_owners_token_for_a_space_does_not_write_either(own: EmbeddedHub, asking: str) -> None:
    owner = HfApi(endpoint=own.endpoint, token=own.token)
    public = owner.create_repo("public", exist_ok=True).repo_id
    private = owner.create_repo("private", exist_ok=True, private=True).repo_id
    page = Page(own, asking)
    code = page.agree(page.ask(basic(own.token)))["code"]
    given = HfApi(endpoint=own.endpoint, token=page.redeem(code).json()["access_token"])
    assert given.whoami()["name"] == "demo"
    number = given.create_commit(public, operations(), commit_message="Yes", create_pr=True).pr_num
    assert number is not None
    refused: list[Callable[[], Any]] = [
        lambda: given.create_commit(public, operations(), commit_message="No"),
        lambda: given.merge_pull_request(public, number),
        lambda: given.create_repo("by-a-space"),
        lambda: given.delete_repo(public),
        lambda: given.move_repo(public, "demo/elsewhere"),
        lambda: given.update_repo_settings(public, private=True),
        lambda: given.create_tag(public, tag="v1"),
        lambda: given.list_webhooks(),
        lambda: list(given.list_user_repos()),
        lambda: list(given.list_jobs()),
    ]
    for action in refused:
        with pytest.raises(HfHubHTTPError, match="403"):
            action()
    with pytest.raises(RepositoryNotFoundError):
        given.model_info(private)
    assert private not in {model.id for model in given.list_models(author="demo")}


def test_what_was_asked_for_is_what_a_token_can_do(own: EmbeddedHub) -> None:
    owner = HfApi(endpoint=own.endpoint, token=own.token)
    private = owner.create_repo("to-read", private=True).repo_id
    page = Page(own, space(owner, "reading", "read-repos, write-repos"))

    def token(scope: str) -> HfApi:
        code = page.agree(page.ask(basic(own.token), scope=scope))["code"]
        return HfApi(endpoint=own.endpoint, token=page.redeem(code).json()["access_token"])

    reader, writer, nobody = token("read-repos"), token("write-repos"), token("openid")
    assert reader.model_info(private).private
    with pytest.raises(HfHubHTTPError, match="403"):
        reader.create_discussion(private, "A title")
    writer.upload_file(path_or_fileobj=b"1", path_in_repo="a", repo_id=private)
    with pytest.raises(HfHubHTTPError, match="403"):
        writer.create_repo("by-a-space")
    with pytest.raises(RepositoryNotFoundError):
        nobody.model_info(private)
    bearer = {"Authorization": f"Bearer {nobody.token}"}
    assert "email" not in HTTP.get(f"{own.endpoint}/oauth/userinfo", headers=bearer).json()


def test_what_is_not_the_spaces_is_not_answered_there(own: EmbeddedHub, asking: str) -> None:
    page = Page(own, asking)
    for elsewhere in (
        "http://evil.example/",
        page.origin.replace("demo-asking", "demo-other") + "/",
        page.origin + ".evil.example/",
        page.origin.replace("://", "://x@") + "/",
        f"{own.endpoint}/",
        "javascript:alert(1)",
        f"{page.origin}/#x",
        "",
    ):
        answer = page.ask(redirect_uri=elsewhere)
        assert answer.status_code == 400 and "location" not in answer.headers, elsewhere
    assert page.ask(client_id="0").status_code == 400
    for changed, error in (
        ({"scope": "openid write-repos"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ):
        answer = page.ask(**changed)
        assert answer.status_code == 303
        assert f"error={error}&" in answer.headers["location"], changed


def test_a_code_is_good_once_for_who_asked(own: EmbeddedHub, asking: str) -> None:
    page = Page(own, asking)
    for changed in (
        {"code_verifier": "another"},
        {"redirect_uri": f"{page.origin}/"},
        {"code": "none"},
        {"grant_type": "password"},
    ):
        refused = page.redeem(**{"code": page.agree(page.ask())["code"], **changed})
        assert refused.status_code == 400 and refused.json()["error"] in (
            "invalid_grant",
            "unsupported_grant_type",
        )
    code = page.agree(page.ask())["code"]
    assert page.redeem(code).status_code == 200
    assert page.redeem(code).status_code == 400


def test_nobody_agrees_but_a_person_on_the_page(own: EmbeddedHub, asking: str) -> None:
    page = Page(own, asking)
    asked = page.ask({"Origin": page.origin})
    assert "access-control-allow-origin" not in asked.headers
    assert asked.headers["content-security-policy"].count("frame-ancestors 'none'") == 1
    action = html.unescape(re.findall(r'action="([^"]+)"', asked.text)[0])
    for origin in (page.origin, "http://evil.example", "null"):
        assert HTTP.post(own.endpoint + action, headers={"Origin": origin}).status_code == 403
    forged = action.replace("user=guest", "user=demo")
    assert forged != action and HTTP.post(own.endpoint + forged).status_code == 403
    unsigned = f"{own.endpoint}/oauth/authorize?{urlencode(page.question())}"
    assert HTTP.post(unsigned).status_code == 403


def test_without_visitors_a_token_is_needed(hub: EmbeddedHub, api: HfApi) -> None:
    page = Page(hub, space(api, "needs-a-token"))
    asked = page.ask()
    assert asked.status_code == 401 and "Basic" in asked.headers["www-authenticate"]
    reader = hub.accounts.create_token("demo", "read")
    assert page.ask(basic(reader)).status_code == 403
    assert "Allow as demo" in page.ask(basic(hub.token)).text
    by_a_space = page.redeem(page.agree(page.ask(basic(hub.token)))["code"]).json()["access_token"]
    assert page.ask(basic(by_a_space)).status_code == 403, "a Space's token grants no other"


def test_visitors_are_of_this_machine_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.hub", "--root", str(tmp_path), "--visitor", "guest"]
    done = subprocess.run(
        [*command, "--host", "0.0.0.0", "--port", "0"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "Visitors sign in without a token" in done.stderr


def test_no_token_or_code_reaches_a_file(own: EmbeddedHub, asking: str) -> None:
    page = Page(own, asking)
    code = page.agree(page.ask())["code"]
    token = page.redeem(code).json()["access_token"]
    for file in own.root.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert token.encode() not in content and code.encode() not in content, file


def test_grants_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("training.hub.oauth.grants.time.monotonic", lambda: now[0])
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v").digest()).rstrip(b"=").decode()
    grants, grant = Grants(), Grant("a", "c", "http://x/", challenge, ("openid",), 60)
    token, _ = grants.redeem(grants.code(grant), "http://x/", "v")
    late = grants.code(grant)
    caller = grants.caller(token)
    assert caller is not None and (caller.user, caller.role) == ("a", OAUTH)
    now[0] += 61
    assert grants.caller(token) is None
    now[0] += 300
    with pytest.raises(HubError):
        grants.redeem(late, "http://x/", "v")


@pytest.mark.parametrize("user", ["guest", "demo"])
def test_a_browser_signs_in(own: EmbeddedHub, hub: EmbeddedHub, user: str) -> None:
    """As a visitor without a token, and as somebody who gives the browser his token."""
    playwright = pytest.importorskip("playwright.sync_api")
    if user == "demo":
        served, repo = hub, space(HfApi(), "for-a-browser")
        credentials = {"username": "any", "password": hub.token}
    else:
        served, credentials = own, None
        repo = space(HfApi(endpoint=own.endpoint, token=own.token), "for-a-browser")

    def signs_in() -> str:
        with playwright.sync_playwright() as running:
            browser = running.chromium.launch(
                executable_path=find_chromium(), args=[*OPTIONS, "--no-proxy-server"]
            )
            page = browser.new_context(http_credentials=credentials).new_page()
            page.goto(f"http://{subdomain_of(repo)}.static.localhost:{served.port}/")
            page.get_by_role("button", name=f"Allow as {user}").click()
            page.wait_for_function(f"document.title.startsWith('{user}')")
            title = str(page.title())
            browser.close()
            return title

    # In a thread of its own: Playwright is once in a thread, and other tests' browser may be here.
    with ThreadPoolExecutor(1) as threads:
        title = threads.submit(signs_in).result()
    assert title == f"{user} kept openid profile email write-discussions"
