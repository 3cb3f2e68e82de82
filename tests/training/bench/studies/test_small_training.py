"""The study of how small corpora are fine-tuned: what is scored, kept, summed up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import GenerationConfig

from tagloop.errors import UserError
from training.bench.data import Row
from training.bench.small.corpora import Cell, SmallCorpus
from training.bench.studies import small_training as study


def row(*tags: str) -> Row:
    return Row("articles", "blog", "Title", "Text", tags, "train", "blog")


def result(f1: float, repeats: float = 0.0) -> dict[str, Any]:
    scores = [{"f1@m": f1, "repeats": repeats}]
    return {
        "seconds": 9.0,
        "systems": dict.fromkeys((study.TAGLOOP, *study.DECODINGS), scores),
    }


def test_answers_are_scored_by_normal_form() -> None:
    rows = [row("Big Data", "R"), row("food")]
    scored = study.scored([["big-data", "BIG DATA", "sql"], []], [1.0, 0.0], rows)
    assert scored == [{"f1@m": 0.5, "repeats": 1.0}, {"f1@m": 0.0, "repeats": 0.0}]


def test_token_ids_are_cut_at_the_separator() -> None:
    assert study._cut([5, 6, 1, 7, 1, 5, 6], 1) == [(5, 6), (7,), (5, 6)]


def test_a_decoding_changes_a_copy_of_what_is_stored() -> None:
    stored = GenerationConfig(repetition_penalty=1.3, sequence_bias=[[[5], 2.0]])
    changed = study.changed_config(stored, {"sequence_bias": None})
    assert (changed.repetition_penalty, changed.sequence_bias) == (1.3, None)
    assert stored.sequence_bias == [[[5], 2.0]]


def test_a_variant_is_compared_on_the_cells_of_the_usual_one() -> None:
    one, two, lone = Cell("a", 100, 0), Cell("b", 100, 0), Cell("c", 100, 0)
    results = {
        (one, study.USUAL): result(0.4),
        (two, study.USUAL): result(0.2),
        (one, "6 epochs"): result(0.5, 1.0),
        (two, "6 epochs"): result(0.4),
        (lone, "6 epochs"): result(0.9),
    }
    summary = study.summarise(results)
    means = summary["6 epochs"]["systems"][study.AS_STORED]
    assert summary["6 epochs"]["cells"] == 2
    assert means["f1@m"]["value"] == pytest.approx(0.45)
    assert means["difference"]["value"] == pytest.approx(0.15)
    assert means["repeats"]["value"] == pytest.approx(0.5)
    shown = study.table({"size": 100, "variants": summary})
    line = next(line for line in shown.splitlines() if line.startswith("| 6 epochs "))
    assert "| 0.450 (" in line and "| 50.0% " in line and "| +0.150 (" in line


def test_what_is_there_is_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []

    def measure(corpus: SmallCorpus, changed: dict[str, Any]) -> dict[str, Any]:
        measured.append(corpus.cell.source)
        return result(0.5)

    monkeypatch.setattr(study, "measure", measure)
    found = [SmallCorpus(Cell(name, 100, 0), [], [], []) for name in ("a", "b")]
    for names in (["usual"], ["usual", "6 epochs"]):
        settings = study.SmallTrainingSettings(out=str(tmp_path), variants=names)
        results = study.run(settings, found)
    assert measured == ["a", "b"] * 2
    assert len(results) == 4
    other = [SmallCorpus(of.cell, [row("x")], [], []) for of in found]
    assert study.run(settings, other[:1]).keys() == set(list(results)[:2])
    assert measured[4:] == ["a", "a"]  # of other rows, or of fewer for a try


def test_an_unknown_variant_is_named() -> None:
    with pytest.raises(UserError, match="No variant is called 'more': take usual, "):
        study.corpora(study.SmallTrainingSettings(variants=["more"]))
