"""The Spaces that people can sign in to: what each may ask for, as its card states it."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from training.hub.errors import HubError
from training.hub.repo_info import card_of
from training.hub.storage.repositories import StoredRepository

ALWAYS = ("openid", "profile")
SCOPES = {
    "openid": "know who you are",
    "profile": "see your name and picture",
    "email": "see your e-mail address",
    "read-repos": "read your repositories, private ones too",
    "write-repos": "write to your repositories",
    "write-discussions": "open discussions and pull requests in your name",
}
"""What can be granted, in words for whom it concerns."""
MINUTES, MAX_MINUTES = 480, 43_200
"""Minutes that a grant lasts where a card says nothing, and at most."""


@dataclass(frozen=True)
class Client:
    """A Space that people can sign in to.

    Attributes:
        id: Its public name in the protocol.
        repo_id: The Space.
        scopes: What it may ask for.
        minutes: How long what it is granted lasts.
    """

    id: str
    repo_id: str
    scopes: tuple[str, ...]
    minutes: int


def client_of(space: StoredRepository, key: bytes) -> Client | None:
    """Returns a Space as a client; None where its card has no ``hf_oauth: true``.

    Args:
        space: Which one.
        key: Secret of the Hub, from which the client's id follows.
    """
    card = card_of(space).data
    if card.get("hf_oauth") is not True:
        return None
    asked = card.get("hf_oauth_scopes")
    named = asked if isinstance(asked, list) else []
    scopes = [*ALWAYS, *(scope for scope in SCOPES if scope in named)]
    minutes = card.get("hf_oauth_expiration_minutes")
    if type(minutes) is not int or not 0 < minutes <= MAX_MINUTES:
        minutes = MINUTES
    text = f"oauth client {space.repo_id} {space.settings()['created_at']}"
    client_id = str(uuid.UUID(bytes=hmac.digest(key, text.encode(), "sha256")[:16]))
    return Client(client_id, space.repo_id, tuple(dict.fromkeys(scopes)), minutes)


def find_client(spaces: Iterable[StoredRepository], key: bytes, client_id: str) -> Client:
    """Returns the client of an id.

    Raises:
        HubError: 400.
    """
    for space in spaces:
        try:
            found = client_of(space, key)
        except HubError:
            continue  # a damaged Space, which is nobody else's trouble
        if found and found.id == client_id:
            return found
    raise HubError(400, "No Space of this Hub has this client_id; its card needs hf_oauth: true.")
