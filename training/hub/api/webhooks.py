"""Webhooks of the caller: made, listed, changed, switched on and off, removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response

from training.hub.api.jobs import SPEC, values_of
from training.hub.automation.webhooks import DOMAINS, Webhook
from training.hub.errors import HubError
from training.hub.routing import Access, Call, api, require_write

ADDRESS = "/api/settings/webhooks"
KINDS = ("dataset", "model", "space", "user", "org")
MAX_WATCHED, MAX_NAME = 100, 200
MAX_TEXT = 2000
"""Longest address and secret, in characters."""


def listing(call: Call) -> Response:
    """Lists the caller's webhooks."""
    return JSONResponse([webhook.described() for webhook in call.hub.webhooks.of(call.user)])


def read(call: Call) -> dict[str, Any]:
    """Describes one."""
    return {"webhook": _own(call).described()}


def create(call: Call) -> dict[str, Any]:
    """Makes one."""
    require_write(call, None)
    watched = _watched(call)
    if not watched:
        raise HubError(400, "A webhook watches at least one repository, user or organisation.")
    made = _changed(call, Webhook("", call.user, watched, list(DOMAINS)))
    if made.url is None and made.job is None:
        raise HubError(400, "A webhook needs a url, or jobSourceId, the Job that it starts.")
    return {"webhook": call.hub.webhooks.add(made).described()}


def update(call: Call) -> dict[str, Any]:
    """Changes what is given of one; without watched items it keeps those that it has."""
    found = _own(call)
    watched = _watched(call) or found.watched
    changed = _changed(call, replace(found, watched=watched))
    return {"webhook": call.hub.webhooks.keep(changed).described()}


def _switch(disabled: bool) -> Callable[[Call], dict[str, Any]]:
    def switch(call: Call) -> dict[str, Any]:
        changed = replace(_own(call), disabled=disabled)
        return {"webhook": call.hub.webhooks.keep(changed).described()}

    return switch


def remove(call: Call) -> dict[str, Any]:
    """Removes one."""
    call.hub.webhooks.remove(_own(call))
    return {}


def _own(call: Call) -> Webhook:
    if call.request.method != "GET":
        require_write(call, None)
    return call.hub.webhooks.get(call.user, call.part("webhook"))


def _changed(call: Call, webhook: Webhook) -> Webhook:
    """Returns a webhook with what the body says of it, but for what it watches."""
    url, source = call.optional_text("url"), call.optional_text("jobSourceId")
    if url and source:
        raise HubError(400, "A webhook has a url or starts a Job, not both.")
    if url:
        webhook = replace(webhook, url=_sound_url(url), job=None, secrets={})
    if source:
        job = call.hub.jobs.get(call.user, source)
        kept = webhook.secrets | values_of(call, "secrets")
        kept = {key: value for key, value in kept.items() if value}
        webhook = replace(webhook, url=None, job={key: job[key] for key in SPEC}, secrets=kept)
    elif call.body.get("secrets"):
        raise HubError(400, "Secrets are of a Job: give them together with jobSourceId.")
    if "domains" in call.body:
        domains = call.items("domains")
        if not domains or not all(domain in DOMAINS for domain in domains):
            raise HubError(400, f"The domains are {' and '.join(DOMAINS)}.")
        webhook = replace(webhook, domains=domains)
    if (secret := call.optional_text("secret")) is not None:
        if len(secret) > MAX_TEXT or not all("!" <= char <= "~" for char in secret):
            raise HubError(400, f"A secret is up to {MAX_TEXT} printable ASCII characters.")
        webhook = replace(webhook, secret=secret or None)
    return webhook


def _sound_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_sound = is_sound and (parts.port or 1) > 0 and url.isascii() and url.isprintable()
    except ValueError:
        is_sound = False
    if not is_sound or len(url) > MAX_TEXT:
        raise HubError(400, "The url must be an http or https address.")
    return url


def _watched(call: Call) -> list[dict[str, str]]:
    found = []
    for item in call.items("watched"):
        kind = item.get("type") if isinstance(item, dict) else None
        name = item.get("name") if isinstance(item, dict) else None
        if kind not in KINDS or not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise HubError(400, f"A watched item has a type ({', '.join(KINDS)}) and a name.")
        found.append({"type": kind, "name": name})
    if len(found) > MAX_WATCHED:
        raise HubError(400, f"A webhook watches at most {MAX_WATCHED} items.")
    return found


ROUTES = [
    api("GET", ADDRESS, listing, Access.USER),
    api("POST", ADDRESS, create, Access.USER),
    api("GET", ADDRESS + "/{webhook}", read, Access.USER),
    api("POST", ADDRESS + "/{webhook}", update, Access.USER),
    api("DELETE", ADDRESS + "/{webhook}", remove, Access.USER),
    api("POST", ADDRESS + "/{webhook}/enable", _switch(False), Access.USER),
    api("POST", ADDRESS + "/{webhook}/disable", _switch(True), Access.USER),
]
