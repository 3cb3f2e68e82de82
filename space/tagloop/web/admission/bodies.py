"""The bodies of requests, read within limits of size, time and memory before gradio sees them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from tagloop.limits import MAX_ARTICLES, MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS
from tagloop.rate_limits import Busy
from tagloop.web.admission.visits import BODY_BYTES, Visit

MAX_BODY_BYTES = 6 * MAX_ARTICLES * (MAX_TEXT_CHARACTERS + MAX_TITLE_CHARACTERS)
"""As many articles as ``/tag_batch`` takes, each as long as may be; JSON may write a character as
``\\u00e9``."""
MAX_VALUES = 250_000
"""Of a body, counted by the marks between them, also those in texts: of prose a character in fifty.
Each becomes an object several times over, and all of them while everybody waits."""
DEEP = 500
"""Opening brackets from which a body is tried: Python's reader of JSON, which agents' bodies meet,
goes a thousand levels deep and then ends in an error that nobody catches."""
_MAYBE_HALF = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""Of a surrogate pair, in JSON: written out, or as bytes that are no UTF-8."""
SILENT_SECONDS = 30.0
"""For which no more of a body comes before its connection is given up."""
BODY_SECONDS = 300.0
"""In which all of it has to be there: 0.5 Mbit/s for the largest."""
DISCARDED_BYTES, DISCARD_SECONDS = 64_000_000, 2.0
"""Of a body that is refused, still taken and thrown away, so that who sends it comes to read why:
most programs write all before they read."""


class TooLarge(Exception):
    """A body is larger than anything that is taken; the message is a sentence."""


class Lost(Exception):
    """Whoever sent a body has gone, or sends no more of it."""


def check_declared(headers: Headers, limit: int = MAX_BODY_BYTES) -> int:
    """Looks at the length that a request says its body has.

    Returns:
        The length; the limit where it does not say.

    Raises:
        TooLarge: It is longer than the limit.
    """
    said = headers.get("content-length", "")
    length = int(said[:20]) if said.isascii() and said.isdigit() else limit
    check_length(length, limit)
    return length


def check_length(length: int, limit: int = MAX_BODY_BYTES) -> None:
    """Looks at the length of a body.

    Raises:
        TooLarge: It is longer than the limit.
    """
    if length > limit:
        raise TooLarge(
            f"The request has more than {limit / 1e6:,.0f} MB, which is the limit: send less at a "
            "time."
        )


async def next_message(receive: Receive) -> Message:
    """Returns what comes next of a body.

    Raises:
        Lost: Nothing comes any more.
    """
    try:
        message = await asyncio.wait_for(receive(), SILENT_SECONDS)
    except TimeoutError:
        raise Lost from None
    if message["type"] == "http.disconnect":
        raise Lost
    return message


@asynccontextmanager
async def body_of(
    receive: Receive, visit: Visit, limited: bool, agent: bool = False
) -> AsyncIterator[Receive]:
    """Reads a request's body, which is the visit's in this block; yields what gives it to gradio.

    Args:
        receive: Gives the body.
        visit: Whose it is.
        limited: Whether the visitor's bodies together have a limit.
        agent: Whether it is an agent's call, which is then `readable`.

    Raises:
        TooLarge: It has too many bytes or values, or is nested too deeply.
        Busy: The visitor's bodies altogether are too many bytes.
        Lost: It does not come to its end.
    """
    parts: list[bytes] = []
    values = openings = mine = 0
    deadline = asyncio.get_running_loop().time() + BODY_SECONDS
    try:
        more = True
        while more:
            message = await next_message(receive)
            part: bytes = message.get("body", b"")
            parts.append(part)
            openings += part.count(b"[") + part.count(b"{")
            mine += len(part)
            visit.body_bytes += len(part)
            check_length(mine)
            values += part.count(b",") + part.count(b"[") + part.count(b"{")
            if values > MAX_VALUES:
                raise TooLarge(
                    f"The request has more than {MAX_VALUES:,} values: send less at a time."
                )
            if limited and visit.body_bytes > BODY_BYTES:
                raise Busy("Busy: your requests are too large together; try again in {}.", 5)
            if asyncio.get_running_loop().time() > deadline:
                raise Lost
            more = message.get("more_body", False)
        if openings > DEEP and await asyncio.to_thread(_is_too_deep, b"".join(parts)):
            raise TooLarge("The request is nested too deeply.")
        if agent:
            parts[:] = [b"".join(parts)]
            if _MAYBE_HALF.search(parts[0]):
                parts[:] = [await asyncio.to_thread(_readable, parts[0])]
        yield _replayed(parts, receive)
    finally:
        visit.body_bytes -= mine


def _readable(body: bytes) -> bytes:
    """Returns JSON with what no file can hold replaced, as `tagloop.limits.readable` does it.

    gradio hands an agent's call on to itself, which half a surrogate pair would end in its HTTP
    client's own words.
    """
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode(errors="replace")
    except ValueError:  # gradio's to say
        return body


def _is_too_deep(body: bytes) -> bool:
    try:
        json.loads(body)
    except RecursionError:
        return True
    except ValueError:  # gradio's to say
        pass
    return False


def _replayed(parts: list[bytes], receive: Receive) -> Receive:
    """Returns a ``receive`` that gives a body that was read already, then what else comes."""

    async def receive_again() -> Message:
        if not parts:
            return await receive()
        body = b"".join(parts)
        parts.clear()
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def discard(receive: Receive) -> None:
    """Takes what is on its way of a body that is refused, within limits."""

    async def take() -> None:
        length = 0
        while length < DISCARDED_BYTES:
            message = await receive()
            length += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return

    try:
        await asyncio.wait_for(take(), DISCARD_SECONDS)
    except TimeoutError:
        return
