"""A simulated editor who corrects articles to their human tags, and sometimes does harm.

A bad correction is bad in one of three ways, one after the other: the tags of another article
(pasted in the wrong place), tags drawn from all that there are (vandalism), or none but one word
that is no tag (rubbish). A reviewer, where there is one, sees most of them: people who check
others' labels are assumed to find ``CAUGHT`` of the bad ones and to refuse ``WRONGLY_REFUSED`` of
the good ones. Both numbers are assumptions, not measurements.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from training.bench.data import Row

CAUGHT = 0.9
WRONGLY_REFUSED = 0.05
RUBBISH = "asdf"
HELD_OUT = 0.2
"""Share of the corrections that nobody learns from: validation and test of the splits."""


@dataclass(frozen=True)
class Correction:
    """One corrected article.

    Attributes:
        place: Of its row in the pool.
        tags: What the editor left.
        bad: Whether it does harm; the simulation knows, the kit does not.
    """

    place: int
    tags: tuple[str, ...]
    bad: bool


def correct(
    pool: Sequence[Row], places: Sequence[int], bad_share: float, seed: int
) -> list[Correction]:
    """Corrects rows of the pool, a share of them (0..1) badly."""
    rng = random.Random(f"editor {seed}")
    bad = set(rng.sample(range(len(places)), round(bad_share * len(places))))
    every_tag = sorted({tag for row in pool for tag in row.tags})
    corrections: list[Correction] = []
    for number, place in enumerate(places):
        tags = pool[place].tags
        if number in bad:
            kind = len([one for one in corrections if one.bad]) % 3
            tags = _spoiled(kind, tags, pool, every_tag, rng)
        corrections.append(Correction(place, tags, number in bad))
    return corrections


def _spoiled(
    kind: int, tags: tuple[str, ...], pool: Sequence[Row], every_tag: list[str], rng: random.Random
) -> tuple[str, ...]:
    if kind == 0:
        return rng.choice(pool).tags
    if kind == 1:
        return tuple(rng.sample(every_tag, min(3, len(every_tag))))
    return (RUBBISH,)


def reviewed(corrections: Sequence[Correction], seed: int) -> list[Correction]:
    """Returns what a reviewer lets through."""
    rng = random.Random(f"reviewer {seed}")
    return [one for one in corrections if rng.random() >= (CAUGHT if one.bad else WRONGLY_REFUSED)]


def held_out(corrections: Sequence[Correction], seed: int) -> tuple[list[Correction], ...]:
    """Splits corrections as the dataset's hash does: those to learn from, and the others."""
    rng = random.Random(f"splits {seed}")
    draws = [(rng.random(), one) for one in corrections]
    return (
        [one for draw, one in draws if draw >= HELD_OUT],
        [one for draw, one in draws if draw < HELD_OUT],
    )
