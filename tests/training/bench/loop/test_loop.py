"""The simulated loop: its editor, its reviewer, its choices, a round, and what the summary says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
import torch
from transformers import Seq2SeqTrainingArguments

from training.bench.data import Row
from training.bench.loop import __main__ as loop
from training.bench.loop import scenario as scenario_module
from training.bench.loop.active_learning import choose
from training.bench.loop.editor import CAUGHT, WRONGLY_REFUSED, correct, held_out, reviewed
from training.bench.loop.methods import METHODS, RETRAIN
from training.bench.loop.regularisation import OutputPenaltyTrainer, WeightPenaltyTrainer
from training.bench.loop.scenario import Scenario
from training.bench.loop.simulation import Round, Simulation
from training.bench.loop.summary import is_worse, loop_chart, render, summarise, table
from training.finetune.frozen_encoder import FrozenEncoderTrainer
from training.finetune.preprocess import load_base

if TYPE_CHECKING:
    from training.bench.loop.results import RoundResult

POOL = [
    Row("articles", "blog", f"Title {n}", f"Text {n}", (f"tag {n % 7}", f"tag {n % 5}"), "train")
    for n in range(400)
]


def test_a_good_editor_leaves_the_humans_tags() -> None:
    corrections = correct(POOL, range(50), 0.0, seed=1)
    assert [one.tags for one in corrections] == [row.tags for row in POOL[:50]]
    assert not any(one.bad for one in corrections)


def test_a_bad_share_is_bad_and_not_by_the_same_trick() -> None:
    corrections = correct(POOL, range(300), 0.3, seed=1)
    bad = [one for one in corrections if one.bad]
    assert len(bad) == 90
    kinds = {len(one.tags) for one in bad}
    assert kinds == {1, 2, 3}  # rubbish, another article's, drawn from all
    good = [one for one in corrections if not one.bad]
    assert all(one.tags == POOL[one.place].tags for one in good)


def test_a_reviewer_finds_most_of_the_bad_and_refuses_few_of_the_good() -> None:
    corrections = correct(POOL, range(400), 0.5, seed=2)
    kept = reviewed(corrections, seed=2)
    bad, good = (sum(one.bad is kind for one in kept) / 200 for kind in (True, False))
    assert bad == pytest.approx(1 - CAUGHT, abs=0.06)
    assert good == pytest.approx(1 - WRONGLY_REFUSED, abs=0.06)


def test_held_out_corrections_are_not_learned() -> None:
    corrections = correct(POOL, range(200), 0.0, seed=3)
    learned, apart = held_out(corrections, seed=3)
    assert sorted(one.place for one in (*learned, *apart)) == list(range(200))
    assert 20 <= len(apart) <= 60


def test_the_least_sure_and_the_most_distant_are_chosen() -> None:
    sureness = [place / 400 for place in range(400)]
    vectors = np.eye(400, dtype=np.float32)
    vectors[:380] = vectors[0]  # all alike but for the last twenty
    unsure = choose("uncertainty", 20, sureness, vectors, seed=1)
    assert max(unsure) < 60
    far = choose("diversity", 12, sureness, vectors, seed=1)
    assert sum(place >= 380 for place in far) >= 11
    drawn = choose("random", 20, sureness, vectors, seed=1)
    assert len(set(drawn)) == 20 and drawn != choose("random", 20, sureness, vectors, seed=2)


def result(k: int, seed: int, new: float, old: float, *, passed: bool) -> RoundResult:
    def part(change: float) -> dict[str, Any]:
        figures = {"before": 0.3, "after": 0.3 + change, "difference": change}
        figures |= {"low": change - 0.01, "high": change + 0.01}
        return {"articles": 9, "f1@m": figures, "f1@5": figures}

    settings = {"corrections": k, "bad": 0.0, "review": False, "choice": "random", "seed": seed}
    settings |= {"learns": "neighbours"}
    measures = {"new": part(new), "old": part(old)}
    found = {"round": settings, "kept": k, "kept_bad": 0, "learned": k, "measures": measures}
    return cast("RoundResult", {**found, "passed": passed, "reasons": []})


def test_the_summary_tells_seeds_and_what_the_gate_let_through(tmp_path: Path) -> None:
    results = [
        result(100, 1, 0.10, 0.0, passed=True),
        result(100, 2, 0.20, -0.05, passed=True),
        result(100, 3, -0.30, 0.0, passed=False),
        result(50, 1, 0.05, 0.0, passed=True),
    ]
    assert [is_worse(one) for one in results] == [False, True, True, False]
    summary = summarise(results, "validation")
    row = summary["rows"][0]
    assert (row["corrections"], row["seeds"], row["passed"], row["passed_worse"]) == (100, 3, 2, 1)
    assert row["new"]["f1@m"]["change"] == 0.0
    assert (row["new"]["f1@m"]["least"], row["new"]["f1@m"]["most"]) == (-0.3, 0.2)
    assert "| 0.300 → 0.300 | +0.0 (-30.0 to +20.0) |" in render(summary)
    assert "| neighbours | at random | +5.0 / +0.0 | +0.0 / -1.7 |" in table(summary)
    loop_chart(summary, tmp_path / "loop.png")
    assert (tmp_path / "loop.png").stat().st_size > 5000


def test_every_part_has_three_seeds_and_known_methods() -> None:
    parts = loop._rounds()
    for rounds in parts.values():
        assert all(one.learns in METHODS for one in rounds)
    assert {one.seed for one in parts["retrain"]} == {1, 2, 3}
    names = [one.name for rounds in parts.values() for one in rounds]
    by_name = {one.name: one for rounds in parts.values() for one in rounds}
    assert len(by_name) == len({tuple(vars(by_name[name]).values()) for name in names})


def test_an_unknown_part_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--data", str(tmp_path), "--out", str(tmp_path), "--only", "magic"]
    assert loop.main(flags) == 2
    assert "No part is called 'magic': take neighbours, retrain," in capsys.readouterr().err


@pytest.mark.slow
def test_a_round_learns_measures_and_decides(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario_module, "SPARE", 5)
    scenario = Scenario.load([str(data_folder)], "validation", tmp_path / "current")
    assert len(scenario.spare) == 5
    assert {row.source for row in scenario.pool} == {row.source for row in scenario.new_test}
    simulation = Simulation(scenario)
    nothing = simulation.run(Round(0))
    assert all(nothing["measures"][part]["f1@m"]["difference"] == 0 for part in ("new", "old"))
    assert not nothing["passed"]  # nothing held out to tell by
    count = len(scenario.pool) // 2
    learned = simulation.run(Round(count))
    assert learned["kept"] == count and learned["kept_bad"] == 0
    taught = simulation.run(Round(count, learns=RETRAIN))
    assert taught["learned"] == learned["learned"]
    assert taught["measures"]["new"]["f1@m"] != nothing["measures"]["new"]["f1@m"]


@pytest.mark.parametrize("pull", [WeightPenaltyTrainer, OutputPenaltyTrainer])
def test_a_pull_costs_nothing_at_the_start_and_something_later(
    pull: type[FrozenEncoderTrainer], tmp_path: Path, tiny_bart: Path
) -> None:
    model, tokenizer, _ = load_base(str(tiny_bart))
    model.get_encoder().requires_grad_(False)
    for module in model.modules():  # dropout would tell old and new weights apart
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        elif isinstance(getattr(module, "dropout", None), float):
            module.dropout = 0.0
    arguments = Seq2SeqTrainingArguments(str(tmp_path), use_cpu=True, report_to="none")
    trainer = pull(model=model, args=arguments, processing_class=tokenizer)
    inputs = dict(tokenizer(["Bees winter in the hive."], return_tensors="pt"))
    inputs["labels"] = tokenizer(["Bees, Winter"], return_tensors="pt").input_ids

    def losses() -> tuple[float, float]:
        model.train()
        with_pull = trainer.compute_loss(model, inputs)
        plain = FrozenEncoderTrainer.compute_loss(trainer, model, inputs)
        return with_pull.item(), plain.item()

    with_pull, plain = losses()
    assert with_pull == pytest.approx(plain, abs=1e-5)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.requires_grad:
                weights += 0.05 * torch.randn_like(weights)
    with_pull, plain = losses()
    assert with_pull > plain + 0.01
