"""How a change of a repository gets to the webhooks that watch it, and what became of that."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from training.hub.accounts import now
from training.hub.automation.jobs import Jobs
from training.hub.automation.webhooks import Webhook, Webhooks
from training.hub.durable import write_file
from training.hub.errors import HubError
from training.hub.repo_info import summary
from training.hub.storage.repositories import StoredRepository

LOG = logging.getLogger(__name__)
VERSION = 3
"""Of the payload's form, as the Hub counts them."""
WAITS = (1.0, 4.0)
"""Seconds before each further attempt at an address that does not take a change."""
TIMEOUT = 10.0
"""Seconds that an address has to take a change."""
WORKERS = 4
MAX_WAITING = 1000
"""Most deliveries that wait their turn; of further ones only the record is kept."""
KEPT = 100
"""Deliveries of a webhook whose record is kept."""


@dataclass(frozen=True)
class Delivery:
    """One change on its way to one webhook."""

    id: str
    webhook: Webhook
    payload: dict[str, Any]


class Deliveries:
    """Sends changes in threads of its own, so that no request waits for an address elsewhere."""

    def __init__(
        self,
        root: Path,
        webhooks: Webhooks,
        jobs: Jobs,
        *,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """Names what is to be told; threads start with the first change.

        Args:
            root: The Hub's folder; records are kept in ``activity`` under it.
            webhooks: Whom to tell.
            jobs: Runs what webhooks start.
            wait: Waits so many seconds before another attempt.
        """
        self.activity = root / "activity"
        self._webhooks, self._jobs, self._wait = webhooks, jobs, wait
        self._waiting: queue.Queue[Delivery] = queue.Queue(MAX_WAITING)
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._started = False

    def announce(self, repository: StoredRepository, base: str) -> None:
        """Tells all that watch a repository which of its refs a request has moved.

        Args:
            repository: The request's own object.
            base: The Hub's address, without a slash at the end.
        """
        try:
            for webhook in self._webhooks.watching(repository):
                payload = change(repository, base, webhook)
                self._send(Delivery(uuid.uuid4().hex, webhook, payload))
        except Exception as error:
            # The change itself is made, and its caller is told so whatever goes wrong here.
            LOG.warning("A change of %s is not told: %r", repository.repo_id, error)

    def _send(self, delivery: Delivery) -> None:
        self._start()
        try:
            self._waiting.put_nowait(delivery)
        except queue.Full:
            self._record(delivery, ["not sent: too many wait before it"])

    def _start(self) -> None:
        with self._lock:
            if not self._started:
                self._started = True
                for _ in range(WORKERS):
                    threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            delivery = self._waiting.get()
            try:
                self.deliver(delivery)
            except Exception:
                LOG.exception("The delivery %s was not made.", delivery.id)

    def deliver(self, delivery: Delivery) -> None:
        """Starts the webhook's Job, or posts the change until it is taken; keeps a record."""
        if delivery.webhook.job is not None:
            self._record(delivery, [self._start_job(delivery)])
            return
        attempts = [self._post(delivery)]
        for pause in WAITS:
            if attempts[-1].isdecimal() and int(attempts[-1]) < 300:
                break
            self._wait(pause)
            attempts.append(self._post(delivery))
        self._record(delivery, attempts)

    def _post(self, delivery: Delivery) -> str:
        """Posts a change; returns the status of the answer, or what went wrong."""
        webhook = delivery.webhook
        headers = {"X-Webhook-Secret": webhook.secret} if webhook.secret else {}
        try:
            answer = httpx2.post(
                str(webhook.url),
                json=delivery.payload,
                headers=headers,
                timeout=TIMEOUT,
                follow_redirects=False,
            )
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            return f"no answer: {type(error).__name__}"
        return str(answer.status_code)

    def _start_job(self, delivery: Delivery) -> str:
        webhook, repo = delivery.webhook, delivery.payload["repo"]
        assert webhook.job is not None
        environment = {
            "WEBHOOK_PAYLOAD": json.dumps(delivery.payload),
            "WEBHOOK_REPO_ID": repo["name"],
            "WEBHOOK_REPO_TYPE": repo["type"],
            "WEBHOOK_ID": delivery.id,
        }
        if webhook.secret:
            environment["WEBHOOK_SECRET"] = webhook.secret
        try:
            job = self._jobs.start(
                webhook.job, webhook.user, {**webhook.secrets, **environment}, by="webhook"
            )
        except HubError as error:
            return error.message
        return f"job {job['id']}"

    def _record(self, delivery: Delivery, attempts: list[str]) -> None:
        """Adds a line to the webhook's record, and lets the oldest ones go."""
        entry = {
            "id": delivery.id,
            "at": now(),
            "attempts": attempts,
            "payload": delivery.payload,
        }
        path = self.activity / f"{delivery.webhook.id}.jsonl"
        with self._writing:
            self.activity.mkdir(mode=0o700, exist_ok=True)
            lines = path.read_bytes().splitlines() if path.exists() else []
            lines = [*lines[1 - KEPT :], json.dumps(entry).encode()]
            write_file(path, b"\n".join(lines) + b"\n", mode=0o600)


def change(repository: StoredRepository, base: str, webhook: Webhook) -> dict[str, Any]:
    """Returns what a webhook is sent: which refs of a repository have moved."""
    described = summary(repository)
    return {
        "event": {"action": "update", "scope": "repo.content"},
        "repo": {
            "type": repository.repo_type,
            "name": repository.repo_id,
            "id": described["_id"],
            "private": described["private"],
            "url": {
                "web": f"{base}/{repository.address}",
                "api": f"{base}/api/{repository.kind}/{repository.repo_id}",
            },
            "headSha": described["sha"],
            "tags": described["tags"],
            "owner": {"id": repository.namespace},
        },
        "updatedRefs": [
            {"ref": moved.ref, "oldSha": moved.old, "newSha": moved.new}
            for moved in repository.moved
        ],
        "webhook": {"id": webhook.id, "version": VERSION},
    }
