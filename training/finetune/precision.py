"""What a training computes on, and in which precision."""

from __future__ import annotations

import torch

from tagloop.errors import UserError


def only_cpu() -> bool:
    """Tells whether there is no accelerator."""
    return not (torch.cuda.is_available() or torch.backends.mps.is_available())


def use_bf16(precision: str) -> bool:
    """Tells whether to train in bf16: where the GPU has it, or the CPU tiles for it (AMX).

    Without tiles float32 is faster, even where the CPU knows bf16 (AVX512-BF16): see
    ``training.bench.training_speed``.

    Raises:
        UserError: ``precision`` is something else than auto, bf16 or fp32.
    """
    if precision not in ("auto", "bf16", "fp32"):
        raise UserError(f"--precision {precision} is unknown: take auto, bf16 or fp32.")
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_amx_tile_supported())
