"""A frozen encoder runs once an article: its outputs are cached and reused in every epoch.

With frozen weights, and so without dropout, the encoder says the same of an article each time.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import Seq2SeqTrainer

CACHE_BYTES = 2 * 2**30
"""About 10,000 articles of 256 tokens and 384 values; what is beyond is encoded anew each time."""
KEPT_IN = torch.float16
"""Half the memory of float32, with a relative error of 5e-4 at the most."""


class EncoderCache:
    """What an encoder makes of the articles that it has seen, in main memory.

    Attributes:
        used: Bytes in use.
        hits: Articles that were found in the cache.
    """

    def __init__(self, encoder: torch.nn.Module, limit: int = CACHE_BYTES) -> None:
        """Begins with an empty cache.

        Args:
            encoder: Frozen.
            limit: Bytes; what is beyond is encoded anew each time.
        """
        self._encoder = encoder
        self._limit = limit
        self._states: dict[bytes, torch.Tensor] = {}
        self.used = 0
        self.hits = 0

    @torch.no_grad()
    def states(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Returns the encoder's last hidden states, without dropout.

        Args:
            input_ids: Of shape (rows, tokens), padded on the right.
            attention_mask: 1 for tokens, 0 for padding.

        Returns:
            Of shape (rows, tokens, values), zero at padding.
        """
        lengths = attention_mask.sum(1).tolist()
        rows = zip(input_ids.to("cpu", torch.int32), lengths, strict=True)
        keys = [row[:length].numpy().tobytes() for row, length in rows]
        new = [index for index, key in enumerate(keys) if key not in self._states]
        self.hits += len(keys) - len(new)
        found: dict[int, torch.Tensor] = {
            index: self._states[key] for index, key in enumerate(keys) if key in self._states
        }
        if new:
            self._encoder.eval()
            encoded = self._encoder(
                input_ids=input_ids[new], attention_mask=attention_mask[new]
            ).last_hidden_state.to("cpu", KEPT_IN)
            for place, index in enumerate(new):
                # A copy, or the whole batch with its padding would stay in memory.
                found[index] = encoded[place, : lengths[index]].clone()
                self._keep(keys[index], found[index])
        ordered = [found[index] for index in range(len(keys))]
        padded = torch.nn.utils.rnn.pad_sequence(ordered, batch_first=True)
        short = input_ids.shape[1] - padded.shape[1]
        padded = torch.nn.functional.pad(padded, (0, 0, 0, short))
        return padded.to(input_ids.device, torch.float32)

    def _keep(self, key: bytes, states: torch.Tensor) -> None:
        size = states.nbytes + len(key)
        if key not in self._states and self.used + size <= self._limit:
            self._states[key] = states
            self.used += size


class FrozenEncoderTrainer(Seq2SeqTrainer):
    """Trains the decoder on the cached outputs of an encoder once its weights are frozen."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Takes what `Seq2SeqTrainer` takes, and how many bytes the cache may use."""
        super().__init__(*args, **options)
        model: Any = self.model
        self.cache = EncoderCache(model.get_encoder())

    @property
    def frozen(self) -> bool:
        """Whether none of the encoder's weights train."""
        model: Any = self.model
        encoder = model.get_encoder()
        return not any(weight.requires_grad for weight in encoder.parameters())

    def compute_loss(
        self, model: torch.nn.Module, inputs: dict[str, Any], *args: Any, **options: Any
    ) -> Any:
        """Returns the loss; in training a frozen encoder's part comes from the cache."""
        if model.training and self.frozen:
            states = self.cache.states(inputs["input_ids"], inputs["attention_mask"])
            # BART and T5, and all of their kind, take a tuple in place of their encoder's output.
            inputs = {**inputs, "encoder_outputs": (states,)}
        return super().compute_loss(model, inputs, *args, **options)
