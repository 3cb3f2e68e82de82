"""The webhooks of a Hub's users, in one file that only its owner may read."""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from training.hub.durable import write_json
from training.hub.errors import HubError
from training.hub.storage.repositories import StoredRepository

REPO, DISCUSSION = "repo", "discussion"
DOMAINS = (REPO, DISCUSSION)
MAX_WEBHOOKS = 100
"""Most webhooks of a user: each change of a repository goes through all of them."""


@dataclass(frozen=True)
class Webhook:
    """Who is told of which changes.

    Attributes:
        id: As the Hub's clients name it.
        user: Whose it is; of private repositories it sees those of this user.
        watched: Objects with ``type`` and ``name``.
        domains: Of `DOMAINS`.
        url: That a change is posted to, None where it starts a Job.
        job: What the Job runs, without its secrets.
        secret: Sent along with each change.
        secrets: Of the Job; never given back.
        disabled: Nothing is sent.
    """

    id: str
    user: str
    watched: list[dict[str, str]]
    domains: list[str]
    url: str | None = None
    job: dict[str, Any] | None = None
    secret: str | None = None
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    disabled: bool = False

    def described(self) -> dict[str, Any]:
        """Returns what its owner may read: of the Job's secrets only the names."""
        told = asdict(self)
        names = sorted(told.pop("secrets"))
        if self.job:
            told["job"] = {**self.job, "secrets": names}
        return told

    def watches(self, repository: StoredRepository) -> bool:
        """Tells whether changes of a repository are sent to it."""
        own = (repository.repo_type, repository.repo_id)
        is_watched = any(
            (item["type"], item["name"]) == own
            or (item["type"] in ("user", "org") and item["name"] == repository.namespace)
            for item in self.watched
        )
        may_see = self.user == repository.namespace or not repository.settings()["private"]
        return is_watched and may_see and REPO in self.domains and not self.disabled


class Webhooks:
    """All webhooks; the process that serves the folder is the only one that writes them."""

    def __init__(self, root: Path) -> None:
        """Opens the file ``webhooks.json`` under the Hub's folder, if there is one.

        Raises:
            UserError: It is damaged.
        """
        self.path = root / "webhooks.json"
        self._lock = threading.Lock()
        self._all: dict[str, Webhook] = {}
        if self.path.exists():
            try:
                found = [Webhook(**entry) for entry in json.loads(self.path.read_bytes())]
            except (ValueError, TypeError, RecursionError):
                raise UserError(
                    f"{self.path} is damaged. Remove it to start without webhooks; repositories "
                    "stay."
                ) from None
            self._all = {webhook.id: webhook for webhook in found}

    def of(self, user: str) -> list[Webhook]:
        """Lists a user's webhooks, oldest first."""
        return [webhook for webhook in self._all.values() if webhook.user == user]

    def get(self, user: str, webhook_id: str) -> Webhook:
        """Finds one of a user's webhooks.

        Raises:
            HubError: 404.
        """
        found = self._all.get(webhook_id)
        if found is None or found.user != user:
            raise HubError(404, "You have no webhook of that id.")
        return found

    def add(self, webhook: Webhook) -> Webhook:
        """Keeps a new webhook, and gives it an id.

        Raises:
            HubError: 409 when its user has `MAX_WEBHOOKS`.
        """
        if len(self.of(webhook.user)) >= MAX_WEBHOOKS:
            raise HubError(409, f"A user has at most {MAX_WEBHOOKS} webhooks.")
        return self.keep(replace(webhook, id=secrets.token_hex(12)))

    def keep(self, webhook: Webhook) -> Webhook:
        """Keeps a webhook in place of what had its id."""
        with self._lock:
            self._save({**self._all, webhook.id: webhook})
        return webhook

    def remove(self, webhook: Webhook) -> None:
        """Removes a webhook."""
        with self._lock:
            self._save({key: one for key, one in self._all.items() if key != webhook.id})

    def watching(self, repository: StoredRepository) -> list[Webhook]:
        """Lists those that are told of changes of a repository."""
        return [webhook for webhook in self._all.values() if webhook.watches(repository)]

    def _save(self, webhooks: dict[str, Webhook]) -> None:
        write_json(self.path, [asdict(webhook) for webhook in webhooks.values()], mode=0o600)
        self._all = webhooks
