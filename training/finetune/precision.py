"""What a training computes on, and in which precision."""

from __future__ import annotations

import time
from functools import cache

import torch

from tagloop.errors import UserError

LEAST_GAIN = 1.3
"""Less does not make up for what is converted to and fro in a step. On a processor whose products
took 2.3 times as long in float32, a step took 1.55 times as long."""
ROUNDS = 5
"""Of each; the fastest counts, since the first ones prepare the kernels."""


def only_cpu() -> bool:
    """Tells whether there is no accelerator."""
    return not (torch.cuda.is_available() or torch.backends.mps.is_available())


def use_bf16(precision: str) -> bool:
    """Tells whether to train in bf16: where the GPU has it, or the CPU multiplies faster in it.

    Raises:
        UserError: ``precision`` is something else than auto, bf16 or fp32.
    """
    if precision not in ("auto", "bf16", "fp32"):
        raise UserError(f"--precision {precision} is unknown: take auto, bf16 or fp32.")
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return cpu_gain() > LEAST_GAIN


@cache
def cpu_gain() -> float:
    """Times a product of a layer's size in float32 and in bf16, and returns how much faster it is.

    Which processors gain cannot be read from their names: with AMX all do, with AVX512-BF16 some
    multiply twice as fast and others more slowly than in float32.
    """
    seconds = {}
    for kind in (torch.float32, torch.bfloat16):
        states, weights = torch.ones(1024, 384, dtype=kind), torch.ones(1536, 384, dtype=kind)
        rounds = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            torch.nn.functional.linear(states, weights)
            rounds.append(time.perf_counter() - started)
        seconds[kind] = min(rounds)
    return seconds[torch.float32] / seconds[torch.bfloat16]
