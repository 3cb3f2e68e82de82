"""A model's own input embeddings, read from its weights without torch: how near tags are to a text.

A tag is as near as its words are on average, and a word as near as the word of the text that is
most like it, as in BERTScore's recall (Zhang et al., "BERTScore", ICLR 2020), but with embeddings
outside any context, for which the model needn't run.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from tagloop.files import WEIGHTS
from tagloop.generation.safetensors_file import float32, stored_tensors

NAMES = ("model.shared.weight", "shared.weight", "model.encoder.embed_tokens.weight")
"""What seq2seq architectures call the matrix (BART and its like, T5)."""


class InputEmbeddings:
    """The matrix of a model's folder; nothing is read before it is needed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / WEIGHTS

    @property
    def available(self) -> bool:
        """Whether the folder has the matrix, in one file."""
        return self._matrix is not None

    def nearness(self, text: Sequence[int], tags: Sequence[Sequence[int]]) -> np.ndarray:
        """Returns how near each tag is to a text, -1 to 1; 1 if all of its tokens stand there.

        Args:
            text: Token ids without special ones; not empty.
            tags: The same of each tag, none empty.

        Returns:
            float32, (tags,).
        """
        if not tags:
            return np.zeros(0, dtype=np.float32)
        lengths = [len(tag) for tag in tags]
        distinct, where = np.unique([token for tag in tags for token in tag], return_inverse=True)
        nearest = (self._rows(distinct) @ self._rows(np.unique(text)).T).max(axis=1)
        starts = np.cumsum([0, *lengths[:-1]])
        return np.asarray(np.add.reduceat(nearest[where], starts) / lengths, dtype=np.float32)

    def _rows(self, tokens: np.ndarray) -> np.ndarray:
        """Returns rows of length 1, float32."""
        assert self._matrix is not None
        rows = float32(np.asarray(self._matrix[tokens]))
        return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9))

    @cached_property
    def _matrix(self) -> np.ndarray | None:
        tensors = stored_tensors(self._path) if self._path.is_file() else {}
        found = (tensors[name] for name in NAMES if name in tensors)
        return next((tensor.mapped() for tensor in found if tensor.is_readable), None)
