"""HTTP as bytes on a socket: a client that also sends what no client should, and counts answers."""

from __future__ import annotations

import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Literal

TIMEOUT = 60.0
"""Seconds without a byte after which an answer counts as missing."""
Framing = Literal["length", "chunked", "short", "long", "none"]


@dataclass(frozen=True)
class Ask:
    """A request.

    Attributes:
        route: Declared address that it aims at, for the count.
        method: HTTP method.
        target: Path and query as they go over the wire.
        headers: Name and value of each.
        body: Content.
        framing: How its length is said: rightly by ``length`` or ``chunked``; ``short`` and
            ``long`` announce something else, ``none`` says nothing.
    """

    route: str
    method: str
    target: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    body: bytes = b""
    framing: Framing = "length"

    def wire(self, host: bytes) -> bytes:
        """Returns the request's bytes."""
        lines = [self.method.encode() + b" " + self.target + b" HTTP/1.1"]
        if not any(name.lower() == "host" for name, _ in self.headers):
            lines.append(b"Host: " + host)
        lines += [name.encode() + b": " + value for name, value in self.headers]
        body = self.body
        if self.framing == "chunked":
            lines.append(b"Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        elif self.framing != "none":
            shift = {"length": 0, "short": -(len(body) // 2), "long": 7}[self.framing]
            lines.append(b"Content-Length: %d" % (len(body) + shift))
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    @property
    def is_sound(self) -> bool:
        """Tells whether the server has to answer: an announced body that never comes has none."""
        return self.framing in ("length", "chunked")


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 when nothing did."""

    status: int
    content: bytes
    headers: dict[str, str]
    seconds: float

    @property
    def is_failure(self) -> bool:
        """Tells whether the promise is broken; that a disk is full is said by 507, of purpose."""
        return self.status == 0 or (self.status >= 500 and self.status != 507)


@dataclass
class Tally:
    """What was tried and how it was answered."""

    inputs: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: int = 0
    slowest: tuple[float, str] = (0.0, "")

    @property
    def requests(self) -> int:
        """Returns how many requests were sent."""
        return sum(self.answers.values())

    def count(self, ask: Ask, answer: Answer) -> None:
        """Notes an answer; a request whose length was a lie need not have one."""
        kind = f"{answer.status // 100}xx" if answer.status else "none"
        self.answers[ask.route, kind] += 1
        self.failures += answer.is_failure and (answer.status > 0 or ask.is_sound)
        self.slowest = max(self.slowest, (answer.seconds, ask.route))


class Wire:
    """One connection to a server, made again whenever it is gone."""

    def __init__(self, port: int, tally: Tally) -> None:
        """Takes the port on 127.0.0.1 and where to count."""
        self.port, self.tally = port, tally
        self._socket: socket.socket | None = None

    def send(self, ask: Ask) -> Answer:
        """Sends a request and reads the whole answer."""
        begun = time.perf_counter()
        sent = ask.wire(b"127.0.0.1:%d" % self.port)
        try:
            answer = self._exchange(sent, ask, begun)
        except (OSError, HTTPException, ValueError):
            # A server may close a connection that it kept; a fresh one has no such excuse.
            self.close()
            try:
                answer = self._exchange(sent, ask, begun)
            except (OSError, HTTPException, ValueError):
                self.close()
                answer = Answer(0, b"", {}, time.perf_counter() - begun)
        if not ask.is_sound:
            self.close()
        self.tally.count(ask, answer)
        return answer

    def _exchange(self, sent: bytes, ask: Ask, begun: float) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), TIMEOUT)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(sent)
        if ask.framing == "long":
            self._socket.shutdown(socket.SHUT_WR)
        response = HTTPResponse(self._socket, method=ask.method)
        response.begin()
        content = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self.close()
        return Answer(response.status, content, headers, time.perf_counter() - begun)

    def close(self) -> None:
        """Closes the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
