"""The Space in front of strangers: whose visit it is, its own names, its own pages."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser

from ..space.corrections.delivery.stored_rows import stored_rows
from .conftest import RunningSpace, SpaceStarter

TRIES, ALLOWED = 40, 20
TEXT = "A chatbot that knows the customer's open cases."
PROXY, NAME = "127.0.0.3", "tags.example.org"


@pytest.fixture(scope="module")
def space(start_space: SpaceStarter) -> RunningSpace:
    """A Space with one proxy in front, which others may pass by."""
    # A day's limit too: a minute's fills again, however slow this machine is.
    limits = {
        "TAGLOOP_CORRECTIONS_A_MINUTE": str(ALLOWED),
        "TAGLOOP_CORRECTIONS_A_DAY": str(ALLOWED),
    }
    return start_space("front-door", TAGLOOP_TRUSTED_PROXIES=PROXY, TAGLOOP_HOSTS=NAME, **limits)


def connected(space: RunningSpace, source: str) -> httpx2.Client:
    """A program that connects from an address of this machine."""
    transport = httpx2.HTTPTransport(local_address=source)
    return httpx2.Client(base_url=space.url, transport=transport, trust_env=False, timeout=60)


def correct(client: httpx2.Client, note: str, **headers: str) -> str | None:
    """Sends a correction; returns its id, None where the limit is reached."""
    data = ["", TEXT, [{"tag": "Banking", "confidence": 0.5}], [], "good", note]
    call = client.post("/gradio_api/call/correct", json={"data": data}, headers=headers)
    call.raise_for_status()
    address = f"/gradio_api/call/correct/{call.json()['event_id']}"
    told = client.get(address, headers=headers).text
    answer = json.loads(told.split("data: ")[-1].splitlines()[0])
    if isinstance(answer, list):
        return str(answer[0]["id"])
    assert f"more than {ALLOWED} corrections a " in json.dumps(answer), answer
    return None


def many(space: RunningSpace, source: str, forwarded: list[str]) -> list[str | None]:
    """Sends a correction for each ``X-Forwarded-For``."""
    with connected(space, source) as client, ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda it: correct(client, it, **{"X-Forwarded-For": it}), forwarded))


def visitors(space: RunningSpace, ids: list[str]) -> list[Any]:
    """Returns whom the dataset has corrections from, once all have arrived there."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if not space.api.repo_exists(space.corrections_repo, repo_type="dataset"):
            continue
        rows = {row["id"]: row["visitor"] for row in stored_rows(space.api, space.corrections_repo)}
        if rows.keys() >= set(ids):
            return [rows[it] for it in ids]
        time.sleep(0.2)
    raise AssertionError("not all corrections have arrived")


def test_a_caller_of_this_machine_is_one_visitor_whatever_it_says(space: RunningSpace) -> None:
    answers = many(space, "127.0.0.1", [f"203.0.113.{place}" for place in range(TRIES)])
    accepted = [it for it in answers if it]
    assert len(accepted) == ALLOWED
    assert len(set(visitors(space, accepted))) == 1


def test_behind_the_proxy_each_visitor_is_one(space: RunningSpace) -> None:
    pushy = [f"203.0.113.{place}, 198.51.100.7" for place in range(ALLOWED + 4)]
    answers = many(space, PROXY, [*pushy, "198.51.100.8", "203.0.113.1, 2001:db8::1"])
    *of_pushy, other, last = answers
    accepted = [it for it in of_pushy if it]
    assert len(accepted) == ALLOWED and other and last
    assert sorted(Counter(visitors(space, [*accepted, other, last])).values()) == [1, 1, ALLOWED]


def test_an_agents_call_is_its_own_callers(space: RunningSpace) -> None:
    saved = []
    for source in ("127.0.0.4", "127.0.0.5"):
        arguments = {"title": "", "text": TEXT, "predicted": [], "corrected": ["Banking"]}
        call = {"name": "correct", "arguments": {**arguments, "verdict": "fixed"}}
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        accepted = {"Accept": "application/json, text/event-stream"}
        with connected(space, source) as client:
            spoofed = {**accepted, "X-Forwarded-For": "203.0.113.5"}
            told = client.post("/gradio_api/mcp/", json=request, headers=spoofed).text
            found = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", told)
            assert found, told
            saved += [found[0], correct(client, source) or ""]
    agent, program, other_agent, other_program = visitors(space, saved)
    assert agent == program != other_agent == other_program


