"""What only Spaces have: variables, secrets, hardware, logs, and a runtime."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse, Response

from training.hub.accounts import now
from training.hub.api.repos import keep_value
from training.hub.errors import HubError
from training.hub.repo_info import CPU, RUNTIME, runtime, sdk_of
from training.hub.routing import Access, Call, api

SPACE = "/api/{kind:space}/{namespace}/{name}"
MAX_FLAVOR = 40
NOT_RUN = "This Hub keeps Spaces: it serves static ones and runs no others, so nothing is logged."


def _declare(kind: str) -> list[Any]:
    def read(call: Call) -> dict[str, Any]:
        values: dict[str, Any] = call.repository.settings().get(kind, {})
        return values

    def add(call: Call) -> dict[str, Any]:
        with call.repository.locked():
            settings = call.repository.settings()
            keep_value(settings, kind, call.body)
            call.repository.save(settings)
        return read(call)

    def remove(call: Call) -> dict[str, Any]:
        with call.repository.locked():
            settings = call.repository.settings()
            if settings.get(kind, {}).pop(call.text("key"), None) is None:
                raise HubError(404, f"There is no {call.text('key')!r} among the {kind}.")
            call.repository.save(settings)
        return read(call)

    address = f"{SPACE}/{kind}"
    return [
        api("GET", address, read, Access.WRITE),
        api("POST", address, add, Access.WRITE),
        api("DELETE", address, remove, Access.WRITE),
    ]


def state(call: Call) -> dict[str, Any]:
    """Says how the Space runs."""
    return runtime(call.repository.settings(), sdk_of(call.repository))


def pause(call: Call) -> dict[str, Any]:
    """Pauses the Space until it is started again."""
    return _ask(call, paused=True)


def restart(call: Call) -> dict[str, Any]:
    """Ends a pause."""
    return _ask(call, paused=False)


def hardware(call: Call) -> dict[str, Any]:
    """Notes the hardware that the Space is to have, and when it is to sleep."""
    flavor = call.text("flavor")
    if not 0 < len(flavor) <= MAX_FLAVOR:
        raise HubError(400, f"A flavor is a name such as {CPU}.")
    asked: dict[str, Any] = {"hardware": flavor}
    if "sleepTimeSeconds" in call.body:
        asked["sleep"] = _seconds(call, "sleepTimeSeconds")
    return _ask(call, **asked)


def sleep_time(call: Call) -> dict[str, Any]:
    """Notes after how many seconds without a visitor the Space is to sleep."""
    return _ask(call, sleep=_seconds(call, "seconds"))


def log(call: Call) -> Response:
    """Sends a log of one line, which says that nothing is logged."""
    event = json.dumps({"data": NOT_RUN + "\n", "timestamp": now()})
    return Response(f"data: {event}\n\n", media_type="text/event-stream")


def flavors(call: Call) -> Response:
    """Lists the hardware that there is: that of this machine."""
    own = dict.fromkeys(("cpu", "ram", "ephemeralStorage"), "this machine's")
    cost = {"unitCostMicroUSD": 0, "unitCostUSD": 0.0, "unitLabel": "minute"}
    return JSONResponse([{"name": CPU, "prettyName": "CPU", "accelerator": None, **own, **cost}])


def _seconds(call: Call, name: str) -> int:
    value = call.body.get(name)
    if type(value) is not int or not -1 <= value < 1 << 31:
        raise HubError(400, f"{name!r} is a number of seconds, or -1 for never.")
    return value


def _ask(call: Call, **asked: Any) -> dict[str, Any]:
    if sdk_of(call.repository) == "static":
        raise HubError(400, "A static Space always runs, and on no hardware.")
    with call.repository.locked():
        settings = call.repository.settings()
        settings[RUNTIME] = {**settings.get(RUNTIME, {}), **asked}
        call.repository.save(settings)
    return state(call)


ROUTES = [
    *_declare("variables"),
    *_declare("secrets"),
    api("GET", "/api/spaces/hardware", flavors, Access.ANYONE),
    api("GET", SPACE + "/runtime", state, Access.READ),
    api("POST", SPACE + "/restart", restart, Access.WRITE),
    api("POST", SPACE + "/pause", pause, Access.WRITE),
    api("POST", SPACE + "/hardware", hardware, Access.WRITE),
    api("POST", SPACE + "/sleeptime", sleep_time, Access.WRITE),
    api("GET", SPACE + "/logs/{log}", log, Access.WRITE),
]
