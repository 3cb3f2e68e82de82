"""The stage of the fault scenarios: a Hub of their own, a proxy before it, writers to kill."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from huggingface_hub import HfApi

from training.hub import EmbeddedHub

from ..space.corrections.delivery.fault_proxy import FaultProxy, fault_proxy
from .ledger import Counts, StoredIds, Told, judge
from .writer import ACKNOWLEDGED, Order

WRITER = Path(__file__).with_name("writer.py")
TMPFS = "mount -t tmpfs -o size={size} tmpfs {folder} && exec {command}"
WAIT_SECONDS = 60.0


class Nursery:
    """The process that forks writers; with ``disk`` they see a small file system of their own.

    Args:
        errors: The file for what writers print.
        disk: A folder that is a tmpfs of ``size`` for them, made in a namespace of its own, so
            that neither root nor the machine's disks are needed.
        size: As mount understands it.
    """

    def __init__(self, errors: Path, disk: Path | None = None, size: str = "1m") -> None:
        command = [sys.executable, str(WRITER)]
        if disk is not None:
            disk.mkdir(parents=True)
            script = TMPFS.format(size=size, folder=disk, command=" ".join(command))
            command = ["unshare", "-Urm", "sh", "-c", script]
        with errors.open("a") as file:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True
            )

    def bear(self, order: Order) -> int:
        """Starts a writer and returns its process id."""
        return self._ask(order.to_line())

    def end(self, pid: int, number: int) -> int:
        """Sends a signal, wait for the end of the writer and returns its wait status."""
        return self._ask(f"end {pid} {number}\n")

    def _ask(self, line: str) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def lock_disk(self, folder: Path, *, locked: bool) -> None:
        """Makes a folder read-only, or writable again, for what is opened from now on."""
        status = self._ask(f"{'lock' if locked else 'unlock'} {folder}\n")
        assert status == 0, f"mount ended with {status}"

    def close(self) -> None:
        """Ends the nursery; writers that still live are killed by then."""
        self._process.communicate()


def can_make_disks() -> bool:
    """Tells whether a small file system can be made here (user namespaces, util-linux)."""
    try:
        return subprocess.run(["unshare", "-Urm", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


class Rig:
    """Holds the Hub, which may be killed, and the nursery."""

    def __init__(self, root: Path, hub: EmbeddedHub, proxy: FaultProxy, nursery: Nursery) -> None:
        self.root, self.hub, self.proxy, self.nursery = root, hub, proxy, nursery

        self._hub_runs = True

    def kill_hub(self) -> None:
        """Kills the Hub with -9."""
        self.hub.kill()
        self._hub_runs = False

    def restart_hub(self) -> None:
        """Starts the Hub again, where it was."""
        self.hub.start()
        self._hub_runs = True

    def scene(self, name: str) -> Scene:
        """Opens a scene: a dataset and a folder of its own, and fair weather."""
        self.proxy.faults.clear()
        self.proxy.standing = self.proxy.shut = self.proxy.commits = self.proxy.unwanted = None
        self.proxy.unread = False
        if not self._hub_runs:  # a scenario before has failed
            self.restart_hub()
        return Scene(self, name)


class Scene:
    """One scenario's dataset, outboxes, logs and counts."""

    def __init__(self, rig: Rig, name: str) -> None:
        self.rig = rig
        self.folder = rig.root / f"{name.replace(' ', '-')}-{uuid4().hex[:6]}"
        self.folder.mkdir()
        self.repo_id = f"{rig.hub.user}/{self.folder.name}"
        self.counts = Counts()
        self.nursery = rig.nursery
        self._orders: dict[int, Order] = {}
        self.api = HfApi(rig.hub.endpoint, rig.hub.token)
        self._stored = StoredIds(self.api, self.repo_id, rig.root / "cache")
        self._logs: list[Path] = []

    def start(self, seed: float, outbox: str | Path = "outbox", **changes: object) -> int:
        """Starts a writer, by default behind the proxy, and returns its process id."""
        log = self.folder / f"told-{len(self._logs)}.log"
        self._logs.append(log)
        order = Order(
            outbox=str(self.folder / outbox),
            repo_id=self.repo_id,
            endpoint=self.rig.proxy.endpoint,
            token=self.rig.hub.token,
            log=str(log),
            seed=int(seed * 2**40),
        )
        order = replace(order, **changes)  # type: ignore[arg-type]
        pid = self.nursery.bear(order)
        self._orders[pid] = order
        return pid

    def take_log(self, log: Path) -> None:
        """Counts what is told in a log that no writer of `start` writes."""
        self._logs.append(log)

    def kill(self, pid: int) -> None:
        """Kills a writer with -9."""
        status = self.nursery.end(pid, signal.SIGKILL)
        assert os.WIFSIGNALED(status), f"the writer ended by itself, with {status}"
        self.counts.kills += 1

    def stop(self, pid: int) -> None:
        """Stops a writer with SIGTERM; it has to deliver everything.

        Raises:
            AssertionError: It ended otherwise, or left something.
        """
        self._end(pid, signal.SIGTERM)

    def drain(self, *outboxes: str | Path) -> None:
        """Starts again on outboxes whose writers were killed, with nobody who flags."""
        for outbox in outboxes or ("outbox",):
            self.finish(self.start(0, outbox, clients=0))

    def finish(self, pid: int) -> None:
        """Waits for a writer that ends by itself."""
        self._end(pid, 0)

    def _end(self, pid: int, number: int) -> None:
        status = self.nursery.end(pid, number)
        assert status == 0, f"a writer ended with status {status}"
        left = Told.read([Path(self._orders[pid].log)]).left
        assert left == ["0"], f"a writer left {left} rows on the disk"

    def stored(self) -> list[str]:
        """Returns the ids that the dataset holds now."""
        return self._stored.read()

    def delete_dataset(self) -> None:
        """Deletes the dataset, as its owner may; what it held is nobody's loss."""
        self._stored.take_away()
        self.api.delete_repo(self.repo_id, repo_type="dataset")

    def rename_dataset(self, name: str, *, back: bool = False) -> None:
        """Gives the dataset another name, or its own back; what it holds is read there."""
        names = (name, self.repo_id) if back else (self.repo_id, name)
        self.api.move_repo(*names, repo_type="dataset")
        self._stored.repo_id = names[1]

    def leave_dataset(self, name: str) -> None:
        """Gives the dataset another name for ever; what comes now is in one of the old name."""
        self._stored.take_away()
        self.api.move_repo(self.repo_id, name, repo_type="dataset")
        # A name that something else has taken leads there no more.
        self.api.create_repo(self.repo_id, repo_type="dataset")
        self.api.delete_repo(self.repo_id, repo_type="dataset")

    def told(self) -> Told:
        """Returns what visitors were told by now."""
        return Told.read(log for log in self._logs if log.exists())

    def wait_for(self, number: int, what: str = ACKNOWLEDGED) -> None:
        """Waits until so many more visitors were told something, by default "saved"."""
        wanted, deadline = self._count(what) + number, time.monotonic() + WAIT_SECONDS
        while self._count(what) < wanted:
            assert time.monotonic() < deadline, f"fewer than {number} were told {what!r}"
            time.sleep(0.02)

    def _count(self, what: str) -> int:
        return len(getattr(self.told(), what))

    def compare(self, *, kept_counts: bool = True) -> Counts:
        """Compares what was told with the dataset, after everything was delivered: one trial."""
        judged = judge(self.told(), self._stored.read(), kept_counts=kept_counts)
        judged.trials, judged.kills = self.counts.trials + 1, self.counts.kills
        judged.rewritten = len(self._stored.rewritten)
        self.counts = judged
        return judged


@contextmanager
def open_rig(root: Path) -> Iterator[Rig]:
    """Starts a Hub, a proxy and a nursery in ``root``, and ends them."""
    hub = EmbeddedHub(root / "hub").start()
    try:
        with fault_proxy(hub.endpoint) as proxy:
            nursery = Nursery(root / "writers.log")
            try:
                yield Rig(root, hub, proxy, nursery)
            finally:
                nursery.close()
    finally:
        with suppress(ProcessLookupError):
            hub.stop()


def pause(chance: random.Random, longest: float) -> None:
    """Waits for a random time."""
    time.sleep(chance.uniform(0, longest))
