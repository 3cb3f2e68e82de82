"""A sentence encoder as an ONNX graph, under any runtime that has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagloop.generation.onnx_engine import Session


@dataclass(frozen=True)
class States:
    """What a text encoder computes.

    Attributes:
        last_hidden_state: float32, (texts, tokens, dimensions).
    """

    last_hidden_state: np.ndarray


class OnnxStates:
    """Does for ``SentenceEncoder`` what a ``ctranslate2.Encoder`` does."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def forward_batch(self, ids: list[list[int]]) -> States:
        """Computes the states of several texts, the shorter ones padded."""
        rows = np.zeros((len(ids), max(map(len, ids))), np.int64)
        mask = np.zeros_like(rows)
        for place, row in enumerate(ids):
            rows[place, : len(row)] = row
            mask[place, : len(row)] = 1
        feeds = {"input_ids": rows, "attention_mask": mask}
        [states] = self._session.run(["last_hidden_state"], feeds)
        return States(np.asarray(states))
