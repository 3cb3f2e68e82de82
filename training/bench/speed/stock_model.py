"""A tagger's model as a person runs it with transformers alone."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from tagloop.generation.settings import TaggingSettings


class StockModel:
    """``generate(**inputs)``, greedy as the model's own settings say, in float32."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()
        self._limit = TaggingSettings.load(folder).max_input_tokens

    @torch.no_grad()
    def generate(self, texts: list[str]) -> torch.Tensor:
        """Generates for all texts in one batch."""
        inputs = self._tokenizer(
            texts, truncation=True, max_length=self._limit, padding=True, return_tensors="pt"
        )
        ids: torch.Tensor = self._model.generate(**inputs)
        return ids
