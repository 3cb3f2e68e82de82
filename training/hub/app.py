"""The Hub as one ASGI application."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from email.utils import formatdate
from pathlib import Path

from dulwich import errors
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from training.hub.accounts import Accounts
from training.hub.api import (
    collections,
    discussions,
    files,
    git,
    lfs,
    listings,
    oauth,
    refs,
    repos,
    spaces,
    uploads,
    users,
)
from training.hub.api import jobs as jobs_api
from training.hub.api import webhooks as webhooks_api
from training.hub.automation.deliveries import Deliveries
from training.hub.automation.jobs import Jobs
from training.hub.automation.webhooks import Webhooks
from training.hub.browsers import Guard
from training.hub.errors import HubError, damaged, repo_not_found
from training.hub.routing import Hub
from training.hub.signing import Signer
from training.hub.storage.collections import Collections
from training.hub.storage.git_store import DAMAGES
from training.hub.storage.repositories import Repositories
from training.hub.web import consent, pages
from training.hub.web.rendering import error_page
from training.hub.web.static_spaces import StaticSpaces

LOG = logging.getLogger(__name__)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
API = (
    collections,
    oauth,
    users,
    listings,
    repos,
    files,
    uploads,
    refs,
    discussions,
    spaces,
    webhooks_api,
    jobs_api,
    lfs,
    git,
)
"""The modules whose addresses are served; the first that fits a request has it."""


class RawPath:
    """Lets routes see the address as it was sent.

    Branch names and file paths arrive percent-encoded, so that ``refs%2Fpr%2F1`` is one part of
    the address; decoding it first, as servers do, would lose where one part ends.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wraps the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Puts the raw path in place of the decoded one."""
        if scope["type"] == "http":
            scope["path"] = scope["raw_path"].partition(b"?")[0].decode("latin-1")
        await self.app(scope, receive, send)


class Dated:
    """Writes the time on every answer.

    uvicorn's own lags up to two seconds behind, and clients leave out what a log has after it.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wraps the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the application answer."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Date"] = formatdate(usegmt=True)
            await send(message)

        await self.app(scope, receive, send_dated)


def refuse(request: Request, error: Exception) -> Response:
    """Sends a refusal."""
    assert isinstance(error, HubError)
    is_page = not request.scope["path"].startswith(("/api/", "/lfs/"))
    if is_page and "text/html" in request.headers.get("accept", ""):
        return error_page(error, request.scope["path"])
    body = {"error": error.message, **error.details}
    return JSONResponse(body, status_code=error.status, headers=error.response_headers())


def nothing_here(request: Request, error: Exception) -> Response:
    """Answers an address that nothing stands at."""
    return refuse(request, HubError(404, "This Hub has nothing at this address."))


async def no_route(request: Request) -> Response:
    """Answers for what is no route of the API, before a page could be meant."""
    return nothing_here(request, HubError(404, ""))


def gone(request: Request, error: Exception) -> Response:
    """Answers for a repository that went away while the request ran."""
    return refuse(request, repo_not_found())


def hung_up(request: Request, error: Exception) -> Response:
    """Ends a request whose sender is gone; what it had sent is dropped by whoever read it."""
    return Response(status_code=400)


def broken(request: Request, error: Exception) -> Response:
    """Answers for a repository whose stored files are not what was written, or just went away.

    Raises:
        Exception: The error itself, where no repository is involved.
    """
    found, hub = getattr(request.state, "repository", None), request.app.state.hub
    if found is None:
        raise error
    if hub.repositories.is_gone(found):
        return gone(request, error)
    LOG.warning("The stored objects of %s are damaged: %r", request.scope["path"], error)
    return refuse(request, damaged(found.repo_id))


def failed(request: Request, error: Exception) -> Response:
    """Answers what nobody foresaw; the server writes the error itself into its log."""
    found = HubError(500, "The Hub made a mistake with this request; its log says which.")
    return refuse(request, found)


def build(
    root: Path,
    host: str,
    names: Sequence[str] = (),
    jobs: Jobs | None = None,
    visitors: Sequence[str] = (),
) -> ASGIApp:
    """Assembles the application.

    Args:
        root: Folder with all state.
        host: Address that it listens on.
        names: Further names that it is reached by; see `Guard`.
        jobs: What runs Jobs; none are run without it.
        visitors: Users as whom anybody may sign in to a Space.
    """
    accounts, jobs = Accounts(root), jobs or Jobs(root)
    webhooks = Webhooks(root)
    app = Starlette(
        routes=[
            *(route for module in API for route in module.ROUTES),
            Route("/api/{rest:path}", no_route, methods=METHODS),
            *consent.ROUTES,
            *pages.ROUTES,
        ],
        exception_handlers={
            HubError: refuse,
            404: nothing_here,
            errors.NotGitRepository: gone,
            ClientDisconnect: hung_up,
            **dict.fromkeys(DAMAGES, broken),
            Exception: failed,
        },
        middleware=[
            Middleware(Dated),
            Middleware(StaticSpaces, host=host, names=names),
            Middleware(Guard, host=host, names=names, refuse=refuse),
        ],
    )
    app.router.redirect_slashes = False
    app.state.hub = Hub(
        accounts,
        Repositories(root),
        Signer(accounts.signing_key),
        webhooks,
        Deliveries(root, webhooks, jobs),
        jobs,
        Collections(root),
        tuple(visitors),
    )
    return RawPath(app)
