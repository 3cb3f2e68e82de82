"""Who may call what: every address is declared with the access it needs, checked in one place."""

from __future__ import annotations

import base64
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from training.hub.accounts import WRITE, Accounts, Caller
from training.hub.documents import MalformedError, parse_json
from training.hub.errors import HubError, repo_not_found
from training.hub.names import NAME, PREFIXES, decode
from training.hub.signing import Signer
from training.hub.storage.repositories import Repositories, StoredRepository

MAX_DIGITS = 9
"""Longest number in a query: no list here has a thousand million entries."""
MAX_BODY = 16 << 20
"""Longest body, in bytes, that is read into memory: everything but uploads and commits."""
GIT_POSTS = ("/git-upload-pack", "/info/lfs/objects/batch", "/info/lfs/verify")
"""Addresses that git and git-lfs post to; none of them changes what others see."""
SIGN_IN = {"WWW-Authenticate": 'Basic realm="Hub: any user name, a token as the password"'}


class Access(Enum):
    """What a caller has to be.

    ANYONE: no repository is involved. USER: has a token. READ: may see the repository.
    CONTRIBUTE: may see it and has a write token. WRITE: owns it and has a write token.
    """

    ANYONE = 0
    USER = 1
    READ = 2
    CONTRIBUTE = 3
    WRITE = 4


@dataclass(frozen=True)
class Hub:
    """What one server works with."""

    accounts: Accounts
    repositories: Repositories
    signer: Signer


@dataclass
class Call:
    """One request, authenticated and allowed.

    Attributes:
        request: As Starlette gives it.
        hub: The server's state.
        caller: Who asks; None for anonymous ones.
        body: The JSON object that came with it, empty if none did.
    """

    request: Request
    hub: Hub
    caller: Caller | None
    found: StoredRepository | None = None
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def repository(self) -> StoredRepository:
        """Returns the repository that the address names."""
        assert self.found is not None, "declared without a repository"
        return self.found

    @property
    def user(self) -> str:
        """Returns the name of the caller, where the access asks for one."""
        assert self.caller is not None, "declared for anonymous callers"
        return self.caller.user

    @property
    def base(self) -> str:
        """Returns the Hub's own address as the caller wrote it, without a slash at the end."""
        return str(self.request.base_url).rstrip("/")

    def part(self, name: str) -> str:
        """Returns a part of the address, decoded."""
        return decode(self.request.path_params[name])

    def text(self, name: str, default: str | None = None) -> str:
        """Returns a string from the JSON body.

        Raises:
            HubError: 400 when it is missing or no string.
        """
        value = self.optional_text(name)
        if value is None:
            value = default
        if value is None:
            raise HubError(400, f"{name!r} must be a string.")
        return value

    def optional_text(self, name: str) -> str | None:
        """Returns a string from the JSON body, None when it is missing or null.

        Raises:
            HubError: 400 when it is something else.
        """
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise HubError(400, f"{name!r} must be a string.")
        return value

    def items(self, name: str) -> list[Any]:
        """Returns a list from the JSON body, empty when it is missing or null.

        Raises:
            HubError: 400 when it is something else.
        """
        value = self.body.get(name)
        if value is not None and not isinstance(value, list):
            raise HubError(400, f"{name!r} must be a list.")
        return value or []

    def number(self, name: str, default: int) -> int:
        """Returns a whole number of the query; the default for anything else, as the Hub does."""
        text = self.request.query_params.get(name, "")
        is_number = text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS
        return int(text) if is_number else default


Handler = Callable[[Call], Any]


class _Kind(Convertor[str]):
    regex = "models|datasets|spaces"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Space(_Kind):
    regex = "spaces"


register_url_convertor("kind", _Kind())
register_url_convertor("space", _Space())
REPO = "/api/{kind:kind}/{namespace}/{name}"


def api(method: str, path: str, handler: Handler, access: Access) -> Route:
    """Declares an address of the API.

    Args:
        method: HTTP method.
        path: With the parts ``kind``, ``namespace`` and ``name`` where a repository is meant.
        handler: Function of a `Call`; what it gives is sent as JSON unless it is a response.
            A coroutine function reads the body itself.
        access: What the caller has to be.
    """

    async def endpoint(request: Request) -> Response:
        call = await prepare(request, access, None)
        if inspect.iscoroutinefunction(handler):
            answer = await handler(call)
        else:
            call.body = await read_json(request)
            answer = await run_in_threadpool(handler, call)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    return Route(path, endpoint, methods=[method])


