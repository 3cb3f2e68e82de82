"""Lists of repositories: what a caller may see, filtered, sorted, page by page."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import JSONResponse, Response

from training.hub.errors import HubError, printable
from training.hub.repo_info import summary
from training.hub.routing import Access, Call, api, may_see
from training.hub.space_hosts import origin_of
from training.hub.storage.repositories import StoredRepository

LOG = logging.getLogger(__name__)
PAGE = 100
"""Most repositories in one page of a listing."""
SORTS = {
    "lastModified": "lastModified",
    "createdAt": "createdAt",
    "likes": "likes",
    "downloads": "downloads",
    "trendingScore": "likes",
}
"""What a listing can be sorted by, and the key that stands for it here."""


def listing(call: Call) -> Response:
    """Lists what the caller may see, page by page, newest first if nothing else is asked for."""
    kind, query = call.request.path_params["kind"], call.request.query_params
    sort = query.get("sort", "lastModified")
    if sort not in SORTS:
        raise HubError(400, f"Lists are sorted by {', '.join(SORTS)}, not {printable(sort)!r}.")
    found = sorted(
        (item for _, item in seen(call, kind) if item and _matches(item, call)),
        key=lambda item: (item[SORTS[sort]], item["lastModified"], item["id"]),
        reverse=query.get("direction") != "1",
    )
    start, size = call.number("skip", 0), min(call.number("limit", PAGE), PAGE)
    headers = {}
    if start + size < len(found):
        headers["Link"] = next_page(call, skip=start + size)
    shown = [expanded(call, item) for item in found[start : start + size]]
    return JSONResponse(shown, headers=headers)


def expanded(call: Call, described: dict[str, Any]) -> dict[str, Any]:
    """Returns of a description what ``expand`` names, all where it names nothing."""
    if described.get("sdk") == "static" and not described["private"]:
        described = {**described, "host": origin_of(call.base, described["subdomain"])}
    query = call.request.query_params
    wanted = query.getlist("expand") + query.getlist("expand[]")
    return {key: described.get(key) for key in {"id", "_id", *wanted}} if wanted else described


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


def _matches(item: dict[str, Any], call: Call) -> bool:
    query = call.request.query_params
    author, gated = query.get("author"), query.get("gated", "").lower()
    tags = {tag.lower() for tag in item["tags"]}
    return (
        (not author or item["author"] == author)
        and all(text.lower() in item["id"].lower() for text in query.getlist("search"))
        and all(tag.lower() in tags for tag in query.getlist("filter"))
        and query.get("pipeline_tag") in (None, item.get("pipeline_tag"))
        and (not gated or (gated == "true") == bool(item["gated"]))
        and all(set(query.getlist(key)) <= set(item.get(key, ())) for key in ("models", "datasets"))
        and (not query.get("linked") or bool(item.get("models") or item.get("datasets")))
    )


ROUTES = [api("GET", "/api/{kind:kind}", listing, Access.ANYONE)]
