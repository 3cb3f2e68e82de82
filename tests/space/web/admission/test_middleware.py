"""What gets past the middleware, what does not, and that nothing stays counted afterwards."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from tagloop.rate_limits import Busy
from tagloop.service.disk_reserve import DiskReserve, DiskShort
from tagloop.web.admission import bodies, middleware
from tagloop.web.admission.middleware import Admission
from tagloop.web.admission.uploads import Uploads

from ....event_loop import run


class Queue:
    """A queue with so many places, and a reason where there is none left."""

    def __init__(self, places: int = 32) -> None:
        self.places = places
        self.full: Busy | None = None

    def refusal(self, visitor: str) -> Busy | None:
        return self.full


class Site:
    """gradio's place: reads what comes, and answers, fails or goes on until it is let go."""

    def __init__(self, folder: Path) -> None:
        self.seen: list[tuple[str, bytes]] = []
        self.gate = asyncio.Event()
        self.queue = Queue()
        self.uploads = Uploads(folder, DiskReserve([folder], 0))
        self.admission = Admission(self, self.queue, self.uploads)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        if scope["method"] == "POST":
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
        self.seen.append((scope["path"], body))
        if b"fail" in body:
            raise ValueError("as gradio may")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if "heartbeat" in scope["path"]:
            await self.gate.wait()
        content = json.dumps([str(path) for path in self.uploads.folder.glob("*.md")])
        await send({"type": "http.response.body", "body": content.encode()})

    async def ask(
        self, path: str, *parts: bytes, length: int | None = None, visitor: str = "10.0.0.1"
    ) -> tuple[int, str, dict[str, str], int]:
        """Returns status, sentence, headers, and how many parts were taken."""
        taken = 0
        sent: list[Message] = []

        async def receive() -> Message:
            nonlocal taken
            if taken == max(len(parts), 1):
                await asyncio.Event().wait()
            taken += 1
            more = taken < len(parts)
            body = parts[taken - 1] if parts else b""  # as uvicorn says it of what has no body
            return {"type": "http.request", "body": body, "more_body": more}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [] if length is None else [(b"content-length", str(length).encode())]
        method = "POST" if parts else "GET"
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        await self.admission({**scope, "client": (visitor, 1)}, receive, send)
        start, *rest = sent
        body = b"".join(message["body"] for message in rest).decode()
        sentence = json.loads(body)["detail"] if body.startswith("{") else body
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], sentence, found, taken


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


JOIN = "/gradio_api/queue/join"
UPLOAD = "/gradio_api/upload"
PAGE = "/gradio_api/heartbeat/abc"


def test_a_body_comes_through_whole_and_is_forgotten(site: Site) -> None:
    assert run(site.ask(JOIN, b'{"data":', b" []}"))[0] == 200
    assert site.seen == [(JOIN, b'{"data": []}')]
    assert len(site.admission.visits) == 0


def test_a_giant_body_is_refused_before_anything_is_made_of_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunk = b"x" * 1_000_000
    status, sentence, _, _ = run(site.ask(JOIN, b"x", length=500_000_000))
    assert (status, site.seen) == (413, []) and "more than 19 MB" in sentence
    monkeypatch.setattr(bodies, "DISCARDED_BYTES", 5_000_000)
    status, _, _, taken = run(site.ask(JOIN, *[chunk] * 200))  # does not say its length
    assert (status, site.seen) == (413, []) and taken < 30
    assert run(site.ask(JOIN, b"[" * 5_000))[:2] == (413, "The request is nested too deeply.")
    status, sentence, _, _ = run(site.ask(JOIN, b"[" + b"[]," * 150_000 + b"[]]"))
    assert (status, site.seen) == (413, []) and "250,000 values" in sentence
    assert len(site.admission.visits) == 0


def test_as_many_articles_as_may_be_get_through(site: Site) -> None:
    articles = [{"title": "t" * 300, "text": "é, a naïve sentence of so many words. " * 1_300}] * 64
    assert run(site.ask(JOIN, json.dumps({"data": [articles]}).encode()))[0] == 200


