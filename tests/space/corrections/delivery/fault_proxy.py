"""A proxy in front of a Hub that spoils chosen requests, as a bad day on the network does."""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep

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
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    lose_answer: bool = False
    seconds: float = 0.0
    cut: float | None = None


@dataclass
class FaultProxy:
    """Where the proxy listens, and what it does.

    Attributes:
        endpoint: Its address.
        faults: Still to come: each spoils one commit.
        standing: Spoils every request of the API for as long as it stands.
        commits_seen: How many commits were asked for.
        spoilt: How many requests got a fault.
    """

    endpoint: str
    faults: deque[Fault]
    standing: Fault | None = None
    commits_seen: int = 0
    spoilt: int = 0


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Serves ``upstream`` on another port; ``faults`` are used up by commit requests in order."""
    client = httpx2.Client(base_url=upstream, timeout=30)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            size, fault = int(self.headers.get("Content-Length") or 0), self._fault()
            if fault is not None:
                proxy.spoilt += 1
                if fault.cut is not None:
                    self.rfile.read(int(size * fault.cut))
                    self.close_connection = True
                    return
            body = self.rfile.read(size)
            if fault is not None and fault.seconds:
                sleep(fault.seconds)
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
            # The Hub names itself in its answers; the client compares that with its endpoint.
            content = answer.content.replace(upstream.encode(), proxy.endpoint.encode())
            self._answer(answer.status_code, answer.headers, content)

        def _fault(self) -> Fault | None:
            commit = self.command == "POST" and "/commit/" in self.path
            proxy.commits_seen += commit
            if proxy.standing is not None and self.path.startswith("/api/"):
                return proxy.standing
            return proxy.faults.popleft() if commit and proxy.faults else None

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
