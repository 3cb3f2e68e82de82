"""The study of a training's memory, on a corpus that is hardly one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.bench.growth.resampled import Resampler
from training.bench.studies.training_memory import SIZE, STATUS, STEPS, main, write_corpus


@pytest.mark.skipif(not STATUS.is_file(), reason="read from /proc")
def test_each_step_has_its_peak(
    data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_corpus(Resampler.of_train_split([str(data_folder)]), tmp_path / "corpus", 30)
    capsys.readouterr()
    assert main(["--measured", str(tmp_path / "corpus")]) == 0
    peaks = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(peaks) == {*STEPS, SIZE}
    assert min(peaks[step] for step in STEPS) > 50
    assert peaks[SIZE] > 384  # its vector alone
