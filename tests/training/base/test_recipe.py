"""The recipe of the bundled base on a handful of articles: stages, resumption, export; its card."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import normal_form, occurs_in
from training.base import batches, measure, recipe, stages
from training.base.card import write_card
from training.base.examples import (
    FILES,
    MEASURED_KINDS,
    TAGGED,
    Row,
    read_rows,
    tag_examples,
    target_form,
    title_examples,
)
from training.base.minilm import untrained_base
from training.base.stages import Stage
from training.finetune.preprocess import BUNDLED_BASE

from ..tiny_models import starter_articles

SECONDS = 1.0


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """A tiny model's products are too short to be shared out."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Returns two folders with the recipe's files between them."""
    folder, more = (tmp_path_factory.mktemp(name) for name in ("recipe-data", "more data"))
    articles = starter_articles()
    splits = ("train", "train", "validation", "test")
    for number, (kind, name) in enumerate(FILES.items()):
        with lzma.open(
            (more if kind == "general" else folder) / name, "wt", encoding="utf-8"
        ) as lines:
            for index, row in enumerate(articles[number * 20 : number * 20 + 20]):
                record = {
                    "title": row["title"],
                    "text": "" if kind == "titles" else row["text"][:300],
                    "tags": [] if kind == "wiki" else row["tags"],
                    "source": kind,
                    "split": splits[index % 4] if kind in MEASURED_KINDS else None,
                }
                lines.write(json.dumps(record) + "\n")
    return [str(folder), str(more)]


@pytest.fixture(scope="module")
def trained(data: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("recipe-out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            recipe,
            "STAGES",
            (
                Stage("titles", SECONDS / 60, True, 1e-3, 0.0, 32),
                Stage("all", SECONDS / 60, False, 6e-4, 1.5e-4, 32, general_rounds=1),
            ),
        )
        patch.setattr(batches, "TOKENS_A_BATCH", 128)
        patch.setattr(recipe, "LOG_STEPS", 1)
        recipe.Trainer(recipe.RecipeSettings(data=data, out=str(out))).run()
    return out


@pytest.mark.slow
def test_the_stages_run_and_log(trained: Path) -> None:
    log = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    assert {entry["stage"] for entry in log} == {"titles", "all"}
    measured = {f"{kind}_f1" for kind in MEASURED_KINDS}
    assert [entry for entry in log if measured <= set(entry)]
    losses = [entry["loss"] for entry in log if "loss" in entry]
    assert losses and all(loss > 0 for loss in losses)


@pytest.mark.slow
def test_a_finished_recipe_resumes_to_its_end(trained: Path, data: list[str]) -> None:
    before = (trained / "log.jsonl").read_text()
    trainer = recipe.Trainer(recipe.RecipeSettings(data=data, out=str(trained)))
    assert trainer.progress.stage == 2 and trainer.progress.step > 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "STAGES", stages.STAGES[:2])
        trainer.run()
    assert (trained / "log.jsonl").read_text() == before
    # What was learned is what was loaded.
    fresh, _ = untrained_base()
    moved = trainer.model.model.decoder.layers[0].fc1.weight
    assert not torch.equal(moved, fresh.model.decoder.layers[0].fc1.weight)


@pytest.mark.slow
def test_a_frozen_encoder_does_not_move(data: list[str], tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stage = Stage("titles", SECONDS / 60, True, 1e-3, 0.0, 32)
        patch.setattr(recipe, "STAGES", (stage,))
        patch.setattr(batches, "TOKENS_A_BATCH", 128)
        trainer = recipe.Trainer(recipe.RecipeSettings(data=data, out=str(tmp_path)))
        trainer.run()
    fresh, _ = untrained_base()
    assert torch.equal(trainer.model.model.shared.weight, fresh.model.shared.weight)
    for ours, theirs in zip(
        trainer.model.model.encoder.parameters(), fresh.model.encoder.parameters(), strict=True
    ):
        assert torch.equal(ours, theirs)


@pytest.mark.slow
def test_the_export_is_bf16_and_loads_with_stock_tools(trained: Path, tmp_path: Path) -> None:
    recipe.export(trained, tmp_path)
    model = AutoModelForSeq2SeqLM.from_pretrained(tmp_path)
    assert model.dtype == torch.bfloat16
    assert (tmp_path / "model.safetensors").stat().st_size < 60_000_000
    assert not list(tmp_path.glob("*.bin")) and (tmp_path / "tagging.json").is_file()
    inputs = AutoTokenizer.from_pretrained(tmp_path)("A title\nA text.", return_tensors="pt")
    assert set(inputs) == {"input_ids", "attention_mask"}
    assert model.generate(**inputs).shape[1] <= 49


def test_nothing_to_export_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run the recipe's train command first"):
        recipe.export(tmp_path, tmp_path / "weights")


def test_test_splits_are_never_learned_from(data: list[str]) -> None:
    trainer = recipe.Trainer.__new__(recipe.Trainer)
    trainer.tagged = {kind: read_rows(data, kind) for kind in TAGGED}
    held = {row.title for rows in trainer.tagged.values() for row in rows if row.split != "train"}
    stage = Stage("all", 1, False, 1e-3, 1e-4, 64, general_rounds=1)
    prompts = [prompt for prompt, _ in trainer._examples(stage, random.Random(0))]
    assert held and prompts
    assert not [prompt for prompt in prompts if prompt.split("\n")[0] in held]


def test_examples_say_what_they_should() -> None:
    rng = random.Random(1)
    text = "Photosynthesis turns light into sugar. " * 30
    book = Row("textbook", "Leaves", text, ("photosynthesis", "mitochondria"), "train")
    [(prompt, target)] = tag_examples([book], rng)
    assert target == "photosynthesis" and occurs_in(target, prompt)
    many = Row("articles", "T", "x", tuple(f"tag{i}" for i in range(12)), "train")
    [(_, target)] = tag_examples([many], rng)
    written_tags = target.split(", ")
    assert len(written_tags) == 6 and written_tags == sorted(written_tags, key=many.tags.index)
    wiki = Row("wiki", "Otter", "An otter is a mammal.", (), "train")
    assert list(title_examples([wiki], rng)) == [("An otter is a mammal.", "Otter")]
    assert target_form("content-strategy") == "content strategy"
    assert normal_form(target_form("a_b, c")) == "a b c"


def test_a_missing_file_is_said(data: list[str], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"articles_open\.jsonl\.xz is missing in .*; --data names"):
        read_rows([tmp_path], "articles")
    with pytest.raises(UserError, match="missing in no folder"):
        read_rows([], "articles")


def test_several_folders_may_stand_in_one_text(data: list[str]) -> None:
    # As make gives them; a blank inside of a name is none between two.
    assert read_rows([" ".join(data)], "general") == read_rows(data[::-1], "general")


def test_a_round_draws_from_sources_with_a_share_anew() -> None:
    rows = [Row("general", f"T{i}", "", ("a",), "train", "rubenerd") for i in range(1000)]
    drawn = [{prompt for prompt, _ in tag_examples(rows, random.Random(n))} for n in (1, 2)]
    assert all(0.35 < len(one) / len(rows) < 0.45 for one in drawn)
    assert 0.1 < len(drawn[0] & drawn[1]) / len(rows) < 0.22
    others = [replace(row, source="18f") for row in rows]
    assert len(list(tag_examples(others, random.Random(1)))) == len(rows)


def test_only_the_last_stage_reads_general_articles() -> None:
    tagged = {kind: [Row(kind, kind, "", ("a",), "train")] for kind in TAGGED}
    read = {s.name: [row.kind for row in stages.stage_rows(tagged, s)] for s in stages.STAGES[1:]}
    assert read["general"] == ["articles"] * 2 + ["general"] * 2 + ["titles", "textbook"]
    assert {name for name, kinds in read.items() if "general" in kinds} == {"general"}


@pytest.mark.slow
def test_the_last_stage_can_begin_from_the_bundled_base(data: list[str], tmp_path: Path) -> None:
    settings = recipe.RecipeSettings(
        data=data, out=str(tmp_path), start=str(BUNDLED_BASE), first="general"
    )
    trainer = recipe.Trainer(settings)
    assert stages.STAGES[trainer.progress.stage].name == "general"
    bundled = AutoModelForSeq2SeqLM.from_pretrained(BUNDLED_BASE, dtype=torch.float32)
    assert torch.equal(trainer.model.model.shared.weight, bundled.model.shared.weight)
    settings.first = "none"
    with pytest.raises(UserError, match=r"--first none: the stages are titles, .*, general"):
        recipe.Trainer(settings)


@pytest.mark.slow
def test_the_card_has_the_measured_figures(data: list[str], trained: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    recipe.export(trained, weights)
    settings = measure.MeasureSettings(data=data, weights=str(weights))
    measured = measure.measure(settings)
    (tmp_path / "measured.json").write_text(json.dumps(measured))
    write_card(weights / "README.md", tmp_path / "measured.json", trained / "log.jsonl")
    card = (weights / "README.md").read_text()
    assert list(measured) == list(MEASURED_KINDS)
    for kind, part in measured.items():
        assert list(part["systems"]) == [measure.CHECKPOINT, measure.TAGLOOP, measure.FREQUENT]
        for name, row in part["systems"].items():
            assert f"| {kind} | {name} | {row['f1@5']['value']:.3f} (" in card
    assert "{{" not in card and "None" not in card
