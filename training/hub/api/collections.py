"""Collections: made, listed, filled, sorted, removed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from starlette.responses import JSONResponse, Response

from training.hub.api.listings import next_page
from training.hub.api.repos import TYPES
from training.hub.errors import HubError
from training.hub.routing import Access, Call, api, may_see, require_write, visible
from training.hub.storage.collections import MAX_ITEMS, Collection, Item
from training.hub.storage.repositories import StoredRepository

ADDRESS = "/api/collections"
ONE = ADDRESS + "/{namespace}/{slug}"
MAX_TITLE, MAX_DESCRIPTION, MAX_NOTE = 60, 150, 500
"""Most characters of each."""
THEMES = ("orange", "blue", "green", "purple", "pink", "indigo")
PAGE = 100
SHOWN_ITEMS = 4
"""Most items of a collection in a list of collections."""


def listing(call: Call) -> Response:
    """Lists collections that the caller may see, of some owners, with some items."""
    query = call.request.query_params
    owners, wanted = query.getlist("owner"), set(query.getlist("item"))
    found = [
        one
        for one in call.hub.collections.all()
        if _may_read(call, one)
        and (not owners or one.owner in owners)
        and (not wanted or wanted & {f"{TYPES[i.repo_type]}/{i.repo_id}" for i in one.items})
    ]
    if query.get("sort", "lastModified") == "lastModified":
        found.sort(key=lambda one: one.updated_at, reverse=True)
    start, size = call.number("skip", 0), min(call.number("limit", PAGE), PAGE)
    more = start + size < len(found)
    headers = {"Link": next_page(call, skip=start + size)} if more else {}
    shown = [_described(call, one, SHOWN_ITEMS) for one in found[start : start + size]]
    return JSONResponse(shown, headers=headers)


def read(call: Call) -> dict[str, Any]:
    """Describes a collection with what the caller may see of it."""
    return described(call, found(call))


def create(call: Call) -> dict[str, Any]:
    """Makes an empty collection."""
    owner = call.optional_text("namespace") or call.user
    require_write(call, owner)
    title, description = _title(call.text("title")), _short(call, "description", MAX_DESCRIPTION)
    private = bool(call.body.get("private"))
    return described(call, call.hub.collections.add(owner, title, description, private))


def update(call: Call) -> dict[str, Any]:
    """Changes what is given of title, description, theme, visibility and position."""
    with call.hub.collections.lock:
        changed = _own(call)
        if "title" in call.body:
            changed = replace(changed, title=_title(call.text("title")))
        if "description" in call.body:
            text = _short(call, "description", MAX_DESCRIPTION)
            changed = replace(changed, description=text)
        if "theme" in call.body:
            if call.text("theme") not in THEMES:
                raise HubError(400, f"A theme is one of {', '.join(THEMES)}.")
            changed = replace(changed, theme=call.text("theme"))
        if "private" in call.body:
            changed = replace(changed, private=bool(call.body["private"]))
        kept = call.hub.collections.keep(changed, _position(call))
    return {"success": True, "data": described(call, kept)}


def remove(call: Call) -> dict[str, Any]:
    """Removes a collection."""
    call.hub.collections.remove(_own(call))
    return {"success": True}


def add_item(call: Call) -> dict[str, Any]:
    """Puts a repository at the end of a collection."""
    given = call.body.get("item")
    kind = given.get("type") if isinstance(given, dict) else None
    name = given.get("id") if isinstance(given, dict) else None
    if not isinstance(kind, str) or kind not in TYPES or not isinstance(name, str):
        raise HubError(400, f"An item has an id and a type: {', '.join(TYPES)}.")
    note = _short(call, "note", MAX_NOTE)
    with call.hub.collections.lock:
        collection = _own(call)
        namespace, _, rest = name.partition("/")
        repository = visible(call, TYPES[kind], namespace, rest)
        if any((i.repo_id, i.repo_type) == (repository.repo_id, kind) for i in collection.items):
            raise HubError(409, f"{repository.repo_id} is in this collection already.")
        if len(collection.items) >= MAX_ITEMS:
            raise HubError(409, f"A collection has at most {MAX_ITEMS} items.")
        item = Item(secrets.token_hex(12), repository.repo_id, kind, note)
        kept = call.hub.collections.keep(replace(collection, items=(*collection.items, item)))
    return described(call, kept)


def update_item(call: Call) -> dict[str, Any]:
    """Changes an item's note or its position."""
    with call.hub.collections.lock:
        collection = _own(call)
        item = collection.item(call.part("item"))
        if "note" in call.body:
            item = replace(item, note=_short(call, "note", MAX_NOTE))
        items = [item if one.id == item.id else one for one in collection.items]
        position = _position(call)
        if position is not None:
            items.remove(item)
            items.insert(position, item)
        call.hub.collections.keep(replace(collection, items=tuple(items)))
    return {"success": True}


