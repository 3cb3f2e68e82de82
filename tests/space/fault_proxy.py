"""A proxy in front of a Hub that spoils chosen requests, as a bad day on the network does."""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx2

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "host", "content-encoding"}


@dataclass(frozen=True)
class Fault:
    """What happens to one commit request.

    Attributes:
        status: Answer with it and do not forward; 0 drops the connection instead.
        headers: Of that answer.
        lose_answer: Forward the request, then drop the connection: it is done, nobody knows.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    lose_answer: bool = False


@dataclass
class FaultProxy:
    """Where the proxy listens, the faults still to come, and how many commits were asked for."""

    endpoint: str
    faults: deque[Fault]
    commits_seen: int = 0


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Serve ``upstream`` on another port; ``faults`` are used up by commit requests in order."""
    client = httpx2.Client(base_url=upstream, timeout=30)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = None
            if self.command == "POST" and "/commit/" in self.path:
                proxy.commits_seen += 1
                fault = proxy.faults.popleft() if proxy.faults else None
            if fault is not None and not fault.lose_answer:
                self._spoil(fault)
                return
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            answer = client.request(self.command, self.path, content=body, headers=headers)
            if fault is not None:
                self.close_connection = True
                return
            # The Hub names itself in its answers; the client compares that with its endpoint.
            content = answer.content.replace(upstream.encode(), proxy.endpoint.encode())
            self._answer(answer.status_code, answer.headers, content)

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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy = FaultProxy(f"http://127.0.0.1:{server.server_port}", deque())
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        client.close()
