"""The outermost layer of the Space's server: who asks, at which name, and from which page.

Everything that comes in passes here before gradio sees it. uvicorn would believe any program of
this machine about the visitor's address; it is told to believe nobody (`believe_nobody`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tagloop.web.content_policy import (
    FILE_POLICY,
    FILES,
    HEADERS,
    POLICY,
    PagePolicy,
    content_policy,
)
from tagloop.web.own_hosts import OwnHosts
from tagloop.web.visitors import (
    Caller,
    TrustedProxies,
    caller_of_scope,
    is_private,
    peer_of_scope,
)

logger = logging.getLogger(__name__)

READING = ("GET", "HEAD", "OPTIONS")
OPEN_TO_ALL_SITES = ("/gradio_api/queue/join", "/gradio_api/call/", "/gradio_api/cancel")
"""Where pages of other sites may send to, so that they can ask a public Space for tags."""
_NAMES_A_HOST = ("x-forwarded-host", "x-gradio-server")
"""Headers out of which gradio makes addresses of the Space."""


def believe_nobody(environment: dict[str, str] | os._Environ[str] = os.environ) -> None:
    """Keeps uvicorn from taking a visitor's address from a header: the front door does that."""
    if environment.get("FORWARDED_ALLOW_IPS"):
        logger.warning("FORWARDED_ALLOW_IPS is not read here: set TAGLOOP_TRUSTED_PROXIES instead")
    environment["FORWARDED_ALLOW_IPS"] = ""


@dataclass(frozen=True)
class FrontDoor:
    """What the Space's settings say of who may ask, and how."""

    proxies: TrustedProxies
    hosts: OwnHosts

    @classmethod
    def of_space(
        cls, proxies: str | None, hosts: str | None, environment: Mapping[str, str] = os.environ
    ) -> FrontDoor:
        """Takes the Space's settings.

        Raises:
            UserError: A setting has a value that it may not have.
        """
        return cls(
            TrustedProxies.of_space(proxies, environment), OwnHosts.of_space(hosts, environment)
        )

    def lifespan(self, blocks: gr.Blocks) -> Callable[[Any], AbstractAsyncContextManager[None]]:
        """Returns what puts the layers around gradio's server before it takes the first request."""
        hosts = replace(self.hosts, share_link=lambda: getattr(blocks, "share_url", None))

        @asynccontextmanager
        async def around(app: Starlette) -> AsyncIterator[None]:
            app.user_middleware.append(Middleware(PagePolicy, on_hub=hosts.on_hub))
            app.middleware_stack = Layer(app.build_middleware_stack(), self.proxies, hosts)
            yield

        return around


class Layer:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, proxies: TrustedProxies, hosts: OwnHosts) -> None:
        self._app = app
        self._proxies = proxies
        self._hosts = hosts
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses what does not belong here, and tells the rest who asks."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        other_site = self._hosts.is_other_site(headers)
        public = self._hosts.is_public(headers.get("host", ""))
        answer = self._guarded(scope, send, other_site, public)
        if refusal := self._refusal(scope, headers, other_site, public):
            await refusal(scope, receive, answer)
            return
        await self._app(self._known(scope, headers, other_site), receive, answer)

    def _refusal(
        self, scope: Scope, headers: Headers, other_site: bool, public: bool
    ) -> Response | None:
        hosts = [
            *headers.getlist("host"),
            *(host.partition(",")[0].strip() for host in headers.getlist("x-forwarded-host")),
        ]
        if strange := [host for host in hosts if not self._hosts.answers_to(host)]:
            name = ascii(strange[0][:100])
            self._tell("host", f"asked for as {name}: add it to TAGLOOP_HOSTS if it is yours")
            return PlainTextResponse(
                f"This Space does not answer to the name {name}. If it is yours, add the name to "
                "the variable TAGLOOP_HOSTS.\n",
                421,
            )
        # Probes of load balancers have none; browsers have one.
        if len(headers.getlist("host")) > 1 or ("origin" in headers and "host" not in headers):
            return PlainTextResponse("A request has one host.\n", 400)
        if not other_site or _reads(scope):
            return None
        if public and scope["path"].startswith(OPEN_TO_ALL_SITES):
            return None
        return PlainTextResponse(
            "This Space takes that from its own page and from programs, not from a page of "
            "another site. If that site is this Space too, add its name to the variable "
            "TAGLOOP_HOSTS.\n",
            403,
        )

    def _known(self, scope: Scope, headers: Headers, other_site: bool) -> Scope:
        """Returns the scope with the visitor sealed in, and without what must not be believed."""
        peer = peer_of_scope(scope)
        forwarded = headers.getlist("x-forwarded-for")
        if forwarded and not self._proxies.trusts(peer) and is_private(peer):
            self._tell(
                "proxy",
                f"X-Forwarded-For from {peer} is not believed, so all who come that way are one "
                f"visitor: set TAGLOOP_TRUSTED_PROXIES={peer} if that is a proxy of yours",
            )
        # An agent's call (MCP) comes a second time, from this process itself.
        caller = caller_of_scope(scope) or Caller(
            self._proxies.visitor(peer, forwarded), other_site
        )
        dropped = {name.encode() for name in _NAMES_A_HOST if not self._is_own(headers.get(name))}
        # A page of another site asks as a program does: in nobody's name. Who follows a link from
        # there, or has the Space shown in a frame, is still the one who is signed in.
        if other_site and not (headers.get("sec-fetch-mode") == "navigate" and _reads(scope)):
            dropped.add(b"cookie")
        kept = [(name, value) for name, value in scope["headers"] if name not in dropped]
        known: Scope = {**scope, "headers": kept}
        proto = headers.get("x-forwarded-proto", "").partition(",")[0].strip()
        if scope["type"] == "http" and proto in ("http", "https"):
            known["scheme"] = proto  # of addresses in the answer to this request alone
        caller.seal(known)
        return known

    def _is_own(self, host: str | None) -> bool:
        if host is None:
            return True
        return self._hosts.answers_to(host.partition("://")[2].partition("/")[0] or host)

    def _guarded(self, scope: Scope, send: Send, other_site: bool, public: bool) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if scope["path"].startswith(FILES):
                    headers[POLICY] = FILE_POLICY
                else:
                    headers.setdefault(POLICY, content_policy(on_hub=self._hosts.on_hub))
                if other_site:
                    # gradio allows every site everything where the Space is not at localhost.
                    del headers["access-control-allow-credentials"]
                    if not public:
                        del headers["access-control-allow-origin"]
            await send(message)

        return guarded

    def _tell(self, what: str, sentence: str) -> None:
        """Says it in the log, once."""
        if what not in self._told:
            self._told.add(what)
            logger.warning("%s", sentence)


def _reads(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in READING
