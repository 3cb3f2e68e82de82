"""The speed benchmarks on tiny models: every figure is there and what is compared is comparable."""

from __future__ import annotations

import json
import lzma
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from tagloop.generation.settings import TaggingSettings
from training.bench import timing
from training.bench.growth import __main__ as growth
from training.bench.growth import many_machines
from training.bench.growth.resampled import Resampler
from training.bench.speed import __main__ as speed
from training.bench.speed.shapes import END, TINY, RandomT5, stand_in_ids
from training.bench.training_speed import __main__ as training_speed
from training.bench.training_speed.fine_tuning import FineTuning, Task, Variant
from training.config import TrainConfig

from ...tiny_models import make_tiny_bart, starter_articles


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keeps tiny models from waiting for each other's threads, here and in started processes."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a data folder as the recipe reads it, of the starter corpus."""
    folder = tmp_path_factory.mktemp("data")
    with lzma.open(folder / "articles_open.jsonl.xz", "wt", encoding="utf-8") as file:
        for number, article in enumerate(starter_articles()[:40]):
            split = "validation" if number % 4 == 0 else "train"
            file.write(json.dumps({**article, "source": "starter", "split": split}) + "\n")
    with lzma.open(folder / "titles.jsonl.xz", "wt", encoding="utf-8") as file:
        for article in starter_articles()[40:48]:
            row = {"title": article["title"], "text": "", "tags": article["tags"]}
            file.write(json.dumps({**row, "source": "starter", "split": "train"}) + "\n")
    with lzma.open(folder / "general_open.jsonl.xz", "wt", encoding="utf-8"):
        pass  # Nobody here reads more of it.
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a tiny base with its settings."""
    folder = make_tiny_bart(tmp_path_factory.mktemp("bases") / "tiny")
    TaggingSettings(prompt_template="{title}\n{text}", max_input_tokens=64).save(folder)
    return folder


@pytest.mark.slow
def test_speed_reports_every_system_and_every_cost(
    data: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "speed.json"
    flags = ["--data", str(data), "--weights", str(model), "--output", str(output), "--quick"]
    assert speed.main(flags) == 0
    report = json.loads(output.read_text(encoding="utf-8"))
    rates = report["articles_per_second"]
    assert len(rates) == 12 and all(rate["median"] > 0 for rate in rates.values())
    for mine, other in (
        (speed.TAGLOOP, speed.REFERENCE),
        (speed.TAGLOOP, speed.GREEDY),
        (speed.ALONE, speed.GREEDY),
    ):
        one = rates[f"{mine}, batch 1"]["median"] / rates[f"{other}, batch 1"]["median"]
        assert report["ratios"][f"{mine}: {other}, one by one"] == pytest.approx(one, rel=0.01)
    assert report["cold_start_seconds"]["median"] > 0.1
    assert report["serving"]["articles"] == 5
    assert 50 < report["serving"]["peak_mb"] < 1000
    assert report["latency_ms"]["p95"] >= report["latency_ms"]["median"] > 0
    assert set(report["batches"]) >= {"4 sorted", "4 as they come"}
    assert set(report["int8_against_float32"]["f1@5"]) == {"float32", "int8"}
    assert str(tmp_path) not in json.dumps(report["command"])
    told = capsys.readouterr().out
    for name in rates:
        assert name in told


def test_a_missing_data_file_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert speed.main(["--data", str(tmp_path)]) == 2
    assert "articles_open.jsonl.xz is missing" in capsys.readouterr().err


@pytest.mark.parametrize("beams", [1, 3])
def test_a_random_model_generates_just_as_many_tokens_as_it_shall(beams: int) -> None:
    shape = RandomT5.of_shape(TINY, beams, input_tokens=20, new_tokens=7)
    assert shape.generate(["one text", "another, much longer text " * 9]).shape == (2, 8)


def test_stand_in_ids_are_as_many_as_the_text_is_long() -> None:
    assert len(stand_in_ids("four characters a token", 512)) == 1 + 3 + 1 + 2 + 1
    assert len(stand_in_ids("word " * 600, 512)) == 512
    ids = stand_in_ids("word " * 600, 512)
    assert ids[-1] == END and min(ids) >= END and max(ids) < TINY.vocab_size


def test_turns_begin_with_another_job_each_round(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    clock: Iterator[float] = iter([0, 1, 10, 12, 20, 24, 30, 31])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    jobs = {name: timing.Job(partial(ran.append, name), 8) for name in ("a", "b")}
    rates: dict[str, Any] = timing.by_turns(jobs, 2, "test")
    assert ran == ["a", "b", "b", "a"]
    assert rates["a"] == {"median": 8, "low": 8, "high": 8}  # 1 s and 1 s
    assert rates["b"] == {"median": 3, "low": 2, "high": 4}  # 2 s and 4 s
    assert torch.get_num_threads() == timing.machine()["torch_threads"]


@pytest.mark.slow
def test_training_speed_reports_each_win_alone_and_accumulated(
    data: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "training_speed.json"
    flags = ["--data", str(data), "--base", str(model), "--output", str(output), "--quick"]
    assert training_speed.main(flags) == 0
    report = json.loads(output.read_text(encoding="utf-8"))
    plain = report["plain"]["median"]
    told = capsys.readouterr().out
    for part, variants in (
        ("alone", training_speed.ALONE),
        ("accumulated", training_speed.ACCUMULATED),
    ):
        assert list(report[part]) == list(variants)
        for name, entry in report[part].items():
            assert entry["ratio"] == pytest.approx(entry["median"] / plain, rel=0.01)
            assert name in told


def test_batches_of_a_variant_are_padded_and_ordered_as_it_says(data: Path, model: Path) -> None:
    config = TrainConfig(batch_size=4, max_input_tokens=256, max_new_tokens=12)
    work = FineTuning(Task([str(data)], str(model), 28, 3, config), keep_memory=False)

    def padding(variant: Variant) -> float:
        batches = work._batches(variant)
        assert [len(batch["input_ids"]) for batch in batches] == [4, 4, 4]
        return sum(int((batch["attention_mask"] == 0).sum()) for batch in batches)

    fixed = work._batches(Variant())
    assert {batch["input_ids"].shape[1] for batch in fixed} == {256}
    assert {batch["labels"].shape[1] for batch in fixed} == {12}
    assert padding(Variant()) >= padding(Variant(dynamic=True))
    assert padding(Variant(dynamic=True)) >= padding(Variant(dynamic=True, grouped=True))
    encoder = work._model.get_encoder()
    for cached in (False, True):
        calls: list[int] = []
        hook = encoder.register_forward_hook(lambda *_: calls.append(1))  # noqa: B023
        assert work.articles_a_second(Variant(frozen=True, cached=cached)) > 0
        hook.remove()
        assert not any(value.requires_grad for value in encoder.parameters())
        # With the cache once a batch, before the clock; else in each step and the warm-up.
        assert len(calls) == (3 if cached else 4)


@pytest.mark.slow
def test_growth_reports_both_growths_and_draws_them(
    data: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--data", str(data), "--model", str(model), "--output", str(tmp_path), "--quick"]
    assert growth.main(flags) == 0
    report = json.loads((tmp_path / "growth.json").read_text(encoding="utf-8"))
    assert [entry["words"] for entry in report["article_words"]] == [20, 40]
    for entry in report["article_words"]:
        assert entry["seconds"] > 0 and 50 < entry["peak_mb"] < 1000
    entries = report["dataset_rows"]["entries"]
    assert [entry["rows"] for entry in entries] == [entry["kept"] for entry in entries] == [20, 40]
    for entry in entries:
        assert entry["build_seconds"] > entry["tokenize_seconds"] > 0
    for entry in report["tagged_rows"] + report["look_ups"]:
        assert entry["seconds"] > 0 and 50 < entry["peak_mb"] < 1000
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert str(tmp_path) not in report["command"]
    assert "peak MB" in capsys.readouterr().out


@pytest.mark.slow
def test_many_machines_measures_and_simulates(
    data: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("datatrove", reason="make slowtest has it: see requirements.txt")
    path = tmp_path / "many-machines.json"
    flags = ["--data", str(data), "--model", str(model), "--output", str(path), "--quick"]
    assert many_machines.main(flags) == 0
    report = json.loads(path.read_text(encoding="utf-8"))
    for rate in report["rates"].values():
        assert rate["start"] > 0 and rate["each"] > 0
    assert 0 <= report["rates"]["build"]["alone"] < 1
    assert all(each["hours"] > 0 for each in report["simulated"])
    assert "| tag   | cpu-basic   | 64 " in capsys.readouterr().out


def test_what_is_shared_out_takes_less_time_and_no_less_money() -> None:
    rate = many_machines.Rate(start=10, each=0.1, alone=0.01)
    assert many_machines.Rate(0, 0.36).hours(machines=8, cores=2) == pytest.approx(62.5)
    one, many = rate.hours(1, 1), rate.hours(64, 1)
    starts, alone, shared = 6400 / 3600, 10_000 / 3600, 990_000 / 3600
    assert one == pytest.approx(starts + alone + shared)
    assert many == pytest.approx(starts / 64 + alone + shared / 64)
    assert many_machines._alone("read  4 parts (3 s)\nconnect   1 part (1 s)\n") == 0.25


def test_resampled_articles_are_of_the_length_wanted_and_no_near_duplicates(data: Path) -> None:
    made = [Resampler.of_train_split([str(data)], seed=1).article(120) for _ in range(2)]
    assert made[0] == made[1]  # the same seed
    resampler = Resampler.of_train_split([str(data)])
    articles = [resampler.article(words) for words in (1, 100, 100, 5000)]
    assert [len(article["text"].split()) for article in articles] == [1, 100, 100, 5000]
    assert all(article["tags"] and article["title"] for article in articles)
    assert articles[1]["text"] != articles[2]["text"]
