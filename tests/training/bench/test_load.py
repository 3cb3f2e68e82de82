"""The load benchmark against real Spaces on a tiny model, and what it counts."""

from __future__ import annotations

import json
import lzma
import time
from pathlib import Path

import httpx2
import pytest

from tagloop.generation.settings import TaggingSettings
from training.bench import load
from training.bench.data import Row

from ..tiny_models import make_tiny_bart, starter_articles


@pytest.mark.slow
def test_both_engines_are_loaded_and_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for name, part in (
        ("articles_open", slice(40)),
        ("titles", slice(40, 44)),
        ("general_open", slice(0)),
    ):
        with lzma.open(tmp_path / f"{name}.jsonl.xz", "wt", encoding="utf-8") as file:
            for number, article in enumerate(starter_articles()[part]):
                split = "validation" if number % 4 == 0 else "train"
                text = article["text"] if name == "articles_open" else ""
                row = {**article, "text": text, "source": "starter", "split": split}
                file.write(json.dumps(row) + "\n")
    model = make_tiny_bart(tmp_path / "tiny")
    TaggingSettings(prompt_template="{title}\n{text}", max_input_tokens=64).save(model)
    output = tmp_path / "load.json"
    flags = ["--data", str(tmp_path), "--weights", str(model), "--output", str(output), "--quick"]
    assert load.main(flags) == 0
    report = json.loads(output.read_text(encoding="utf-8"))
    assert list(report["engines"]) == ["ctranslate2", "transformers"]
    for row in report["engines"].values():
        assert row["errors"] == 0, row["kinds_of_errors"]
        assert row["answers"] >= report["visitors"]
        assert row["p95_seconds"] >= row["median_seconds"] > 0
        assert row["start_seconds"] > 0 and row["peak_mb"] > 50
    assert "p95 s" in capsys.readouterr().out


def test_what_is_no_answer_is_counted_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: httpx2.Client, url: str, **_: object) -> httpx2.Response:
        raise httpx2.ConnectError("nobody is there")

    monkeypatch.setattr(httpx2.Client, "post", refuse)
    monkeypatch.setattr(time, "perf_counter", iter([0.0, 0.0, 1.0, 1.0, 3.0]).__next__)
    row = Row("articles", "one", "Title", "Text", ("Tag",), "validation")
    assert load.visit("http://127.0.0.1:9", [row], 2.0) == ([], ["ConnectError"] * 2)
