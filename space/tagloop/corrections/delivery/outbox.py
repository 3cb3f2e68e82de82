"""The durable outbox: rows go to a local journal first, then to a dataset on the Hub.

`Outbox.save` returns when a row is fsynced. A worker thread commits what is written, many rows a
commit, and forgets a row only after the Hub has confirmed it (`tagloop.corrections.delivery` shows
the whole way). Nothing that goes wrong on the way loses a row: each file has one name for ever, so
what is uploaded twice is stored once, and what a killed process left is delivered by the next one,
or by another that shares the folder.

This is `huggingface_hub.CommitScheduler`'s idea without what it gets wrong for this purpose: it
overwrites a same-named file after a restart, only logs errors, and needs the Hub at start.
"""

import atexit
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_not_exception_type
from tenacity.wait import wait_exception, wait_random_exponential

from tagloop.corrections.delivery.journal import Journal, read_segment
from tagloop.corrections.delivery.status import DeliveryStatus, OutboxState, SavedWhen
from tagloop.corrections.delivery.uploader import PublicDatasetError, Uploader
from tagloop.errors import UserError
from tagloop.files import CORRECTIONS
from tagloop.hub_errors import HubProblem, problem_of, retry_after_seconds

logger = logging.getLogger(__name__)
MAX_BYTES = 256 * 2**20  # what may wait on the disk
MAX_FILES_A_COMMIT = 50
MAX_REMEMBERED_IDS = 100_000  # for telling a repeated row from a new one
MAX_BYTES_A_COMMIT = 16 * 2**20  # after a long outage: more would not get through in time
GATHER_SECONDS = 1.0  # how long a first row waits for company in its commit
LOOK_SECONDS = 30.0  # how often to look for what another process left in the folder
LONGEST_RETRY_SECONDS: dict[SavedWhen, float] = {"disk": 120.0, "hub": 15.0}


