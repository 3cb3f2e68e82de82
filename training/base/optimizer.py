"""The recipe's optimizer: rates of their own for encoder and decoder, warmed up, then falling."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import cross_entropy

from training.base.batches import IGNORED
from training.finetune.precision import use_bf16

WARMUP = 0.03  # share of a stage
WEIGHT_DECAY = 0.01
CLIP = 1.0  # longest gradient


def make_optimizer(
    model: torch.nn.Module, decoder_lr: float, encoder_lr: float
) -> torch.optim.Optimizer:
    """Makes AdamW over the weights that train, with a peak learning rate a side of the model."""
    groups: dict[bool, list[torch.nn.Parameter]] = {True: [], False: []}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups["decoder." in name].append(parameter)
    rates = {True: decoder_lr, False: encoder_lr}
    return torch.optim.AdamW(
        [
            {"params": groups[key], "lr": rates[key], "peak": rates[key]}
            for key in groups
            if groups[key]
        ],
        weight_decay=WEIGHT_DECAY,
        betas=(0.9, 0.98),
        fused=True,
    )


def set_lr(optimizer: torch.optim.Optimizer, share: float) -> None:
    """Linear warm-up, then linear decay to a fiftieth."""
    factor = min(share / WARMUP, 1.0) * max(1.0 - share, 0.02)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * max(factor, 1e-3)


def train_step(
    model: Any,
    batch: dict[str, torch.Tensor],
    optimizer: torch.optim.Optimizer,
    smoothing: float = 0.0,
) -> float:
    """Takes one step of training and returns its loss.

    Args:
        model: Sequence-to-sequence, in training mode.
        batch: As ``training.base.batches`` makes it.
        optimizer: Of the model.
        smoothing: Share of the target's probability that is spread over all tokens (label
            smoothing, Szegedy et al., CVPR 2016).
    """
    with torch.autocast(model.device.type, torch.bfloat16, enabled=use_bf16("auto")):
        output = model(**batch)
    loss = output.loss
    if smoothing:
        logits, labels = output.logits.flatten(0, 1), batch["labels"].flatten()
        loss = cross_entropy(logits, labels, ignore_index=IGNORED, label_smoothing=smoothing)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(loss.item())
