"""Users: who am I, what a user has and likes, and a picture of each."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from training.hub.accounts import OAUTH, now
from training.hub.api.listings import seen
from training.hub.errors import HubError, printable
from training.hub.names import NAME, PREFIXES
from training.hub.repo_info import LIKES
from training.hub.routing import REPO, Access, Call, api

AVATAR = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64"
 rx="32" fill="hsl({hue} 45% 45%)"/><text x="32" y="43" font-family="sans-serif" font-size="30"
 text-anchor="middle" fill="#fff">{letter}</text></svg>"""


def whoami(call: Call) -> dict[str, Any]:
    """Says whose token it is and what it allows."""
    caller = call.caller
    assert caller is not None
    auth: dict[str, Any] = {
        "type": "access_token",
        "accessToken": {
            "displayName": caller.role,
            "role": caller.role,
            "createdAt": caller.created_at,
        },
    }
    if caller.role == OAUTH:
        auth = {"type": "oauth", "scopes": sorted(caller.scopes)}
    return {
        "type": "user",
        "id": call.user,
        "name": call.user,
        "fullname": call.user,
        "email": f"{call.user}@localhost",
        "emailVerified": True,
        "isPro": False,
        "canPay": False,
        "avatarUrl": avatar_url(call, call.user),
        "orgs": [],
        "auth": auth,
    }


def avatar_url(call: Call, user: str) -> str:
    """Returns the address of a user's picture."""
    return f"{call.base}/avatars/{user}.svg"


def avatar(call: Call) -> Response:
    """Draws a user's picture: the first letter on a colour of the name's own."""
    name = call.part("file").removesuffix(".svg")
    if not NAME.fullmatch(name):
        raise HubError(404, "There is no such picture.")
    picture = AVATAR.format(hue=sum(name.encode()) * 37 % 360, letter=name[0].upper())
    return Response(picture, media_type="image/svg+xml")


def overview(call: Call) -> dict[str, Any]:
    """Counts what a user has that the caller may see."""
    user, every = _user(call), list(seen(call))
    mine = [found for found, item in every if found.namespace == user and item]
    counts = {
        f"num{kind.capitalize()}": sum(found.kind == kind for found in mine) for kind in PREFIXES
    }
    return {
        "user": user,
        "fullname": user,
        "avatarUrl": avatar_url(call, user),
        "type": "user",
        "isPro": False,
        "orgs": [],
        "numLikes": sum(user in found.settings().get(LIKES, {}) for found, item in every if item),
        **counts,
    }


def liked(call: Call) -> Response:
    """Lists what a user likes, of what the caller may see."""
    user = _user(call)
    found = [
        {"createdAt": when, "repo": {"name": repository.repo_id, "type": repository.repo_type}}
        for repository, item in seen(call)
        if item and (when := repository.settings().get(LIKES, {}).get(user))
    ]
    return JSONResponse(sorted(found, key=lambda like: like["createdAt"], reverse=True))


def storage(call: Call) -> Response:
    """Lists the caller's repositories with the bytes that each takes on the disk."""
    mine = [
        (found, item, found.size())
        for found, item in seen(call)
        if item and found.namespace == call.user
    ]
    total = sum(size for _, _, size in mine) or 1
    return JSONResponse(
        [
            {
                "id": found.repo_id,
                "type": found.repo_type,
                "updatedAt": item["lastModified"],
                "visibility": "private" if item["private"] else "public",
                "storage": size,
                "storagePercent": 100 * size / total,
            }
            for found, item, size in mine
        ]
    )


def like(call: Call) -> dict[str, Any]:
    """Notes that the caller likes a repository."""
    return _set_like(call, {call.user: now()})


def unlike(call: Call) -> dict[str, Any]:
    """Notes that the caller likes it no longer."""
    return _set_like(call, {})


def likers(call: Call) -> Response:
    """Lists the users who like a repository."""
    return JSONResponse(
        [
            {"user": user, "fullname": user, "avatarUrl": avatar_url(call, user)}
            for user in call.repository.settings().get(LIKES, {})
        ]
    )


def _set_like(call: Call, own: dict[str, str]) -> dict[str, Any]:
    with call.repository.locked():
        settings = call.repository.settings()
        others = settings.get(LIKES, {})
        kept = {user: when for user, when in others.items() if user != call.user}
        call.repository.save({**settings, LIKES: {**kept, **own}})
    return {}


def _user(call: Call) -> str:
    user = call.part("user")
    if user not in call.hub.accounts.users():
        raise HubError(404, f"There is no user {printable(user)!r}.")
    return user


ROUTES = [
    api("GET", "/api/whoami-v2", whoami, Access.IDENTITY),
    api("GET", "/avatars/{file}", avatar, Access.ANYONE),
    api("GET", "/api/users/{user}/overview", overview, Access.ANYONE),
    api("GET", "/api/users/{user}/likes", liked, Access.ANYONE),
    api("GET", "/api/settings/repositories", storage, Access.USER),
    api("POST", REPO + "/like", like, Access.CONTRIBUTE),
    api("DELETE", REPO + "/like", unlike, Access.CONTRIBUTE),
    api("GET", REPO + "/likers", likers, Access.READ),
]
