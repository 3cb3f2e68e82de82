"""Which precision training takes where: bf16 only on hardware that is faster in it."""

from __future__ import annotations

import pytest
import torch

from tagloop.errors import UserError
from training.finetune.precision import use_bf16


@pytest.mark.parametrize(
    ("gpu", "gpu_bf16", "avx512_bf16", "amx", "expected"),
    [
        (False, False, False, False, False),
        (False, False, True, False, False),  # slower in bf16 than in float32
        (False, False, True, True, True),
        (True, True, False, False, True),
        (True, False, True, True, False),  # an old GPU, whatever the CPU has
    ],
)
def test_auto_takes_bf16_where_it_is_faster(
    gpu: bool,
    gpu_bf16: bool,
    avx512_bf16: bool,
    amx: bool,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: gpu_bf16)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512_bf16)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert use_bf16("auto") is expected
    assert use_bf16("bf16") is True
    assert use_bf16("fp32") is False
    with pytest.raises(UserError, match="--precision half is unknown"):
        use_bf16("half")
