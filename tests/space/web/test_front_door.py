"""Gradio's own server behind the front door: who asks, on the Hub, shared, behind a proxy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from tagloop.errors import UserError
from tagloop.web.api import refusal
from tagloop.web.front_door import FrontDoor, Layer, believe_nobody
from tagloop.web.own_hosts import OwnHosts
from tagloop.web.visitors import TrustedProxies, visitor_of, visitor_of_scope

from ...event_loop import run

PUBLIC = {"SPACE_ID": "me/tags", "SPACE_HOST": "me-tags.hf.space"}
ELSEWHERE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
Server = Callable[..., gr.Blocks]


def tagged_for(text: str, request: gr.Request) -> str:
    return visitor_of(request, from_any_site=True)


def saved_for(text: str, request: gr.Request) -> str:
    try:
        return visitor_of(request)
    except UserError as error:
        raise refusal(error) from error


def cookies_of(text: str, request: gr.Request) -> str:
    return str(request.headers.get("cookie"))


@pytest.fixture(scope="module")
def serve() -> Iterator[Server]:
    """Serves a small page as the Space does, once for the same settings."""
    served: dict[str, gr.Blocks] = {}

    def begin(
        environment: dict[str, str],
        proxies: str | None = None,
        hosts: str | None = None,
        at: str = "127.0.0.1",
    ) -> gr.Blocks:
        key = repr((environment, proxies, hosts, at))
        if key in served:
            return served[key]
        door = FrontDoor.of_space(proxies, hosts, environment)
        blocks: gr.Blocks
        with gr.Blocks(analytics_enabled=False) as blocks:
            gr.api(tagged_for, api_name="tag")
            gr.api(saved_for, api_name="correct")
            gr.api(cookies_of, api_name="cookies")
        blocks.launch(
            prevent_thread_lock=True,
            quiet=True,
            server_name=at,
            ssr_mode=False,
            app_kwargs={"lifespan": door.lifespan(blocks)},
        )
        served[key] = blocks
        return blocks

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORWARDED_ALLOW_IPS", "*")  # as bad as it gets
        believe_nobody()
        yield begin
        for blocks in served.values():
            blocks.server.should_exit = True  # all first: each takes a while to end
        for blocks in served.values():
            blocks.close(verbose=False)


def client(blocks: gr.Blocks, source: str | None = None) -> httpx2.Client:
    transport = httpx2.HTTPTransport(local_address=source) if source else None
    return httpx2.Client(base_url=str(blocks.local_url), transport=transport, trust_env=False)


def ask(caller: httpx2.Client, endpoint: str = "tag", **headers: Any) -> str:
    """Asks an endpoint; returns what it says, or the sentence of its refusal."""
    said = headers.pop("headers", None) or list(headers.items())
    called = caller.post(f"/gradio_api/call/{endpoint}", json={"data": ["x"]}, headers=said)
    if called.status_code != 200:
        return f"{called.status_code} {called.text}"
    event = called.json()["event_id"]
    with caller.stream("GET", f"/gradio_api/call/{endpoint}/{event}", headers=said) as events:
        lines = [line for line in events.iter_lines() if line.startswith("data: ")]
    answer = json.loads(lines[-1].removeprefix("data: "))
    return str(answer[0] if isinstance(answer, list) else answer)


def forwarded(*lines: str) -> list[tuple[str, str]]:
    return [("X-Forwarded-For", line) for line in lines]


def test_plain_a_caller_of_this_machine_cannot_choose_an_address(serve: Server) -> None:
    plain = serve({})
    with client(plain) as caller:
        assert ask(caller, headers=forwarded("1.2.3.4")) == "127.0.0.1"
        assert ask(caller, headers=forwarded("5.6.7.8")) == "127.0.0.1"
        assert ask(caller, headers=[("X-Tagloop-Visitor", "own 1.2.3.4")]) == "127.0.0.1"
    with client(plain, "127.0.0.2") as another:
        assert ask(another) == "127.0.0.2"


def test_on_the_hub_its_proxy_names_the_visitor(serve: Server) -> None:
    with client(serve(PUBLIC)) as proxy:
        assert ask(proxy, headers=forwarded("6.6.6.6, 1.2.3.4")) == "1.2.3.4"
        assert ask(proxy, headers=forwarded("6.6.6.6", "5.6.7.8, 10.0.0.7")) == "5.6.7.8"
        assert ask(proxy, headers=forwarded("2001:db8:1:2::9")) == "2001:db8:1:2::/64"


def test_shared_the_tunnels_end_names_the_visitor(serve: Server) -> None:
    shared = serve({"GRADIO_SHARE": "True"})
    with client(shared) as tunnel:
        assert ask(tunnel, Host="0a1b.gradio.live").startswith("421 ")
        vars(shared)["share_url"] = "https://0a1b.gradio.live"
        host = ("Host", "0a1b.gradio.live")
        assert ask(tunnel, headers=[host, *forwarded("6.6.6.6, 1.2.3.4")]) == "1.2.3.4"
        assert "0a1b" in tunnel.get("/config", headers=[host]).json()["root"]
    with client(shared, "127.0.0.2") as neighbour:
        assert ask(neighbour) == "127.0.0.2"


def test_behind_a_named_proxy_it_names_the_visitor_and_nobody_else_does(serve: Server) -> None:
    behind = serve({}, proxies="127.0.0.3", hosts="tags.example.org")
    host = ("Host", "tags.example.org")
    with client(behind, "127.0.0.3") as proxy:
        assert ask(proxy, headers=[host, *forwarded("6.6.6.6, 1.2.3.4")]) == "1.2.3.4"
        said = [host, ("X-Forwarded-Proto", "https")]
        assert proxy.get("/config", headers=said).json()["root"] == "https://tags.example.org"
    with client(behind, "127.0.0.4") as another:
        assert ask(another, headers=forwarded("1.2.3.4")) == "127.0.0.4"


def test_over_ipv6(serve: Server) -> None:
    with client(serve({}, proxies="::1", at="[::1]")) as proxy:
        assert ask(proxy, headers=forwarded("6.6.6.6, [2001:db8:1:2::9]:4")) == "2001:db8:1:2::/64"
        assert ask(proxy) == "::/64"


def test_addresses_in_answers_are_the_spaces_own(serve: Server) -> None:
    with client(serve({})) as caller:
        for name in ("X-Forwarded-Host", "X-Gradio-Server"):
            answer = caller.get("/config", headers={name: "http://evil.example"})
            assert "evil.example" not in answer.text or answer.status_code == 421
        assert caller.get("/", headers={"Host": "evil.example"}).status_code == 421
        said = {"Host": "evil.example", "Upgrade": "websocket", "Connection": "upgrade"}
        assert caller.get("/gradio_api/queue/data", headers=said).status_code == 421


def test_pages_of_other_sites_ask_a_public_space_for_tags_in_nobodys_name(serve: Server) -> None:
    with client(serve(PUBLIC)) as browser:
        signed_in = {**ELSEWHERE, "Cookie": "session=signed", "X-Forwarded-For": "1.2.3.4"}
        assert ask(browser, "tag", **signed_in) == "1.2.3.4"
        assert "page of another site" in ask(browser, "correct", **signed_in)
        assert ask(browser, "cookies", **signed_in) == "None"
        form = {**signed_in, "Sec-Fetch-Mode": "navigate"}
        assert ask(browser, "cookies", **form) == "None"
        own = {"Origin": "https://me-tags.hf.space", "Cookie": "session=signed"}
        assert ask(browser, "cookies", **own, **{"Sec-Fetch-Site": "same-origin"}) == (
            "session=signed"
        )
        assert ask(browser, "correct", **own) == "127.0.0.1"
        for path in ("/gradio_api/upload", "/gradio_api/mcp/", "/login", "/gradio_api/reset"):
            assert browser.post(path, headers=ELSEWHERE).status_code == 403
        asked = browser.get("/config", headers={**ELSEWHERE, "Host": "me-tags.hf.space"})
        assert asked.headers["access-control-allow-origin"] == "https://evil.example"
        assert "access-control-allow-credentials" not in asked.headers


def test_pages_of_other_sites_get_nothing_from_a_space_of_ones_own(serve: Server) -> None:
    with client(serve({})) as browser:
        for host in ("192.168.1.4:7860", "localhost:7860"):
            said = {**ELSEWHERE, "Host": host}
            refused = ask(browser, "tag", **said)
            assert refused.startswith("403 ") and "TAGLOOP_HOSTS" in refused
            asked = browser.get("/config", headers=said)
            assert not [name for name in asked.headers if name.startswith("access-control-allow-")]
            said |= {"Access-Control-Request-Method": "POST"}
            preflight = browser.options("/gradio_api/call/tag", headers=said)
            assert "access-control-allow-origin" not in preflight.headers
        assert ask(browser, Origin=str(browser.base_url).rstrip("/")) == "127.0.0.1"


def passes(layer: Layer, *headers: tuple[str, str], kind: str = "http") -> int:
    """Returns the status of what the outermost layer answers; 200 where it lets through."""
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(message: Message) -> None:
        if message["type"].endswith(".start"):
            statuses.append(message["status"])

    scope: Scope = {"type": kind, "method": "GET", "path": "/", "client": ("172.17.0.1", 1)}
    scope["headers"] = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    if kind == "websocket":
        scope["extensions"] = {"websocket.http.response": {}}
    run(layer(scope, receive, send))
    return statuses[0] if statuses else 200


@pytest.fixture
def layer() -> Layer:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert visitor_of_scope(scope) == "172.17.0.1"

    return Layer(app, TrustedProxies(), OwnHosts())


LOCAL = ("host", "localhost")


def test_a_request_has_one_host_and_a_probe_may_have_none(layer: Layer) -> None:
    assert passes(layer, LOCAL) == passes(layer) == 200
    assert passes(layer, LOCAL, LOCAL) == 400
    assert passes(layer, ("origin", "http://localhost")) == 400
    assert passes(layer, ("host", "\xff\x01")) == 421


def test_a_socket_is_held_to_the_same(layer: Layer) -> None:
    own, elsewhere = ("origin", "http://localhost"), ("origin", "https://evil.example")
    assert passes(layer, LOCAL, own, kind="websocket") == 200
    assert passes(layer, ("host", "evil.example"), kind="websocket") == 421
    assert passes(layer, LOCAL, elsewhere, kind="websocket") == 403


def test_a_proxy_that_nobody_named_is_told_of_once(
    layer: Layer, caplog: pytest.LogCaptureFixture
) -> None:
    for address in ("1.2.3.4", "5.6.7.8", "no address"):
        assert passes(layer, LOCAL, ("x-forwarded-for", address)) == 200
    [told] = [record.message for record in caplog.records]
    assert "set TAGLOOP_TRUSTED_PROXIES=172.17.0.1" in told
