"""What goes wrong, one function a scenario; the long and the short run both use them.

A scenario flags, lets something happen, brings everything to an end and compares what visitors
were told with what the dataset holds. `Scale` says how often and how long.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from ..space.corrections.delivery.fault_proxy import Fault
from ..space.corrections.test_rows import BAD_LINES
from .ledger import Counts
from .rig import Nursery, Rig, Scene, can_make_disks, pause
from .writer import CLIENTS, KEPT, REFUSED, UNWANTED


@dataclass(frozen=True)
class Scale:
    """How long a run is.

    Attributes:
        kills: Trials of the first scenario, with a kill each at least.
        repeats: Of each other one.
        seconds: That something is wrong for, in each.
        after_trial: Called after each trial of any scenario, for a progress bar.
    """

    kills: int
    repeats: int
    seconds: float
    after_trial: Callable[[], None] = lambda: None


Scenario = Callable[[Rig, Random, Scale], Counts]
LIFE_SECONDS = 0.7  # the longest that a writer lives before it is killed
SPOILT_SECONDS = 15.0  # the latest that a fault shows
WEATHER = [
    *[None] * 3,
    Fault(lose_answer=True),
    Fault(cut=0.5),
    Fault(),
    Fault(500),
    Fault(412),
    Fault(seconds=0.2),
]


def _trials(scene: Scene, scale: Scale, times: int | None = None) -> Iterator[int]:
    """Yields the number of each trial, and after it compares what was told with what is there."""
    for trial in range(scale.repeats if times is None else times):
        yield trial
        scene.compare()
        scale.after_trial()


def kill_9(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """Kills a writer at a random moment, and often the next one, while it takes over the rest."""
    scene = rig.scene("kill 9")
    for _ in _trials(scene, scale, scale.kills):
        rig.proxy.faults.extend(
            fault for fault in chance.choices(WEATHER, k=3) if fault is not None
        )
        writer = scene.start(chance.random())
        pause(chance, LIFE_SECONDS)
        if not scene.told().acknowledged:  # on a busy machine a life may be too short for a row
            scene.wait_for(1)
        scene.kill(writer)
        if chance.random() < 0.5:
            heir = scene.start(chance.random(), clients=chance.choice([0, 16]))
            pause(chance, LIFE_SECONDS / 4)
            with contextlib.suppress(AssertionError):  # one that only delivers may have ended
                scene.kill(heir)
        rig.proxy.faults.clear()
        scene.drain()
    return scene.counts


def lost_disk(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """Kills a Space of the Hub, whose disk goes with it: "saved" has to mean on the Hub."""
    scene = rig.scene("lost disk")
    for _ in range(scale.repeats * 3):
        rig.proxy.faults.extend(
            fault for fault in chance.choices(WEATHER, k=3) if fault is not None
        )
        writer = scene.start(chance.random(), saved_when="hub")
        scene.wait_for(5)
        pause(chance, LIFE_SECONDS)
        scene.kill(writer)
        shutil.rmtree(scene.folder / "outbox")
        rig.proxy.faults.clear()
        _wait_until(lambda: not rig.proxy.in_flight, "the Hub did not end what it had begun")
        scene.compare(kept_counts=False)
        scale.after_trial()
    return scene.counts


def _through(name: str, fault: Fault) -> Scenario:
    """Makes the scenario of a Hub that answers everything with a fault, for a while."""

    def scenario(rig: Rig, chance: Random, scale: Scale) -> Counts:
        scene = rig.scene(name)
        for repeat in _trials(scene, scale):
            rig.proxy.standing = fault
            spoilt = rig.proxy.spoilt
            writer = scene.start(chance.random())
            scene.wait_for(20)
            time.sleep(scale.seconds)
            end = time.monotonic() + SPOILT_SECONDS
            while not _more_spoilt(rig, spoilt) and time.monotonic() < end:
                time.sleep(0.05)
            assert rig.proxy.spoilt > spoilt, "nothing went wrong"
            if repeat % 2:
                scene.kill(writer)
            rig.proxy.standing = None
            if repeat % 2:
                scene.drain()
            else:
                scene.stop(writer)
        return scene.counts

    return scenario


def late_hub(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """A Space's Hub that does not answer: visitors are told "kept", and it arrives later."""
    scene = rig.scene("late hub")
    for _ in _trials(scene, scale):
        rig.proxy.standing = Fault(503)
        writer = scene.start(chance.random(), saved_when="hub", patience=1.0)
        scene.wait_for(10, KEPT)
        assert len(scene.told().acknowledged) == scene.counts.acknowledged, "saved was not saved"
        rig.proxy.standing = None
        scene.wait_for(10)
        scene.stop(writer)
    return scene.counts


