"""What texts are about, as vectors: a sentence encoder in int8, without torch.

Two texts on the same subject have vectors that point the same way, even where they share no word
(Reimers & Gurevych, "Sentence-BERT", EMNLP 2019). It is all-MiniLM-L6-v2 (Wang et al., "MiniLM",
NeurIPS 2020), which reads English, unless a training was given another.
``training.finetune.ctranslate2_conversion`` writes the folder into every tagger, whatever its own
architecture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tagloop.files import CONVERSION, SENTENCE_ENCODER
from tagloop.generation.threads import ctranslate2, shares

DIMENSIONS = 384
"""Numbers of a vector of all-MiniLM-L6-v2; those of another encoder are read from its model."""
MAX_TOKENS = 128
"""More of a text is not read, and less where an encoder reads less: the length that all-MiniLM was
trained on, and twice as fast as the 256 that it is published with."""
CHARACTERS = 1000
"""So many hold that many tokens; the rest need not be tokenized."""
TOKENS_AT_ONCE = 4096
"""Padded tokens of one batch, about."""


class SentenceEncoder:
    """Turns texts into vectors."""

    def __init__(self, encoder: Any, tokenizer: Any) -> None:
        """Takes a ``ctranslate2.Encoder`` and a ``tokenizers.Tokenizer``."""
        self._encoder = encoder
        self._tokenizer = tokenizer
        self.dimensions = self._hidden([tokenizer.encode("").ids]).shape[-1]

    @classmethod
    def load(cls, folder: Path, threads: int | None = None) -> SentenceEncoder | None:
        """Reads a model folder's sentence encoder; None where it has none."""
        folder = folder / SENTENCE_ENCODER
        if not (folder / CONVERSION).is_file():
            return None
        encoder = ctranslate2().Encoder(str(folder), device="cpu", **shares(threads))
        return cls(encoder, load_sentence_tokenizer(folder))

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Returns the mean of a text's last hidden states, scaled to length 1.

        Returns:
            float32, (texts, dimensions).
        """
        encoded = self._tokenizer.encode_batch([text[:CHARACTERS] for text in texts])
        ids = [encoding.ids for encoding in encoded]
        vectors = np.zeros((len(ids), self.dimensions), dtype=np.float32)
        for batch in _batches([len(row) for row in ids]):
            hidden = self._hidden([ids[place] for place in batch])
            for row, place in zip(hidden, batch, strict=True):
                vectors[place] = row[: len(ids[place])].mean(axis=0)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, 1e-9))

    def _hidden(self, ids: list[list[int]]) -> np.ndarray:
        """Returns the last hidden states, float32, (texts, tokens, dimensions)."""
        return np.asarray(self._encoder.forward_batch(ids).last_hidden_state)


def load_sentence_tokenizer(folder: Path) -> Any:
    """Reads a sentence encoder's ``tokenizers.Tokenizer``, which cuts texts where it ends."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    own = (tokenizer.truncation or {}).get("max_length", MAX_TOKENS)
    tokenizer.enable_truncation(min(own, MAX_TOKENS))
    return tokenizer


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Cuts the texts, sorted by length, into batches of about ``TOKENS_AT_ONCE`` tokens."""
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not batches or (len(batches[-1]) + 1) * lengths[place] > TOKENS_AT_ONCE:
            batches.append([])
        batches[-1].append(place)
    return batches
