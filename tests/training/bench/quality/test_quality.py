"""The command: one process a system, results that are kept, failures that stop nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from training.bench import peers
from training.bench.data import load_suites
from training.bench.quality import __main__ as quality
from training.bench.quality.__main__ import QualitySettings, main


@pytest.fixture
def arguments(data_folder: Path, tmp_path: Path) -> list[str]:
    return [
        *("--data", str(data_folder), "--out", str(tmp_path / "out")),
        *("--summaries", str(tmp_path / "summaries")),
    ]


@pytest.mark.slow
def test_a_system_runs_once_and_again_when_asked(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--only", "most-frequent"]) == 0
    shown = capsys.readouterr()
    for part in ("known blogs", "general articles", "titles"):
        assert f"**in-domain, {part}, validation:" in shown.out
    assert "**out-of-domain, mean of the sources, validation: 3 sources**" in shown.out
    kept = tmp_path / "out" / "in-domain-validation" / "most-frequent.json"
    stamp = kept.stat().st_mtime_ns
    summary = (tmp_path / "summaries" / "out-of-domain-validation.json").read_text()
    assert json.loads(summary)["systems"]["most-frequent"]["tagging_peak_mb"] > 10

    assert main([*arguments, "--only", "most-frequent"]) == 0
    assert kept.stat().st_mtime_ns == stamp
    assert capsys.readouterr().out == shown.out
    assert main([*arguments, "--only", "most-frequent", "--again"]) == 0
    assert kept.stat().st_mtime_ns > stamp


@pytest.mark.slow
def test_results_of_other_data_are_made_anew(arguments: list[str], tmp_path: Path) -> None:
    kept = tmp_path / "out" / "in-domain-validation" / "most-frequent.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"fingerprint": "of other data"}), encoding="utf-8")
    assert main([*arguments, "--only", "most-frequent", "--suites", "in-domain"]) == 0
    assert "kinds" in json.loads(kept.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_crashed_worker_is_named_and_the_rest_goes_on(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The worker is another process and knows no "broken": it ends with an error.
    monkeypatch.setattr(
        quality, "MODULES", {"broken": "nothing:Nothing", "most-frequent": "most_frequent:…"}
    )
    assert main([*arguments, "--suites", "in-domain"]) == 1
    shown = capsys.readouterr()
    assert "error: broken ended with 2: No system is called 'broken'" in shown.err
    assert "broken.log)" in shown.err
    assert "| most-frequent |" in shown.out
    assert "| broken" not in shown.out
    assert "Traceback" not in shown.err


def test_a_killed_worker_is_named(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho loading\nkill -9 $$\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    settings = QualitySettings(data=[str(data_folder)], out=str(tmp_path / "out"))
    suites = load_suites([data_folder], ["in-domain"], "validation")
    monkeypatch.setattr(quality, "MODULES", {"knn": peers.MODULES["knn"]})
    (failure,) = quality.run_systems(settings, suites)
    assert failure.startswith("knn was killed by signal 9: loading (all of it in ")


def test_mistakes_are_one_sentence(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--only", "crystal-ball"]) == 2
    assert "error: No system is called 'crystal-ball'" in capsys.readouterr().err
    assert main(["--data", str(tmp_path), "--only", "knn"]) == 2
    assert "; --data names the folders" in capsys.readouterr().err
    assert main([*arguments, "--split", "train"]) == 2
    assert "Cannot measure on 'train'" in capsys.readouterr().err
