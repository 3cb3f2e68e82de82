"""Lower layers that stay as they are, the averaged end, and going on after an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForSeq2SeqLM,
    Seq2SeqTrainingArguments,
    TrainerCallback,
    TrainerControl,
    TrainerState,
)

from tagloop.errors import UserError
from training.config import TrainConfig
from training.data.corpus import load_corpus
from training.finetune import train
from training.finetune.averaged_training import AveragedSteps, AveragedTrainer
from training.finetune.averaging import WeightAverage
from training.finetune.frozen_encoder import cut_encoder, freeze_lower_layers

FLAGS = ["--batch_size", "4", "--max_input_tokens", "64", "--max_new_tokens", "12", "--warmup"]
FLAGS += ["0.1", "--learning_rate", "3e-3", "--precision", "fp32", "--epochs", "5"]
FLAGS += ["--frozen_layers", "1"]
STEPS = 3  # an epoch of a dozen articles
Weights = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps default folders away from the project's own."""
    monkeypatch.chdir(tmp_path)


class Watched(TrainerCallback):
    """Notes the weights after every epoch; does something at a step."""

    def __init__(self, at: int, do: Callable[[], None]) -> None:
        self.epochs: list[Weights] = []
        self._at, self._do = at, do

    def on_epoch_end(self, *args: Any, **kwargs: Any) -> None:
        state = kwargs["model"].state_dict()
        self.epochs.append({name: weight.clone() for name, weight in state.items()})

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == self._at:
            self._do()


def run(
    monkeypatch: pytest.MonkeyPatch,
    dataset: Path,
    base: Path,
    *more: str,
    at: int = -1,
) -> tuple[int, Watched, list[AveragedTrainer]]:
    """Trains; is interrupted after the step ``at``."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    watched = Watched(at, interrupt)
    trainers: list[AveragedTrainer] = []

    class Noted(AveragedTrainer):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.add_callback(watched)
            trainers.append(self)

    monkeypatch.setattr(train, "AveragedTrainer", Noted)
    flags = ["--dataset", str(dataset), "--base", str(base), *FLAGS, *more]
    return train.main(flags), watched, trainers


@pytest.fixture(scope="module")
def straight(dataset: Path, tiny_bart: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the model folder of a training that nothing interrupted."""
    folder = tmp_path_factory.mktemp("straight") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder.parent)
        assert run(patch, dataset, tiny_bart, "--output_dir", str(folder))[0] == 0
    return folder


def log_of(folder: Path) -> dict[str, Any]:
    written: dict[str, Any] = json.loads((folder / "training_log.json").read_text("utf-8"))
    return written


