"""Who may call what: every address is declared with the access it needs, checked in one place."""

from __future__ import annotations

import base64
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from training.hub.accounts import OAUTH, WRITE, Accounts, Caller
from training.hub.automation.deliveries import Deliveries
from training.hub.automation.jobs import Jobs
from training.hub.automation.webhooks import Webhooks
from training.hub.bodies import JSON, MAX_BODY, read_json, require_type
from training.hub.browsers import READING
from training.hub.errors import HubError, repo_not_found
from training.hub.names import NAME, PREFIXES, decode
from training.hub.oauth.grants import Grants
from training.hub.signing import Signer
from training.hub.storage.collections import Collections
from training.hub.storage.repositories import Repositories, StoredRepository
from training.hub.turns import Turns

MAX_DIGITS = 9
"""Longest number in a query: no list here has a thousand million entries."""
SIGN_IN = {"WWW-Authenticate": 'Basic realm="Hub: any user name, a token as the password"'}


class Access(Enum):
    """What a caller has to be.

    ANYONE: no repository is involved. USER: has a token of its own. IDENTITY: has any token, be it
    a Space's. READ: may see the repository. CONTRIBUTE: may see it and has a token that may write,
    or open discussions. WRITE: owns it and has a token that may write.
    """

    ANYONE = 0
    USER = 1
    READ = 2
    CONTRIBUTE = 3
    WRITE = 4
    IDENTITY = 5


@dataclass(frozen=True)
class Hub:
    """What one server works with."""

    accounts: Accounts
    repositories: Repositories
    signer: Signer
    webhooks: Webhooks
    deliveries: Deliveries
    jobs: Jobs
    collections: Collections
    visitors: tuple[str, ...] = ()
    """Users as whom whoever sees this Hub's pages may sign in to a Space without a token."""
    grants: Grants = field(default_factory=Grants)
    turns: Turns = field(default_factory=Turns)


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

    @cached_property
    def base(self) -> str:
        """Returns the Hub's own address as the caller wrote it, without a slash at the end."""
        return str(self.request.base_url).rstrip("/")

    async def work(self, function: Callable[..., Any], *given: Any) -> Any:
        """Runs a function in a thread when it is the turn of this caller, or of this address."""
        client = self.request.client
        name = f"user {self.user}" if self.caller else f"address {client.host if client else ''}"
        return await self.hub.turns.work(name, function, *given)

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


@dataclass(frozen=True)
class Terms:
    """On what terms an address answers, besides the access.

    Attributes:
        basic: Whether Basic credentials count for a write too. A browser sends them along with
            requests that other pages make, so only for what git and git-lfs post to, none of
            which changes anything. Reading with them is always possible.
        types: Media types of a body. A form on another page can send none of those that the
            Hub's clients use; ``ANY_TYPE`` where the signature in the address is what counts.
        limit: Longest body, in bytes, that is read into memory.
    """

    basic: bool = False
    types: tuple[str, ...] = JSON
    limit: int = MAX_BODY


def api(method: str, path: str, handler: Handler, access: Access, terms: Terms = Terms()) -> Route:
    """Declares an address of the API.

    Args:
        method: HTTP method.
        path: With the parts ``kind``, ``namespace`` and ``name`` where a repository is meant.
        handler: Function of a `Call`; what it gives is sent as JSON unless it is a response.
            A coroutine function reads the body itself.
        access: What the caller has to be.
        terms: Which credentials count, and which bodies are taken.
    """
    return _declare(method, path, handler, access, terms, None)


def repo_addresses(
    method: str, rest: str, handler: Handler, access: Access, terms: Terms = Terms()
) -> list[Route]:
    """Declares ``[datasets/|spaces/]namespace/name`` + rest, for pages, files and git."""
    return [
        _declare(
            method, f"/{PREFIXES[kind]}{{namespace}}/{{name}}{rest}", handler, access, terms, kind
        )
        for kind in ("datasets", "spaces", "models")
    ]


def _declare(
    method: str, path: str, handler: Handler, access: Access, terms: Terms, kind: str | None
) -> Route:
    async def endpoint(request: Request) -> Response:
        basic = terms.basic or method in READING
        call = await run_in_threadpool(prepare, request, access, kind, basic=basic)
        require_type(request, terms.types)
        if inspect.iscoroutinefunction(handler):
            answer = await handler(call)
        else:
            call.body = await read_json(request, terms.limit)
            answer = await call.work(handler, call)
        if call.found is not None and call.found.moved:
            await run_in_threadpool(call.hub.deliveries.announce, call.found, call.base)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    return Route(path, endpoint, methods=[method])


