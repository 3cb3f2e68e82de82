"""The weights shipped with the base: fitted on many small corpora, every one as weighty."""

from __future__ import annotations

import json
import lzma
import shutil
from pathlib import Path

import numpy as np
import pytest

from tagloop.ranking.features import COLUMNS, FEATURES
from tagloop.ranking.ranker import Weights
from training.base import fit_ranking_prior
from training.base.examples import FILES, MEASURED_KINDS
from training.base.fit_ranking_prior import fit_prior, main
from training.finetune.preprocess import BUNDLED_BASE
from training.finetune.ranker_examples import Candidates

from ..tiny_models import starter_articles

NEAR, WIDE = FEATURES.index("near"), FEATURES.index("wide")


def source(articles: int, column: int, seed: int) -> Candidates:
    """A source in which the column alone says what is right."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(articles * 8, len(COLUMNS))) * 0.1
    right = rng.random(len(features)) < 0.25
    features[:, column] += right * 1.0
    return Candidates(
        features, right, np.repeat(np.arange(articles), 8), np.full(articles, 2, dtype=np.int64)
    )


def test_a_large_source_has_no_more_say_than_a_small_one() -> None:
    weights, strength, losses = fit_prior(
        {"large": source(400, NEAR, 1), "small": source(40, WIDE, 2)}
    )
    assert strength in fit_ranking_prior.STRENGTHS
    assert sorted(losses) == ["large", "small"]
    # By rows alone the large one would have ten times the say.
    assert weights.columns[WIDE] > weights.columns[NEAR] / 2 > 0


def test_a_source_is_judged_by_weights_of_the_others() -> None:
    alike = fit_prior({"one": source(80, NEAR, 3), "two": source(80, NEAR, 4)})[2]
    apart = fit_prior({"one": source(80, NEAR, 3), "two": source(80, WIDE, 4)})[2]
    assert alike["one"] + 0.1 < apart["one"]


def test_weights_are_written_if_they_rank_other_sources_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fit_ranking_prior, "SIZES", (8, 12))
    monkeypatch.setattr(fit_ranking_prior, "LEAST_RANKED", 3)
    articles = starter_articles()
    for number, kind in enumerate(MEASURED_KINDS):
        with lzma.open(tmp_path / FILES[kind], "wt", encoding="utf-8") as lines:
            for place, row in enumerate(articles[number * 20 : number * 20 + 20]):
                split = "validation" if place % 5 == 4 else "train"
                text = "" if kind == "titles" else row["text"][:200]
                record = row | {"text": text, "split": split, "source": kind}
                lines.write(json.dumps(record, default=str) + "\n")
    folder = shutil.copytree(BUNDLED_BASE, tmp_path / "base")
    wrong = Weights(-np.ones(len(COLUMNS)), 3.0).to_json()
    (folder / "ranking.json").write_text(json.dumps(wrong), encoding="utf-8")
    assert main(["--data", str(tmp_path), "--weights", str(folder)]) == 0
    assert "is written" in capsys.readouterr().out
    written = Weights.load(folder)
    assert written and written.to_json() != wrong
    assert not (folder / "tags.json").exists()  # the base stays as it is otherwise


def test_too_few_rows_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in MEASURED_KINDS:
        with lzma.open(tmp_path / FILES[kind], "wt", encoding="utf-8") as lines:
            record = {"title": "A", "text": "b", "tags": ["c"], "source": "d", "split": "train"}
            lines.write(json.dumps(record) + "\n")
    assert main(["--data", str(tmp_path)]) == 2
    assert "no corpus to fit on" in capsys.readouterr().err
