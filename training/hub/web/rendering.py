"""How a page is made: the templates, what every page says, and what no page may do."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from dulwich.objects import Commit
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from training.hub.browsers import CONSENT
from training.hub.errors import HubError
from training.hub.routing import Call
from training.hub.storage.discussions import Discussions
from training.hub.storage.history import author_of, date_of
from training.hub.storage.history import title_of as commit_title

TEMPLATES = Path(__file__).parent / "templates"
SIGN_IN = "/sign-in"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data: https:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""No script runs on any page, whatever somebody has uploaded."""


def size_text(size: int) -> str:
    """Writes a number of bytes for people."""
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters.update(
    size=size_text,
    encode=lambda text: quote(text, safe=""),
    path=lambda text: quote(text),
    day=lambda text: text[:16].replace("T", " "),
    author=author_of,
    title=commit_title,
    date=date_of,
    sha=lambda commit: commit.id.decode(),
)


def repo_page(
    call: Call, template: str, head: Commit, revision: str, *, tab: str, **values: Any
) -> Response:
    """Renders a page of a repository under its heading."""
    repository = call.repository
    git = repository.git
    path = values.get("path", "")
    crumbs = [*reversed(PurePosixPath(path).parents), PurePosixPath(path)][1:] if path else []
    return page(
        call,
        template,
        repository=repository,
        at=f"/{repository.address}",
        private=repository.settings()["private"],
        head=head,
        revision=revision,
        branches=git.list_refs("heads"),
        versions=git.list_refs("tags"),
        open_discussions=sum(
            item["status"] in ("open", "draft") for item in Discussions(repository).all()
        ),
        crumbs=crumbs,
        tab=tab,
        **values,
    )


def page(call: Call, template: str, *, app: str | None = None, **values: Any) -> Response:
    """Renders a page.

    Args:
        call: Who asks.
        template: Its name.
        app: Origin of the static Space that stands in a frame of the page, if one does.
        values: Of the template.
    """
    given = {"base": call.base, "caller": call.caller, "app": app, **values}
    text = ENVIRONMENT.get_template(template).render(given)
    headers = dict(HEADERS)
    if app:
        headers["Content-Security-Policy"] += f"; frame-src {app}"
    return HTMLResponse(text, headers=headers)


def error_page(error: HubError, path: str) -> Response:
    """Renders a refusal for people; only the sign-in page makes the browser ask for a token."""
    text = ENVIRONMENT.get_template("error.html").render(
        status=error.status, message=error.message, caller=None
    )
    headers = {**error.response_headers(), **HEADERS}
    if path not in (SIGN_IN, CONSENT):
        headers.pop("WWW-Authenticate", None)
    return HTMLResponse(text, status_code=error.status, headers=headers)
