"""An exponential average of a model's weights, which tags better than the last step's.

Source: Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging" (1992), in the
exponential form that is usual for neural networks.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import BartForConditionalGeneration

Weights = dict[str, torch.Tensor]


@torch.no_grad()
def updated(average: Weights | None, model: torch.nn.Module, decay: float) -> Weights:
    """Returns the average after one more look at the model; the first look is the average."""
    if average is None:
        return {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for name, weight in model.named_parameters():
        average[name].lerp_(weight, 1 - decay)
    return average


def averaged_copy(
    model: BartForConditionalGeneration, average: Weights | None
) -> BartForConditionalGeneration:
    """Returns a copy of the model with the averaged weights (the plain ones before there are)."""
    copy: Any = BartForConditionalGeneration(model.config)
    copy.load_state_dict(model.state_dict())
    if average:
        copy.load_state_dict(average, strict=False)
    copy.generation_config = model.generation_config
    averaged: BartForConditionalGeneration = copy.eval()
    return averaged
