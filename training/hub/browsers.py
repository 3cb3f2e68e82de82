"""What a page from elsewhere can make a visitor's browser do here: change nothing, show nothing.

A browser sends what it knows (Basic credentials, its place in the network) along with requests
that other pages make, and says so in ``Origin`` and ``Sec-Fetch-Site``; git, git-lfs and
`huggingface_hub` send neither. Sources: https://fetch.spec.whatwg.org/#origin-header and
https://w3c.github.io/webappsec-fetch-metadata/.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from training.hub.errors import HubError, printable
from training.hub.space_hosts import subdomain_in

LOOPBACK = ("127.0.0.1", "localhost", "::1")
READING = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing; every other one is a write."""
PORTS = {"http": 80, "https": 443}
ANSWER_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
}
"""Stand on every answer that does not say otherwise: no answer acts as a page, stands in a frame,
or is embedded by a page of another site."""
CONSENT = "/oauth/authorize"
"""Where a person lets a Space act in his name; no page may read or send that for him."""
SHARED_HEADERS = {
    "Access-Control-Expose-Headers": "X-Repo-Commit, X-Error-Code, X-Error-Message, X-Total-Count, "
    "ETag, Link, Accept-Ranges, Content-Range, X-Linked-Size, X-Linked-Etag",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Stand on answers to a page of a static Space."""
MAX_AGE = "86400"
"""Seconds that a browser remembers the answer to a question about a request to come."""
Refuse = Callable[[Request, Exception], Response]


class Guard:
    """Lets requests through that are for this Hub by name, and writes that no other page made."""

    def __init__(self, app: ASGIApp, host: str, names: Iterable[str], refuse: Refuse) -> None:
        """Wraps the application.

        Args:
            app: What is guarded.
            host: Address that the Hub listens on.
            names: Further names that it is reached by.
            refuse: Makes the answer of a refusal.
        """
        self.app, self.refuse, self.names = app, refuse, own_names(host, names)
        # A page from elsewhere can give its own name our address (DNS rebinding), but never make
        # a browser write our address where its own name stands; so addresses are safe.
        self.takes_addresses = host not in LOOPBACK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a refusal, or lets the application answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        asking = self._asking_space(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if asking:
                    headers.update({**SHARED_HEADERS, "Access-Control-Allow-Origin": asking})
                    headers.add_vary_header("Origin")
                for name, value in ANSWER_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(scope, asking)
        except HubError as error:
            await self.refuse(Request(scope), error)(scope, receive, send_guarded)
            return
        if asking and scope["method"] == "OPTIONS":
            await _preflight(scope)(scope, receive, send_guarded)
        else:
            await self.app(scope, receive, send_guarded)

    def _check(self, scope: Scope, asking: str | None) -> None:
        headers = Headers(scope=scope)
        own = _origin(f"{scope['scheme']}://{headers.get('host', '')}")
        if own is None or not self._is_own_name(own[1]):
            raise HubError(
                400, "This Hub does not go by the name in the Host header; give it with --name."
            )
        if scope["method"] not in READING and not asking and not _from_here(headers, own):
            raise HubError(403, "A page from elsewhere cannot change anything on this Hub.")

    def _asking_space(self, scope: Scope) -> str | None:
        """Returns the origin of the static Space of this Hub whose page makes a request.

        Such a page may ask as any client may: with a token that it was given, never with what the
        browser knows. Where a person agrees to something, it sees nothing.
        """
        given = Headers(scope=scope).getlist("origin")
        origin = _origin(given[0]) if len(given) == 1 else None
        own = _origin(f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}")
        if origin is None or own is None or scope["path"].startswith(CONSENT):
            return None
        is_space = subdomain_in(origin[1], self.names) is not None
        return given[0] if is_space and (origin[0], origin[2]) == (own[0], own[2]) else None

    def _is_own_name(self, name: str) -> bool:
        if name in self.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.takes_addresses


def _preflight(scope: Scope) -> Response:
    """Answers a browser that asks whether a page may make a request (Fetch, "CORS protocol")."""
    wanted = Headers(scope=scope).get("access-control-request-headers", "")
    headers = {
        "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "Access-Control-Allow-Headers": printable(wanted) or "authorization",
        "Access-Control-Max-Age": MAX_AGE,
    }
    return Response(status_code=204, headers=headers)


def own_names(host: str, names: Iterable[str]) -> set[str]:
    """Returns the names that a Hub goes by, addresses apart.

    Args:
        host: Address that it listens on.
        names: That it was given.
    """
    own = {name.lower() for name in (host, "localhost", *names)}
    return own if host in LOOPBACK else own | {socket.gethostname().lower()}


def host_name(host: str) -> str | None:
    """Returns the name in a ``Host`` header without its port; None if it is malformed."""
    parts = _origin(f"http://{host}")
    return parts[1] if parts else None


def _from_here(headers: Headers, own: tuple[str, str, int]) -> bool:
    """Tells whether no page, or one of this very origin, made a request.

    Another port of the same host is another origin, though the "same site".
    """
    sites = set(headers.getlist("sec-fetch-site"))
    origins = {_origin(text) for text in headers.getlist("origin")}
    return sites <= {"same-origin", "none"} and origins <= {own}


def _origin(text: str) -> tuple[str, str, int] | None:
    """Takes an origin apart into scheme, host and port; None for anything else."""
    try:
        parts = urlsplit(text)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    rest = parts.path or parts.query or parts.fragment or parts.username is not None
    if rest or not parts.hostname or port is None:
        return None
    return parts.scheme, parts.hostname, port
