"""What is kept of one simulated round, and of all rounds of a kind."""

from __future__ import annotations

from typing import Any, TypedDict


class Change(TypedDict):
    """A measure (0..1) of both models, and the difference with its 95 % interval."""

    before: float
    after: float
    difference: float
    low: float
    high: float


PartChange = TypedDict("PartChange", {"articles": int, "f1@m": Change, "f1@5": Change})
"""Both measures on some articles."""


class RoundResult(TypedDict):
    """One round, kept as JSON.

    Attributes:
        round: Its settings.
        kept: Corrections that came through.
        kept_bad: How many of them are bad.
        learned: Corrections that were not held out.
        measures: The part (``new``, ``old``, ``gate``, ``held out``) to its change.
        passed: Whether the gate let the candidate pass.
        reasons: What the gate says.
    """

    round: dict[str, Any]
    kept: int
    kept_bad: int
    learned: int
    measures: dict[str, PartChange]
    passed: bool
    reasons: list[str]


class Spread(TypedDict):
    """Means over the seeds, and the least and the greatest change."""

    before: float
    after: float
    change: float
    least: float
    most: float


class Row(TypedDict):
    """All rounds of a kind.

    Attributes:
        learns: The method.
        choice: How articles were chosen.
        bad: Share of bad corrections, 0..1.
        review: Whether a reviewer stood between.
        bad_learned_share: Of the corrections that came through, 0..1.
        new: A measure to its change on the new blog.
        old: Likewise, on the old test.
        passed_worse: Passed the gate and are surely worse on articles that it has not seen.
        passed_losing: Passed, with a mean loss on the old test beyond the gate's tolerance.
    """

    learns: str
    choice: str
    bad: float
    review: bool
    corrections: int
    seeds: int
    learned: float
    bad_learned_share: float
    new: dict[str, Spread]
    old: dict[str, Spread]
    passed: int
    passed_worse: int
    passed_losing: int


class Summary(TypedDict):
    """What is committed: ``results/loop-SPLIT.json``."""

    schema: int
    split: str
    command: str
    rows: list[Row]