def changed(before: Weights, after: Weights) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_lower_layers_stay_and_read_each_article_once(
    dataset: Path, tiny_bart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = AutoModelForSeq2SeqLM.from_pretrained(tiny_bart).state_dict()
    code, watched, trainers = run(monkeypatch, dataset, tiny_bart, "--output_dir", "model")
    assert code == 0
    moved = changed(before, watched.epochs[-1])
    assert any("encoder.layers.1." in name for name in moved)
    assert any("decoder.layers" in name for name in moved)
    still = (
        "encoder.layers.0.",
        "encoder.layernorm_embedding",
        "encoder.embed_positions",
        "shared",
    )
    assert not [name for name in moved if any(part in name for part in still)]
    assert trainers[0].cache.hits == 4 * 12  # of five epochs the first one fills the cache
    kept = AutoModelForSeq2SeqLM.from_pretrained("model").state_dict()
    mean = {name: (watched.epochs[3][name] + watched.epochs[4][name]) / 2 for name in kept}
    assert all(torch.allclose(kept[name], mean[name], atol=1e-6) for name in kept)
    log = log_of(Path("model"))
    assert log["best"]["step"] == 5 * STEPS
    validated = {entry["step"]: entry for entry in log["log"] if "eval_f1@m" in entry}
    assert list(validated) == [STEPS * epoch for epoch in range(1, 6)]
    assert log["best"]["value"] == pytest.approx(validated[5 * STEPS]["eval_f1@m"], abs=1e-4)
    assert (log["chosen"]["epochs"], log["chosen"]["frozen_layers"]) == (5, 1)
    stored = AutoModelForSeq2SeqLM.from_pretrained("model").generation_config
    assert stored.repetition_penalty == log["chosen"]["repetition_penalty"]


def test_cut_in_two_an_encoder_says_what_it_says_in_one(tiny_bart: Path) -> None:
    model = AutoModelForSeq2SeqLM.from_pretrained(tiny_bart).eval()
    encoder = model.get_encoder()
    parts: tuple[Any, Any] = cut_encoder(encoder, 1)
    lower, upper = parts
    ids = torch.tensor([[5, 6, 7, 8, 9], [7, 8, 9, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    with torch.no_grad():
        whole = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        half = lower(input_ids=ids, attention_mask=mask).last_hidden_state
        both = upper(inputs_embeds=half, attention_mask=mask).last_hidden_state
    assert not torch.allclose(half, whole, atol=1e-3)
    assert torch.allclose(both[mask.bool()], whole[mask.bool()], atol=1e-6)
    assert len(encoder.layers) == len(lower.layers) + len(upper.layers)


def test_another_kind_of_encoder_trains_all_weights(tiny_t5: Path) -> None:
    model = AutoModelForSeq2SeqLM.from_pretrained(tiny_t5)
    assert not freeze_lower_layers(model, 1)
    assert all(weight.requires_grad for weight in model.parameters())


@pytest.mark.parametrize("at", [pytest.param(1 * STEPS + 1, marks=pytest.mark.slow), 4 * STEPS + 1])
def test_an_interrupted_training_ends_as_if_nothing_had_happened(
    at: int, straight: Path, dataset: Path, tiny_bart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before averaging has begun, and after."""
    flags = ("--output_dir", "model")
    assert run(monkeypatch, dataset, tiny_bart, *flags, at=at)[0] == 130
    assert not Path("model/training_log.json").exists()
    assert run(monkeypatch, dataset, tiny_bart, *flags, "--resume")[0] == 0
    expected, resumed = (
        AutoModelForSeq2SeqLM.from_pretrained(folder).state_dict() for folder in (straight, "model")
    )
    assert all(torch.allclose(expected[name], resumed[name], atol=1e-5) for name in expected)
    steps = [
        [entry["step"] for entry in log_of(folder)["log"] if "loss" in entry]
        for folder in (straight, Path("model"))
    ]
    assert steps[0] == steps[1]


def test_without_validation_articles_the_average_is_kept_unmeasured(
    dataset: Path, tiny_bart: Path
) -> None:
    corpus = load_corpus(str(dataset))
    corpus.splits["validation"] = corpus.splits["validation"].select([])
    config = TrainConfig(
        base=str(tiny_bart), output_dir="model", epochs=2, frozen_layers=1, max_input_tokens=64
    )
    train.train(config, corpus)
    assert log_of(Path("model"))["best"] == {"step": 2, "metric": "f1@m", "value": None}


def test_layers_that_cannot_be_frozen_are_refused_in_a_sentence(
    dataset: Path, tiny_bart: Path, tiny_t5: Path
) -> None:
    for base, layers, model in ((tiny_t5, 1, "t5 with 2"), (tiny_bart, 2, "bart with 2")):
        config = TrainConfig(base=str(base), output_dir="model", frozen_layers=layers)
        with pytest.raises(UserError, match=f"--frozen_layers {layers}: .*{model}"):
            train.train(config, load_corpus(str(dataset)))


def test_an_average_is_the_mean_and_comes_back_from_a_file(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 1)
    average = WeightAverage()
    for value in (1.0, 2.0, 6.0):
        torch.nn.init.constant_(model.weight, value)
        average.add(model)
        average.save(tmp_path)
        average = WeightAverage()
        average.load(tmp_path, torch.device("cpu"))
    average.put_into(model)
    assert average.count == 3
    assert model.weight.tolist() == [[3.0, 3.0]]


@pytest.mark.parametrize("killed_after", [None, 2, 6])
def test_the_mean_of_the_last_steps_is_what_stays_even_after_a_kill(
    killed_after: int | None, tmp_path: Path
) -> None:
    model = torch.nn.Linear(1, 1, bias=False)
    arguments = Seq2SeqTrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    state, control = TrainerState(max_steps=8), TrainerControl()
    callback = AveragedSteps(0.5)
    for step in range(1, 9):
        torch.nn.init.constant_(model.weight, float(step))
        state.global_step = step
        callback.on_step_end(arguments, state, control, model=model)
        if step == killed_after:
            (tmp_path / f"checkpoint-{step}").mkdir()
            callback.on_save(arguments, state, control)
            callback = AveragedSteps(0.5)
            callback.on_train_begin(arguments, state, control, model=model)
    callback.on_train_end(arguments, state, control, model=model)
    assert model.weight.item() == pytest.approx((5 + 6 + 7 + 8) / 4)