def test_every_answer_has_the_policy(space: RunningSpace) -> None:
    upload = {"files": ("page.html", b"<script>alert(1)</script>", "text/html")}
    with (
        connected(space, "127.0.0.6") as client,
        client.stream("GET", "/gradio_api/heartbeat/policy"),  # files come from an open page
    ):
        [path] = client.post("/gradio_api/upload", files=upload).json()
        event = client.post("/gradio_api/call/tag", json={"data": ["", TEXT]}).json()["event_id"]
        file = client.get(f"/gradio_api/file={path}")
        answers = [
            client.get("/"),
            client.get("/config"),
            client.get("/static/img/logo.svg"),
            client.get(f"/gradio_api/call/tag/{event}"),
            client.get("/gradio_api/mcp/"),
            client.get("/nothing"),
            client.post("/gradio_api/queue/join", content=b"{"),
            client.get("/", headers={"Host": "evil.example"}),
            client.post("/gradio_api/upload", headers={"Origin": "https://evil.example"}),
            client.options("/", headers={"Origin": "x", "Access-Control-Request-Method": "PUT"}),
            file,
        ]
    assert {200, 403, 404, 421, 422} <= {answer.status_code for answer in answers}
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff", answer
        policy = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in policy.partition("style-src")[0], answer
        assert "frame-ancestors" in policy
    # What a visitor uploaded is never a page of the Space's own.
    assert file.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in file.headers["content-security-policy"]


def test_only_its_own_names_are_answered(space: RunningSpace) -> None:
    with connected(space, "127.0.0.6") as client:
        for name in (NAME, f"{NAME}:443", "localhost", "127.0.0.1:7860", "[::1]", "192.168.1.4"):
            assert client.get("/config", headers={"Host": name}).status_code == 200, name
        for path in ("/", "/config", "/gradio_api/queue/data?session_hash=x", "/gradio_api/mcp/"):
            refused = client.get(path, headers={"Host": "evil.example"})
            assert refused.status_code == 421 and "TAGLOOP_HOSTS" in refused.text
        poisoned = {"X-Gradio-Server": "http://evil.example"}
        assert "evil.example" not in client.get("/gradio_api/info", headers=poisoned).text
    log = (space.folder.parent / "log.txt").read_text()
    assert log.count("TAGLOOP_HOSTS") == 1


def test_a_page_of_another_site_sends_nothing(
    browser: Browser, space: RunningSpace, other_site: str
) -> None:
    page = browser.new_page()
    page.goto(other_site)
    for path in ("call/correct", "queue/join", "upload", "run/tag", "mcp/"):
        send = "url => fetch(url, {method: 'POST', mode: 'no-cors', body: '{}'}).then(() => 1)"
        with page.expect_response(f"**/{path}") as answered:
            page.evaluate(send, f"{space.url}/gradio_api/{path}")
        assert answered.value.status == 403, path
    page.close()


@pytest.fixture
def watched(browser: Browser, space: RunningSpace) -> Iterator[Any]:
    """The Space's page, and what its console says."""
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(space.url)
    page.wait_for_selector("#suggest")
    yield page, said
    page.close()


def test_a_script_that_gets_into_the_page_does_not_run(watched: Any) -> None:
    page, said = watched
    assert [text for text in said if "Content Security Policy" in text] == []
    page.evaluate("""() => {
      const place = document.createElement("div");
      document.body.append(place);
      place.innerHTML = `<img src="data:," onerror="window.ran = 'handler'">`;
      for (const [of, what] of [["textContent", "window.ran = 'script'"],
                                ["src", "http://127.0.0.1:9/foreign.js"],
                                ["src", "data:text/javascript,window.ran='data'"]]) {
        const script = document.createElement("script");
        script[of] = what;
        document.body.append(script);
      }
      const link = document.createElement("a");
      link.href = "javascript:window.ran='link'";
      document.body.append(link);
      link.click();
    }""")
    while len([text for text in said if "Content Security Policy" in text]) < 5:
        page.wait_for_timeout(50)  # until the test's own time is up
    assert page.evaluate("window.ran") is None
