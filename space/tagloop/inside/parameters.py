"""How many parameters each part of a seq2seq model has, told from the names of its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from tagloop.inside.weights import Weights

ATTENTION, FEED_FORWARD, OTHER = "attention", "feed_forward", "other"
_LAYER = re.compile(r"(encoder|decoder)\.(?:layers|block)\.(\d+)\.(.+)")
_NORM = re.compile(r"(?:layer_?norm|_norm)", re.IGNORECASE)
_ATTENTION = re.compile(r"attn|attention", re.IGNORECASE)
_FEED_FORWARD = re.compile(r"\bfc\d|DenseReluDense")
_BUFFERS = ("final_logits_bias",)
_NO_MATRIX = "relative_attention_bias"
"""Two-dimensional, but a list that is looked up."""


@dataclass(frozen=True)
class ParameterGroup:
    """One part of a model.

    Attributes:
        name: For people.
        attention: Parameters that weigh the tokens against each other.
        feed_forward: Parameters that work on each token for itself.
        other: Embeddings, places, norms.
        matrices: How many matrices A it has, each of which makes A·X of a token's row.
        biases: How many of them have a B that is added.
    """

    name: str
    attention: int = 0
    feed_forward: int = 0
    other: int = 0
    matrices: int = 0
    biases: int = 0

    @property
    def total(self) -> int:
        """All its parameters."""
        return self.attention + self.feed_forward + self.other


def count_parameters(weights: Weights) -> list[ParameterGroup]:
    """Counts the parameters, in the order in which a text goes through the parts.

    A matrix that the file has twice, or that serves twice, counts once.

    Returns:
        Empty if the names are not those of an encoder and a decoder with layers.
    """
    copies = _copies(weights.shapes, weights.config)
    found: dict[tuple[int, int], ParameterGroup] = {}
    for name, shape in weights.shapes.items():
        if name in copies or name.endswith(_BUFFERS):
            continue
        key, title, kind = _classify(name)
        part = found.get(key, ParameterGroup(title))
        count = getattr(part, kind) + prod(shape)
        linear = kind != OTHER and _NO_MATRIX not in name
        matrices = part.matrices + ((linear and len(shape) == 2) or name == "lm_head.weight")
        biases = part.biases + (linear and len(shape) == 1)
        found[key] = replace(part, **{kind: count}, matrices=matrices, biases=biases)
    if not any(part.matrices and part.attention for part in found.values()):
        return []
    return [found[key] for key in sorted(found)]


def _classify(name: str) -> tuple[tuple[int, int], str, str]:
    """Returns where a tensor's part stands, the part's name, and the kind of its parameters."""
    if match := _LAYER.search(name):
        side, number, rest = match[1], int(match[2]), match[3]
        kind = OTHER
        if not _NORM.search(rest.removesuffix(".weight").removesuffix(".bias").split(".")[-1]):
            kind = ATTENTION if _ATTENTION.search(rest) else OTHER
            kind = FEED_FORWARD if _FEED_FORWARD.search(rest) else kind
        place = 2 if side == "encoder" else 3
        return (place, number), f"{side.capitalize()} layer {number + 1}", kind
    if name == "lm_head.weight":
        return (4, 0), "Output", OTHER
    if "embed_positions" in name:
        return (1, 0), "Places", OTHER
    if name.endswith(("shared.weight", "embed_tokens.weight")):
        return (0, 0), "Words", OTHER
    return (5, 0), "Norms between", OTHER


def _copies(shapes: Mapping[str, tuple[int, ...]], config: Mapping[str, Any]) -> set[str]:
    """Returns the names under which a file has the word embeddings again."""
    endings = ["shared.weight"]
    if config.get("share_encoder_decoder_embeddings", True):
        endings.append("embed_tokens.weight")
    if config.get("tie_word_embeddings", True):
        endings.append("lm_head.weight")
    names = [name for ending in endings for name in shapes if name.endswith(ending)]
    return {name for name in names[1:] if shapes[name] == shapes[names[0]]}
