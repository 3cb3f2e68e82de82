"""A model's own input embeddings, read from its weights without torch: how near two texts are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

FILE_NAME = "model.safetensors"
NAMES = ("model.shared.weight", "shared.weight", "model.encoder.embed_tokens.weight")
"""What seq2seq architectures call the matrix (BART and its kin, T5)."""
FREQUENT = 2500
"""Tokenizers list frequent pieces first; the first so many say little about a text's subject."""
TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}


class InputEmbeddings:
    """Texts as mean vectors of their tokens, around the mean of all tokens.

    Nothing is read before it is needed, and then only the rows of the tokens.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    @property
    def available(self) -> bool:
        """Whether the model's folder has the matrix in one file."""
        return self._matrix is not None

    def similarities(self, article: Sequence[int], tags: Sequence[Sequence[int]]) -> np.ndarray:
        """Gives the cosine between an article and each tag, both as token ids; float32, (tags,)."""
        subject = [token for token in article if token >= FREQUENT] or list(article)
        one = self._vector(subject)
        return np.stack([self._vector(tag) for tag in tags]) @ one

    def _vector(self, tokens: Sequence[int]) -> np.ndarray:
        mean = self._rows(np.asarray(tokens)).mean(axis=0) - self._center
        return mean / (np.linalg.norm(mean) + 1e-9)

    @cached_property
    def _center(self) -> np.ndarray:
        assert self._matrix is not None
        return self._rows(np.arange(FREQUENT, len(self._matrix), 10)).mean(axis=0)

    def _rows(self, tokens: np.ndarray) -> np.ndarray:
        """Gives rows of length 1, float32."""
        assert self._matrix is not None
        raw = np.asarray(self._matrix[tokens])
        if raw.dtype == np.uint16:  # bfloat16 is the upper half of a float32
            raw = (raw.astype(np.uint32) << 16).view(np.float32)
        rows = raw.astype(np.float32)
        return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)

    @cached_property
    def _matrix(self) -> np.ndarray | None:
        """Maps the matrix into memory; numpy knows no bfloat16, so its bits come as uint16.

        Source: the format's description in huggingface/safetensors: eight bytes with the length of
        a JSON header, the header, the tensors.
        """
        if not self._path.is_file():
            return None
        with self._path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        for name in NAMES:
            if (entry := header.get(name)) and entry["dtype"] in TYPES:
                return np.memmap(
                    self._path,
                    dtype=TYPES[entry["dtype"]],
                    mode="r",
                    offset=8 + length + entry["data_offsets"][0],
                    shape=tuple(entry["shape"]),
                )
        return None
