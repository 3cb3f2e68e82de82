"""What is frozen of an encoder runs once an article: its outputs are cached and reused.

With frozen weights, and so without dropout, its lower layers, or all of them, say the same of an
article each time. On articles of a small corpus, training the decoder and the encoder's two upper
layers for many epochs costs a third of what all weights cost, and serves it better
(``training.bench.studies.small_training``); the decoder alone serves it worse.
"""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import torch
from torch import nn

from training import processes
from training.finetune.distributed import StepTrainer

CACHE_BYTES = 2 * 2**30
"""Of a machine's memory, its processes together: about 10,000 articles of 256 tokens and 384
values. What is beyond is encoded anew each time."""
KEPT_IN = torch.float16
"""Half the memory of float32, with a relative error of 5e-4 at the most."""


def freeze_lower_layers(model: Any, count: int) -> bool:
    """Freezes the embeddings and the lower layers of the encoder.

    Args:
        model: Sequence-to-sequence.
        count: So many layers.

    Returns:
        Whether it did: only an encoder of BART's kind, in which each layer needs nothing but the
        states of the one below, can be cut after a layer.
    """
    encoder = model.get_encoder()
    if not _can_be_cut(encoder) or not 0 < count < len(encoder.layers):
        return False
    model.get_input_embeddings().requires_grad_(False)
    for part in (encoder.embed_positions, encoder.layernorm_embedding, *encoder.layers[:count]):
        part.requires_grad_(False)
    return True


def frozen_layers(encoder: Any) -> int:
    """Returns how many of the lower layers of an encoder of BART's kind are frozen.

    0 where its embeddings are not, or where it is of another kind.
    """
    if not _can_be_cut(encoder) or _trains(encoder.embed_tokens):
        return 0
    trained = [_trains(layer) for layer in encoder.layers]
    return trained.index(True) if True in trained else len(trained)


def _can_be_cut(encoder: Any) -> bool:
    # Others have the same parts and call them in another way.
    return encoder.config.model_type in ("bart", "mbart")


def _trains(part: nn.Module) -> bool:
    return any(weight.requires_grad for weight in part.parameters())


class _NoPositions(nn.Module):
    """Adds nothing: what is given has its positions already."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.zeros(1, device=ids.device)


def cut_encoder(encoder: Any, count: int) -> tuple[nn.Module, nn.Module]:
    """Cuts an encoder of BART's kind after a layer; both parts share its weights.

    Args:
        encoder: Stays as it is.
        count: Layers of the lower part.

    Returns:
        The lower part, called as the whole is; and the upper one, which takes the lower one's last
        hidden states as ``inputs_embeds``.
    """
    lower, upper = copy.copy(encoder), copy.copy(encoder)
    for part, layers in ((lower, encoder.layers[:count]), (upper, encoder.layers[count:])):
        part._modules = dict(encoder._modules)  # a copy of a module shares the table of its parts
        part.layers = layers
    if hasattr(encoder, "layer_norm"):  # mBART's, after the last layer
        lower.layer_norm = nn.Identity()
    upper.embed_positions, upper.layernorm_embedding = _NoPositions(), nn.Identity()
    upper.dropout = 0.0  # of the embeddings; the layers have their own
    return lower, upper


class EncoderCache:
    """What an encoder, or its lower part, makes of articles that it has seen, in main memory.

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
        keys = [_digest(row[:length]) for row, length in rows]
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

    def sentence(self, lengths: list[int], values: int) -> str:
        """Says how many articles the cache has no room for; empty if it has room for all.

        Args:
            lengths: Tokens of each article.
            values: Of a token's state.
        """
        size = sum(lengths) * values * KEPT_IN.itemsize
        if size <= self._limit:
            return ""
        kept = int(len(lengths) * self._limit / size)
        return (
            f"Frozen layers read about {kept:,} of {len(lengths):,} articles only once: the states "
            f"of so many fit into {self._limit / 1e9:.1f} GB of memory. The others are read in "
            "each epoch anew."
        )

    def _keep(self, key: bytes, states: torch.Tensor) -> None:
        size = states.nbytes + len(key)
        if key not in self._states and self.used + size <= self._limit:
            self._states[key] = states
            self.used += size


def _digest(tokens: torch.Tensor) -> bytes:
    """Tells articles from one another in less memory than their tokens take."""
    return hashlib.blake2b(tokens.numpy().tobytes(), digest_size=16).digest()


class FrozenEncoderTrainer(StepTrainer):
    """Trains on the cached outputs of what is frozen of the encoder: all of it, or lower layers."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Takes what `Seq2SeqTrainer` takes; the model's weights are frozen already."""
        super().__init__(*args, **options)
        model: Any = self.model
        encoder = model.get_encoder()
        self._upper: nn.Module | None = None
        lower = encoder
        if _trains(encoder):
            lower, self._upper = cut_encoder(encoder, frozen_layers(encoder))
        self.cache = EncoderCache(lower, CACHE_BYTES // processes.count_here())

    def cache_sentence(self) -> str:
        """Says how many articles the cache has no room for; empty if it has room for all."""
        model: Any = self.model
        articles: Any = self.train_dataset
        return self.cache.sentence(list(articles["length"]), model.config.hidden_size)

    def compute_loss(
        self, model: torch.nn.Module, inputs: dict[str, Any], *args: Any, **options: Any
    ) -> Any:
        """Returns the loss; in training the part of what is frozen comes from the cache."""
        if model.training:
            mask = inputs["attention_mask"]
            states = self.cache.states(inputs["input_ids"], mask)
            if self._upper is not None:
                self._upper.train()
                with self.accelerator.autocast():  # it sees to the whole model alone
                    upper = self._upper(inputs_embeds=states, attention_mask=mask)
                states = upper.last_hidden_state
            # BART and T5, and all of their kind, take a tuple in place of their encoder's output.
            inputs = {**inputs, "encoder_outputs": (states,)}
        return super().compute_loss(model, inputs, *args, **options)