def repo_addresses(method: str, rest: str, handler: Handler, access: Access) -> list[Route]:
    """Declares ``[datasets/|spaces/]namespace/name`` + rest, for pages, files and git."""

    def declare(kind: str) -> Route:
        async def endpoint(request: Request) -> Response:
            call = await prepare(request, access, kind)
            if inspect.iscoroutinefunction(handler):
                answer = await handler(call)
            else:
                answer = await run_in_threadpool(handler, call)
            return answer if isinstance(answer, Response) else JSONResponse(answer)

        return Route(f"/{PREFIXES[kind]}{{namespace}}/{{name}}{rest}", endpoint, methods=[method])

    return [declare(kind) for kind in ("datasets", "spaces", "models")]


async def prepare(request: Request, access: Access, kind: str | None) -> Call:
    """Authenticates, finds the repository, and checks the access.

    Raises:
        HubError: 401, 403 or 404, such that nobody learns whether a repository exists that they
            may not see.
    """
    hub: Hub = request.app.state.hub
    call = Call(request, hub, authenticate(request, hub.accounts))
    if access in (Access.READ, Access.CONTRIBUTE, Access.WRITE):
        kind = kind or request.path_params["kind"]
        call.found = visible(call, kind, call.part("namespace"), call.part("name"))
    if access is not Access.ANYONE and access is not Access.READ and call.caller is None:
        raise HubError(401, "Sign in with a token first.", headers=SIGN_IN)
    if access in (Access.CONTRIBUTE, Access.WRITE):
        require_write(call, call.repository.namespace if access is Access.WRITE else None)
    return call


def visible(call: Call, kind: str, namespace: str, name: str) -> StoredRepository:
    """Finds a repository that the caller may see.

    Raises:
        HubError: ``RepoNotFound``: 401 for anonymous callers, 404 for others.
    """
    found = None
    name = name.removesuffix(".git")
    if NAME.fullmatch(namespace) and NAME.fullmatch(name):
        found = call.hub.repositories.find(kind, f"{namespace}/{name}")
    if found is not None and (may_see(call.caller, found) or not found.settings()["private"]):
        return found
    error = repo_not_found(404 if call.caller else 401)
    if call.caller is None:
        error.headers.update(SIGN_IN)
    raise error


def may_see(caller: Caller | None, repository: StoredRepository) -> bool:
    """Tells whether a private repository is the caller's."""
    return caller is not None and caller.user == repository.namespace


def require_write(call: Call, namespace: str | None) -> None:
    """Checks that the caller may write, into that namespace if one is given.

    Raises:
        HubError: 403.
    """
    if call.caller is None or call.caller.role != WRITE:
        raise HubError(403, "This token may only read; take one with the role write.")
    if namespace is not None and namespace != call.caller.user:
        raise HubError(403, f"You have no write access to the namespace {namespace!r}.")


def authenticate(request: Request, accounts: Accounts) -> Caller | None:
    """Finds out who asks: a bearer token, or for git and browsers a token as Basic password.

    Browsers send Basic credentials along with requests that other pages make, so these count for
    reading and for git only, never for a change through the API.

    Raises:
        HubError: 401 when there are credentials and they are nobody's.
    """
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    token: str | None = None
    if scheme.lower() == "bearer":
        token = value.strip()
    elif scheme.lower() == "basic" and (
        request.method in ("GET", "HEAD") or request.scope["path"].endswith(GIT_POSTS)
    ):
        try:
            token = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except ValueError:
            token = None
    caller = accounts.caller(token) if token else None
    if caller is None:
        raise HubError(401, "Invalid credentials in Authorization header", headers=SIGN_IN)
    return caller


async def read_json(request: Request) -> dict[str, Any]:
    """Reads a small body; a form's bytes stand under the key ``form``.

    Raises:
        HubError: 400 for anything but a JSON object, 413 when it is long.
    """
    if request.method in ("GET", "HEAD"):
        return {}
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY:
            raise HubError(413, f"A body may have {MAX_BODY} bytes.")
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {"form": content}
    try:
        body = parse_json(content) if content.strip() else {}
    except MalformedError as error:
        raise HubError(400, f"The body cannot be read: {error}.") from None
    if not isinstance(body, dict):
        raise HubError(400, "The body must be a JSON object.")
    return body
