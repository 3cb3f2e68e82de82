"""The gate: what passes, what goes to a person, and that it says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from training.retrain.gate import BothSystems, Compared, decide

if TYPE_CHECKING:
    from training.cards.changelog import ComparedSet

SAME = Compared(0.001, -0.004, 0.006)
GAIN = Compared(0.1, 0.02, 0.2)
NOTHING = Compared(0.0, 0.0, 0.0)


def on_test(tagloop: Compared = SAME, checkpoint: Compared = SAME, count: int = 700) -> BothSystems:
    return BothSystems(count, tagloop, checkpoint)


def held(tagloop: Compared = GAIN, checkpoint: Compared = GAIN, count: int = 20) -> BothSystems:
    return BothSystems(count, tagloop, checkpoint)


BEYOND = Compared(-0.006, -0.02, 0.008)
"""Beyond the tolerance, though chance may have done it."""
CERTAIN = Compared(-0.003, -0.004, -0.001)
"""Within the tolerance, and certainly worse."""


@pytest.mark.parametrize(
    ("frozen", "held_out", "passed", "said"),
    [
        (on_test(), held(), True, "with Tagloop changes by +0.0010 (-0.0040 to +0.0060): no loss"),
        # Lost within the tolerance, and the interval reaches 0.
        (on_test(Compared(-0.004, -0.01, 0.002)), held(), True, "no loss beyond 0.005"),
        (on_test(Compared(-0.005, -0.01, 0.0)), held(), True, "no loss"),
        (on_test(BEYOND), held(), False, "(-0.0200 to +0.0080): more than the 0.005"),
        (on_test(CERTAIN), held(), False, "it got worse"),
        # The checkpoint that others load is looked at as well.
        (on_test(SAME, BEYOND), held(), False, "checkpoint alone changes by -0.0060"),
        (on_test(SAME, CERTAIN), held(), False, "it got worse"),
        (on_test(NOTHING, NOTHING, 0), held(), False, "no frozen test article"),
        (on_test(), held(Compared(0.001, -0.1, 0.1)), True, "it got better"),
        (on_test(), held(NOTHING), False, "did not get better"),
        (on_test(), held(Compared(-0.1, -0.2, -0.01)), False, "did not get better"),
        # It need not gain by corrections, nor may a few of them condemn it by chance.
        (on_test(), held(GAIN, NOTHING), True, "no certain loss"),
        (on_test(), held(GAIN, Compared(-0.02, -0.1, 0.04)), True, "no certain loss"),
        (on_test(), held(GAIN, Compared(-0.1, -0.2, -0.01)), False, "it got worse"),
        # The checkpoint's gain is not taken for Tagloop's.
        (on_test(), held(NOTHING, GAIN), False, "did not get better"),
        (on_test(), held(count=4), False, "fewer than the 5"),
        (on_test(), held(count=1), False, "Only 1 correction held"),
        (on_test(), held(NOTHING, NOTHING, 0), False, "Only 0 corrections held"),
        (on_test(), held(count=5), True, "5 corrections held out"),
    ],
)
def test_the_decision(frozen: BothSystems, held_out: BothSystems, passed: bool, said: str) -> None:
    decision = decide(frozen, held_out)
    assert decision["passed"] is passed
    assert said in " ".join(decision["reasons"])


def test_all_must_be_right() -> None:
    worse = Compared(-0.1, -0.2, -0.05)
    assert not decide(on_test(worse), held(worse))["passed"]
    assert not decide(on_test(worse), held())["passed"]


def test_the_rules_can_be_changed() -> None:
    lost = Compared(-0.02, -0.05, 0.01)
    for frozen in (on_test(lost), on_test(SAME, lost)):
        assert not decide(frozen, held())["passed"]
        assert decide(frozen, held(), tolerance=0.03)["passed"]
    few = held(Compared(0.1, -0.1, 0.3), count=2)
    assert decide(on_test(), few, least_held_out=2)["passed"]
    # Nothing held out never passes, whatever was asked for.
    assert not decide(on_test(), held(NOTHING, NOTHING, 0), least_held_out=0)["passed"]


def test_each_reason_says_of_which_system_it_is() -> None:
    reasons = decide(on_test(), held())["reasons"]
    systems = ["with Tagloop", "of the checkpoint alone"] * 2
    places = ["700 frozen test articles"] * 2 + ["20 corrections held out"] * 2
    assert len(reasons) == 4
    for reason, system, place in zip(reasons, systems, places, strict=True):
        assert f"On {place} F1@M {system} changes by +" in reason


def test_a_report_is_read() -> None:
    change = {"value": 0.1, "low": 0.0, "high": 0.2, "chance_better": 0.98}
    fall = {"value": -0.1, "low": -0.2, "high": 0.0, "chance_better": 0.02}
    part = {"articles": 7, "measures": {"f1@m": {"difference": change}}}
    part["checkpoint"] = {"f1@m": {"difference": fall}}
    read = BothSystems.from_report(cast("ComparedSet", part))
    assert read == BothSystems(7, Compared(0.1, 0.0, 0.2), Compared(-0.1, -0.2, 0.0))
    empty = BothSystems.from_report({"articles": 0, "measures": {}})
    assert empty == BothSystems(0, NOTHING, NOTHING)
