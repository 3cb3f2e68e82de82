"""The stations in a row: each does its work once, and again only when something has changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, DatasetDict

from tagloop.errors import UserError
from training.config import StationsConfig, TrainConfig
from training.data.corpus import Corpus, load_corpus
from training.finetune.training_log import hyperparameters
from training.json_files import write_json
from training.publish import pipeline as stations
from training.publish.pipeline import evaluate_station, train_config, train_station

from ..tiny_models import starter_articles

PARAGRAPHS: dict[str, str] = json.loads(
    (Path(__file__).parents[2] / "space" / "text" / "paragraphs.json").read_text(encoding="utf-8")
)
SETTINGS = "epochs: 1\nbatch_size: 8\nmax_input_tokens: 48\nmax_new_tokens: 8\nprecision: fp32\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns an empty folder to work in, with a table of articles and a settings file."""
    monkeypatch.chdir(tmp_path)
    rows = [{**row, "text": row["text"][:400]} for row in starter_articles()[::10]]
    (tmp_path / "posts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "train.yaml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def flags(tiny_bart: Path) -> list[str]:
    base = ["--source", "posts.jsonl", "--name", "blog", "--base", str(tiny_bart)]
    return [*base, "--training", "train.yaml"]


def written(folder: Path) -> dict[str, tuple[int, int]]:
    """Returns each file's identity: another one after a rewrite, even with the same content."""
    files = (path for path in folder.rglob("*") if path.is_file())
    stats = {str(path.relative_to(folder)): path.stat() for path in files}
    return {name: (stat.st_mtime_ns, stat.st_ino) for name, stat in stats.items()}


def test_a_second_run_does_nothing_and_a_change_does_what_it_needs(
    project: Path, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    model = project / "build" / "blog" / "model"
    assert stations.main(flags) == 0
    assert "with Tagloop against checkpoint alone" in capsys.readouterr().out
    assert json.loads((model / "report.json").read_text())["split"] == "test"
    assert not (model / "checkpoints.json").exists()

    first = written(model)
    assert stations.main(flags) == 0
    assert written(model) == first
    assert (
        "with Tagloop against checkpoint alone" in capsys.readouterr().out
    )  # the report is shown again

    (project / "train.yaml").write_text(SETTINGS.replace("batch_size: 8", "batch_size: 6"))
    assert stations.main(flags) == 0
    second = written(model)
    for name in ("model.safetensors", "training_log.json", "report.json"):
        assert second[name] != first[name]
    log = json.loads((model / "training_log.json").read_text())
    assert log["hyperparameters"]["batch_size"] == 6


def test_an_interrupted_training_is_resumed_only_if_it_is_the_same(
    dataset: Path, tmp_path: Path, tiny_bart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = load_corpus(str(dataset))
    settings = tmp_path / "train.yaml"
    settings.write_text("epochs: 3")
    config = StationsConfig(base=str(tiny_bart))
    other = StationsConfig(base=str(tiny_bart), training=str(settings))
    folder = tmp_path / "model"
    calls: list[bool] = []

    def interrupted(config: TrainConfig, _: Any) -> None:
        calls.append(config.resume)
        checkpoint = folder / "checkpoints" / "checkpoint-5"
        checkpoint.mkdir(parents=True, exist_ok=True)
        (checkpoint / "trainer_state.json").write_text("{}")
        raise KeyboardInterrupt

    monkeypatch.setattr(stations, "train", interrupted)
    for wanted in (config, config, other, other, config):
        with pytest.raises(KeyboardInterrupt):
            train_station(wanted, corpus, folder)
    assert calls == [False, True, False, True, False]


def test_a_report_of_other_data_is_made_anew(
    project: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = load_corpus(str(dataset))
    model = project / "model"
    model.mkdir()
    made: list[str] = []

    def evaluate(config: Any, corpus: Any) -> dict[str, Any]:
        made.append(config.model)
        return {"dataset": corpus.source, "systems": {"checkpoint": {}}}

    monkeypatch.setattr(stations, "evaluate_tagger", evaluate)
    for _ in range(2):
        assert evaluate_station(StationsConfig(), corpus, model)["dataset"] == corpus.source
    assert made == [str(model)]
    (model / "report.json").write_text(json.dumps({"dataset": {"fingerprint": "another"}}))
    evaluate_station(StationsConfig(), corpus, model)
    assert len(made) == 2
    # An earlier version measured Tagloop alone.
    write_json(model / "report.json", {"dataset": corpus.source, "systems": {"after": {}}})
    evaluate_station(StationsConfig(), corpus, model)
    assert len(made) == 3


@pytest.mark.parametrize(("language", "warned"), [("zh", True), ("en", False)])
def test_what_the_base_cannot_read_is_said_before_it_is_trained(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
    warned: bool,
) -> None:
    monkeypatch.setattr(stations, "train", lambda config, corpus: None)
    row = {"title": [""] * 3, "text": [PARAGRAPHS[language]] * 3, "tags": [["a"]] * 3}
    splits = DatasetDict(train=Dataset.from_dict(row))
    assert train_station(StationsConfig(), Corpus(splits, "posts", None, "f"), tmp_path)
    said = (
        "100 % of the articles are in Chinese, and tagloop-base was trained on English. Bases "
        "trained on it: google/mt5-small, google/byt5-small, facebook/mbart-large-50. Take one "
        "with make train BASE=google/mt5-small (--base google/mt5-small).\n"
        "The sentence encoder that finds neighbours reads English alone: take one for Chinese with "
        "make train ENCODER=intfloat/multilingual-e5-small (--encoder "
        "intfloat/multilingual-e5-small).\n"
    )
    assert capsys.readouterr().out == (said if warned else "")


def test_the_settings_file_fills_in_and_the_base_of_the_command_wins(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("epochs: 2\nbase: from/file\nname: another")
    config = train_config(StationsConfig(name="blog", training=str(path)), tmp_path / "model")
    assert (config.epochs, config.base, config.name) == (2, "from/file", "blog")
    assert config.output_dir == str(tmp_path / "model")
    assert hyperparameters(config)["epochs"] == 2
    chosen = StationsConfig(base="from/flag", encoder="an/encoder", training=str(path))
    assert train_config(chosen, tmp_path).base == "from/flag"
    assert train_config(chosen, tmp_path).encoder == "an/encoder"
    path.write_text("epoch: 2")
    with pytest.raises(UserError, match="unknown setting epoch"):
        train_config(chosen, tmp_path)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (["--source", "nothing.csv"], "nothing.csv"),
        (["--training", "nothing.yaml"], "nothing.yaml: cannot be read"),
        (["--base", "nothing"], "error: "),
    ],
)
@pytest.mark.usefixtures("hub")
def test_a_mistake_is_one_sentence(
    changes: list[str],
    complaint: str,
    project: Path,
    flags: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert stations.main([*flags, *changes]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ") and complaint in error


def test_ctrl_c_says_how_to_go_on(
    project: Path,
    flags: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stations, "train", interrupt)
    assert stations.main(flags) == 130
    assert "the same command goes on from the last checkpoint" in capsys.readouterr().err
