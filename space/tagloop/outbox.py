"""The durable outbox: rows go to a local journal first, then to a dataset on the Hub.

`Outbox.save` returns when a row is fsynced. A worker thread commits what is written, many rows a
commit, and forgets a row only after the Hub has confirmed it. Nothing that goes wrong on the way
loses a row: each file has one name for ever, so what is uploaded twice is stored once, and what a
killed process left is delivered by the next one.

This is `huggingface_hub.CommitScheduler`'s idea without what it gets wrong for this purpose: it
overwrites a file of the same name after a restart, only logs its errors, and raises at start when
the Hub is down.
"""

import atexit
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.utils import get_session
from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_exception, wait_random_exponential

from tagloop.hub_errors import PublicDatasetError, problem_of, retry_after_seconds
from tagloop.journal import Journal, read_segment

logger = logging.getLogger(__name__)

MAX_BYTES = 256 * 2**20  # what may wait on the disk
MAX_FILES_A_COMMIT = 50
MAX_REMEMBERED_IDS = 100_000  # for telling a repeated row from a new one
GATHER_SECONDS = 1.0  # how long a first row waits for company in its commit
LONGEST_RETRY_SECONDS = 120.0
HUB_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class OutboxState:
    """What an owner wants to know about the outbox.

    Attributes:
        waiting: Rows on the local disk that the Hub has not confirmed.
        delivered: Rows confirmed since the start of this process.
        commit: The commit that holds the latest of them.
        problem: Why delivery does not go on, in one sentence, or None when all is well.
        refused: The Hub answered and does not want the rows (no permission, wrong token):
            waiting does not mend that.
    """

    waiting: int = 0
    delivered: int = 0
    commit: str | None = None
    problem: str | None = None
    refused: bool = False


