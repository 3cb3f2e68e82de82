"""What comes with a request: its media type checked, its bytes read within bounds."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from training.hub.browsers import READING
from training.hub.documents import MalformedError, parse_json
from training.hub.errors import HubError

MAX_BODY = 1 << 20
"""Longest body, in bytes, that is read into memory where a route says nothing else."""
JSON = ("application/json", "application/vnd.git-lfs+json")
FORM = ("application/x-www-form-urlencoded",)
ANY_TYPE = ()
"""Media types that a route takes: with ``ANY_TYPE`` the bytes themselves are what is stored."""


def require_type(request: Request, types: tuple[str, ...]) -> None:
    """Checks the media type of a body, if there is one.

    Raises:
        HubError: 415.
    """
    headers = request.headers
    is_empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    if types and not is_empty and given not in types:
        raise HubError(415, f"The body must be {' or '.join(types)}.")


async def read_body(request: Request, limit: int) -> bytes:
    """Reads a body into memory.

    Raises:
        HubError: 413 when it is longer than ``limit`` bytes.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > limit:
            raise HubError(413, f"A body may have {limit} bytes here.")
    return bytes(content)


async def read_json(request: Request, limit: int) -> dict[str, Any]:
    """Reads a small body; a form's bytes stand under the key ``form``.

    Raises:
        HubError: 400 for anything but a JSON object, 413 when it is long.
    """
    if request.method in READING:
        return {}
    content = await read_body(request, limit)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {"form": content}
    try:
        body = await run_in_threadpool(parse_json, content) if content.strip() else {}
    except MalformedError as error:
        raise HubError(400, f"The body cannot be read: {error}.") from None
    if not isinstance(body, dict):
        raise HubError(400, "The body must be a JSON object.")
    return body
