"""Collections: lists of repositories under a title, in one file of the Hub's folder."""

from __future__ import annotations

import json
import re
import secrets
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from training.hub.accounts import now
from training.hub.durable import write_json
from training.hub.errors import HubError

MAX_COLLECTIONS, MAX_ITEMS = 200, 500
"""Most collections of a user, and most items of a collection."""
ID = re.compile(r"[0-9a-f]{24}\Z")


@dataclass(frozen=True)
class Item:
    """A repository in a collection.

    Attributes:
        id: Of the item itself.
        repo_id: Of the repository.
        repo_type: ``model``, ``dataset`` or ``space``.
        note: What its owner says of it.
    """

    id: str
    repo_id: str
    repo_type: str
    note: str | None = None


@dataclass(frozen=True)
class Collection:
    """A collection of a user's.

    Attributes:
        id: Last part of its slug, which never changes.
        owner: User name.
        title: As people read it.
        description: In a sentence, or None.
        private: Whether only its owner sees it.
        theme: Name of a colour.
        items: In order.
        updated_at: ISO.
    """

    id: str
    owner: str
    title: str
    description: str | None = None
    private: bool = False
    theme: str = "indigo"
    items: tuple[Item, ...] = ()
    updated_at: str = field(default_factory=now)

    @property
    def slug(self) -> str:
        """Returns the name that clients know it by."""
        words = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")
        return f"{self.owner}/{words or 'collection'}-{self.id}"

    def item(self, item_id: str) -> Item:
        """Returns one of its items.

        Raises:
            HubError: 404.
        """
        for item in self.items:
            if item.id == item_id:
                return item
        raise HubError(404, "There is no such item in this collection.")


class Collections:
    """All collections of a Hub, those of a user in the order that the user gave them."""

    def __init__(self, root: Path) -> None:
        """Opens the file ``collections.json`` under the Hub's folder, if there is one.

        Raises:
            UserError: It is damaged.
        """
        self.path = root / "collections.json"
        self.lock = threading.RLock()
        self._all: list[Collection] = []
        if self.path.exists():
            try:
                self._all = [_read(entry) for entry in json.loads(self.path.read_bytes())]
            except (ValueError, TypeError, KeyError, RecursionError):
                raise UserError(
                    f"{self.path} is damaged. Remove it to start without collections; "
                    "repositories stay."
                ) from None

    def all(self) -> list[Collection]:
        """Lists all of them."""
        return list(self._all)

    def of(self, owner: str) -> list[Collection]:
        """Lists those of a user."""
        return [one for one in self._all if one.owner == owner]

    def find(self, owner: str, name: str) -> Collection | None:
        """Returns a collection by the second part of its slug, in which only the end counts."""
        found = ID.search(name)
        return next(
            (one for one in self.of(owner) if found and one.id == found.group()),
            None,
        )

    def add(self, owner: str, title: str, description: str | None, private: bool) -> Collection:
        """Makes a collection, the first of its owner's.

        Raises:
            HubError: 409 when the owner has one of that title, or too many.
        """
        with self.lock:
            mine = self.of(owner)
            for one in mine:
                if one.title == title:
                    message = f"You already have a collection {title!r}."
                    raise HubError(409, message, details={"slug": one.slug})
            if len(mine) >= MAX_COLLECTIONS:
                raise HubError(409, f"A user has at most {MAX_COLLECTIONS} collections.")
            made = Collection(secrets.token_hex(12), owner, title, description, private)
            self._save([made, *self._all])
        return made

    def keep(self, changed: Collection, position: int | None = None) -> Collection:
        """Keeps a collection in place of what had its id.

        Args:
            changed: What to keep.
            position: Among those of its owner; None for where it is.
        """
        changed = replace(changed, updated_at=now())
        with self.lock:
            kept = [changed if one.id == changed.id else one for one in self._all]
            if position is not None:
                mine = [one for one in kept if one.owner == changed.owner and one.id != changed.id]
                mine.insert(position, changed)
                kept = [one for one in kept if one.owner != changed.owner] + mine
            self._save(kept)
        return changed

    def remove(self, collection: Collection) -> None:
        """Removes a collection; its repositories stay."""
        with self.lock:
            self._save([one for one in self._all if one.id != collection.id])

    def _save(self, collections: list[Collection]) -> None:
        write_json(self.path, [asdict(one) for one in collections])
        self._all = collections


def _read(entry: dict[str, Any]) -> Collection:
    return Collection(**{**entry, "items": tuple(Item(**item) for item in entry["items"])})