class Outbox:
    """Takes rows (mappings with a unique ``id``) and delivers them to a Hub dataset.

    Args:
        directory: Where rows wait, see `tagloop.journal.Journal`.
        repo_id: The dataset; made at the first delivery when it does not exist.
        token: A token that may write to it; None takes ``HF_TOKEN``.
        endpoint: The Hub; None takes ``HF_ENDPOINT``.
        card: The README.md that the dataset gets if it has none.
        folder: Of the dataset, that the rows go to; a folder a day stands in it.
        private: Make the dataset private, and refuse to send rows to a public one.
        gather_seconds: How long a row waits for others to share its commit.
        max_bytes: How much may wait on the disk before `save` refuses.
        retry_seconds: The first back-off is at most this long, and doubles from there.
    """

    def __init__(
        self,
        directory: Path,
        repo_id: str,
        *,
        card: str,
        folder: str = "data",
        token: str | None = None,
        endpoint: str | None = None,
        private: bool = True,
        gather_seconds: float = GATHER_SECONDS,
        max_bytes: int = MAX_BYTES,
        retry_seconds: float = 1.0,
    ) -> None:
        self.repo_id = repo_id
        self._card = card
        self._folder = folder
        self._private = private
        self._api = HfApi(endpoint, token)
        self._journal = Journal(directory, max_bytes)
        self._gather_seconds = gather_seconds
        self._retry_seconds = retry_seconds
        self._state = OutboxState()
        self._changed = Condition()  # guards all that follows, and the journal
        self._waiting: dict[str, Path] = {}  # id -> its segment
        self._known: OrderedDict[str, None] = OrderedDict()
        self._has_card = False
        self._wake = Event()
        self._closing = Event()
        self._deadline = float("inf")
        self._worker = Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> "Outbox":
        """Begin to deliver, first of all what an earlier process left behind."""
        with self._changed:
            self._adopt(self._journal.sealed())
        if self._waiting:
            logger.info("Outbox: left by an earlier run: %d", len(self._waiting))
            self._wake.set()
        self._worker.start()
        atexit.register(self.close)
        return self

    def save(self, row: Mapping[str, Any]) -> bool:
        """Make one row durable; False if a row with its id was saved before.

        Raises:
            UserError: The disk or the outbox's allowance is full. The row is not saved.
            RuntimeError: The outbox is closed.
        """
        row_id = row["id"]
        with self._changed:
            if self._closing.is_set():
                raise RuntimeError("the outbox is closed")
            if row_id in self._known:
                return False
            self._waiting[row_id] = self._journal.append(row)
            self._remember(row_id)
        self._wake.set()
        return True

    def is_delivered(self, row_id: str) -> bool:
        """Tell whether the Hub has confirmed a saved row."""
        with self._changed:
            return row_id not in self._waiting

    def wait_delivered(self, row_id: str, timeout: float) -> bool:
        """Wait until the Hub has confirmed a saved row, a problem comes up, or time is over."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.is_delivered(row_id) or self._state.problem is not None, timeout
            )
            return self.is_delivered(row_id)

    @property
    def state(self) -> OutboxState:
        """What waits, what was delivered, and what is wrong."""
        with self._changed:
            return replace(self._state, waiting=len(self._waiting))

    def close(self, timeout: float = 10.0) -> int:
        """Deliver what waits, for at most ``timeout`` seconds, and stop.

        Returns:
            How many rows are still on the disk; the next start delivers them.
        """
        atexit.unregister(self.close)
        with self._changed:
            self._deadline = time.monotonic() + timeout
            self._closing.set()
        self._wake.set()
        if self._worker.is_alive():
            self._worker.join(timeout)
        left = self.state.waiting
        if left:
            logger.warning("Outbox: left on the disk for the next start: %d", left)
        return left

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._closing.wait(self._gather_seconds)
            self._wake.clear()
            try:
                self._deliver_all()
            except Exception:  # a fault of ours must not end the worker: the rows are safe
                logger.exception("Outbox: delivery failed, trying again")
                self._wake.set()
                self._closing.wait(LONGEST_RETRY_SECONDS)

    def _deliver_all(self) -> None:
        while True:
            with self._changed:
                self._journal.seal()
                paths = self._journal.sealed()[:MAX_FILES_A_COMMIT]
                self._adopt(paths)
            if not paths:
                return
            retrying = Retrying(
                wait=wait_exception(retry_after_seconds)
                + wait_random_exponential(self._retry_seconds, max=LONGEST_RETRY_SECONDS),
                sleep=self._sleep,
                stop=lambda _: time.monotonic() >= self._deadline,
                before_sleep=self._report,
                reraise=True,
            )
            try:
                commit = retrying(self._commit, paths)
            except Exception as error:  # only once `close` has set a deadline
                logger.warning("Outbox: delivery ends here. %s", problem_of(error)[0])
                return
            self._confirm(paths, commit)

    def _commit(self, paths: list[Path]) -> str:
        """Put the segments into the dataset and return the commit that has them."""
        # The client's own default is to wait for ever.
        get_session().timeout = HUB_TIMEOUT_SECONDS
        self._prepare()
        operations = [CommitOperationAdd(self._path_in_repo(path), path) for path in paths]
        if not self._has_card:
            operations.append(CommitOperationAdd("README.md", self._card.encode()))
        rows = sum(path.read_bytes().count(b"\n") for path in paths)
        info = self._api.create_commit(
            self.repo_id,
            operations,
            repo_type="dataset",
            commit_message=f"Add {rows} row{'s' if rows != 1 else ''}",
        )
        self._has_card = True
        return info.oid

    def _prepare(self) -> None:
        """Make the dataset if there is none, and see that it is as private as promised."""
        try:
            info = self._api.dataset_info(self.repo_id, expand=["private"])
        except RepositoryNotFoundError:
            self._api.create_repo(
                self.repo_id, repo_type="dataset", private=self._private, exist_ok=True
            )
            info = self._api.dataset_info(self.repo_id, expand=["private"])
            self._has_card = False
            logger.info("Outbox: made the dataset %s", self.repo_id)
        if self._private and not info.private:
            raise PublicDatasetError(
                f"The dataset {self.repo_id} is public, but what is sent to it was promised to be "
                "private: its owner has to make it private."
            )
        if not self._has_card:
            self._has_card = self._api.file_exists(self.repo_id, "README.md", repo_type="dataset")

    def _confirm(self, paths: list[Path], commit: str) -> None:
        with self._changed:
            for path in paths:
                path.unlink(missing_ok=True)
            done = [row_id for row_id, path in self._waiting.items() if path in paths]
            for row_id in done:
                del self._waiting[row_id]
            if self._state.problem:
                logger.info("Outbox: delivery to %s works again", self.repo_id)
            self._state = OutboxState(delivered=self._state.delivered + len(done), commit=commit)
            self._changed.notify_all()

    def _adopt(self, paths: list[Path]) -> None:
        """Take note of the rows in segments that another process wrote."""
        for path in set(paths).difference(self._waiting.values()):
            for row in read_segment(path):
                self._waiting[row["id"]] = path
                self._remember(row["id"])

    def _remember(self, row_id: str) -> None:
        self._known[row_id] = None
        if len(self._known) > MAX_REMEMBERED_IDS:
            self._known.popitem(last=False)

    def _report(self, attempt: RetryCallState) -> None:
        """Show a problem in `state`, and log it when it is not the one before."""
        assert attempt.outcome is not None
        error = attempt.outcome.exception()
        assert error is not None
        problem, refused = problem_of(error)
        with self._changed:
            if problem != self._state.problem:
                logger.warning("Outbox: rows wait on the disk. %s", problem)
            self._state = replace(self._state, problem=problem, refused=refused)
            self._changed.notify_all()

    def _sleep(self, seconds: float) -> None:
        """Wait for a retry: cut short by `close`, and never beyond its deadline."""
        if not self._closing.is_set():
            self._closing.wait(seconds)
        else:
            time.sleep(max(0.0, min(seconds, self._deadline - time.monotonic())))

    def _path_in_repo(self, segment: Path) -> str:
        day, _, name = segment.name.partition("_")
        return f"{self._folder}/{day}/{name}"