class Outbox:
    """Takes rows (mappings with a unique ``id``) and delivers them to a Hub dataset.

    Args:
        directory: Where rows wait, see `tagloop.corrections.delivery.journal.Journal`.
        repo_id: The dataset; made at the first delivery when it does not exist.
        token: A token that may write to it; None takes ``HF_TOKEN``.
        endpoint: The Hub; None takes ``HF_ENDPOINT``.
        card: The README.md that the dataset gets if it has none.
        folder: Of the dataset, that the rows go to; a folder a day stands in it.
        private: Make the dataset private, and refuse to send rows to a public one.
        gather_seconds: How long a row waits for others to share its commit.
        max_bytes: How much may wait on the disk before `save` refuses.
        retry_seconds: The first back-off is at most this long, and doubles from there.
        saved_when: What `delivery_status` calls saved: what is on the disk, or on the Hub.

    Raises:
        UserError: The folder cannot be made.
    """

    def __init__(
        self,
        directory: Path,
        repo_id: str,
        *,
        card: str,
        folder: str = CORRECTIONS,
        token: str | None = None,
        endpoint: str | None = None,
        private: bool = True,
        gather_seconds: float = GATHER_SECONDS,
        max_bytes: int = MAX_BYTES,
        retry_seconds: float = 1.0,
        saved_when: SavedWhen = "disk",
    ) -> None:
        self.repo_id = repo_id
        self.saved_when: SavedWhen = saved_when
        self._uploader = Uploader(
            repo_id, card=card, folder=folder, token=token, endpoint=endpoint, private=private
        )
        self._journal = Journal(directory, max_bytes)
        self._gather_seconds = gather_seconds
        self._retry_seconds = retry_seconds
        self._state = OutboxState()
        self._changed = Condition()  # guards all that follows, and the journal
        self._waiting: dict[str, Path] = {}  # id -> its segment
        self._known: OrderedDict[str, None] = OrderedDict()
        self._wake = Event()
        self._closing = Event()
        self._deadline = float("inf")
        self._worker = Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> "Outbox":
        """Begins to deliver, first of all what an earlier process left behind."""
        with self._changed:
            self._adopt(self._journal.sealed(MAX_FILES_A_COMMIT))
        if self._waiting:
            logger.info("Outbox: left by an earlier run: %d", len(self._waiting))
            self._wake.set()
        self._worker.start()
        atexit.register(self.close)
        return self

    def save(self, row: Mapping[str, Any]) -> bool:
        """Makes one row durable; False if a row with its id was saved before.

        Raises:
            UserError: The disk or the outbox's allowance is full, or the outbox is closed. The row
                is not saved.
        """
        row_id = row["id"]
        with self._changed:
            if self._closing.is_set():
                raise UserError("Not saved: this server is stopping. Please try again in a minute.")
            if row_id in self._known:
                return False
            self._waiting[row_id] = self._journal.append(row)
            self._remember(row_id)
        self._wake.set()
        return True

    def is_delivered(self, row_id: str) -> bool:
        """Tells whether the Hub has confirmed a saved row."""
        with self._changed:
            return row_id not in self._waiting

    def wait_delivered(self, row_id: str, timeout: float) -> bool:
        """Waits until the Hub has confirmed a saved row, a problem comes up, or time is over."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.is_delivered(row_id) or self._state.problem is not None, timeout
            )
            return self.is_delivered(row_id)

    def delivery_status(self, row_id: str, timeout: float = 0.0) -> DeliveryStatus:
        """Says where a row is that `save` took.

        Args:
            row_id: The row's id.
            timeout: Seconds to wait for the Hub if a row counts as saved only there.
        """
        with self._changed:
            if self.saved_when == "hub":
                self._changed.wait_for(
                    lambda: self.is_delivered(row_id) or self._state.refused, timeout
                )
            delivered = self.is_delivered(row_id)
            saved = delivered or self.saved_when == "disk"
            problem, refused = self._state.problem, self._state.refused
        return DeliveryStatus(
            row_id, saved, delivered, *((None, False) if delivered else (problem, refused))
        )

    @property
    def state(self) -> OutboxState:
        """What waits, what was delivered, and what is wrong."""
        with self._changed:
            return replace(self._state, waiting=len(self._waiting))

    def close(self, timeout: float = 10.0) -> int:
        """Delivers what waits, for at most ``timeout`` seconds, and stops.

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
        with self._changed:
            self._journal.close()
        left = self.state.waiting
        if left:
            logger.warning("Outbox: left on the disk for the next start: %d", left)
        return left

    # The worker's thread --------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait(LOOK_SECONDS)
            self._closing.wait(self._gather_seconds)
            self._wake.clear()
            self._try_to_deliver()
        self._try_to_deliver()  # what came in while the round before was ending

    def _try_to_deliver(self) -> None:
        try:
            self._deliver_all()
        except Exception:  # a fault of ours must not end the worker: the rows are safe
            logger.exception("Outbox: delivery failed, trying again")
            self._wake.set()
            self._closing.wait(LONGEST_RETRY_SECONDS[self.saved_when])

    def _deliver_all(self) -> None:
        while paths := self._next_segments():
            retrying = Retrying(
                wait=wait_exception(retry_after_seconds)
                + wait_random_exponential(
                    self._retry_seconds, max=LONGEST_RETRY_SECONDS[self.saved_when]
                ),
                sleep=self._sleep,
                stop=lambda _: time.monotonic() >= self._deadline,
                retry=retry_if_not_exception_type(FileNotFoundError),
                before_sleep=self._report,
                reraise=True,
            )
            try:
                commit = retrying(self._uploader.put, paths)
            except FileNotFoundError:  # somebody has emptied the folder by hand: look again
                logger.error("Outbox: waiting rows were removed from the disk by somebody else")
                continue
            except Exception as error:  # only once `close` has set a deadline
                logger.warning("Outbox: delivery ends here. %s", _problem_of(error).sentence)
                return
            self._confirm(paths, commit)

    def _next_segments(self) -> list[Path]:
        """Chooses what the next commit takes: few enough files, and bytes."""
        with self._changed:
            self._journal.seal()
            paths = self._journal.sealed(MAX_FILES_A_COMMIT)
            self._adopt(paths)
            self._forget_what_others_delivered()
        sizes = accumulate(path.stat().st_size for path in paths)
        within = [
            path for path, size in zip(paths, sizes, strict=True) if size < MAX_BYTES_A_COMMIT
        ]
        return within or paths[:1]

    def _confirm(self, paths: list[Path], commit: str) -> None:
        with self._changed:
            for path in paths:
                self._journal.remove(path)
            done = [row_id for row_id, path in self._waiting.items() if path in paths]
            for row_id in done:
                del self._waiting[row_id]
            if self._state.problem:
                logger.info("Outbox: delivery to %s works again", self.repo_id)
            self._state = OutboxState(delivered=self._state.delivered + len(done), commit=commit)
            self._changed.notify_all()

    def _adopt(self, paths: list[Path]) -> None:
        """Takes note of the rows in segments that another process wrote and left."""
        for path in set(paths).difference(self._waiting.values()):
            for row in read_segment(path):
                self._waiting[row["id"]] = path
                self._remember(row["id"])

    def _forget_what_others_delivered(self) -> None:
        """Strikes off rows whose segment we gave up (a write failed) and another took over."""
        paths = set(self._waiting.values())
        if gone := {path for path in paths if not self._journal.owns(path) and not path.exists()}:
            self._waiting = {row: path for row, path in self._waiting.items() if path not in gone}
            self._changed.notify_all()

    def _remember(self, row_id: str) -> None:
        self._known[row_id] = None
        if len(self._known) > MAX_REMEMBERED_IDS:
            self._known.popitem(last=False)

    def _report(self, attempt: RetryCallState) -> None:
        """Shows a problem in `state`, and logs it when it is not the one before."""
        assert attempt.outcome is not None
        error = attempt.outcome.exception()
        assert error is not None
        problem, refused = _problem_of(error)
        with self._changed:
            if problem != self._state.problem:
                logger.warning("Outbox: rows wait on the disk. %s", problem)
            self._state = replace(self._state, problem=problem, refused=refused)
            self._changed.notify_all()

    def _sleep(self, seconds: float) -> None:
        """Waits for a retry: cut short by `close`, and never beyond its deadline."""
        if not self._closing.is_set():
            self._closing.wait(seconds)
        else:
            time.sleep(max(0.0, min(seconds, self._deadline - time.monotonic())))


def _problem_of(error: BaseException) -> HubProblem:
    """Returns what to say of a failed delivery: of the Hub's refusals, and of our own."""
    if isinstance(error, PublicDatasetError):
        return HubProblem(str(error), True)
    return problem_of(error, "write")
