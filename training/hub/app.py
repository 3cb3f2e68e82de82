"""The Hub as one ASGI application."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from training.hub.accounts import Accounts
from training.hub.api import discussions, files, git, lfs, refs, repos, spaces, uploads
from training.hub.errors import HubError, repo_not_found
from training.hub.repositories import Repositories
from training.hub.routing import Hub
from training.hub.signing import Signer


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


def refuse(request: Request, error: Exception) -> Response:
    """Sends a refusal."""
    assert isinstance(error, HubError)
    body = {"error": error.message, **error.details}
    return JSONResponse(body, status_code=error.status, headers=error.response_headers())


def nothing_here(request: Request, error: Exception) -> Response:
    """Answers an unknown address as the Hub does one of a repository that is missing."""
    return refuse(request, repo_not_found())


def build(root: Path, host: str) -> ASGIApp:
    """Assembles the application.

    Args:
        root: Folder with all state.
        host: Name or address that it is served at; others are refused, so that no page from
            elsewhere can reach it under a name of its own.
    """
    accounts = Accounts(root)
    app = Starlette(
        routes=[
            route
            for module in (repos, files, uploads, refs, discussions, spaces, lfs, git)
            for route in module.ROUTES
        ],
        exception_handlers={HubError: refuse, 404: nothing_here},
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[host, "localhost"])],
    )
    app.router.redirect_slashes = False
    app.state.hub = Hub(accounts, Repositories(root), Signer(accounts.signing_key))
    return RawPath(app)
