"""Adaptation: what a tagger learns of corrections, what stays, where it goes on after a kill."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset, DatasetDict
from safetensors.torch import load_file
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, Seq2SeqTrainer

from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from tagloop.ranking.ranker import Weights
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.data.corpus import Corpus
from training.finetune import adaptation
from training.finetune.adaptation import AdaptConfig, adapt, lessons_of, teach
from training.finetune.ctranslate2_conversion import convert, convert_sentence_encoder
from training.finetune.display_forms import save_display_forms
from training.finetune.fit_neighbours import fit_neighbours, save_neighbours
from training.finetune.frozen_encoder import FrozenEncoderTrainer
from training.finetune.preprocess import BUNDLED_BASE
from training.finetune.training_log import TrainingLog

from ..tiny_models import starter_articles

NEW_TAG = "BeeKeeping"
BEES = "The hive hums in the orchard; the keeper smokes the bees and lifts out a frame of honey."
OLD = 24
CONFIG = AdaptConfig(passes=2, replay=2.0, batch_size=4)


def rows(articles: list[dict[str, Any]], prefix: str) -> Dataset:
    return Dataset.from_list(
        [{"id": f"{prefix}{place}", **article} for place, article in enumerate(articles)]
    )


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    old = starter_articles()[:OLD]
    bees = [{"title": f"Hive {n}", "text": f"{BEES} Day {n}.", "tags": [NEW_TAG]} for n in range(4)]
    train = Dataset.from_list([*rows(old, "old"), *rows(bees, "new")])
    empty = train.select([])
    splits = DatasetDict({"train": train, "validation": empty, "test": empty})
    return Corpus(splits, "me/blog-articles", "c" * 40, "fingerprint")


@pytest.fixture(scope="module")
def current(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a tagger that has never heard of bees: the base with the rest as neighbours."""
    folder = shutil.copytree(BUNDLED_BASE, tmp_path_factory.mktemp("adaptation") / "current")
    old = corpus.splits["train"].select(range(OLD))
    vocabulary = Vocabulary.from_tag_lists(old["tags"])
    (folder / "tags.json").write_text(json.dumps(vocabulary.to_json()), encoding="utf-8")
    save_display_forms(folder, vocabulary)
    convert(folder)
    convert_sentence_encoder(folder)
    tagger = Tagger.from_pretrained(folder)
    save_neighbours(
        fit_neighbours(old, tagger.tokenizer, vocabulary, SentenceEncoder.load(folder)), folder
    )
    return folder


@pytest.fixture(scope="module")
def adapted(
    current: Path, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, TrainingLog]:
    output = tmp_path_factory.mktemp("adapted") / "model"
    new = [row_id for row_id in corpus.splits["train"]["id"] if row_id.startswith("new")]
    return output, adapt(current, corpus, [*new, "elsewhere"], output, CONFIG)


def test_the_next_article_like_the_corrections_gets_their_new_tag(
    current: Path, adapted: tuple[Path, dict[str, Any]]
) -> None:
    article = {"title": "Hive 9", "text": f"{BEES} Winter comes."}
    before, after = (
        [tag.tag for tag in Tagger.from_pretrained(folder).tag(article["text"], article["title"])]
        for folder in (current, adapted[0])
    )
    assert NEW_TAG not in before
    assert after[0] == NEW_TAG


def test_stock_decode_spells_old_and_new_tags(
    current: Path, adapted: tuple[Path, dict[str, Any]]
) -> None:
    old, new = map(AutoTokenizer.from_pretrained, (current, adapted[0]))
    ids = old(f"travel, {NEW_TAG}, a/b testing, {NEW_TAG}".lower()).input_ids
    assert new.decode(ids, skip_special_tokens=True) == f"Travel, {NEW_TAG}, A/B Testing"
    decoder = json.loads((adapted[0] / "tokenizer.json").read_text(encoding="utf-8"))["decoder"]
    assert [part["type"] for part in decoder["decoders"][:3]] == ["WordPiece", "Fuse", "Replace"]


def test_the_log_says_what_was_learned_and_how_much_was_replayed(
    adapted: tuple[Path, dict[str, Any]],
) -> None:
    assert adapted[1]["adaptation"] == {
        "corrections": 4,
        "passes": 2,
        "replayed": 16,
        "replay_ratio": 2.0,
        "new_tags": [NEW_TAG],
    }
    assert json.loads((adapted[0] / "training_log.json").read_text()) == adapted[1]


def test_only_the_decoder_moves_and_the_ranking_stays(
    current: Path, adapted: tuple[Path, dict[str, Any]]
) -> None:
    old, new = (
        AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).state_dict()
        for folder in (current, adapted[0])
    )
    moved = {name for name in old if not torch.equal(old[name], new[name])}
    assert moved and all(name.startswith("model.decoder.") for name in moved)
    weights = Weights.load(current), Weights.load(adapted[0])
    assert weights[0] and weights[1] and weights[0].to_json() == weights[1].to_json()


