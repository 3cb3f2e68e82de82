"""Two ways to hold new weights near the old ones, to measure beside replay.

``WeightPenaltyTrainer`` punishes the distance from the weights at the start (L2-SP: Li, Grandvalet
and Davoine, "Explicit inductive bias for transfer learning with convolutional networks", ICML
2018);
``OutputPenaltyTrainer`` punishes other tokens than the old weights would generate (Li and Hoiem,
"Learning without forgetting", ECCV 2016).
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch.nn import functional

from training.finetune.frozen_encoder import FrozenEncoderTrainer

DISTANCE = 0.1
"""The weight of half the squared distance: the greater of those that L2-SP's authors tried."""
DIVERGENCE = 1.0
"""The weight of the divergence from the old outputs, as Li and Hoiem have it."""
NO_LABEL = -100


class WeightPenaltyTrainer(FrozenEncoderTrainer):
    """Adds half the squared distance from the weights at the start to the loss."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        model: Any = self.model
        trained = [weights for weights in model.parameters() if weights.requires_grad]
        self._pairs = [(weights, weights.detach().clone()) for weights in trained]

    def compute_loss(
        self, model: torch.nn.Module, inputs: dict[str, Any], *args: Any, **options: Any
    ) -> Any:
        """Returns the loss with the penalty in it, in training alone."""
        loss = super().compute_loss(model, inputs, *args, **options)
        if not model.training:
            return loss
        return loss + DISTANCE / 2 * sum(((now - old) ** 2).sum() for now, old in self._pairs)


class OutputPenaltyTrainer(FrozenEncoderTrainer):
    """Adds the divergence from what the old weights would generate, token by token, to the loss."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        before: Any = copy.deepcopy(self.model)
        self._before = before.eval().requires_grad_(False)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        *args: Any,
        return_outputs: bool = False,
        **options: Any,
    ) -> Any:
        """Returns the loss with the penalty in it, in training alone."""
        loss, outputs = super().compute_loss(model, inputs, *args, return_outputs=True, **options)
        if model.training:
            loss = loss + DIVERGENCE * self._divergence(outputs.logits, inputs)
        return (loss, outputs) if return_outputs else loss

    def _divergence(self, logits: torch.Tensor, inputs: dict[str, Any]) -> torch.Tensor:
        states = self.cache.states(inputs["input_ids"], inputs["attention_mask"])
        with torch.no_grad():
            before = self._before(**{**inputs, "encoder_outputs": (states,)}).logits
        labelled = inputs["labels"] != NO_LABEL
        new, old = (functional.log_softmax(part[labelled], -1) for part in (logits, before))
        return functional.kl_div(new, old, log_target=True, reduction="batchmean")
