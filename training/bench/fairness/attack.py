"""The worst that one visitor can do, all of it at once; a process of its own.

    python -m training.bench.fairness.attack URL ADDRESS SECONDS

prints, as JSON, how many requests of each kind were answered, refused and lost.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import httpx2

from tagloop.limits import MAX_ARTICLES, MAX_TEXT_CHARACTERS, MAX_WINDOWS
from training.bench.fairness.page import (
    Events,
    Refused,
    call,
    client,
    form,
    join,
    new_session,
    tag_body,
    upload,
)

PAUSE_SECONDS = 0.05
"""After a refusal; who hammers faster than this only slows his own machine."""
HUNG_CONNECTIONS, SLOW_BODIES, OPEN_STREAMS = 300, 50, 150
BRACKETS = form("a.md", b"[" * 4_900_000)
EMPHASIS = form("b.md", b"*a **a " * 600_000)
UPLOAD = form("a.txt", b"\0" * 49_000_000)
GIANT_BYTES, GIANT_CHUNK = 500_000_000, b"[" + b"[]," * 20_000
DENSE = ("[" + "[]," * 600_000 + "[]]").encode()


class Attack:
    """Counts what came of each kind of request until a time."""

    def __init__(self, url: str, address: str, seconds: float) -> None:
        self._url, self._address = url, address
        self._until = time.monotonic() + seconds
        self._lock = threading.Lock()
        self.counts: dict[str, Counter[str]] = {}
        words = random.Random(1)
        self._text = " ".join(
            f"{words.choice(WORDS)}{words.randrange(9999)}" for _ in range(9_000)
        )[:MAX_TEXT_CHARACTERS]
        articles = [{"title": "", "text": self._text}] * MAX_ARTICLES
        self._tag_body = json.dumps(tag_body(self._text, MAX_WINDOWS, True)).encode()
        self._batch_body = json.dumps({"data": [articles, None, None, None, None]}).encode()
        self._rows = form("a.csv", f"text\n{(self._text[:2000] + chr(10)) * 5_000}".encode())
        with client(url, address) as visitor:
            self._events = Events(visitor.get("/config").json())

    def run(self) -> dict[str, Counter[str]]:
        """Lets all kinds run side by side; each kind with as many at once as is said here."""
        kinds: list[tuple[str, int, Callable[[httpx2.Client], object]]] = [
            ("tag", 80, self._tag),
            ("tag_batch", 4, self._tag_batch),
            ("file", 6, self._file),
            ("batch file", 3, self._batch_file),
            ("upload", 4, lambda visitor: upload(visitor, "a.txt", UPLOAD)),
            ("giant body", 2, self._giant),
            ("dense body", 4, self._dense),
            ("page", 8, self._page),
            ("agent", 40, self._agent),
        ]
        threads = [
            threading.Thread(target=self._repeat, args=(name, act), daemon=True)
            for name, at_once, act in kinds
            for _ in range(at_once)
        ]
        holding = [
            threading.Thread(target=hold, daemon=True)
            for hold in (self._hang, self._drip, self._watch)
        ]
        for thread in [*threads, *holding]:
            thread.start()
        for thread in holding:
            thread.join()
        return self.counts

    def _repeat(self, kind: str, act: Callable[[httpx2.Client], object]) -> None:
        while time.monotonic() < self._until:
            with client(self._url, self._address) as visitor:
                while time.monotonic() < self._until:
                    try:
                        act(visitor)
                        self._count(kind, "answered")
                    except Refused:
                        self._count(kind, "refused")
                        time.sleep(PAUSE_SECONDS)
                    except (httpx2.HTTPError, ValueError):
                        self._count(kind, "lost")
                        time.sleep(PAUSE_SECONDS)
                        break

    def _count(self, kind: str, what: str, number: int = 1) -> None:
        with self._lock:
            self.counts.setdefault(kind, Counter())[what] += number

    def _tag(self, visitor: httpx2.Client) -> None:
        call(visitor, "tag", self._tag_body)

    def _tag_batch(self, visitor: httpx2.Client) -> None:
        call(visitor, "tag_batch", self._batch_body)

    def _file(self, visitor: httpx2.Client) -> None:
        session = new_session()
        place = f"/gradio_api/heartbeat/{session}"
        with visitor.stream("GET", place):
            for name, body in (("a.md", BRACKETS), ("b.md", EMPHASIS)):
                join(visitor, self._events.file, [upload(visitor, name, body)], session)

    def _batch_file(self, visitor: httpx2.Client) -> None:
        session = new_session()
        with visitor.stream("GET", f"/gradio_api/heartbeat/{session}"):
            file = upload(visitor, "a.csv", self._rows)
            join(visitor, self._events.batch, [file, 5, 0.1], session)

    def _giant(self, visitor: httpx2.Client) -> None:
        def body() -> Iterator[bytes]:
            for _ in range(GIANT_BYTES // len(GIANT_CHUNK)):
                yield GIANT_CHUNK

        _refused(visitor.post("/gradio_api/queue/join", content=body()))

    def _dense(self, visitor: httpx2.Client) -> None:
        body = b'{"data": ' + DENSE + b', "fn_index": 0, "session_hash": "a"}'
        headers = {"content-type": "application/json"}
        _refused(visitor.post("/gradio_api/queue/join", content=body, headers=headers))

    def _page(self, visitor: httpx2.Client) -> None:
        for path in ("/", "/config", "/gradio_api/info", "/theme.css"):
            _refused(visitor.get(path))

    def _agent(self, visitor: httpx2.Client) -> None:
        arguments = {"text": self._text, "max_windows": MAX_WINDOWS, "evidence": True}
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "tag", "arguments": arguments},
        }
        headers = {"accept": "application/json, text/event-stream"}
        answer = visitor.post("/gradio_api/mcp/", json=body, headers=headers)
        _refused(answer)
        if '"isError":true' in answer.text:
            raise Refused(answer.text)

    def _hang(self) -> None:
        """Opens connections and sends half a request."""
        self._hold("hung connection", HUNG_CONNECTIONS, "GET / HTTP/1.1\r\nHost: a\r\n", b"")

    def _drip(self) -> None:
        """Sends bodies a byte a second."""
        head = (
            "POST /gradio_api/queue/join HTTP/1.1\r\nHost: a\r\n"
            "Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
        )
        self._hold("slow body", SLOW_BODIES, head, b"[")

    def _watch(self) -> None:
        """Holds streams open, as many pages would."""
        head = "GET /gradio_api/heartbeat/{} HTTP/1.1\r\nHost: a\r\n\r\n"
        self._hold("stream", OPEN_STREAMS, head, b"")

    def _hold(self, kind: str, number: int, head: str, more: bytes) -> None:
        """Keeps so many connections open; those that the Space closes count as refused."""
        held: list[socket.socket] = []
        while time.monotonic() < self._until:
            held = [connection for connection in held if self._is_held(kind, connection, more)]
            try:
                while len(held) < number and time.monotonic() < self._until:
                    connection = self._connect()
                    held.append(connection)
                    connection.sendall(head.replace("{}", new_session()).encode())
            except OSError:
                pass
            time.sleep(1)
        self._count(kind, "answered", len(held))

    def _is_held(self, kind: str, connection: socket.socket, more: bytes) -> bool:
        try:
            if more:
                connection.sendall(more)
            connection.setblocking(False)
            came = connection.recv(1000)
            if came.startswith(b"HTTP/1.1 200") or came.startswith(b"data"):
                return True
        except BlockingIOError:
            return True
        except OSError:
            pass
        self._count(kind, "refused")
        connection.close()
        return False

    def _connect(self) -> socket.socket:
        host, _, port = self._url.rpartition("/")[2].partition(":")
        return socket.create_connection((host, int(port)), 5, (self._address, 0))


WORDS = ("Alpha", "bank's", "Climate", "of", "“Quoted”", "U.S.", "naïve", "data-set", "ﬁne", "x")


def _refused(answer: httpx2.Response) -> None:
    if answer.status_code != 200:
        raise Refused(answer.text)


if __name__ == "__main__":
    os.nice(10)  # his own machine would be another one
    url, address, seconds = sys.argv[1:]
    counts = Attack(url, address, float(seconds)).run()
    sys.stdout.write(json.dumps(counts) + "\n")
    sys.stdout.flush()
    os._exit(0)  # threads may still wait for answers
