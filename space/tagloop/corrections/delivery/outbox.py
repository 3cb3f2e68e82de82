"""The durable outbox: rows go to a local journal first, then to a dataset on the Hub.

`Outbox.save` returns when a row is fsynced. A worker thread commits what is written, many rows a
commit, and forgets a row only after the Hub has confirmed it (`tagloop.corrections.delivery` shows
the whole way). Nothing that goes wrong on the way loses a row: each file has one name for ever, so
what is uploaded twice is stored once, and what a killed process left is delivered by the next one,
or by another that shares the folder.

Nothing waits behind one bad row either: a commit that the Hub refuses for what is in it is halved
until the row is found, and that row goes to `tagloop.corrections.delivery.quarantine`.

This is `huggingface_hub.CommitScheduler`'s idea without what it gets wrong for this purpose: it
overwrites a same-named file after a restart, only logs errors, and needs the Hub at start.
"""

import atexit
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_not_exception_type
from tenacity.wait import wait_exception, wait_random_exponential

from tagloop.corrections.delivery.journal import Check, Journal, Part
from tagloop.corrections.delivery.status import (
    REFUSED_ROW,
    DeliveryStatus,
    OutboxState,
    SavedWhen,
)
from tagloop.corrections.delivery.uploader import (
    NotStoredError,
    PublicDatasetError,
    RefusedError,
    RefusesAllError,
    Uploader,
)
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
        check: Raises `UserError` for a row that does not belong in the dataset.

    Raises:
        UserError: The folder cannot be made or read.
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
        check: Check | None = None,
    ) -> None:
        self.repo_id = repo_id
        self.saved_when: SavedWhen = saved_when
        self._uploader = Uploader(
            repo_id, card=card, folder=folder, token=token, endpoint=endpoint, private=private
        )
        self._journal = Journal(directory, max_bytes, check)
        self._gather_seconds = gather_seconds
        self._retry_seconds = retry_seconds
        self._state = OutboxState()
        self._changed = Condition()  # guards all that follows, and the journal
        self._waiting: set[str] = set()  # ids
        self._adopted: set[Path] = set()  # segments whose ids are among them
        self._known: OrderedDict[str, None] = OrderedDict()
        self._refused: OrderedDict[str, None] = OrderedDict()  # ids of rows in quarantine
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
            self._adopted.add(self._journal.append(row))
            self._waiting.add(row_id)
            _remember(self._known, row_id)
        self._wake.set()
        return True

    def is_delivered(self, row_id: str) -> bool:
        """Tells whether the Hub has confirmed a saved row."""
        with self._changed:
            return row_id not in self._waiting and row_id not in self._refused

    def wait_delivered(self, row_id: str, timeout: float) -> bool:
        """Waits until the Hub has confirmed a saved row, a problem comes up, or time is over."""
        with self._changed:
            self._changed.wait_for(
                lambda: row_id not in self._waiting or self._state.problem is not None, timeout
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
                    lambda: row_id not in self._waiting or self._state.refused, timeout
                )
            delivered = self.is_delivered(row_id)
            saved = delivered or self.saved_when == "disk"
            problem, refused = self._state.problem, self._state.refused
            if row_id in self._refused:
                return DeliveryStatus(row_id, saved, False, REFUSED_ROW, True, True)
        return DeliveryStatus(
            row_id, saved, delivered, *((None, False) if delivered else (problem, refused))
        )

    @property
    def quarantine(self) -> Path:
        """The folder where rows lie that were set aside."""
        return self._journal.quarantine.directory

    @property
    def state(self) -> OutboxState:
        """What waits, what was delivered, and what is wrong."""
        with self._changed:
            return replace(
                self._state,
                waiting=len(self._waiting),
                quarantined=self._journal.quarantine.rows,
                strays=len(self._journal.strays),
            )

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
        stuck: set[Path] = set()  # segments that our own disk does not let us cut
        while parts := self._next_parts(stuck):
            groups = [parts]
            while groups:
                group = groups.pop()
                try:
                    self._confirm(group, self._put(group))
                except RefusedError as error:
                    if time.monotonic() >= self._deadline:
                        return
                    groups += reversed(self._smaller(group, error, stuck))
                    self._sleep(self._retry_seconds)
                except Exception as error:  # only once `close` has set a deadline
                    logger.warning("Outbox: delivery ends here. %s", _problem_of(error).sentence)
                    return
        if stuck:
            self._show(HubProblem("The server cannot write to its disk.", False))

    def _put(self, group: Sequence[Part]) -> str:
        """Puts parts into the dataset, as often as it takes; returns a commit that has them.

        Raises:
            RefusedError: The Hub does not want some of them, and if it is one row: takes others.
        """
        retrying = Retrying(
            wait=wait_exception(retry_after_seconds)
            + wait_random_exponential(
                self._retry_seconds, max=LONGEST_RETRY_SECONDS[self.saved_when]
            ),
            sleep=self._sleep,
            stop=lambda _: time.monotonic() >= self._deadline,
            retry=retry_if_not_exception_type(RefusedError),
            before_sleep=self._report,
            reraise=True,
        )
        if _is_one_row(group):
            return retrying(self._uploader.put_row, group[0])
        return retrying(self._uploader.put, group)

    def _smaller(
        self, group: list[Part], error: RefusedError, stuck: set[Path]
    ) -> list[list[Part]]:
        """Halves what was refused; a single row is set aside."""
        half = len(group) // 2
        if half:
            return [group[:half], group[half:]]
        [part] = group
        try:
            if _is_one_row(group):
                self._set_aside(part, error)
                return []
            with self._changed:
                return [[one] for one in self._journal.cut(part)]
        except OSError as full:
            logger.error("Outbox: %s waits: %s", part.segment.name, full.strerror)
            stuck.add(part.segment)
            return []

    def _next_parts(self, stuck: set[Path]) -> list[Part]:
        """Chooses what the next commit takes: few enough files, and bytes."""
        chosen: dict[str, Part] = {}  # one of each name
        size = 0
        with self._changed:
            self._journal.seal()
            paths = self._journal.sealed(MAX_FILES_A_COMMIT + len(stuck))
            self._adopt(paths)
            for path in paths:
                for part in self._journal.parts(path) if path not in stuck else ():
                    size += len(part.content)
                    full = len(chosen) == MAX_FILES_A_COMMIT or size > MAX_BYTES_A_COMMIT
                    if full and chosen:
                        return list(chosen.values())
                    chosen.setdefault(part.name, part)
        return list(chosen.values())

    def _confirm(self, parts: Sequence[Part], commit: str) -> None:
        with self._changed:
            before = len(self._waiting)
            for part in parts:
                self._finish(part)
            if self._state.problem:
                logger.info("Outbox: delivery to %s works again", self.repo_id)
            done = before - len(self._waiting)
            self._state = OutboxState(delivered=self._state.delivered + done, commit=commit)
            self._changed.notify_all()

    def _set_aside(self, part: Part, error: RefusedError) -> None:
        """Puts a row into quarantine that the Hub does not want, while it takes others."""
        with self._changed:
            kept = self._journal.set_aside(part, f"the dataset refused it, {error}")
            for row_id in part.ids:
                self._waiting.discard(row_id)
                _remember(self._refused, row_id)
            self._changed.notify_all()
        logger.error(
            "Outbox: %s refused a row (%d), which is kept in %s: see %s beside it for how to send "
            "it again",
            self.repo_id,
            error.status,
            kept,
            kept.with_suffix(".txt").name,
        )

    def _finish(self, part: Part) -> None:
        self._journal.finish(part)
        self._waiting.difference_update(part.ids)
        for row_id in part.ids:
            self._refused.pop(row_id, None)

    def _adopt(self, paths: Sequence[Path]) -> None:
        """Takes note of the rows in segments that another process wrote and left."""
        for path in paths:
            if path not in self._adopted:
                for part in self._journal.parts(path):
                    self._waiting.update(part.ids)
                    for row_id in part.ids:
                        _remember(self._known, row_id)
        self._adopted = set(paths) | {path for path in self._adopted if self._journal.holds(path)}

    def _report(self, attempt: RetryCallState) -> None:
        """Shows a problem in `state`, and logs it when it is not the one before."""
        assert attempt.outcome is not None
        error = attempt.outcome.exception()
        assert error is not None
        self._show(_problem_of(error))

    def _show(self, problem: HubProblem) -> None:
        with self._changed:
            if problem.sentence != self._state.problem:
                level = logging.ERROR if problem.refused else logging.WARNING
                logger.log(level, "Outbox: rows wait on the disk. %s", problem.sentence)
            self._state = replace(self._state, problem=problem.sentence, refused=problem.refused)
            self._changed.notify_all()

    def _sleep(self, seconds: float) -> None:
        """Waits for a retry: cut short by `close`, and never beyond its deadline."""
        if not self._closing.is_set():
            self._closing.wait(seconds)
        else:
            time.sleep(max(0.0, min(seconds, self._deadline - time.monotonic())))


def _is_one_row(group: Sequence[Part]) -> bool:
    return len(group) == 1 and len(group[0].lines) == 1


def _remember(ids: OrderedDict[str, None], row_id: str) -> None:
    ids[row_id] = None
    if len(ids) > MAX_REMEMBERED_IDS:
        ids.popitem(last=False)


def _problem_of(error: BaseException) -> HubProblem:
    """Returns what to say of a failed delivery: of the Hub's refusals, and of our own."""
    if isinstance(error, PublicDatasetError | RefusesAllError):
        return HubProblem(str(error), True)
    if isinstance(error, NotStoredError):
        return HubProblem(str(error), False)
    return problem_of(error, "write")
