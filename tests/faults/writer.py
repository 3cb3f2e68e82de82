"""The processes that are killed: each has the Space's own saving path and 16 visitors who flag.

``python writer.py`` imports everything once and then forks a child for each order that it reads
(a JSON object a line), so that a hundred writers start in no time and their lives are spent on
flagging. A child is a process of its own in every respect that matters to ``kill -9``.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from tagloop.corrections import record as corrections
from tagloop.corrections.card import corrections_card
from tagloop.corrections.delivery import journal, quarantine, uploader
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.delivery.status import SavedWhen
from tagloop.errors import UserError
from tagloop.service.service import Tagging, TaggingService
from tagloop.tagger.tagger import Tag, Tagger

CLIENTS = 16
ACKNOWLEDGED, REFUSED, KEPT, LEFT = "acknowledged", "refused", "kept", "left"
"""What a line of the log says: a visitor was told "saved", "not saved", "kept, not yet on the
Hub"; how many rows a process that ended in good order left on its disk."""
DRAIN_SECONDS = 60.0
UNWANTED = "unwanted by the Hub"


@dataclass(frozen=True)
class Order:
    """What one writer does.

    Attributes:
        outbox: Its folder.
        repo_id: The dataset.
        endpoint: The Hub, or the proxy before it.
        token: For the Hub.
        log: The file where it is noted what the visitors were told.
        seed: Of what the visitors write and when.
        clients: How many flag at once; with 0 it only delivers what it finds, and ends.
        saved_when: See `tagloop.corrections.delivery.outbox.Outbox`.
        patience: Seconds that a visitor waits for the Hub where ``saved_when`` is "hub".
        corrections: So many of each visitor; then he goes, and with all of them gone it ends.
        pause: Seconds between a visitor's corrections, on average.
        characters: An article has at most so many.
        max_bytes: The outbox's allowance.
        file_limit: No file can be larger (RLIMIT_FSIZE): writing ends half-way in a line.
        clock_steps: The clock jumps by up to so many days at every look, back if negative.
        unwanted: This share of the articles holds `UNWANTED`.
        read_only: While this file exists, the disk is read-only.
    """

    outbox: str
    repo_id: str
    endpoint: str
    token: str
    log: str
    seed: int = 0
    clients: int = CLIENTS
    saved_when: str = "disk"
    patience: float = 5.0
    corrections: int | None = None
    pause: float = 0.03
    characters: int = 3000
    max_bytes: int = 2**28
    file_limit: int | None = None
    clock_steps: float = 0.0
    unwanted: float = 0.0
    read_only: str | None = None

    def to_line(self) -> str:
        """Returns the order as the nursery reads it."""
        return json.dumps(asdict(self)) + "\n"


