"""The gate: what passes, what goes to a person, and that it says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from training.retrain.gate import Compared, decide

if TYPE_CHECKING:
    from training.cards.changelog import ComparedSet

GOOD_TEST = Compared(700, 0.001, -0.004, 0.006)
GOOD_HELD = Compared(20, 0.1, 0.02, 0.2)


@pytest.mark.parametrize(
    ("frozen", "held_out", "passed", "said"),
    [
        (GOOD_TEST, GOOD_HELD, True, "no loss beyond 0.005"),
        # Lost within the tolerance, and the interval reaches 0.
        (Compared(700, -0.004, -0.01, 0.002), GOOD_HELD, True, "no loss"),
        (Compared(700, -0.005, -0.01, 0.0), GOOD_HELD, True, "no loss"),
        # Beyond the tolerance, though chance may have done it.
        (Compared(700, -0.006, -0.02, 0.008), GOOD_HELD, False, "more than the 0.005"),
        # Within the tolerance, and certainly worse.
        (Compared(700, -0.003, -0.004, -0.001), GOOD_HELD, False, "it got worse"),
        (Compared(0, 0.0, 0.0, 0.0), GOOD_HELD, False, "no frozen test article"),
        (GOOD_TEST, Compared(20, 0.001, -0.1, 0.1), True, "it got better"),
        (GOOD_TEST, Compared(20, 0.0, 0.0, 0.0), False, "did not get better"),
        (GOOD_TEST, Compared(20, -0.1, -0.2, -0.01), False, "did not get better"),
        (GOOD_TEST, Compared(4, 0.5, 0.4, 0.6), False, "fewer than the 5"),
        (GOOD_TEST, Compared(1, 0.5, 0.4, 0.6), False, "Only 1 correction held"),
        (GOOD_TEST, Compared(0, 0.0, 0.0, 0.0), False, "Only 0 corrections held"),
        (GOOD_TEST, Compared(5, 0.5, 0.4, 0.6), True, "5 corrections held out"),
    ],
)
def test_the_decision(frozen: Compared, held_out: Compared, passed: bool, said: str) -> None:
    decision = decide(frozen, held_out)
    assert decision["passed"] is passed
    assert len(decision["reasons"]) == 2 and said in " ".join(decision["reasons"])


def test_both_must_be_right() -> None:
    worse = Compared(700, -0.1, -0.2, -0.05)
    assert not decide(worse, Compared(20, -0.1, -0.2, 0.0))["passed"]
    assert not decide(worse, GOOD_HELD)["passed"]


def test_the_rules_can_be_changed() -> None:
    lost = Compared(700, -0.02, -0.05, 0.01)
    assert not decide(lost, GOOD_HELD)["passed"]
    assert decide(lost, GOOD_HELD, tolerance=0.03)["passed"]
    few = Compared(2, 0.1, -0.1, 0.3)
    assert decide(GOOD_TEST, few, least_held_out=2)["passed"]
    # Nothing held out never passes, whatever was asked for.
    assert not decide(GOOD_TEST, Compared(0, 0.0, 0.0, 0.0), least_held_out=0)["passed"]


def test_the_reasons_have_the_figures() -> None:
    reasons = " ".join(decide(GOOD_TEST, GOOD_HELD)["reasons"])
    assert "+0.0010 (-0.0040 to +0.0060)" in reasons and "+0.1000 (+0.0200 to +0.2000)" in reasons


def test_a_report_is_read() -> None:
    change = {"value": 0.1, "low": 0.0, "high": 0.2, "chance_better": 0.98}
    part = {"articles": 7, "measures": {"f1@m": {"difference": change}}}
    assert Compared.from_report(cast("ComparedSet", part)) == Compared(7, 0.1, 0.0, 0.2)
    assert Compared.from_report({"articles": 0, "measures": {}}) == Compared(0, 0.0, 0.0, 0.0)
