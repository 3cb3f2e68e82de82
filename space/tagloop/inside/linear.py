"""One A·X + B of a model, worked out with its own numbers and without running it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagloop.inside.weights import Weights

BART_FIRST_PLACE = 2
"""Row of BART's place embeddings for the first token (``BartLearnedPositionalEmbedding``)."""
NORM_EPSILON = 1e-5
"""Of BART's norms, which are torch's ``LayerNorm`` with its default."""


@dataclass(frozen=True)
class LinearExample:
    """One number of the first encoder layer's queries.

    Attributes:
        place: The token's place in the prompt.
        row: Which row of A: that of the sum farthest from 0.
        a: Row of A, (width,).
        x: The token as it enters the layer, (width,).
        b: The row's B; None where the architecture has no B.
    """

    place: int
    row: int
    a: np.ndarray
    x: np.ndarray
    b: float | None

    @property
    def terms(self) -> np.ndarray:
        """What is added up, (width,)."""
        return np.asarray(self.a * self.x)

    @property
    def total(self) -> float:
        """A·X + B of this row."""
        return float(self.terms.sum()) + (self.b or 0.0)


def work_out(weights: Weights, ids: list[int], place: int) -> LinearExample | None:
    """Works out the first A·X + B that a token meets in the encoder.

    Args:
        weights: Of a BART or a T5.
        ids: The prompt.
        place: Of the token in it.

    Returns:
        None for other architectures.
    """
    kind = weights.config.get("model_type")
    if kind == "bart":
        return _of_bart(weights, ids[place], place)
    if kind in ("t5", "mt5"):
        return _of_t5(weights, ids[place], place)
    return None


def _of_bart(weights: Weights, token: int, place: int) -> LinearExample | None:
    stem = "model.encoder."
    norm, first = f"{stem}layernorm_embedding", f"{stem}layers.0.self_attn.q_proj"
    names = [f"{of}.{part}" for of in (norm, first) for part in ("weight", "bias")]
    places, words = f"{stem}embed_positions.weight", weights.embeddings
    if words is None or not weights.can_read(words, places, *names):
        return None
    x = weights.rows(words, [token])[0]
    if weights.config.get("scale_embedding"):
        x = x * np.sqrt(len(x), dtype=np.float32)
    x = x + weights.rows(places, [place + BART_FIRST_PLACE])[0]
    x = (x - x.mean()) / np.sqrt(x.var() + NORM_EPSILON)
    x = x * weights.whole(names[0]) + weights.whole(names[1])
    return _strongest(weights.whole(names[2]), x, weights.whole(names[3]), place)


def _of_t5(weights: Weights, token: int, place: int) -> LinearExample | None:
    stem = "encoder.block.0.layer.0."
    norm, first = f"{stem}layer_norm.weight", f"{stem}SelfAttention.q.weight"
    words = weights.embeddings
    if words is None or not weights.can_read(words, norm, first):
        return None
    x = weights.rows(words, [token])[0]
    # Root mean square norm, as T5LayerNorm.
    epsilon = float(weights.config.get("layer_norm_epsilon", 1e-6))
    x = x / np.sqrt((x * x).mean() + epsilon) * weights.whole(norm)
    return _strongest(weights.whole(first), x, None, place)


def _strongest(a: np.ndarray, x: np.ndarray, b: np.ndarray | None, place: int) -> LinearExample:
    sums = a @ x if b is None else a @ x + b
    row = int(np.abs(sums).argmax())
    return LinearExample(place, row, a[row], x, None if b is None else float(b[row]))
