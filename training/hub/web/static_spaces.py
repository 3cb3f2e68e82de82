"""What a static Space consists of: the files of ``main``, with its variables in each page."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from training.hub.api.files import has_already, stored_file
from training.hub.browsers import host_name, own_names
from training.hub.errors import HubError, printable
from training.hub.oauth.clients import client_of
from training.hub.repo_info import card_of, sdk_of
from training.hub.routing import Hub
from training.hub.space_hosts import subdomain_in, subdomain_of
from training.hub.storage.git_store import DAMAGES
from training.hub.storage.repositories import StoredRepository

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".zip": "application/zip",
    ".onnx": "application/octet-stream",
}
"""Content types that browsers insist on, whatever this machine's own table says."""
CUSTOM_HEADERS = (
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
)
"""Headers that a Space's card can set."""
MAX_PAGE = 10 << 20
"""Longest page, in bytes, that is given the Space's variables."""
HEAD = re.compile(rb"<head(?:\s[^<>]{0,1000})?>", re.IGNORECASE)
DOCTYPE = re.compile(rb"\s{0,100}<!doctype[^<>]{0,1000}>", re.IGNORECASE)
LOOKED_AT = 1 << 16
"""Bytes of a page in which its head is sought."""


class StaticSpaces:
    """Answers what is asked of a Space's host, and lets the application answer the rest."""

    def __init__(self, app: ASGIApp, host: str, names: Iterable[str]) -> None:
        """Wraps the application.

        Args:
            app: The Hub.
            host: Address that the Hub listens on.
            names: Further names that it is reached by.
        """
        self.app, self.names = app, own_names(host, names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends a file of a Space, or lets the application answer."""
        request = Request(scope) if scope["type"] == "http" else None
        name = host_name(request.headers.get("host", "")) if request else None
        subdomain = subdomain_in(name, self.names) if name else None
        if request is None or subdomain is None:
            await self.app(scope, receive, send)
            return
        hub: Hub = scope["app"].state.hub
        client = request.client.host if request.client else ""
        answer: Response = await hub.turns.work(f"address {client}", _answer, request, subdomain)
        await answer(scope, receive, send)


def find_space(hub: Hub, subdomain: str) -> StoredRepository | None:
    """Returns the public static Space at a subdomain: the oldest, should several names fit it."""
    fitting = [
        (settings["created_at"], found)
        for found in hub.repositories.all("spaces")
        if subdomain_of(found.repo_id) == subdomain
        and not (settings := found.settings())["private"]
        and sdk_of(found) == "static"
    ]
    return min(fitting, key=lambda item: item[0])[1] if fitting else None


def variables_of(space: StoredRepository, base: str, key: bytes) -> dict[str, str]:
    """Returns what a Space's pages find in ``window.huggingface.variables``.

    Args:
        space: Which one.
        base: Address of this Hub, so that a page finds the Hub that serves it.
        key: Secret of the Hub, from which the ids of clients follow.
    """
    stated = space.settings().get("variables", {})
    given = {name: str(item.get("value")) for name, item in stated.items()}
    client = client_of(space, key)
    if client is not None:
        given["OAUTH_CLIENT_ID"], given["OAUTH_SCOPES"] = client.id, " ".join(client.scopes)
        given["OPENID_PROVIDER_URL"] = base
    return {"HF_ENDPOINT": base, **given}


def _answer(request: Request, subdomain: str) -> Response:
    if request.method not in ("GET", "HEAD"):
        return PlainTextResponse("A static Space is only read.", 405, {"Allow": "GET, HEAD"})
    try:
        space = find_space(request.app.state.hub, subdomain)
        if space is None:
            raise HubError(404, "There is no public static Space here.")
        return _file(request, space)
    except HubError as error:
        return PlainTextResponse(printable(error.message), error.status)
    except DAMAGES:
        return PlainTextResponse("The stored files of this Space are damaged.", 500)


def _file(request: Request, space: StoredRepository) -> Response:
    """Sends a file of a Space's main branch.

    Raises:
        HubError: 404.
    """
    card = card_of(space).data
    path = unquote(request.scope["path"]).lstrip("/")
    if not path:
        start = card.get("app_file")
        path = start if isinstance(start, str) and start else "index.html"
        if "/" in path.strip("/"):
            # Where it stands, so that what it refers to is found beside it.
            return RedirectResponse("/" + quote(path.strip("/")), 302)
    elif path.endswith("/"):
        path += "index.html"
    entry = space.git.entry(space.git.resolve("main"), path)
    if entry.is_folder:
        return RedirectResponse(f"/{quote(path)}/", 302)
    stored, digest = stored_file(space, entry)
    suffix = PurePosixPath(path).suffix.lower()
    kind = TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    headers = {"Cache-Control": "no-cache", "ETag": f'"{digest}"', **_custom_headers(card)}
    if suffix in (".html", ".htm") and entry.size <= MAX_PAGE:
        key = request.app.state.hub.accounts.signing_key
        variables = variables_of(space, hub_address(request, space), key)
        content = with_variables(stored.read_bytes(), variables)
        headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()}"'
        answer = Response(content, headers=headers, media_type=TYPES[".html"])
    else:
        answer = FileResponse(stored, headers=headers, media_type=kind, stat_result=stored.stat())
    return (
        Response(status_code=304, headers=headers)
        if has_already(request, headers["ETag"])
        else answer
    )


def hub_address(request: Request, space: StoredRepository) -> str:
    """Returns the Hub's own address, as the visitor of a Space can reach it."""
    prefix = f"{subdomain_of(space.repo_id)}.static."
    return str(request.base_url).rstrip("/").replace(prefix, "", 1)


def with_variables(page: bytes, variables: dict[str, str]) -> bytes:
    """Puts a Space's variables at the head of a page."""
    text = json.dumps({"variables": variables}).replace("<", "\\u003c")
    script = f"<script>window.huggingface = {text};</script>".encode()
    found = HEAD.search(page, 0, LOOKED_AT) or DOCTYPE.match(page)
    at = found.end() if found else 0
    return page[:at] + script + page[at:]


def _custom_headers(card: dict[str, Any]) -> dict[str, str]:
    given = card.get("custom_headers")
    if not isinstance(given, dict):
        return {}
    return {
        key: printable(str(value))
        for key, value in given.items()
        if str(key).lower() in CUSTOM_HEADERS
    }
