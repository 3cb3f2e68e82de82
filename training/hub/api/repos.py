"""Repositories and their owners: who am I, create, delete, move, settings, info and listings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import JSONResponse, Response

from training.hub.accounts import now
from training.hub.errors import HubError
from training.hub.names import PREFIXES, repo_id
from training.hub.repo_info import details, summary
from training.hub.routing import REPO, Access, Call, Terms, api, may_see, require_write, visible
from training.hub.storage.card import SDKS, faults
from training.hub.storage.repositories import StoredRepository

LOG = logging.getLogger(__name__)
PAGE = 100
"""Most repositories in one page of a listing."""
MAX_README = 16 << 20
"""Longest question about a card, in bytes: a whole README, as JSON writes it."""
TYPES = {kind.removesuffix("s"): kind for kind in PREFIXES}


def whoami(call: Call) -> dict[str, Any]:
    """Says whose token it is and what it allows."""
    assert call.caller is not None
    return {
        "type": "user",
        "id": call.user,
        "name": call.user,
        "fullname": call.user,
        "email": f"{call.user}@localhost",
        "emailVerified": True,
        "isPro": False,
        "canPay": False,
        "orgs": [],
        "auth": {
            "type": "access_token",
            "accessToken": {
                "displayName": call.caller.role,
                "role": call.caller.role,
                "createdAt": call.caller.created_at,
            },
        },
    }


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
    values = [(key, item) for key in ("variables", "secrets") for item in call.items(key)]
    for key, item in values:
        keep_value({}, key, item)
    try:
        made = call.hub.repositories.create(kind, name, private=_is_private(call), sdk=sdk)
    except HubError as error:
        error.details["url"] = url
        raise
    with made.locked():
        settings = made.settings()
        for key, item in values:
            keep_value(settings, key, item)
        made.save(settings)
    return JSONResponse({"url": url, "name": name, "id": name, "type": made.repo_type})


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
    query = call.request.query_params
    revision = call.part("revision") if "revision" in call.request.path_params else "main"
    described = details(
        call.repository, revision, blobs=query.get("blobs") in ("1", "true", "True")
    )
    wanted = query.getlist("expand") + query.getlist("expand[]")
    if wanted:
        return {key: described.get(key) for key in {"id", "_id", *wanted}}
    return described


def listing(call: Call) -> Response:
    """Lists what the caller may see, newest first, page by page."""
    kind = call.request.path_params["kind"]
    found = sorted(
        (item for _, item in seen(call, kind) if item and _matches(item, call)),
        key=lambda item: (item["lastModified"], item["id"]),
        reverse=True,
    )
    start, size = call.number("skip", 0), min(call.number("limit", PAGE), PAGE)
    headers = {}
    if start + size < len(found):
        headers["Link"] = next_page(call, skip=start + size)
    return JSONResponse(found[start : start + size], headers=headers)


def seen(call: Call, *kinds: str) -> Iterator[tuple[StoredRepository, dict[str, Any] | None]]:
    """Yields what the caller may see, with its description; without one where it is damaged.

    A repository that cannot be read costs the lists its own line and nothing more.
    """
    for repository in call.hub.repositories.all(*kinds):
        is_own = may_see(call.caller, repository)
        try:
            if is_own or not repository.settings()["private"]:
                yield repository, summary(repository)
        except Exception as error:
            # Whatever is wrong inside one repository, its neighbours in the list are not.
            if not isinstance(error, HubError):
                LOG.warning("%s cannot be read: %r", repository.directory, error)
            if is_own and repository.directory.is_dir():
                yield repository, None


def next_page(call: Call, **position: object) -> str:
    """Returns the ``Link`` header to the next page of what was asked."""
    query = [
        (key, value)
        for key, value in parse_qsl(call.request.url.query, keep_blank_values=True)
        if key not in position
    ]
    query += [(key, str(value)) for key, value in position.items()]
    return f'<{call.base}{call.request.scope["path"]}?{urlencode(query)}>; rel="next"'


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


def _matches(item: dict[str, Any], call: Call) -> bool:
    query = call.request.query_params
    author, search = query.get("author"), query.get("search", "").lower()
    tags = {tag.lower() for tag in item["tags"]}
    return (
        (not author or item["author"] == author)
        and search in item["id"].lower()
        and all(tag.lower() in tags for tag in query.getlist("filter"))
        and query.get("pipeline_tag") in (None, item.get("pipeline_tag"))
    )


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
    api("GET", "/api/whoami-v2", whoami, Access.USER),
    api("POST", "/api/repos/create", create, Access.USER),
    api("DELETE", "/api/repos/delete", delete, Access.USER),
    api("POST", "/api/repos/move", move, Access.USER),
    api("POST", "/api/validate-yaml", validate_yaml, Access.ANYONE, Terms(limit=MAX_README)),
    api("GET", "/api/{kind:kind}", listing, Access.ANYONE),
    api("GET", REPO, info, Access.READ),
    api("GET", REPO + "/revision/{revision:path}", info, Access.READ),
    api("PUT", REPO + "/settings", settings, Access.WRITE),
    api("GET", REPO + "/auth-check", auth_check, Access.READ),
    api("GET", REPO + "/auth-check/write", auth_check, Access.WRITE),
]
