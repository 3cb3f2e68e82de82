"""The gate: whether a retrained model may become the one that everybody gets.

A pure function of two paired comparisons. A candidate passes when, on the frozen test, it is not
worse than the model in use beyond a tolerance, and on corrections that neither has learned from
it is better. What cannot be told goes to a person: a pull request.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.cards.changelog import ComparedSet, GateDecision

MEASURE = "f1@m"
TOLERANCE = 0.005
"""What the frozen test may lose in the mean: half a point, about a fifth of what chance alone
moves on 700 articles."""
LEAST_HELD_OUT = 5
"""With fewer held-out corrections their mean says nothing."""


@dataclass(frozen=True)
class Compared:
    """The candidate against the model in use, on the same articles.

    Attributes:
        articles: How many.
        difference: Mean of candidate - current, in F1@M (0..1).
        low: Lower end of its 95 % bootstrap interval.
        high: Upper end.
    """

    articles: int
    difference: float
    low: float
    high: float

    @classmethod
    def from_report(cls, part: ComparedSet) -> Compared:
        """Returns a set's figures in the deciding measure; without articles they are 0."""
        if MEASURE not in part["measures"]:
            return cls(part["articles"], 0.0, 0.0, 0.0)
        change = part["measures"][MEASURE]["difference"]
        return cls(part["articles"], change["value"], change["low"], change["high"])


def decide(
    frozen: Compared,
    held_out: Compared,
    *,
    tolerance: float = TOLERANCE,
    least_held_out: int = LEAST_HELD_OUT,
) -> GateDecision:
    """Decides whether a candidate becomes main or a person is asked.

    Args:
        frozen: On the test articles of the sources.
        held_out: On the corrections of validation and test.
        tolerance: By how much the mean on the frozen test may fall, 0..1.
        least_held_out: Fewer held-out corrections cannot tell.
    """
    frozen_ok, frozen_said = _on_frozen(frozen, tolerance)
    held_ok, held_said = _on_held_out(held_out, max(least_held_out, 1))
    return GateDecision(passed=frozen_ok and held_ok, reasons=[frozen_said, held_said])


def _on_frozen(frozen: Compared, tolerance: float) -> tuple[bool, str]:
    if frozen.articles < 1:
        return False, "There is no frozen test article, so nobody can tell what was forgotten."
    said = f"On {frozen.articles:,} frozen test articles F1@M changes by {_change(frozen)}"
    if frozen.high < 0:
        return False, f"{said}: the whole interval is below 0, it got worse."
    if frozen.difference < -tolerance:
        return False, f"{said}: more than the {tolerance:g} that it may lose."
    return True, f"{said}: no loss beyond {tolerance:g}."


def _on_held_out(held_out: Compared, least: int) -> tuple[bool, str]:
    if held_out.articles < least:
        return False, (
            f"Only {_corrections(held_out.articles)} held out, fewer than the {least} "
            "that can tell whether it got better."
        )
    said = f"On {_corrections(held_out.articles)} held out F1@M changes by {_change(held_out)}"
    if held_out.difference > 0:
        return True, f"{said}: it got better."
    return False, f"{said}: it did not get better."


def _corrections(count: int) -> str:
    return f"{count:,} correction{'' if count == 1 else 's'}"


def _change(compared: Compared) -> str:
    return f"{compared.difference:+.4f} ({compared.low:+.4f} to {compared.high:+.4f})"
