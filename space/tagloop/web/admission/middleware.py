"""The ASGI middleware before gradio: what every request has to pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tagloop.rate_limits import Busy, RateLimit
from tagloop.service.disk_reserve import DiskShort
from tagloop.web.admission.bodies import (
    Lost,
    TooLarge,
    body_of,
    check_declared,
    check_length,
    discard,
    next_message,
)
from tagloop.web.admission.connections import Silence
from tagloop.web.admission.fair_queue import FairQueue
from tagloop.web.admission.uploads import MAX_UPLOAD_BYTES, Uploads
from tagloop.web.admission.visits import AGENT_CALLS, STREAMS, UPLOADS, Visit, Visits
from tagloop.web.visitors import visitor_of_scope

API = "/gradio_api/"
UNUSED = tuple(
    API + route
    for route in (
        "custom_component",
        "deep_link",
        "dev/reload",
        "process_recording",
        "proxy=",
        "runs",
        "run-history",
        "stream/",
        "undo-vibe-edit",
        "vibe-",
    )
)
"""What gradio offers and this page does not use; some of it reads bodies, or looks round for ever,
without limits."""
HEARTBEAT = f"{API}heartbeat/"
"""What a page keeps open as long as it is."""
STREAMS_AT = tuple(
    API + route for route in ("call/", "heartbeat/", "mcp", "queue/data", "upload_progress")
)
STATIC = ("/assets/", "/static/", "/svelte/", "/favicon.ico")
WHOLE_PAGE = ("/", "/config", "/config/", f"{API}info", f"{API}info/", f"{API}openapi.json")
POINTS_A_MINUTE = 6_000
"""What a visitor may ask of the server's only thread in a minute: thirty loads of the page, or
fifteen hundred requests."""
STATIC_POINTS, POINTS, PAGE_POINTS = 1, 4, 40
"""What a file, an ordinary request and a whole page cost: about a millisecond each."""
SLOW_READER_SECONDS = 1.0
"""After which a visitor's next request has its turn though he still takes the answer."""
ENVELOPE_BYTES = 100_000
"""Around the file of an upload."""
UPLOAD_CHECK_BYTES = 4_000_000
"""After which an upload looks at the disk again."""
DISCARDS = 2
"""Of one visitor: refused bodies that are taken to their end at the same time."""
QUICK_REFUSALS_A_MINUTE = 60
"""Of one visitor; a refusal costs a millisecond as well, so who asks on and on gets each later."""
HELD_SECONDS, MOST_HELD = 5.0, 1_000
"""How much later, and how many of one visitor wait for that; the others are refused at once."""


