"""The benchmark of the Batch tab on a tiny tagger: what it counts, and that every row must be."""

import json
from pathlib import Path

import pytest

from tagloop.generation.settings import TaggingSettings
from tagloop.vocabulary.vocabulary import Vocabulary
from training.bench.studies import batch_load
from training.finetune.ctranslate2_conversion import convert

from ...tiny_models import make_tiny_bart


def test_a_batch_beside_a_visitor_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_tiny_bart(tmp_path / "tiny")
    TaggingSettings(prompt_template="{title}\n{text}", max_input_tokens=64).save(model)
    (model / "tags.json").write_text(json.dumps(Vocabulary.from_tag_lists([["Banking"]]).to_json()))
    convert(model)
    monkeypatch.setattr(batch_load, "PAUSE_SECONDS", 0.01)
    output = tmp_path / "report.json"
    flags = ["--model", str(model), "--quick", "--output", str(output)]
    assert batch_load.main(flags) == 0
    report = json.loads(output.read_text(encoding="utf-8"))
    assert report["rows"] == 24 and report["rows_a_second"] > 0
    assert report["memory_peak_mb"] >= report["memory_before_mb"] > 50
    assert report["visitor"]["alone"]["articles"] == batch_load.ALONE
    for name in ("alone", "beside_the_batch"):
        row = report["visitor"][name]
        assert row["articles"] >= 1 and row["p95_ms"] > 0
    assert "a visitor beside the batch" in capsys.readouterr().out


def test_without_a_model_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert batch_load.main(["--quick"]) == 2
    assert "--model is missing" in capsys.readouterr().err


def test_the_95th_percentile_is_not_the_slowest_of_many() -> None:
    told = batch_load.waits([0.1] * 99 + [9.0])
    assert told == {"articles": 100, "median_ms": 100.0, "p95_ms": 100.0}
