"""all-MiniLM-L6-v2 as sentence-transformers runs it: the embedding of kNN and KeyBERT."""

from __future__ import annotations

from sentence_transformers import SentenceTransformer

from training.bench.data import Row
from training.finetune.minilm_package import minilm_folder

TOKENS = 256
"""Tokens that are read: the model's own limit, what it can make use of."""
CHARACTERS = 1600
"""Characters of title and text that hold them."""


def load_minilm() -> SentenceTransformer:
    """Loads the model from its package.

    Raises:
        UserError: See ``minilm_folder``.
    """
    model = SentenceTransformer(str(minilm_folder()), device="cpu", local_files_only=True)
    model.max_seq_length = TOKENS
    return model


def beginning(row: Row) -> str:
    """Returns what is read of an article."""
    return f"{row.title}\n{row.text}".strip()[:CHARACTERS]
