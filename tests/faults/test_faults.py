"""The fault scenarios, each once and short, and the judge that they stand on.

``make faults`` runs them a hundred times longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .ledger import Counts, Told, judge
from .rig import Rig, open_rig
from .scenarios import SCENARIOS, Scale, run

SHORT = Scale(kills=3, repeats=1, seconds=0.4)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with open_rig(tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_acknowledged_is_lost_or_stored_twice(rig: Rig, name: str) -> None:
    counts = run(rig, 11, SHORT, name)
    assert counts.faultless, counts
    assert counts.trials >= 1


def test_the_judge_sees_what_is_lost_twice_or_contradicted(tmp_path: Path) -> None:
    """Logs of an outbox that is broken on purpose: a judge that passes them proves nothing."""
    log = tmp_path / "told.log"
    log.write_text(
        "acknowledged a\nacknowledged b\nrefused c\nacknowledged d\nrefused d\nkept e\nleft 0\n"
    )
    told = Told.read([log])
    good = judge(told, ["a", "b", "d", "e"])
    assert (good.acknowledged, good.refused, good.kept, good.delivered) == (3, 2, 1, 4)
    assert (good.lost, good.twice, good.contradicted) == (0, 0, 1)
    bad = judge(told, ["a", "a", "d"])
    assert (bad.lost, bad.twice) == (2, 1)  # b was saved, e was kept on a disk that lasts
    assert judge(told, ["a", "d"], kept_counts=False).lost == 1
    assert not bad.faultless
    assert not Counts().faultless  # nothing happened, so nothing was proven


def test_a_log_that_cannot_be_trusted_is_no_proof(tmp_path: Path) -> None:
    log = tmp_path / "told.log"
    log.write_text("acknowledged a\nacknow")
    with pytest.raises(ValueError, match="no writer wrote"):
        Told.read([log])


def test_the_rig_sees_an_outbox_that_forgets(rig: Rig) -> None:
    """A row that was acknowledged and then removed from the disk before it was delivered."""
    scene = rig.scene("forgetful")
    writer = scene.start(0.5, endpoint="http://127.0.0.1:9")
    scene.wait_for(5)
    scene.kill(writer)
    lost = scene.told().acknowledged[0]
    for segment in (scene.folder / "outbox").glob("*.jsonl"):
        lines = segment.read_bytes().splitlines(keepends=True)
        segment.write_bytes(b"".join(line for line in lines if lost.encode() not in line))
    scene.drain()
    assert scene.compare().lost == 1