class Admission:
    """Lets a visitor in, or says in a sentence why not, and when to try again.

    Args:
        app: gradio's.
        queue: Where what gets in waits.
        uploads: What visitors have on the disk.
        server: Returns the `uvicorn.Server`, once there is one.
    """

    def __init__(
        self,
        app: ASGIApp,
        queue: FairQueue,
        uploads: Uploads,
        server: Callable[[], Any] = lambda: None,
    ) -> None:
        self._app = app
        self._queue = queue
        self._uploads = uploads
        self._server = server
        self._limited = bool(queue.places)
        self.visits = Visits(self._limited)
        self._points = RateLimit("points", POINTS_A_MINUTE if self._limited else 0)
        self._quick = RateLimit("refusals", QUICK_REFUSALS_A_MINUTE if self._limited else 0)
        self._watching: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves an ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._watch_connections()
        visitor = visitor_of_scope(scope)
        answer = _Answer(send)
        with self.visits.visit(visitor) as visit:
            try:
                await self._serve(scope, receive, answer, visitor, visit)
            except (_Refused, Busy, TooLarge) as error:
                await self._discard(receive, visit, answer)
                await self._hold_back(visitor, visit)
                seconds = error.seconds if isinstance(error, Busy) else None
                await answer.refuse(_status(error), str(error), seconds)
            except Lost:
                await answer.refuse(408, "The request did not come to its end.")

    async def _serve(
        self, scope: Scope, receive: Receive, answer: _Answer, visitor: str, visit: Visit
    ) -> None:
        path, method = scope["path"], scope["method"]
        if path.startswith(UNUSED):
            raise _Refused(404, "There is nothing at this address.")
        self._take_points(visitor, path)
        if method == "POST" and path.rstrip("/") == f"{API}upload":
            await self._upload(scope, receive, answer, visitor, visit)
        elif method == "GET" and path.startswith(STREAMS_AT):
            with ExitStack() as stack:
                stack.enter_context(self.visits.opened(visit, "streams", STREAMS))
                if path.startswith(HEARTBEAT):
                    stack.enter_context(self.visits.opened(visit, "pages", STREAMS))
                await self._app(scope, receive, answer)
        elif method in ("GET", "HEAD", "OPTIONS"):
            await self._in_turn(scope, receive, answer, visit)
        else:
            if path.startswith(f"{API}call/") and (busy := self._queue.refusal(visitor)):
                raise busy
            check_declared(Headers(scope=scope))
            agent = path.startswith(f"{API}mcp")
            async with body_of(receive, visit, self._limited, agent) as replayed:
                if agent:
                    with self.visits.opened(visit, "agent calls", AGENT_CALLS, 3 * AGENT_CALLS):
                        await self._app(scope, replayed, answer)
                else:
                    await self._in_turn(scope, replayed, answer, visit)

    async def _in_turn(self, scope: Scope, receive: Receive, answer: _Answer, visit: Visit) -> None:
        async with self.visits.turn(visit) as give_back:
            loop = asyncio.get_running_loop()
            answer.when_begun = lambda: loop.call_later(SLOW_READER_SECONDS, give_back)
            await self._app(scope, receive, answer)

    async def _upload(
        self, scope: Scope, receive: Receive, answer: _Answer, visitor: str, visit: Visit
    ) -> None:
        answer.is_upload = True
        limit = MAX_UPLOAD_BYTES + ENVELOPE_BYTES
        length = check_declared(Headers(scope=scope), limit)
        if self._limited and not visit.opened.get("pages"):
            raise _Refused(403, "Files are taken of who has the page open: open the Space first.")
        came = unchecked = 0

        async def receive_checked() -> Message:
            nonlocal came, unchecked
            message = await next_message(receive)
            size = len(message.get("body", b""))
            came, unchecked = came + size, unchecked + size
            check_length(came, limit)
            if unchecked > UPLOAD_CHECK_BYTES:
                unchecked = 0
                self._uploads.reserve.check()
            return message

        with (
            self.visits.opened(visit, "uploads", UPLOADS),
            self._uploads.coming(visitor, length),
        ):
            await self._app(scope, receive_checked, answer)
            self._uploads.arrived(visitor, answer.paths())

    def _take_points(self, visitor: str, path: str) -> None:
        static = path.startswith(STATIC)
        points = STATIC_POINTS if static else PAGE_POINTS if path in WHOLE_PAGE else POINTS
        try:
            self._points.take(visitor, points)
        except Busy as error:
            sentence = "Busy: these are too many requests; try again in {}."
            raise Busy(sentence, error.seconds) from None

    async def _discard(self, receive: Receive, visit: Visit, answer: _Answer) -> None:
        """Takes the rest of a refused body, unless the visitor sends too many of them."""
        if visit.opened.get("discards", 0) < DISCARDS and not answer.begun:
            with self.visits.opened(visit, "discards", DISCARDS):
                await discard(receive)

    async def _hold_back(self, visitor: str, visit: Visit) -> None:
        """Lets a visitor wait who is refused again and again."""
        try:
            self._quick.take(visitor)
        except Busy:
            if visit.opened.get("refusals", 0) < MOST_HELD:
                with self.visits.opened(visit, "refusals", MOST_HELD):
                    await asyncio.sleep(HELD_SECONDS)

    def _watch_connections(self) -> None:
        if self._watching is None and (server := self._server()) is not None:
            self._watching = asyncio.create_task(Silence().watch(server))


class _Refused(Exception):
    """A request is not taken, whenever it comes; the message is a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


def _status(error: Exception) -> int:
    """Returns the status that a refusal is sent with."""
    if isinstance(error, _Refused):
        return error.status
    if isinstance(error, TooLarge):
        return 413
    return 507 if isinstance(error, DiskShort) else 429


class _Answer:
    """What is sent to the visitor: gradio's answer, or a refusal as long as none has begun.

    Attributes:
        when_begun: Called once the answer begins.
        is_upload: Whether its body is wanted, and a refusal is shown as it stands.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status: int | None = None
        self._body = b""
        self.when_begun: Callable[[], object] = lambda: None
        self.is_upload = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self.when_begun()
        elif self.is_upload and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
        await self._send(message)

    @property
    def begun(self) -> bool:
        """Tells whether something was sent."""
        return self._status is not None

    def paths(self) -> list[str]:
        """Returns where gradio put the files of an upload."""
        return list(json.loads(self._body)) if self._status == 200 else []

    async def refuse(self, status: int, sentence: str, seconds: int | None = None) -> None:
        """Answers with a sentence, as gradio's page shows it, unless an answer has begun."""
        if self.begun:
            return
        kind = b"text/plain; charset=utf-8" if self.is_upload else b"application/json"
        headers = [(b"content-type", kind), (b"connection", b"close")]
        if seconds is not None:
            headers.append((b"retry-after", str(seconds).encode()))
        body = (sentence if self.is_upload else json.dumps({"detail": sentence})).encode()
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})
