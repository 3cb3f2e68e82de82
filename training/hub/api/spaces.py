"""What only Spaces have: variables, secrets and a runtime that is always stopped."""

from __future__ import annotations

from typing import Any

from training.hub.api.repos import keep_value
from training.hub.errors import HubError
from training.hub.repo_info import STOPPED
from training.hub.routing import Access, Call, api

SPACE = "/api/{kind:space}/{namespace}/{name}"


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


def runtime(call: Call) -> dict[str, Any]:
    """Says that the Space does not run: this Hub keeps Spaces, it runs none."""
    return STOPPED


ROUTES = [
    *_declare("variables"),
    *_declare("secrets"),
    api("GET", SPACE + "/runtime", runtime, Access.READ),
    api("POST", SPACE + "/restart", runtime, Access.WRITE),
]