def test_a_body_that_does_not_come_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SILENT_SECONDS", 0.01)

    async def silent() -> Message:
        if not asked:
            asked.append(1)
            return {"type": "http.request", "body": b"[", "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    asked: list[int] = []
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": JOIN, "headers": [], "client": ("a", 1)}
    run(site.admission(scope, silent, send))
    assert sent[0]["status"] == 408 and site.seen == []
    assert len(site.admission.visits) == 0


def test_a_full_place_in_the_queue_is_said_before_the_body_is_read(site: Site) -> None:
    site.queue.full = Busy("Busy: you have 32 requests waiting already; try again in {}.", 5)
    status, sentence, headers, _ = run(site.ask("/gradio_api/call/tag", b"{}"))
    assert (status, headers["retry-after"]) == (429, "5") and site.seen == []
    assert sentence == "Busy: you have 32 requests waiting already; try again in 5 seconds."


def test_a_flood_of_requests_is_refused_and_another_visitor_is_not(site: Site) -> None:
    async def flood() -> tuple[int, tuple[int, str, dict[str, str], int]]:
        for number in range(10 * middleware.POINTS_A_MINUTE):
            answer = await site.ask("/config")
            if answer[0] != 200:
                return number, answer
        raise AssertionError("nothing was refused")

    answered, last = run(flood())
    assert answered >= 100  # a class that opens the page
    assert last[0] == 429 and "too many requests; try again in" in last[1]
    assert 0 < int(last[2]["retry-after"]) <= 2
    assert run(site.ask("/config", visitor="10.0.0.2"))[0] == 200


def test_who_is_refused_again_and_again_is_answered_later(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "HELD_SECONDS", 0.2)

    async def seconds(visitor: str) -> float:
        begun = time.monotonic()
        assert (await site.ask("/gradio_api/deep_link", visitor=visitor))[0] == 404
        return time.monotonic() - begun

    async def main() -> tuple[list[float], float]:
        often = [await seconds("10.0.0.1") for _ in range(middleware.QUICK_REFUSALS_A_MINUTE + 3)]
        return often, await seconds("10.0.0.2")

    often, other = run(main())
    assert often[-1] >= 0.2 > max(other, min(often))
    assert len(site.admission.visits) == 0


def test_what_the_page_does_not_use_is_not_there(site: Site) -> None:
    for path in ("deep_link", "dev/reload", "vibe-code/", "proxy=http://x"):
        assert run(site.ask(f"/gradio_api/{path}"))[0] == 404
    assert site.seen == []


async def with_page(site: Site, then: Callable[[], Any]) -> Any:
    page = asyncio.create_task(site.ask(PAGE))
    await asyncio.sleep(0)
    try:
        return await then()
    finally:
        site.gate.set()
        await page


def test_files_are_taken_of_who_has_a_page_open(site: Site) -> None:
    async def main() -> Any:
        without = await site.ask(UPLOAD, b"text")
        other = await with_page(site, lambda: site.ask(UPLOAD, b"text", visitor="10.0.0.2"))
        site.gate = asyncio.Event()
        mine = await with_page(site, lambda: site.ask(UPLOAD, b"text"))
        return without, other, mine

    without, other, mine = run(main())
    assert (without[0], other[0], mine[0]) == (403, 403, 200)
    assert without[1] == "Files are taken of who has the page open: open the Space first."
    assert len(site.admission.visits) == 0


def test_an_upload_ends_where_the_disk_does(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter([True, True, False])

    def check(expected: int = 0) -> None:
        if not next(left, False):
            raise DiskShort("The Space is short of disk: try again in {}.", 600)

    monkeypatch.setattr(site.uploads.reserve, "check", check)
    chunks = [b"x" * 5_000_000] * 4
    answer = run(with_page(site, lambda: site.ask(UPLOAD, *chunks)))
    assert answer[:2] == (507, "The Space is short of disk: try again in 10 minutes.")
    assert answer[2]["retry-after"] == "600"
    assert len(site.admission.visits) == 0 and not site.uploads._coming


def test_a_failure_gives_everything_back(site: Site) -> None:
    for path in (JOIN, "/gradio_api/mcp/", "/gradio_api/call/tag"):
        with pytest.raises(ValueError, match="as gradio may"):
            run(site.ask(path, b"fail"))
    with pytest.raises(ValueError, match="as gradio may"):
        run(with_page(site, lambda: site.ask(UPLOAD, b"fail")))
    assert len(site.admission.visits) == 0 and not site.uploads._coming


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (rb'{"a": "\ud83d \udc00 \ud83d\ude00"}', '{"a": "? ? \U0001f600"}'.encode()),
        (b'{"a": "\xed\xa0\xbd"}', b'{"a": "?"}'),
        (rb'{"a":  "\\ud83d \u00e9"}', '{"a": "\\\\ud83d é"}'.encode()),
        (rb'{"a":  "b"}', rb'{"a":  "b"}'),
        (rb'{"\ud83d', rb'{"\ud83d'),
    ],
)
def test_half_a_surrogate_pair_of_an_agent_is_replaced(
    site: Site, sent: bytes, taken: bytes
) -> None:
    assert run(site.ask("/gradio_api/mcp/", sent[:5], sent[5:]))[0] == 200
    assert site.seen[-1][1] == taken


def test_agents_share_few_calls_and_one_has_a_third(site: Site) -> None:
    site.gate = asyncio.Event()

    async def held(scope: Scope, receive: Receive, send: Send) -> None:
        await site.gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"[]"})

    async def main() -> list[int]:
        site.admission._app = held
        calls = [asyncio.create_task(site.ask("/gradio_api/mcp/", b"{}")) for _ in range(12)]
        other = asyncio.create_task(site.ask("/gradio_api/mcp/", b"{}", visitor="10.0.0.2"))
        await asyncio.sleep(0.01)
        site.gate.set()
        return [(await call)[0] for call in [*calls, other]]

    statuses = run(main())
    assert statuses[:12].count(200) == 8 and statuses[12] == 200
    assert len(site.admission.visits) == 0
