"""Which precision training takes where: bf16 only on hardware that is faster in it."""

from __future__ import annotations

import pytest
import torch

from tagloop.errors import UserError
from training.finetune import precision
from training.finetune.precision import cpu_gain, use_bf16


@pytest.mark.parametrize(
    ("gpu", "gpu_bf16", "gain", "expected"),
    [
        (False, False, 0.6, False),  # slower in bf16 than in float32
        (False, False, 1.2, False),  # not worth what is converted
        (False, False, 2.3, True),
        (True, True, 0.6, True),
        (True, False, 2.3, False),  # an old GPU, whatever the CPU can do
    ],
)
def test_auto_takes_bf16_where_it_is_faster(
    gpu: bool, gpu_bf16: bool, gain: float, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: gpu_bf16)
    monkeypatch.setattr(precision, "cpu_gain", lambda: gain)
    assert use_bf16("auto") is expected
    assert use_bf16("bf16") is True
    assert use_bf16("fp32") is False
    with pytest.raises(UserError, match="--precision half is unknown"):
        use_bf16("half")


def test_the_processors_gain_is_measured() -> None:
    assert 0.01 < cpu_gain() < 100
    assert cpu_gain() == cpu_gain()  # once a process
