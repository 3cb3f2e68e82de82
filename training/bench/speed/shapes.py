"""Models of known shapes with random weights: how fast an architecture runs, without its download.

Speed depends on the shape, the numbers of tokens and of beams, not on what the weights say; only
where a model would stop does, so the number of new tokens is forced.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import torch
from transformers import T5Config, T5ForConditionalGeneration

VOCABULARY = 32128
CHARACTERS_A_TOKEN = 4
"""SentencePiece cuts English text into pieces of about four characters."""
SPECIAL_TOKENS = 3
END = 1


def _shape(**sizes: Any) -> T5Config:
    return T5Config(vocab_size=VOCABULARY, **{"decoder_start_token_id": 0, **sizes})


T5_BASE = _shape(
    d_model=768,
    d_kv=64,
    d_ff=3072,
    num_layers=12,
    num_decoder_layers=12,
    num_heads=12,
)
"""The shape of t5-base, 220 M parameters (Raffel et al., JMLR 2020), which
``fabiochiu/t5-base-tag-generation`` was fine-tuned from."""
FLAN_T5_SMALL = _shape(
    d_model=512,
    d_kv=64,
    d_ff=1024,
    num_layers=8,
    num_decoder_layers=8,
    num_heads=6,
    feed_forward_proj="gated-gelu",
    tie_word_embeddings=False,
)
"""The shape of google/flan-t5-small, 77 M parameters (Chung et al., 2022)."""
TINY = _shape(
    d_model=32,
    d_kv=8,
    d_ff=64,
    num_layers=1,
    num_decoder_layers=1,
    num_heads=4,
)
"""For trying a command out."""


@dataclass
class RandomT5:
    """A T5 of some shape that generates a fixed number of tokens.

    Attributes:
        model: With random weights, float32.
        beams: 1 is greedy.
        input_tokens: Longer texts are cut.
        new_tokens: Each text gets exactly so many.
    """

    model: Any
    beams: int
    input_tokens: int
    new_tokens: int

    @classmethod
    def of_shape(
        cls, config: T5Config, beams: int, *, input_tokens: int = 512, new_tokens: int = 64
    ) -> RandomT5:
        """Makes one; the defaults are those of the reference recipe's card."""
        torch.manual_seed(0)
        model: Any = T5ForConditionalGeneration(config)
        return cls(model.eval(), beams, input_tokens, new_tokens)

    @torch.no_grad()
    def generate(self, texts: list[str]) -> torch.Tensor:
        """Generates for all texts in one batch; returns token ids, (texts, 1 + new tokens)."""
        rows = [stand_in_ids(text, self.input_tokens) for text in texts]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        generated: torch.Tensor = self.model.generate(
            input_ids=ids,
            attention_mask=(ids != 0).long(),
            num_beams=self.beams,
            do_sample=False,
            min_new_tokens=self.new_tokens,
            max_new_tokens=self.new_tokens,
        )
        return generated


def stand_in_ids(text: str, limit: int) -> list[int]:
    """Returns about as many token ids as a SentencePiece tokenizer would, at most ``limit``."""
    ids = [
        zlib.crc32(word[start : start + CHARACTERS_A_TOKEN].encode())
        % (VOCABULARY - SPECIAL_TOKENS)
        + SPECIAL_TOKENS
        for word in text.split()
        for start in range(0, len(word), CHARACTERS_A_TOKEN)
    ]
    return [*ids[: limit - 1], END]