def remove_item(call: Call) -> dict[str, Any]:
    """Takes a repository out of a collection."""
    with call.hub.collections.lock:
        collection = _own(call)
        item = collection.item(call.part("item"))
        items = tuple(one for one in collection.items if one != item)
        call.hub.collections.keep(replace(collection, items=items))
    return {"success": True}


def found(call: Call) -> Collection:
    """Returns the collection that the address names.

    Raises:
        HubError: 404 when there is none that the caller may see.
    """
    collection = call.hub.collections.find(call.part("namespace"), call.part("slug"))
    if collection is None or not _may_read(call, collection):
        raise HubError(404, "There is no such collection.")
    return collection


def shown_items(call: Call, collection: Collection) -> Iterator[tuple[Item, StoredRepository]]:
    """Yields the items that the caller may see, by their present names."""
    for item in collection.items:
        kind, repositories = TYPES[item.repo_type], call.hub.repositories
        repository = repositories.find(kind, item.repo_id)
        repository = repository or repositories.elsewhere(kind, item.repo_id)
        if repository is None:
            continue
        if may_see(call.caller, repository) or not repository.settings()["private"]:
            yield item, repository


def described(call: Call, collection: Collection) -> dict[str, Any]:
    """Describes a collection, with its place among its owner's."""
    place = [one.id for one in call.hub.collections.of(collection.owner)].index(collection.id)
    return {**_described(call, collection, MAX_ITEMS), "position": place}


def _described(call: Call, collection: Collection, most: int) -> dict[str, Any]:
    items = [
        {
            "_id": item.id,
            "id": repository.repo_id,
            "type": item.repo_type,
            "repoType": item.repo_type,
            "position": place,
            **({"note": {"text": item.note, "html": ""}} if item.note else {}),
        }
        for place, (item, repository) in enumerate(islice(shown_items(call, collection), most))
    ]
    return {
        "slug": collection.slug,
        "title": collection.title,
        "description": collection.description,
        "owner": collection.owner,
        "items": items,
        "lastUpdated": collection.updated_at,
        "private": collection.private,
        "theme": collection.theme,
        "upvotes": 0,
    }


def _may_read(call: Call, collection: Collection) -> bool:
    is_own = call.caller is not None and call.caller.user == collection.owner
    return not collection.private or is_own


def _own(call: Call) -> Collection:
    collection = found(call)
    require_write(call, collection.owner)
    return collection


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not 0 < len(title) <= MAX_TITLE:
        raise HubError(400, f"A title has 1 to {MAX_TITLE} characters.")
    return title


def _short(call: Call, name: str, most: int) -> str | None:
    text = call.optional_text(name)
    if text is not None and len(text) > most:
        raise HubError(400, f"The {name} has at most {most} characters.")
    return text or None


def _position(call: Call) -> int | None:
    value = call.body.get("position")
    if value is not None and (type(value) is not int or not 0 <= value < MAX_ITEMS):
        raise HubError(400, "A position is a whole number from 0.")
    return value


ROUTES = [
    api("GET", ADDRESS, listing, Access.ANYONE),
    api("POST", ADDRESS, create, Access.USER),
    api("GET", ONE, read, Access.ANYONE),
    api("PATCH", ONE, update, Access.USER),
    api("DELETE", ONE, remove, Access.USER),
    api("POST", ONE + "/items", add_item, Access.USER),
    api("PATCH", ONE + "/items/{item}", update_item, Access.USER),
    api("DELETE", ONE + "/items/{item}", remove_item, Access.USER),
]