def test_what_is_kept_is_the_mean_of_most_steps(
    current: Path, corpus: Corpus, tmp_path: Path
) -> None:
    steps: list[dict[str, torch.Tensor]] = []

    class Watched(FrozenEncoderTrainer):
        def training_step(self, *args: Any, **options: Any) -> torch.Tensor:
            state: Any = self.model
            steps.append({name: value.clone() for name, value in state.named_parameters()})
            return super().training_step(*args, **options)

    new = [row_id for row_id in corpus.splits["train"]["id"] if row_id.startswith("new")]
    lessons = lessons_of(corpus.splits["train"], new, replace(CONFIG, passes=3))
    teach(current, corpus, lessons, tmp_path / "model", CONFIG, Watched)
    name = "model.decoder.layers.0.fc1.weight"
    kept = load_file(tmp_path / "model" / "model.safetensors")[name]
    assert len(steps) > 4
    # What a step begins with, the one before has left; what the last one left is not among them.
    first = len(steps) // 4 + 1
    others = torch.stack([step[name] for step in steps[first:]])
    last = kept * (len(others) + 1) - others.sum(0)
    assert (last - steps[-1][name]).abs().max() < 1e-2
    assert not torch.allclose(kept, steps[-1][name], atol=1e-6)


def test_settings_stay_but_for_the_data(
    current: Path, adapted: tuple[Path, dict[str, Any]], corpus: Corpus
) -> None:
    old, new = TaggingSettings.load(current), TaggingSettings.load(adapted[0])
    assert new.dataset == corpus.source
    assert {**old.to_json(), "dataset": {}} == {**new.to_json(), "dataset": {}}


@pytest.mark.slow
def test_a_killed_adaptation_goes_on_from_its_checkpoint(
    current: Path, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    output = tmp_path / "model"
    new = [row_id for row_id in corpus.splits["train"]["id"] if row_id.startswith("new")]
    with monkeypatch.context() as patch:
        patch.setattr(adaptation, "_save_neighbours", killed)
        with pytest.raises(KeyboardInterrupt):
            adapt(current, corpus, new, output, CONFIG)
    assert not (output / "training_log.json").exists()
    taken: list[str | None] = []
    real = Seq2SeqTrainer.train

    def train(self: Any, resume_from_checkpoint: str | None = None) -> Any:
        taken.append(resume_from_checkpoint)
        return real(self, resume_from_checkpoint=resume_from_checkpoint)

    monkeypatch.setattr(Seq2SeqTrainer, "train", train)
    log = adapt(current, corpus, new, output, CONFIG)
    assert taken and taken[0] and Path(taken[0]).name.startswith("checkpoint-")
    assert log["adaptation"]["new_tags"] == [NEW_TAG]
    assert not (output / "checkpoints").exists()
    again = adapt(current, corpus, new, output, CONFIG)  # a finished one is only read
    assert again == log and len(taken) == 1


def test_every_pass_replays_other_old_articles() -> None:
    train = rows(starter_articles()[:30], "row")
    lessons = lessons_of(train, ["row3", "row7"], AdaptConfig(passes=3, replay=4.0))["id"]
    assert lessons.count("row3") == lessons.count("row7") == 3
    passes = [set(lessons[first : first + 10]) for first in (0, 10, 20)]
    assert all(len(one) == 10 for one in passes)
    assert passes[0] != passes[1] != passes[2]


def test_nothing_new_is_no_lesson() -> None:
    assert len(lessons_of(rows(starter_articles()[:5], "row"), ["gone"], CONFIG)) == 0


def test_a_number_out_of_range_is_one_sentence() -> None:
    with pytest.raises(UserError, match="--passes and --replay cannot be below 0"):
        AdaptConfig(replay=-1)
    with pytest.raises(UserError, match=r"--averaged_from 1\.5: take 0 to 1"):
        AdaptConfig(averaged_from=1.5)


@pytest.mark.parametrize(
    ("log", "order"), [({}, "author"), ({"tag_order": "frequency"}, "frequency")]
)
def test_a_retrain_keeps_the_order_and_the_decoding_that_the_model_has_learned(
    log: dict[str, str], order: str, current: Path, corpus: Corpus, tmp_path: Path
) -> None:
    before = shutil.copytree(current, tmp_path / "before")
    chosen = {"epochs": 16.0, "repetition_penalty": 1.3, "end_bias": -1.5}
    content = json.dumps({"hyperparameters": log, "chosen": chosen})
    (before / "training_log.json").write_text(content, encoding="utf-8")
    said = teach(before, corpus, corpus.splits["train"].select([]), tmp_path / "model", CONFIG)
    assert said["hyperparameters"]["tag_order"] == order
    assert said["chosen"] == {"repetition_penalty": 1.3, "end_bias": -1.5}
