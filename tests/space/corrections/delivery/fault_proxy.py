"""A proxy in front of a Hub that spoils chosen requests, as a bad day on the network does."""

import base64
import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from time import sleep
from typing import Any

import httpx2

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "host", "content-encoding"}


@dataclass(frozen=True)
class Fault:
    """What happens to one commit request.

    Attributes:
        status: Answer with it and do not forward; 0 drops the connection instead.
        headers: Of that answer.
        lose_answer: Forward the request, then drop the connection: it is done, nobody knows.
        seconds: Wait so long, then forward the request as if nothing had been.
        cut: Drop the connection when this share of the request's body has been read.
        stored: Confirm a commit, but let only this share of each file through; 0 drops all of it.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    lose_answer: bool = False
    seconds: float = 0.0
    cut: float | None = None
    stored: float | None = None


@dataclass
class FaultProxy:
    """Where the proxy listens, and what it does.

    Attributes:
        endpoint: Its address.
        faults: Still to come: each spoils one commit.
        standing: Spoils every request of the API for as long as it stands.
        shut: Spoils as ``standing``, but a commit that was confirmed can be read back.
        commits: Spoils every commit for as long as it stands.
        unwanted: A commit with a file that holds this text is refused with ``refusal``.
        commits_seen: How many commits were asked for.
        spoilt: How many requests got a fault.
        in_flight: How many requests have no answer yet.
        unread: Whether a commit was confirmed and not read back yet.
    """

    endpoint: str
    faults: deque[Fault]
    standing: Fault | None = None
    shut: Fault | None = None
    commits: Fault | None = None
    unwanted: bytes | None = None
    refusal: int = 400
    commits_seen: int = 0
    spoilt: int = 0
    in_flight: int = 0
    unread: bool = False


def _files(body: bytes) -> list[dict[str, Any]]:
    """Returns the lines of a commit's body; those of files have their content in base64."""
    return [json.loads(line) for line in body.splitlines() if line]


def _holds(body: bytes, text: bytes) -> bool:
    return any(
        text in base64.b64decode(line["value"]["content"])
        for line in _files(body)
        if line["key"] == "file"
    )


def _cut_files(body: bytes, share: float) -> bytes:
    lines = _files(body)
    for line in lines:
        if line["key"] == "file":
            content = base64.b64decode(line["value"]["content"])
            kept = content[: int(len(content) * share)]
            line["value"]["content"] = base64.b64encode(kept).decode()
    return b"\n".join(json.dumps(line).encode() for line in lines)


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Serves ``upstream`` on another port; ``faults`` are used up by commit requests in order."""
    client = httpx2.Client(base_url=upstream, timeout=30)
    counting = Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            with counting:
                proxy.in_flight += 1
            try:
                self._pass_on()
            finally:
                with counting:
                    proxy.in_flight -= 1

        def _pass_on(self) -> None:
            size, fault = int(self.headers.get("Content-Length") or 0), self._fault()
            if fault is not None:
                proxy.spoilt += 1
                if fault.cut is not None:
                    self.rfile.read(int(size * fault.cut))
                    self.close_connection = True
                    return
            body = self.rfile.read(size)
            if self._is_commit() and proxy.unwanted and _holds(body, proxy.unwanted):
                proxy.spoilt += 1
                self._spoil(Fault(proxy.refusal))
                return
            if fault is not None and fault.seconds:
                sleep(fault.seconds)
            elif fault is not None and fault.stored == 0:
                self._lie()
                return
            elif fault is not None and fault.stored is not None:
                body = _cut_files(body, fault.stored)
            elif fault is not None and not fault.lose_answer:
                self._spoil(fault)
                return
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            try:
                answer = client.request(self.command, self.path, content=body, headers=headers)
            except httpx2.TransportError:  # the Hub is gone
                self.close_connection = True
                return
            if fault is not None and fault.lose_answer:
                self.close_connection = True
                return
            if answer.is_success and (self._is_commit() or self._reads_back()):
                proxy.unread = self._is_commit()
            # The Hub names itself in its answers; the client compares that with its endpoint.
            content = answer.content.replace(upstream.encode(), proxy.endpoint.encode())
            self._answer(answer.status_code, answer.headers, content)

        def _fault(self) -> Fault | None:
            commit = self._is_commit()
            proxy.commits_seen += commit
            if commit and proxy.commits is not None:
                return proxy.commits
            if proxy.standing is not None and self.path.startswith("/api/"):
                return proxy.standing
            if proxy.shut is not None and not self._reads_back():
                return proxy.shut
            return proxy.faults.popleft() if commit and proxy.faults else None

        def _reads_back(self) -> bool:
            return "/paths-info/" in self.path

        def _is_commit(self) -> bool:
            return self.command == "POST" and "/commit/" in self.path

        def _lie(self) -> None:
            """Confirms a commit that is none: names the one before."""
            path = self.path.replace("/commit/", "/revision/")
            head = client.get(path, headers={"Authorization": self.headers["Authorization"]})
            sha = head.json()["sha"]
            url = f"{proxy.endpoint}{self.path.removeprefix('/api')}/{sha}"
            answer = {"success": True, "commitOid": sha, "commitUrl": url}
            self._answer(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

        def _spoil(self, fault: Fault) -> None:
            if fault.status == 0:
                self.close_connection = True
                return
            self._answer(fault.status, fault.headers, b'{"error": "spoilt on purpose"}')

        def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = _serve

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        allow_reuse_address = False  # with port 0 it may give a port that another socket has
        request_queue_size = 64

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    proxy = FaultProxy(f"http://127.0.0.1:{server.server_port}", deque())
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        client.close()
