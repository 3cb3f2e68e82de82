"""The recipe of the bundled base on a handful of articles: stages, resumption, export; its card."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import normal_form, occurs_in
from training.base import batches, measure, recipe, stages
from training.base.card import write_card
from training.base.examples import FILES, Row, read_rows, tag_examples, target_form, title_examples
from training.base.minilm import untrained_base
from training.base.stages import Stage

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
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipe-data")
    articles = starter_articles()
    splits = ("train", "train", "validation", "test")
    for number, (kind, name) in enumerate(FILES.items()):
        with lzma.open(folder / name, "wt", encoding="utf-8") as lines:
            for index, row in enumerate(articles[number * 24 : number * 24 + 24]):
                record = {
                    "title": row["title"],
                    "text": "" if kind == "titles" else row["text"][:300],
                    "tags": [] if kind == "wiki" else row["tags"],
                    "source": kind,
                    "split": splits[index % 4] if kind in ("articles", "titles") else None,
                }
                lines.write(json.dumps(record) + "\n")
    return folder


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("recipe-out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            recipe,
            "STAGES",
            (
                Stage("titles", SECONDS / 60, True, 1e-3, 0.0, 32),
                Stage("all", SECONDS / 60, False, 6e-4, 1.5e-4, 32),
            ),
        )
        patch.setattr(batches, "TOKENS_A_BATCH", 128)
        patch.setattr(recipe, "LOG_STEPS", 1)
        recipe.Trainer(recipe.RecipeSettings(data=str(data), out=str(out))).run()
    return out


def test_the_stages_run_and_log(trained: Path) -> None:
    log = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    assert {entry["stage"] for entry in log} == {"titles", "all"}
    assert [entry for entry in log if "articles_f1" in entry and "titles_f1" in entry]
    losses = [entry["loss"] for entry in log if "loss" in entry]
    assert losses and all(loss > 0 for loss in losses)


def test_a_finished_recipe_resumes_to_its_end(trained: Path, data: Path) -> None:
    before = (trained / "log.jsonl").read_text()
    trainer = recipe.Trainer(recipe.RecipeSettings(data=str(data), out=str(trained)))
    assert trainer.progress.stage == 2 and trainer.progress.step > 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "STAGES", stages.STAGES[:2])
        trainer.run()
    assert (trained / "log.jsonl").read_text() == before
    # What was learned is what was loaded.
    fresh, _ = untrained_base()
    moved = trainer.model.model.decoder.layers[0].fc1.weight
    assert not torch.equal(moved, fresh.model.decoder.layers[0].fc1.weight)


def test_a_frozen_encoder_does_not_move(data: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stage = Stage("titles", SECONDS / 60, True, 1e-3, 0.0, 32)
        patch.setattr(recipe, "STAGES", (stage,))
        patch.setattr(batches, "TOKENS_A_BATCH", 128)
        trainer = recipe.Trainer(recipe.RecipeSettings(data=str(data), out=str(tmp_path)))
        trainer.run()
    fresh, _ = untrained_base()
    assert torch.equal(trainer.model.model.shared.weight, fresh.model.shared.weight)
    for ours, theirs in zip(
        trainer.model.model.encoder.parameters(), fresh.model.encoder.parameters(), strict=True
    ):
        assert torch.equal(ours, theirs)


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


def test_test_splits_are_never_learned_from(data: Path) -> None:
    trainer = recipe.Trainer.__new__(recipe.Trainer)
    trainer.tagged = {kind: read_rows(data, kind) for kind in ("articles", "titles", "textbook")}
    held = {row.title for rows in trainer.tagged.values() for row in rows if row.split != "train"}
    stage = Stage("all", 1, False, 1e-3, 1e-4, 64)
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


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"articles_open\.jsonl\.xz is missing; --data"):
        read_rows(tmp_path, "articles")


def test_the_card_has_the_measured_figures(data: Path, trained: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    recipe.export(trained, weights)
    settings = measure.MeasureSettings(data=str(data), weights=str(weights))
    measured = measure.measure(settings)
    (tmp_path / "measured.json").write_text(json.dumps(measured))
    write_card(weights / "README.md", tmp_path / "measured.json", trained / "log.jsonl")
    card = (weights / "README.md").read_text()
    for kind in ("articles", "titles"):
        value = measured[kind]["systems"]["most frequent tags"]["f1@m"]["value"]
        assert f"{value:.3f} (" in card
    assert "{{" not in card and "None" not in card
