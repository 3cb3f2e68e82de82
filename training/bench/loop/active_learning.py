"""Which articles an editor is asked to correct: at random, the least sure, the most diverse."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

POOL_SHARE = 0.7
"""Of the new blog's articles each seed sees this share, so that no two choose from the same."""


def choose(
    how: str, count: int, sureness: Sequence[float], vectors: np.ndarray, seed: int
) -> list[int]:
    """Chooses articles.

    Args:
        how: ``random``; ``uncertainty``, the least mean confidence of the tags that are shown
            (least confidence, Lewis & Gale, SIGIR 1994); ``diversity``, each the farthest from
            all that are chosen (k-center greedy, Sener & Savarese, ICLR 2018).
        count: How many.
        sureness: Of every article, 0..1.
        vectors: Of length 1, (articles, dimensions).
        seed: Of everything random.
    """
    rng = random.Random(f"choice {seed}")
    seen = rng.sample(range(len(sureness)), round(POOL_SHARE * len(sureness)))
    if how == "uncertainty":
        return sorted(seen, key=lambda place: sureness[place])[:count]
    if how == "diversity":
        return _farthest(seen, count, vectors)
    return seen[:count]


def _farthest(seen: list[int], count: int, vectors: np.ndarray) -> list[int]:
    ours = vectors[seen].astype(np.float32)
    chosen = [0]
    nearest = ours @ ours[0]
    while len(chosen) < min(count, len(seen)):
        nearest[chosen] = np.inf
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, ours @ ours[chosen[-1]])
    return [seen[place] for place in chosen[:count]]
