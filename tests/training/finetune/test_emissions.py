"""What a training emits: added up over interruptions, quietly, without network, or not at all."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest

from training.finetune.emissions import EMISSIONS, emissions_in
from training.finetune.training_log import Emissions


def estimate(folder: Path, seconds: float = 0.3) -> Emissions | None:
    with emissions_in(folder) as emitted:
        time.sleep(seconds)
        return emitted()


def test_interrupted_trainings_add_up_without_network_or_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "checkpoints"
    with pytest.raises(KeyboardInterrupt), emissions_in(folder):
        time.sleep(0.5)
        raise KeyboardInterrupt
    first = json.loads((folder / EMISSIONS).read_text())
    assert first["grams"] > 0 and first["kwh"] > 0 and first["seconds"] >= 0.5
    second = estimate(folder)
    assert second is not None
    assert second["seconds"] >= first["seconds"] + 0.3
    assert second["grams"] > first["grams"] and second["kwh"] > first["kwh"]
    assert second["country"] is None and "cores" in second["hardware"]
    assert second == json.loads((folder / EMISSIONS).read_text())
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoints"]  # no file of the library


def test_a_country_has_its_own_grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worldwide = estimate(tmp_path / "world")
    monkeypatch.setenv("CODECARBON_COUNTRY_ISO_CODE", "NOR")
    norway = estimate(tmp_path / "norway")
    assert worldwide is not None and norway is not None and norway["country"] == "Norway"
    assert norway["grams"] / norway["kwh"] < 0.2 * worldwide["grams"] / worldwide["kwh"]


def test_without_an_estimate_there_is_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise OSError("no sensor, and no processor either")

    tracker = "codecarbon.emissions_tracker.BaseEmissionsTracker"
    monkeypatch.setattr(f"{tracker}._initialize_hardware_tracking", fail)
    assert estimate(tmp_path) is None


def test_one_machine_of_several_knows_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert estimate(tmp_path) is None
    assert not list(tmp_path.iterdir())