class Log:
    """Notes what visitors were told; a line is in the file before `note` returns."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, what: str, value: object) -> None:
        """Appends one line: in one write, and the kernel has it whatever becomes of us."""
        os.write(self._descriptor, f"{what} {value}\n".encode())


def work(order: Order) -> None:
    """Flags until SIGTERM comes, then deliver what waits and says what is left."""
    stopping = threading.Event()
    if order.clients:  # it may be stopped while another has the folder that it opens
        signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    limit_resources(order)
    log = Log(order.log)
    outbox = open_outbox(order)
    if order.clients:
        service = TaggingService(cast(Tagger, None), outbox)
        visitors = [
            threading.Thread(target=flag, args=(service, order, log, stopping, number), daemon=True)
            for number in range(order.clients)
        ]
        for visitor in visitors:
            visitor.start()
        if order.corrections is None:
            stopping.wait()
        for visitor in visitors:
            visitor.join()
    log.note(LEFT, outbox.close(timeout=DRAIN_SECONDS))


def open_outbox(order: Order) -> Outbox:
    """Opens the outbox as the Space does, with short waits."""
    return Outbox(
        Path(order.outbox),
        order.repo_id,
        card=corrections_card(order.repo_id, "demo/tagger"),
        endpoint=order.endpoint,
        token=order.token,
        gather_seconds=0.03,
        retry_seconds=0.05,
        max_bytes=order.max_bytes,
        saved_when=cast(SavedWhen, order.saved_when),
    ).start()


def flag(
    service: TaggingService, order: Order, log: Log, stopping: threading.Event, number: int
) -> None:
    """Be one visitor: send corrections, and note what was said about each."""
    chance = random.Random(f"{order.seed}-{number}")
    sent = 0
    while not stopping.is_set() and sent != order.corrections:
        sent += 1
        row_id = str(UUID(int=chance.getrandbits(128), version=4))
        try:
            log.note(send(service, order, row_id, chance), row_id)
        except UserError:
            log.note(REFUSED, row_id)
        stopping.wait(chance.expovariate(1 / order.pause))


def send(service: TaggingService, order: Order, row_id: str, chance: random.Random) -> str:
    """Sends one correction and returns what its visitor is told."""
    text = "x" * chance.randint(1, order.characters) + "ü"
    if chance.random() < order.unwanted:
        text += UNWANTED
    tagging = Tagging("Title", text, (Tag("Banking", 0.5, False),), "demo/tagger", None)
    service.correct(tagging, corrected=["Money"], verdict="fixed", note="", id=row_id)
    return ACKNOWLEDGED if service.delivery_status(row_id, order.patience).saved else KEPT


def limit_resources(order: Order) -> None:
    """Gives this process the disk and the clock of its order."""
    if order.file_limit is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.file_limit, hard))
    if order.clock_steps:
        _unsettle_clock(random.Random(order.seed), order.clock_steps * 86400)
    if order.read_only:
        _freeze_disk(Path(order.read_only))


def _freeze_disk(flag: Path) -> None:
    """Refuses to change the names of files while a flag is there, as a read-only disk does."""

    def refusing(function: Any) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            writes = function is not os.open or args[1] & (os.O_RDWR | os.O_WRONLY)
            if writes and flag.exists():
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            return function(*args, **more)

        return call

    for module, name in ((os, "open"), (Path, "unlink"), (Path, "rename"), (Path, "replace")):
        setattr(module, name, refusing(getattr(module, name)))


def _unsettle_clock(chance: random.Random, seconds: float) -> None:
    """Makes the wall clock jump by up to so many seconds, wherever Python reads it.

    The machine's own clock belongs to others. `time.monotonic` is left alone: the kernel
    promises that it never goes back.
    """

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=chance.uniform(0, seconds))

    steady = time.time
    time.time = lambda: steady() + chance.uniform(0, seconds)
    for module in (journal, quarantine, uploader, corrections):
        vars(module)["datetime"] = Jumping
    assert (Jumping.now(UTC) < datetime.now(UTC)) == (seconds < 0)


def nursery() -> None:
    """Forks a writer an order; ``end PID SIGNAL`` ends one and answers when it is gone.

    ``lock FOLDER`` puts a read-only view over a folder of a disk of ours, ``unlock`` takes it off.
    """
    children: set[int] = set()
    for line in sys.stdin:
        if line.startswith("end "):
            _, pid, number = line.split()
            children.discard(int(pid))
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), int(number))
            answer = os.waitpid(int(pid), 0)[1]
        elif line.startswith(("lock ", "unlock ")):
            answer = _lock(*line.rstrip("\n").split(" ", 1))
        else:
            answer = os.fork()
            if answer == 0:
                _live(Order(**json.loads(line)))
            children.add(answer)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    for child in children:  # of a scenario that failed
        os.kill(child, signal.SIGKILL)


def _lock(what: str, folder: str) -> int:
    # Who came up meanwhile has it open, so it goes once nobody has.
    steps = [["mount", "-o", "remount,bind,rw", folder], ["umount", "--lazy", folder]]
    if what == "lock":
        # Made where nobody writes: a view with a file that is being written is not made read-only.
        aside = f"{folder}-aside"
        os.makedirs(aside, exist_ok=True)
        steps = [
            ["mount", "--bind", folder, aside],
            ["mount", "-o", "remount,bind,ro", aside],
            ["mount", "--bind", aside, folder],
            ["umount", aside],
        ]
    return max(subprocess.run(step, stdout=2).returncode for step in steps)


def _live(order: Order) -> None:
    """Work, in the child, and never come back to the nursery's loop."""
    status = 1
    try:
        os.close(0)
        os.dup2(2, 1)  # the nursery's answers are its own
        work(order)
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    nursery()
