"""Repositories: create, duplicate, move, settings, info, delete."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from training.hub.accounts import now
from training.hub.api.listings import expanded
from training.hub.errors import HubError
from training.hub.names import PREFIXES, repo_id
from training.hub.repo_info import details
from training.hub.routing import REPO, Access, Call, Terms, api, require_write, visible
from training.hub.storage.card import SDKS, faults
from training.hub.storage.repositories import StoredRepository

MAX_README = 16 << 20
"""Longest question about a card, in bytes: a whole README, as JSON writes it."""
TYPES = {kind.removesuffix("s"): kind for kind in PREFIXES}
"""What clients call a repository's type, and the word that addresses have for it."""


def create(call: Call) -> Response:
    """Makes a repository in the caller's namespace."""
    kind = _kind(call)
    namespace = call.optional_text("organization") or call.user
    name = repo_id(namespace, call.text("name"))
    require_write(call, namespace)
    url = f"{call.base}/{PREFIXES[kind]}{name}"
    sdk = call.optional_text("sdk")
    if kind == "spaces" and sdk not in SDKS:
        raise HubError(400, f"A Space needs an sdk, one of {', '.join(SDKS)}.")
    values = _values(call)
    try:
        made = call.hub.repositories.create(kind, name, private=_is_private(call), sdk=sdk)
    except HubError as error:
        error.details["url"] = url
        raise
    _keep_values(made, values)
    return JSONResponse({"url": url, "name": name, "id": name, "type": made.repo_type})


def duplicate(call: Call) -> Response:
    """Copies a repository into the caller's namespace; a Space's secrets stay behind."""
    source = call.repository
    namespace, _, rest = call.text("repository").partition("/")
    name = repo_id(namespace, rest)
    require_write(call, namespace)
    values = _values(call)
    private = _is_private(call) if "visibility" in call.body else source.settings()["private"]
    url = f"{call.base}/{PREFIXES[source.kind]}{name}"
    try:
        made = call.hub.repositories.duplicate(source, name, private=private)
    except HubError as error:
        error.details["url"] = url
        raise
    _keep_values(made, values)
    return JSONResponse({"url": url, "name": name, "id": name, "type": made.repo_type})


def _values(call: Call) -> list[tuple[str, Any]]:
    """Reads the variables and secrets that a new Space is to have."""
    values = [(key, item) for key in ("variables", "secrets") for item in call.items(key)]
    for key, item in values:
        keep_value({}, key, item)
    return values


def _keep_values(made: StoredRepository, values: list[tuple[str, Any]]) -> None:
    with made.locked():
        settings = made.settings()
        for key, item in values:
            keep_value(settings, key, item)
        made.save(settings)


def keep_value(settings: dict[str, Any], kind: str, item: Any) -> None:
    """Puts a Space's variable or secret into its settings.

    A secret's value has no reader, since this Hub runs no Space: only its name is kept.

    Raises:
        HubError: 400 when key, value or description are no strings.
    """
    if not isinstance(item, dict):
        raise HubError(400, f"{kind} are objects with key and value.")
    key, value = item.get("key"), item.get("value")
    if not isinstance(key, str) or not isinstance(value, str) or not key.isidentifier():
        raise HubError(400, "key must be a name such as MODEL_REPO and value a string.")
    description = item.get("description")
    if description is not None and not isinstance(description, str):
        raise HubError(400, "A description must be a string.")
    kept = {"description": description, "updatedAt": now()}
    if kind == "variables":
        kept["value"] = value
    settings.setdefault(kind, {})[key] = kept


def delete(call: Call) -> dict[str, Any]:
    """Removes a repository for good."""
    namespace = call.optional_text("organization") or call.user
    repository = _writable(call, _kind(call), namespace, call.text("name"))
    call.hub.repositories.delete(repository)
    return {}


def move(call: Call) -> dict[str, Any]:
    """Renames a repository within the caller's namespace."""
    source, _, source_name = call.text("fromRepo").partition("/")
    target, _, target_name = call.text("toRepo").partition("/")
    repository = _writable(call, _kind(call), source, source_name)
    require_write(call, target)
    call.hub.repositories.move(repository, repo_id(target, target_name))
    return {}


def settings(call: Call) -> dict[str, Any]:
    """Changes who may see a repository."""
    unknown = set(call.body) - {"private", "visibility", "gated"}
    if unknown or call.body.get("gated"):
        raise HubError(400, "Only the visibility can be set here; there is no gated access.")
    with call.repository.locked():
        changed = call.repository.settings()
        if "private" in call.body or "visibility" in call.body:
            changed["private"] = _is_private(call)
        call.repository.save(changed)
    return {"private": changed["private"]}


def info(call: Call) -> dict[str, Any]:
    """Describes a repository at a revision."""
    blobs = call.request.query_params.get("blobs") in ("1", "true", "True")
    revision = call.part("revision") if "revision" in call.request.path_params else "main"
    return expanded(call, details(call.repository, revision, blobs=blobs))


def auth_check(call: Call) -> dict[str, Any]:
    """Answers only those who may see the repository."""
    return {}


def validate_yaml(call: Call) -> Response:
    """Checks a card's metadata before it is committed."""
    errors, warnings = faults(call.text("content"), call.text("repoType", "model"))
    answer = {
        key: [{"message": text} for text in texts]
        for key, texts in (("errors", errors), ("warnings", warnings))
    }
    return JSONResponse(answer, status_code=400 if errors else 200)


def _kind(call: Call) -> str:
    given = call.optional_text("type") or "model"
    if given not in TYPES:
        raise HubError(400, f"There are {', '.join(TYPES)} repositories, no {given!r}.")
    return TYPES[given]


def _is_private(call: Call) -> bool:
    visibility = call.body.get("visibility")
    if visibility not in (None, "public", "private"):
        raise HubError(400, "A repository is public or private here.")
    return visibility == "private" if visibility else bool(call.body.get("private"))


def _writable(call: Call, kind: str, namespace: str, name: str) -> StoredRepository:
    repository = visible(call, kind, namespace, name)
    require_write(call, repository.namespace)
    return repository


ROUTES = [
    api("POST", "/api/repos/create", create, Access.USER),
    api("DELETE", "/api/repos/delete", delete, Access.USER),
    api("POST", "/api/repos/move", move, Access.USER),
    api("POST", "/api/validate-yaml", validate_yaml, Access.ANYONE, Terms(limit=MAX_README)),
    api("GET", REPO, info, Access.READ),
    api("GET", REPO + "/revision/{revision:path}", info, Access.READ),
    api("POST", REPO + "/duplicate", duplicate, Access.READ),
    api("PUT", REPO + "/settings", settings, Access.WRITE),
    api("GET", REPO + "/auth-check", auth_check, Access.READ),
    api("GET", REPO + "/auth-check/write", auth_check, Access.WRITE),
]
