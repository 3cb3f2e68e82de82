"""A lock on the Hub that keeps two retrains of one model apart, wherever they run.

Its place is a branch ``retrain-lock`` of the corrections repository: the Hub makes a branch for
one caller only and refuses the second, so nobody needs a service of their own. A file on it says
who holds the lock since when. The holder renews it every `RENEW_SECONDS`; one that was not renewed
for `STALE_SECONDS` belongs to a run that died, and the next run takes it over by a commit onto
the one that it saw (the Hub refuses the slower of two). A run that was killed and is started again
with the same folder knows the lock as its own.
"""

from __future__ import annotations

import json
import platform
import threading
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RevisionNotFoundError,
)

from tagloop.errors import UserError
from training.publish.errors import clear_errors

BRANCH = "retrain-lock"
FILE = "retrain-lock.json"
RENEW_SECONDS = 10 * 60.0
STALE_SECONDS = 2 * 60 * 60.0
"""Twelve renewals: so many do not fail on a machine that lives."""
ATTEMPTS = 5


class Locked(UserError):
    """Another run holds the lock."""


@dataclass(frozen=True)
class Holder:
    """Who holds the lock.

    Attributes:
        id: Of the run; the folder of a killed run still has it.
        user: Account on the Hub.
        machine: Name of the machine.
        since: When it was taken, ISO 8601, UTC.
        renewed: When its holder was last heard of.
    """

    id: str
    user: str
    machine: str
    since: str
    renewed: str


class RetrainLock:
    """The lock as a context manager: taken at the beginning, renewed, given back at any end.

    Attributes:
        lost: Somebody else took the lock over; nothing may be published any more.
    """

    def __init__(
        self,
        api: HfApi,
        corrections_repo: str,
        folder: Path,
        *,
        take_over: bool = False,
        stale_seconds: float = STALE_SECONDS,
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        """Names the lock; nothing is asked of the Hub yet.

        Args:
            api: Client with a token that may write to the corrections.
            corrections_repo: Dataset that has the branch.
            folder: On this machine, that remembers which lock is ours.
            take_over: Take it whoever holds it: a person knows that the other run is dead.
            stale_seconds: From this age on nobody holds it.
            renew_seconds: Between two renewals.
        """
        self.api, self.repo_id, self.own = api, corrections_repo, folder / "lock.json"
        self.take_over, self.stale_seconds = take_over, stale_seconds
        self.renew_seconds = renew_seconds
        self.lost = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> RetrainLock:
        """Takes the lock.

        Raises:
            Locked: Another run holds it; the sentence says who, and since when.
            UserError: The Hub refuses.
        """
        with clear_errors(self.repo_id):
            self._take()
        self._thread = threading.Thread(target=self._keep_renewing, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Gives it back; what the Hub says to that must not hide the run's own end."""
        self._ended.set()
        assert self._thread is not None
        self._thread.join(30)
        try:
            if self._is_ours(self._holder()[1]):
                self.api.delete_branch(self.repo_id, branch=BRANCH, repo_type="dataset")
        except (HfHubHTTPError, httpx2.TransportError, ConnectionError):
            return  # it goes stale
        self.own.unlink(missing_ok=True)

    def check(self) -> None:
        """Makes sure that the lock is still ours.

        Raises:
            UserError: It was taken over.
        """
        if self.lost:
            raise UserError(
                f"Another run has taken over the lock in {self.repo_id}, since this one was not "
                "heard of for too long: nothing more is published; see what that run did first."
            )

    def _take(self) -> None:
        try:
            self.api.create_branch(self.repo_id, branch=BRANCH, repo_type="dataset")
        except HfHubHTTPError as error:
            if error.response.status_code != 409:
                raise
            self._take_again()
            return
        head, _ = self._holder()
        self._write(self._new(), head)

    def _take_again(self) -> None:
        """Takes a lock that is ours, stale, or to be taken over; else says whose it is."""
        for attempt in range(1, ATTEMPTS + 1):
            head, holder = self._holder()
            if head is None:  # given back between the two questions
                self._take()
                return
            if holder and not self._is_ours(holder):
                if self._is_alive(holder) and not self.take_over:
                    raise Locked(_whose(holder, self.repo_id, self.stale_seconds))
                holder = None
            # Without a holder, its maker died before it wrote its name, or writes it now: then
            # one of the two commits is refused.
            try:
                self._write(replace(holder, renewed=_now()) if holder else self._new(), head)
                return
            except Locked:  # somebody was faster: look again who it is
                if attempt == ATTEMPTS:
                    raise

    def _new(self) -> Holder:
        now, user = _now(), str(self.api.whoami()["name"])
        return Holder(str(uuid4()), user, platform.node(), now, now)

    def _write(self, holder: Holder, parent: str | None) -> None:
        content = json.dumps(asdict(holder), indent=1)
        # First here: killed in between, the next run knows the lock as its own.
        self.own.parent.mkdir(parents=True, exist_ok=True)
        self.own.write_text(content, encoding="utf-8")
        try:
            self.api.create_commit(
                self.repo_id,
                [CommitOperationAdd(FILE, content.encode())],
                commit_message="A retrain runs",
                repo_type="dataset",
                revision=BRANCH,
                parent_commit=parent,
            )
        except HfHubHTTPError as error:
            if error.response.status_code != 412:
                raise
            raise Locked(
                f"Another retrain took the lock in {self.repo_id} at the same moment; run again "
                "when it has ended."
            ) from None

    def _holder(self) -> tuple[str | None, Holder | None]:
        """Returns the branch's commit and who holds the lock; None where there is none (yet)."""
        try:
            head = str(self.api.dataset_info(self.repo_id, revision=BRANCH).sha)
            path = self.api.hf_hub_download(self.repo_id, FILE, repo_type="dataset", revision=head)
            return head, Holder(**json.loads(Path(path).read_text(encoding="utf-8")))
        except RevisionNotFoundError:
            return None, None
        except (EntryNotFoundError, ValueError, TypeError):
            return head, None

    def other_holder(self) -> Holder | None:
        """Returns the other run that holds the lock; None if none that lives does."""
        _, holder = self._holder()
        if holder is None or self._is_ours(holder) or not self._is_alive(holder):
            return None
        return holder

    def _is_alive(self, holder: Holder) -> bool:
        age = datetime.now(UTC) - datetime.fromisoformat(holder.renewed)
        return age.total_seconds() < self.stale_seconds

    def _is_ours(self, holder: Holder | None) -> bool:
        if holder is None or not self.own.is_file():
            return False
        return bool(json.loads(self.own.read_text(encoding="utf-8"))["id"] == holder.id)

    def _keep_renewing(self) -> None:
        while not self._ended.wait(self.renew_seconds):
            try:
                head, holder = self._holder()
                if not self._is_ours(holder):
                    self.lost = True
                    return
                assert holder is not None
                self._write(replace(holder, renewed=_now()), head)
            except Locked:
                self.lost = True
                return
            except (HfHubHTTPError, httpx2.TransportError, ConnectionError):
                continue  # the next one will do; before it goes stale there are many


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _whose(holder: Holder, repo_id: str, stale_seconds: float) -> str:
    return (
        f"Another retrain runs: {holder.user} holds the lock in {repo_id} since {holder.since} on "
        f"{holder.machine} (last sign of life {holder.renewed}). Wait for its end; "
        f"{stale_seconds / 3600:g} hours after its last sign of life it no longer counts, and "
        "--break_lock takes it at once if you know that the run is dead."
    )
