"""What goes wrong, one function a scenario; the long and the short run both use them.

A scenario flags, lets something happen, brings everything to an end and compares what visitors
were told with what the dataset holds. `Scale` says how often and how long.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from ..space.corrections.delivery.fault_proxy import Fault
from .ledger import Counts
from .rig import Nursery, Rig, Scene, can_make_disks, pause
from .writer import KEPT, REFUSED


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
        time.sleep(0.3)  # what the Hub had begun when the writer died is done by then
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
            while rig.proxy.spoilt == spoilt and time.monotonic() < end:
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


def jumping_clock(rig: Rig, chance: Random, scale: Scale) -> Counts:
    """The clock jumps back by up to three days, again and again, across kills."""
    scene = rig.scene("jumping clock")
    for _ in _trials(scene, scale):
        rig.proxy.faults.append(Fault(429, {"Retry-After": "Tue, 03 Mar 2026 00:00:00 GMT"}))
        writer = scene.start(chance.random(), clock_steps=True)
        scene.wait_for(20)
        scene.kill(writer)
        writer = scene.start(chance.random(), clock_steps=True)
        scene.wait_for(20)
        scene.stop(writer)
    return scene.counts


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
    "allowance full": full_allowance,
    "clock jumps back": jumping_clock,
    "two replicas": two_replicas,
    "one shared folder": shared_folder,
}


def trials_of(scale: Scale) -> int:
    """Returns how often ``after_trial`` is called in all."""
    return scale.kills + scale.repeats * (len(SCENARIOS) - 1) + 2 * scale.repeats


def run(rig: Rig, seed: int, scale: Scale, name: str) -> Counts:
    """Runs one scenario; the same seed gives the same choices."""
    return SCENARIOS[name](rig, Random(f"{seed} {name}"), scale)