def prepare(request: Request, access: Access, kind: str | None, *, basic: bool) -> Call:
    """Authenticates, finds the repository, and checks the access.

    Args:
        request: As it came.
        access: What the caller has to be.
        kind: Of the repository, None where the address says it.
        basic: Whether Basic credentials count.

    Raises:
        HubError: 401, 403 or 404, such that nobody learns whether a repository exists that they
            may not see.
    """
    hub: Hub = request.app.state.hub
    call = Call(request, hub, authenticate(request, hub, basic=basic))
    if access in (Access.READ, Access.CONTRIBUTE, Access.WRITE):
        kind = kind or request.path_params["kind"]
        namespace, name = call.part("namespace"), call.part("name")
        follow_move(call, kind, namespace, name.removesuffix(".git"))
        call.found = visible(call, kind, namespace, name)
        request.state.repository = call.found
    if access is not Access.ANYONE and access is not Access.READ and call.caller is None:
        raise HubError(401, "Sign in with a token first.", headers=SIGN_IN)
    if access is Access.USER and call.caller and call.caller.role == OAUTH:
        raise HubError(403, "This takes a token of your own; a Space's does not do.")
    if access is Access.CONTRIBUTE:
        require_contribute(call)
    if access is Access.WRITE:
        require_write(call, call.repository.namespace)
    return call


def follow_move(call: Call, kind: str, namespace: str, name: str) -> None:
    """Sends whoever asks for a repository by a former name, or other capitals, to the present one.

    Raises:
        HubError: 307, if there is such a repository that the caller may see.
    """
    repositories, repo_id = call.hub.repositories, f"{namespace}/{name}"
    is_sound = NAME.fullmatch(namespace) and NAME.fullmatch(name)
    if not is_sound or repositories.find(kind, repo_id) is not None:
        return
    found = repositories.elsewhere(kind, repo_id)
    if found is None or not (may_see(call.caller, found) or not found.settings()["private"]):
        return
    parts = call.request.path_params
    given = f"/{parts['namespace']}/{parts['name'].removesuffix('.git')}"
    path = call.request.scope["path"].replace(given, f"/{found.repo_id}", 1)
    query = call.request.url.query
    headers = {"Location": f"{path}?{query}" if query else path}
    raise HubError(307, f"This repository is {found.repo_id} now.", headers=headers)


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
    """Tells whether a private repository is the caller's, and shown to such a token."""
    if caller is None or caller.user != repository.namespace:
        return False
    return caller.role != OAUTH or bool(caller.scopes & {"read-repos", "write-repos"})


def require_write(call: Call, namespace: str | None) -> None:
    """Checks that the caller may write, into that namespace if one is given.

    What no namespace bounds is for tokens of the user's own.

    Raises:
        HubError: 403.
    """
    caller = call.caller
    is_granted = caller is not None and namespace is not None and "write-repos" in caller.scopes
    if caller is None or not (caller.role == WRITE or is_granted):
        raise HubError(403, "This token may not write here; take one with the role write.")
    if namespace is not None and namespace != caller.user:
        raise HubError(403, f"You have no write access to the namespace {namespace!r}.")


def require_contribute(call: Call) -> None:
    """Checks that the caller may open discussions and pull requests.

    Raises:
        HubError: 403.
    """
    caller = call.caller
    granted = caller.scopes & {"write-discussions", "write-repos"} if caller else ()
    if caller is None or not (caller.role == WRITE or granted):
        raise HubError(403, "This token may only read; take one with the role write.")


def authenticate(request: Request, hub: Hub, *, basic: bool) -> Caller | None:
    """Finds out who asks: a bearer token, or for git and browsers a token as Basic password.

    Raises:
        HubError: 401 when there are credentials and they are nobody's, or Basic ones where these
            do not count.
    """
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    token: str | None = None
    if scheme.lower() == "bearer":
        token = value.strip()
    elif scheme.lower() == "basic" and basic:
        try:
            token = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except ValueError:
            token = None
    caller = (hub.accounts.caller(token) or hub.grants.caller(token)) if token else None
    if caller is None:
        raise HubError(401, "Invalid credentials in Authorization header", headers=SIGN_IN)
    return caller
