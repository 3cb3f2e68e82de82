"""The gate: whether a retrained model may become the one that everybody gets.

A pure function of paired comparisons, of both systems that live in a model: Tagloop, which the
Space runs, and the checkpoint alone, which everybody else loads. A candidate passes when

* on the frozen test neither is worse than that of the model in use, beyond a tolerance;
* on corrections that no version has learned from, Tagloop is better and the checkpoint not worse
  with certainty.

A gain is asked of Tagloop alone: it has the corrections from the first one on, as neighbours that
lend their tags. The checkpoint learns them by its weights, mixed with three times as many old
articles; a few may leave it as it was, which harms nobody, and the mean of a few held-out ones
falls by chance. What cannot be told goes to a person: a pull request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.cards.changelog import ComparedSet, GateDecision, MeasuredChange

MEASURE = "f1@m"
TOLERANCE = 0.005
"""What the frozen test may lose in the mean: half a point, about a fifth of what chance alone
moves on 700 articles."""
LEAST_HELD_OUT = 5
"""With fewer held-out corrections their mean says nothing."""
TAGLOOP, ALONE = "with Tagloop", "of the checkpoint alone"


@dataclass(frozen=True)
class Compared:
    """One system of the candidate against that of the model in use, on the same articles.

    Attributes:
        difference: Mean of candidate - current, in F1@M (0..1).
        low: Lower end of its 95 % bootstrap interval.
        high: Upper end.
    """

    difference: float
    low: float
    high: float

    @classmethod
    def from_report(cls, measures: Mapping[str, MeasuredChange]) -> Compared:
        """Returns the figures of the deciding measure; without articles they are 0."""
        if MEASURE not in measures:
            return cls(0.0, 0.0, 0.0)
        change = measures[MEASURE]["difference"]
        return cls(change["value"], change["low"], change["high"])


@dataclass(frozen=True)
class BothSystems:
    """Both systems of the candidate against those of the model in use.

    Attributes:
        articles: How many.
        tagloop: With neighbours and ranker.
        checkpoint: Alone.
    """

    articles: int
    tagloop: Compared
    checkpoint: Compared

    @classmethod
    def from_report(cls, part: ComparedSet) -> BothSystems:
        """Returns a set's figures."""
        return cls(
            part["articles"],
            Compared.from_report(part["measures"]),
            Compared.from_report(part.get("checkpoint", {})),
        )


def decide(
    frozen: BothSystems,
    held_out: BothSystems,
    *,
    tolerance: float = TOLERANCE,
    least_held_out: int = LEAST_HELD_OUT,
) -> GateDecision:
    """Decides whether a candidate becomes main or a person is asked.

    Args:
        frozen: On the test articles of the sources.
        held_out: On the corrections of validation and test.
        tolerance: By how much a mean on the frozen test may fall, 0..1.
        least_held_out: Fewer held-out corrections cannot tell.
    """
    judged = [*_on_frozen(frozen, tolerance), *_on_held_out(held_out, max(least_held_out, 1))]
    return GateDecision(
        passed=all(passed for passed, _ in judged), reasons=[said for _, said in judged]
    )


def _on_frozen(frozen: BothSystems, tolerance: float) -> list[tuple[bool, str]]:
    if frozen.articles < 1:
        return [(False, "There is no frozen test article, so nobody can tell what was forgotten.")]
    articles = f"{frozen.articles:,} frozen test article{'' if frozen.articles == 1 else 's'}"
    return [
        _kept(_changes(articles, TAGLOOP, frozen.tagloop), frozen.tagloop, tolerance),
        _kept(_changes(articles, ALONE, frozen.checkpoint), frozen.checkpoint, tolerance),
    ]


def _kept(said: str, change: Compared, tolerance: float) -> tuple[bool, str]:
    if change.high < 0:
        return False, f"{said}: the whole interval is below 0, it got worse."
    if change.difference < -tolerance:
        return False, f"{said}: more than the {tolerance:g} that it may lose."
    return True, f"{said}: no loss beyond {tolerance:g}."


def _on_held_out(held_out: BothSystems, least: int) -> list[tuple[bool, str]]:
    corrections = f"{held_out.articles:,} correction{'' if held_out.articles == 1 else 's'}"
    if held_out.articles < least:
        said = f"Only {corrections} held out, fewer than the {least} that can tell whether it got "
        return [(False, f"{said}better.")]
    corrections += " held out"
    gained = held_out.tagloop.difference > 0
    said = _changes(corrections, TAGLOOP, held_out.tagloop)
    kept, judged = _kept_alone(held_out.checkpoint)
    return [
        (gained, f"{said}: it {'got' if gained else 'did not get'} better."),
        (kept, f"{_changes(corrections, ALONE, held_out.checkpoint)}: {judged}."),
    ]


def _kept_alone(change: Compared) -> tuple[bool, str]:
    if change.high < 0:
        return False, "the whole interval is below 0, it got worse"
    return True, "it got better" if change.difference > 0 else "no certain loss"


def _changes(articles: str, system: str, change: Compared) -> str:
    return (
        f"On {articles} F1@M {system} changes by {change.difference:+.4f} "
        f"({change.low:+.4f} to {change.high:+.4f})"
    )
