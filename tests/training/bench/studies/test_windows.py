"""The windows benchmark on a tiny model: all readings beside each other, nothing learned twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tagloop.generation.settings import TaggingSettings
from training.bench.studies.windows import __main__ as windows
from training.bench.studies.windows import windowing
from training.finetune.ranker_examples import Candidates
from training.finetune.ranker_weights import FOLDS

LIMIT = 48
READINGS = [
    "the first 48 tokens",
    "the first 96 tokens",
    "2 windows of 48",
    "3 windows of 48",
    "4 windows of 48",
]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keeps tiny models and fits from waiting for each other's threads."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    with threadpool_limits(1):
        yield


@pytest.fixture
def base(tiny_bart: Path, tmp_path: Path) -> Path:
    folder = shutil.copytree(tiny_bart, tmp_path / "base")
    TaggingSettings("{title}\n{text}", max_input_tokens=LIMIT, max_new_tokens=8).save(folder)
    return folder


@pytest.mark.slow
def test_every_reading_is_measured_beside_the_cut_off_one(
    data_folder: Path,
    base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(windowing, "ROUNDS", 1)
    monkeypatch.setattr(windows, "TIMED", 2)
    output = tmp_path / "windows.json"
    flags = ["--data", str(data_folder), "--weights", str(base), "--output", str(output)]
    assert windows.main([*flags, "--limit", "8"]) == 0
    report = json.loads(output.read_text(encoding="utf-8"))
    assert report["command"].startswith("python -m training.bench.studies.windows --data")
    assert list(report["suites"]) == ["in-domain", "out-of-domain"]
    shown = capsys.readouterr().out
    for name, suite in report["suites"].items():
        assert f"**{name}, validation: {suite['articles']} long articles**" in shown
        assert list(suite["articles_per_second"]) == READINGS
        found = {(entry["ranking"], entry["reading"]): entry for entry in suite["entries"]}
        assert len(found) == 3 * len(READINGS)
        for (_, reading), entry in found.items():
            for measure in ("f1@5", "f1@m"):
                assert 0 <= entry["scores"][measure]["value"] <= 1
                if reading == READINGS[0]:
                    assert entry["differences"][measure] == {"value": 0, "low": 0, "high": 0}
        # Where nothing is read otherwise, weights of its own are those of one window.
        one, own = (found[way, READINGS[0]] for way in (windows.AS_IS, windows.REFITTED))
        assert one["scores"] == own["scores"]


def test_articles_are_ranked_by_weights_that_have_not_seen_them() -> None:
    rng = np.random.default_rng(0)
    articles = np.repeat(np.arange(20), 10)
    features = rng.normal(size=(200, 3))
    right = features[:, 0] + rng.normal(size=200) > 0
    fit = Candidates(features, right, articles, np.ones(20))
    before = windows.Learned(fit).chances(fit, seen=True)
    # Other truths of one fold change the chances of all others, not its own.
    mine = articles % FOLDS == 2
    changed = Candidates(features, np.where(mine, ~right, right), articles, np.ones(20))
    other = windows.Learned(changed)
    after = other.chances(fit, seen=True)
    assert after[mine] == pytest.approx(before[mine])
    assert (after[~mine] != before[~mine]).all()
    assert (other.chances(fit, seen=False)[mine] != before[mine]).all()


def test_mistakes_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert windows.main(["--data", str(tmp_path)]) == 2
    assert "; --data names the folders" in capsys.readouterr().err


def test_without_long_articles_there_is_nothing_to_measure(
    data_folder: Path, tiny_bart: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = shutil.copytree(tiny_bart, tmp_path / "base")
    TaggingSettings("{title}\n{text}", max_input_tokens=600, max_new_tokens=4).save(base)
    flags = ["--data", str(data_folder), "--weights", str(base), "--limit", "4"]
    assert windows.main([*flags, "--suites", "in-domain"]) == 2
    assert "The suite in-domain has no long articles" in capsys.readouterr().err