def hub_down(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The Hub is not there at all: connections are refused, then it comes up."""
    scene = rig.scene("hub down")
    for _ in _trials(scene, scale):
        rig.kill_hub()
        scene.counts.kills += 1
        writer = scene.start(chance.random(), endpoint=rig.hub.endpoint)
        scene.wait_for(20)
        scene.kill(writer)
        writer = scene.start(chance.random(), endpoint=rig.hub.endpoint)
        time.sleep(scale.seconds)
        rig.restart_hub()
        scene.wait_for(5)
        scene.stop(writer)
    return scene.counts


def killed_hub(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The Hub itself is killed with -9 at random moments of its commits, and started again."""
    scene = rig.scene("killed hub")
    for _ in _trials(scene, scale):
        writer = scene.start(chance.random(), endpoint=rig.hub.endpoint, pause=0.02)
        for _ in range(2):
            scene.wait_for(5)
            pause(chance, LIFE_SECONDS)
            rig.kill_hub()
            scene.counts.kills += 1
            rig.restart_hub()
        scene.stop(writer)
    return scene.counts


def full_disk(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """A disk of 1 MB fills while the Hub is away: the rest is refused, and nothing is lost.

    The disk is a tmpfs of the writers' own where namespaces allow one; elsewhere a limit on the
    size of files, which ends a write half-way in the same way.
    """
    scene = rig.scene("full disk")
    real = can_make_disks()
    outbox = scene.folder / "disk" / "outbox"
    changes: dict[str, object] = {"characters": 40_000, "pause": 0.02}
    if real:
        scene.nursery = Nursery(rig.root / "writers.log", scene.folder / "disk")
    else:
        changes["file_limit"] = 200_000
    try:
        for repeat in _trials(scene, scale):
            rig.proxy.standing = Fault(500)
            writer = scene.start(chance.random(), outbox, **changes)
            scene.wait_for(20)
            scene.wait_for(10, REFUSED)
            if repeat % 2 == 0:  # on a full disk: the next one has to come up on it
                scene.kill(writer)
                writer = scene.start(chance.random(), outbox, **changes)
            rig.proxy.standing = None
            scene.wait_for(5)
            scene.stop(writer)
    finally:
        if real:
            scene.nursery.close()
    return scene.counts


def read_only_disk(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The outbox's folder becomes read-only: nothing new begins, what waits there is delivered.

    The folder stands on a disk of the writers' own, with a read-only view put over it; elsewhere
    the functions that change names refuse.
    """
    scene = rig.scene("read only")
    real = can_make_disks()
    disk, flag = scene.folder / "disk", scene.folder / "read-only"
    changes: dict[str, object] = {"characters": 40_000, "pause": 0.02}
    if real:
        scene.nursery = Nursery(rig.root / "writers.log", disk, "100m")
    else:
        changes["read_only"] = str(flag)

    def lock(locked: bool) -> None:
        if real:
            scene.nursery.lock_disk(disk, locked=locked)
        elif locked:
            flag.touch()
        else:
            flag.unlink()

    try:
        for repeat in _trials(scene, scale):
            writer = scene.start(chance.random(), disk / "outbox", **changes)
            scene.wait_for(20)
            lock(True)
            scene.wait_for(10, REFUSED)
            if repeat % 2:  # the next one has to come up on it
                scene.kill(writer)
                writer = scene.start(chance.random(), disk / "outbox", **changes)
                scene.wait_for(10, REFUSED)
            lock(False)
            scene.wait_for(5)
            scene.stop(writer)
    finally:
        if real:
            scene.nursery.close()
    return scene.counts


def stray_files(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """Everything else that a folder can hold, before the first row and in the middle."""
    scene = rig.scene("stray files")
    outbox = scene.folder / "outbox"
    outbox.mkdir()
    for repeat in _trials(scene, scale):
        _litter(outbox, chance)
        writer = scene.start(chance.random())
        scene.wait_for(20)
        _litter(outbox, chance)
        scene.wait_for(20)
        if repeat % 2 == 0:
            scene.kill(writer)
            writer = scene.start(chance.random())
            scene.wait_for(5)
        scene.stop(writer)
    return scene.counts


def _litter(outbox: Path, chance: Random) -> None:
    def ours() -> Path:
        return outbox / f"2026-01-01_{chance.getrandbits(128):032x}.jsonl"

    number, lines = chance.getrandbits(32), list(BAD_LINES.values())
    row = json.dumps({"id": "nobody was told of it"}).encode() + b"\n"
    for name in (f"backup-{number}.jsonl", f"._{ours().name}", f"{ours().name}~"):
        (outbox / name).write_bytes(row)
    ours().symlink_to(outbox / f"backup-{number}.jsonl")
    ours().symlink_to("/dev/zero")
    ours().mkdir()
    os.mkfifo(ours())
    ours().write_bytes(b"")
    half = ours().with_suffix(".moving")  # as a person would: the name comes when it is whole
    half.write_bytes(b"\n".join(chance.sample(lines, len(lines))))
    half.rename(ours())


def refused_rows(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The Hub wants some rows never: the others go on across kills, and those come back later."""
    scene = rig.scene("refused rows")
    outbox = scene.folder / "outbox"
    for _ in _trials(scene, scale):
        rig.proxy.unwanted = UNWANTED.encode()
        writer = scene.start(chance.random(), unwanted=0.02, clients=4, pause=0.1)
        for _ in range(2):
            pause(chance, LIFE_SECONDS * 2)
            scene.kill(writer)
            writer = scene.start(chance.random(), unwanted=0.02, clients=4, pause=0.1)
        scene.wait_for(5)
        scene.stop(writer)
        last = scene.start(chance.random(), clients=1, unwanted=1.0, pause=0.01, corrections=3)
        scene.finish(last)
        kept = list((outbox / "quarantine").glob("*.jsonl"))
        assert len(kept) >= 3, "nothing was refused"
        rig.proxy.unwanted = None
        for path in kept:  # what the text beside each file says
            path.rename(outbox / path.name)
        scene.drain()
        assert not list((outbox / "quarantine").glob("*.jsonl"))
    return scene.counts


def refuses_everything(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The Hub refuses every commit for a while: that is no row's fault, so all of them wait."""
    scene = rig.scene("refuses everything")
    for _ in _trials(scene, scale):
        rig.proxy.commits = Fault(400)
        writer = scene.start(chance.random())
        scene.wait_for(20)
        time.sleep(scale.seconds)
        scene.kill(writer)
        writer = scene.start(chance.random())
        time.sleep(scale.seconds)
        rig.proxy.commits = None
        scene.stop(writer)
        assert not (scene.folder / "outbox" / "quarantine").exists()
    return scene.counts


def lying_hub(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The Hub confirms commits and drops them, or half of each file."""
    scene = rig.scene("lying Hub")
    for repeat in _trials(scene, scale):
        writer = scene.start(chance.random())
        for share in (0, 0.5):
            scene.wait_for(5)
            spoilt = rig.proxy.spoilt
            rig.proxy.commits = Fault(stored=share)
            _wait_until(partial(_more_spoilt, rig, spoilt), "nothing went wrong")
            time.sleep(scale.seconds / 2)
            if repeat % 2:
                scene.kill(writer)
                writer = scene.start(chance.random())
                scene.wait_for(5)  # it can be stopped from now on
            rig.proxy.commits = None
        scene.stop(writer)
    return scene.counts


def _delivering(scene: Scene, chance: Random) -> int:
    """Starts a writer and waits until the dataset has rows; returns the writer's process id."""
    writer = scene.start(chance.random())
    scene.wait_for(20)
    _wait_until(lambda: bool(scene.stored()), "nothing arrived")
    return writer


def _shut_hub(rig: Rig) -> None:
    """Lets no request through from now on; what was on its way is done when this returns.

    A commit that is not read back yet is sent again: into another dataset, if this one has gone.
    """
    rig.proxy.shut = Fault(503)
    _wait_until(
        lambda: not rig.proxy.in_flight and not rig.proxy.unread, "a request is still on its way"
    )


def renamed_dataset(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The owner renames the dataset: the Hub leads to its new name, then no more."""
    scene = rig.scene("renamed")
    for repeat in _trials(scene, scale):
        new = f"{scene.repo_id}-{repeat}"
        writer = _delivering(scene, chance)
        _shut_hub(rig)  # else the old name is taken before the Hub leads on
        scene.rename_dataset(new)
        rig.proxy.shut = None
        there = len(scene.stored())
        scene.wait_for(20)
        _wait_until(partial(_more_stored, scene, there), "no row was led there")
        _shut_hub(rig)
        scene.rename_dataset(new, back=True)
        scene.leave_dataset(new)
        rig.proxy.shut = None
        scene.wait_for(20)
        scene.stop(writer)
    return scene.counts


def deleted_dataset(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The owner deletes the dataset: what waits goes to a new one."""
    scene = rig.scene("deleted")
    for _ in _trials(scene, scale):
        writer = _delivering(scene, chance)
        _shut_hub(rig)  # nothing arrives while it is counted what goes with it
        scene.delete_dataset()
        scene.wait_for(20)
        rig.proxy.shut = None
        scene.wait_for(5)
        scene.stop(writer)
    return scene.counts


def public_dataset(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The owner makes the dataset public: it gets nothing before it is private again."""
    scene = rig.scene("public")
    for repeat in _trials(scene, scale):
        writer = _delivering(scene, chance)
        scene.api.update_repo_settings(scene.repo_id, private=False, repo_type="dataset")
        time.sleep(0.5)  # a commit that had begun
        there = len(scene.stored())
        scene.wait_for(20)
        time.sleep(scale.seconds)
        assert len(scene.stored()) == there, "private rows went to a public dataset"
        if repeat % 2:
            scene.kill(writer)
            writer = scene.start(chance.random())
            scene.wait_for(5)
        scene.api.update_repo_settings(scene.repo_id, private=True, repo_type="dataset")
        scene.stop(writer)
    return scene.counts


def removed_folder(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """Somebody removes the outbox's folder while rows wait in it; those of before are written anew.

    What was promised in the very moment between is safe with the process, and with the next save on
    the disk: so a kill comes after that.
    """
    scene = rig.scene("removed folder")
    for repeat in _trials(scene, scale):
        rig.proxy.standing = Fault(500)
        writer = scene.start(chance.random())
        for _ in range(2):
            scene.wait_for(20)
            shutil.rmtree(scene.folder / "outbox", ignore_errors=True)
            scene.wait_for(3 * CLIENTS)
        if repeat % 2:
            scene.kill(writer)
            writer = scene.start(chance.random())
            scene.wait_for(5)
        rig.proxy.standing = None
        scene.stop(writer)
    return scene.counts


def _more_spoilt(rig: Rig, number: int) -> bool:
    return rig.proxy.spoilt > number


def _more_stored(scene: Scene, number: int) -> bool:
    return len(scene.stored()) > number


def _wait_until(condition: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + SPOILT_SECONDS
    while not condition():
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)


def full_allowance(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The outbox may take 300 kB and the Hub is away: the rest is refused, nothing is lost."""
    scene = rig.scene("full allowance")
    for _ in _trials(scene, scale):
        rig.proxy.standing = Fault(500)
        writer = scene.start(chance.random(), max_bytes=300_000, characters=20_000, pause=0.02)
        scene.wait_for(10, REFUSED)
        rig.proxy.standing = None
        scene.wait_for(5)
        scene.stop(writer)
    return scene.counts


def _jumping_clock(name: str, days: float) -> Scenario:
    """Makes the scenario of a clock that jumps by up to so many days, across kills."""

    def scenario(rig: Rig, chance: Random, scale: Scale) -> Counts:
        scene = rig.scene(name)
        for _ in _trials(scene, scale):
            rig.proxy.faults.append(Fault(429, {"Retry-After": "Tue, 03 Mar 2026 00:00:00 GMT"}))
            writer = scene.start(chance.random(), clock_steps=days)
            scene.wait_for(20)
            scene.kill(writer)
            writer = scene.start(chance.random(), clock_steps=days)
            scene.wait_for(20)
            scene.stop(writer)
        return scene.counts

    return scenario


def two_replicas(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """Two Spaces with disks of their own write to one dataset at once; one is killed."""
    return _pair(rig.scene("two replicas"), chance, scale, ("one", "other"))


def shared_folder(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """Two processes share one outbox folder; one is killed and the other takes its rows over."""
    return _pair(rig.scene("shared folder"), chance, scale, ("outbox", "outbox"))


def _pair(scene: Scene, chance: Random, scale: Scale, outboxes: tuple[str, str]) -> Counts:
    for _ in _trials(scene, scale):
        # Straight to the Hub, which lets commits race and refuses the loser.
        endpoint = scene.rig.hub.endpoint
        one, other = (scene.start(chance.random(), box, endpoint=endpoint) for box in outboxes)
        scene.wait_for(40)
        pause(chance, LIFE_SECONDS)
        scene.kill(one)
        heir = scene.start(chance.random(), outboxes[0], endpoint=endpoint)
        scene.wait_for(20)
        scene.stop(heir)
        scene.stop(other)
        scene.drain(*outboxes)
    return scene.counts


SCENARIOS: dict[str, Scenario] = {
    "kill -9": kill_9,
    "kill -9, disk lost": lost_disk,
    "Hub down": hub_down,
    "Hub killed": killed_hub,
    "slow": _through("slow", Fault(seconds=0.5)),
    "late, on a Space": late_hub,
    "cut mid-upload": _through("cut", Fault(cut=0.5)),
    "answer lost": _through("answer lost", Fault(lose_answer=True)),
    **{str(status): _through(str(status), Fault(status)) for status in (401, 403, 409, 412, 500)},
    "429, Retry-After": _through("429", Fault(429, {"Retry-After": "1"})),
    "disk full": full_disk,
    "disk read-only": read_only_disk,
    "allowance full": full_allowance,
    "folder removed": removed_folder,
    "stray files": stray_files,
    "rows refused": refused_rows,
    "everything refused": refuses_everything,
    "Hub lies": lying_hub,
    "dataset renamed": renamed_dataset,
    "dataset deleted": deleted_dataset,
    "dataset made public": public_dataset,
    "clock jumps back": _jumping_clock("clock back", -3.0),
    "clock jumps ahead": _jumping_clock("clock ahead", 1000.0),
    "two replicas": two_replicas,
    "one shared folder": shared_folder,
}


def trials_of(scale: Scale) -> int:
    """Returns how often ``after_trial`` is called in all."""
    return scale.kills + scale.repeats * (len(SCENARIOS) - 1) + 2 * scale.repeats


def run(rig: Rig, seed: int, scale: Scale, name: str) -> Counts:
    """Runs one scenario; the same seed gives the same choices."""
    return SCENARIOS[name](rig, Random(f"{seed} {name}"), scale)
