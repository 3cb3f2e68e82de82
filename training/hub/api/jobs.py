"""Jobs of the caller: run, listed, read, cancelled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse, Response, StreamingResponse

from training.hub.automation.jobs import ENDED, TIMEOUT
from training.hub.errors import HubError
from training.hub.routing import Access, Call, api, require_write

SPEC = (
    "dockerImage",
    "spaceId",
    "command",
    "arguments",
    "environment",
    "flavor",
    "labels",
    "timeout",
    "retry",
)
"""The keys of a Job that say what it runs."""
ADDRESS = "/api/jobs/{namespace}"
ONE = ADDRESS + "/{job}"
MAX_WORDS, MAX_VALUES = 1000, 100
MAX_TEXT = 100_000
"""Longest word of a command and value of a variable, in characters: Linux passes on 128 KiB."""
MAX_TIMEOUT = 7 * 24 * 3600
MAX_ATTEMPTS = 10
MISSING = ("volumes", "expose", "ssh", "network")
"""What Jobs of the real Hub can have and these cannot."""
POLL = 0.2
"""Seconds between two looks at whether a Job has printed more."""
KEEP_ALIVE = 15.0
"""Seconds of silence after which a stream of a log shows that it is still there."""


def run(call: Call) -> dict[str, Any]:
    """Starts a Job."""
    _require_own(call)
    return call.hub.jobs.start(spec_of(call), call.user, values_of(call, "secrets"), by="user")


def listing(call: Call) -> Response:
    """Lists the caller's Jobs, newest first, by stage and labels if any are given."""
    _require_own(call)
    query = call.request.query_params
    stages, labels = query.getlist("stage"), query.getlist("label")
    found = [
        job
        for job in call.hub.jobs.of(call.user)
        if (not stages or job["status"]["stage"] in stages)
        and {tuple(label.split("=", 1)) for label in labels} <= set(job["labels"].items())
    ]
    return JSONResponse(found)


def read(call: Call) -> dict[str, Any]:
    """Describes a Job."""
    return _own(call)


def cancel(call: Call) -> dict[str, Any]:
    """Ends a Job."""
    job = _own(call)
    call.hub.jobs.cancel(job)
    return job


def log(call: Call) -> Response:
    """Streams what a Job printed and prints, until it ends."""
    job = _own(call)
    lines = _lines(call.hub.jobs.log(job), job, call.number("tail", 0))
    return StreamingResponse(lines, media_type="text/event-stream")


async def _lines(path: Path, job: Mapping[str, Any], tail: int) -> AsyncIterator[str]:
    """Yields the lines of a log as events; all have the time at which the Job was made."""
    sent, silent = 0, 0.0
    while True:
        has_ended = job["status"]["stage"] in ENDED
        text = await asyncio.to_thread(_read, path, sent)
        whole = len(text) if has_ended else text.rfind(b"\n") + 1
        lines = text[:whole].decode(errors="replace").splitlines()
        for line in lines[-tail:] if tail and not sent else lines:
            event = json.dumps({"data": line, "timestamp": job["createdAt"]})
            yield f"data: {event}\n\n"
        sent, silent = sent + whole, 0.0 if lines else silent + POLL
        if has_ended:
            return
        if silent >= KEEP_ALIVE:
            yield ": keep-alive\n\n"
            silent = 0.0
        await asyncio.sleep(POLL)


def _read(path: Path, start: int) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(start)
        return file.read()


def spec_of(call: Call) -> dict[str, Any]:
    """Reads from the body what a Job runs; its secrets are no part of that.

    Raises:
        HubError: 400 when something is malformed, or asked for that no Job here has.
    """
    if given := [name for name in MISSING if call.body.get(name)]:
        raise HubError(400, f"Jobs of this Hub have no {', '.join(given)}.")
    command = _words(call, "command")
    if not command:
        raise HubError(400, "A Job needs a command.")
    image, space = call.optional_text("dockerImage"), call.optional_text("spaceId")
    if not image and not space:
        raise HubError(400, "A Job needs a dockerImage or a spaceId.")
    return {
        "dockerImage": image,
        "spaceId": space,
        "command": command,
        "arguments": _words(call, "arguments"),
        "environment": values_of(call, "environment"),
        "flavor": call.optional_text("flavor"),
        "labels": values_of(call, "labels"),
        "timeout": _number(call, "timeoutSeconds", TIMEOUT, MAX_TIMEOUT),
        "retry": _number(call, "attempts", 1, MAX_ATTEMPTS) - 1,
    }


def values_of(call: Call, name: str) -> dict[str, str]:
    """Reads an object of texts from the body, empty when it is missing.

    Raises:
        HubError: 400 when it is something else.
    """
    found = call.body.get(name) or {}
    if not isinstance(found, dict) or len(found) > MAX_VALUES:
        raise HubError(400, f"{name!r} is an object of at most {MAX_VALUES} texts.")
    values = {key: _text(value) for key, value in found.items()}
    if not all(key and "=" not in key and _text(key) for key in values) or None in values.values():
        raise HubError(400, f"{name!r} is an object of at most {MAX_VALUES} texts.")
    return {key: value for key, value in values.items() if value is not None}


def _text(value: Any) -> str | None:
    """Returns a text as a process can be given it; None for anything else."""
    text = str(value) if isinstance(value, str | int | float) else "\0"
    return None if "\0" in text or len(text) > MAX_TEXT else text


def _words(call: Call, name: str) -> list[str]:
    found = call.items(name)
    words = [word for word in found if isinstance(word, str) and _text(word) is not None]
    if len(words) < len(found) or len(words) > MAX_WORDS:
        raise HubError(400, f"{name!r} is a list of at most {MAX_WORDS} texts.")
    return words


def _number(call: Call, name: str, default: int, most: int) -> int:
    value = call.body.get(name)
    if value is None:
        return default
    if type(value) is not int or not 0 < value <= most:
        raise HubError(400, f"{name!r} is a whole number from 1 to {most}.")
    return value


def _require_own(call: Call) -> None:
    """Lets nobody but the user whose Jobs are run here see or start one.

    Raises:
        HubError: 403.
    """
    require_write(call, call.part("namespace"))
    call.hub.jobs.require(call.user)


def _own(call: Call) -> dict[str, Any]:
    _require_own(call)
    return call.hub.jobs.get(call.user, call.part("job"))


ROUTES = [
    api("GET", ADDRESS, listing, Access.USER),
    api("POST", ADDRESS, run, Access.USER),
    api("GET", ONE, read, Access.USER),
    api("GET", ONE + "/logs", log, Access.USER),
    api("POST", ONE + "/cancel", cancel, Access.USER),
]
