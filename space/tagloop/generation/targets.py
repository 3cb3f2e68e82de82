"""The likeliest of a list of targets, for engines that can score but not search."""

from __future__ import annotations

import numpy as np

from tagloop.generation.engine import Engine
from tagloop.generation.token_trie import TokenTrie

SCORED_AT_ONCE, MOST_SCORED = 4, 48
"""Targets of a list that are scored together, and at all, for one article: each costs as much as
reading the article."""


def likeliest_by_score(
    engine: Engine,
    input_ids: list[int],
    trie: TokenTrie,
    first: np.ndarray,
    wanted: int,
    least: float,
) -> dict[int, float]:
    """Scores targets by falling likelihood of their first token, as long as it can matter.

    No target is likelier than its first token: the rest can neither be among the wanted nor
    reach the least. The arguments are those of ``Engine.likeliest``.
    """
    order = first.argsort(kind="stable")[::-1][:MOST_SCORED].tolist()
    found: dict[int, float] = {}
    for begin in range(0, len(order), SCORED_AT_ONCE):
        batch = order[begin : begin + SCORED_AT_ONCE]
        last = sorted(found.values())[-wanted] if len(found) >= wanted else -float("inf")
        if found and first[batch[0]] < max(last, least):
            break
        rows = engine.score([input_ids] * len(batch), [list(trie.targets[i]) for i in batch])
        found |= {place: sum(row) for place, row in zip(batch, rows, strict=True)}
    return found
