"""The recipe's optimizer: rates of their own for encoder and decoder, warmed up, then falling."""

from __future__ import annotations

import torch

WARMUP = 0.03  # share of a stage
WEIGHT_DECAY = 0.01


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
