"""A multilingual base, as google/mt5-small is one, on a few German and Greek articles."""
# ruff: noqa: RUF001 -- Greek letters

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset, DatasetDict
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, MT5ForConditionalGeneration

from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import parse_tags
from training.config import TrainConfig, read_settings
from training.data.corpus import Corpus
from training.evaluation.scores import article_scores
from training.finetune import train

from ..tiny_models import make_tiny_mt5

RECIPE = Path(train.__file__).with_name("multilingual.yaml")
SUBJECTS = {
    ("Backen", "Küche"): (
        ("Ein Brot aus Roggen", "Der Ofen am Morgen", "Teig ohne Hast", "Die zweite Kruste"),
        ("Mehl, Wasser und Salz ruhen über Nacht.", "Wir kneten den Teig und heizen den Ofen vor."),
    ),
    ("Fahrrad", "Verkehr"): (
        ("Mit dem Rad zur Arbeit", "Ein Platten im Regen", "Der neue Radweg", "Die alte Kette"),
        ("Die Bremse quietscht, der Reifen hält.", "Auf der Straße fehlt dem Radweg der Rand."),
    ),
    ("Θάλασσα", "Ταξίδι"): (
        ("Το λιμάνι το πρωί", "Με το πλοίο στο νησί", "Ο φάρος", "Η μικρή βάρκα"),
        ("Το κύμα χτυπά την προβλήτα.", "Η βάρκα φεύγει από το λιμάνι για το νησί."),
    ),
    ("Κήπος", "Φυτά"): (
        ("Οι ντομάτες του Ιουλίου", "Νερό και χώμα", "Ο σπόρος", "Το παλιό δέντρο"),
        ("Ποτίζω το χώμα και φυτεύω σπόρους.", "Το δέντρο θέλει νερό, ο κήπος ήλιο."),
    ),
}


def articles() -> list[dict[str, Any]]:
    found = [
        {"title": title, "text": text, "tags": list(tags)}
        for tags, (titles, texts) in SUBJECTS.items()
        for title, text in product(titles, texts)
    ]
    return [{"id": str(number), **article} for number, article in enumerate(found)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lines = [line for row in articles() for line in (row["title"], row["text"], *row["tags"])]
    return make_tiny_mt5(tmp_path_factory.mktemp("bases") / "tiny-mt5", [*lines, ", "])


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    rows = articles()
    held = rows[3::8]  # one of each subject
    splits = {"train": [row for row in rows if row not in held], "validation": held, "test": held}
    data = {name: Dataset.from_list(part) for name, part in splits.items()}
    return Corpus(DatasetDict(data), "posts", None, "f")


@pytest.fixture(scope="module")
def trained(base: Path, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    # The recipe's settings, but for what depends on the size of the model and of the corpus.
    values = read_settings(RECIPE, TrainConfig) | {
        "base": str(base), "output_dir": str(tmp_path_factory.mktemp("trained") / "model"),
        "epochs": 24, "patience": 24, "batch_size": 7, "learning_rate": 1e-2,
    }  # fmt: skip
    return train.train(TrainConfig(**values), corpus, say=lambda _: None)


def generated(folder: Path, rows: Any) -> list[list[str]]:
    """Returns what the stock classes make of articles."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(folder)
    generate = model.generate
    assert isinstance(model, MT5ForConditionalGeneration)
    found = []
    for row in rows:
        inputs = tokenizer(f"{row['title']}\n{row['text']}", return_tensors="pt")
        output = generate(**inputs, max_length=65)
        found.append(parse_tags(str(tokenizer.decode(output[0], skip_special_tokens=True))))
    return found


def f1(answers: list[list[str]], rows: Any) -> float:
    scores = [
        article_scores(tags, row["tags"])["f1@m"] for tags, row in zip(answers, rows, strict=True)
    ]
    return sum(scores) / len(scores)


@pytest.mark.slow
def test_it_tags_held_out_articles_better_than_before(
    base: Path, trained: Path, corpus: Corpus
) -> None:
    held = corpus.splits["validation"]
    before, after = (f1(generated(folder, held), held) for folder in (base, trained))
    assert before < 0.2 and after > 0.7
    answers = {}
    for engine in ("ctranslate2", "transformers"):
        tagger = Tagger.from_pretrained(trained, engine=engine)
        answers[engine] = [[t.tag for t in tagger.tag(r["text"], r["title"])][:2] for r in held]
        assert f1(answers[engine], held) >= after
    # Spelled as their authors do, accents and capitals.
    assert {"Θάλασσα", "Küche"} <= {tag for tags in answers["ctranslate2"] for tag in tags}


@pytest.mark.slow
def test_the_folder_says_how_it_was_made(trained: Path) -> None:
    settings = TaggingSettings.load(trained)
    recipe = read_settings(RECIPE, TrainConfig)
    assert settings.prompt_template == recipe["prompt_template"] == "{title}\n{text}"
    assert settings.max_input_tokens == recipe["max_input_tokens"]
    assert settings.max_new_tokens == recipe["max_new_tokens"]
    config = json.loads((trained / "config.json").read_text())
    assert config["model_type"] == "mt5" and (trained / "ctranslate2" / "model.bin").is_file()
    # No fp16, which its activations overflow.
    log = json.loads((trained / "training_log.json").read_text())
    assert log["precision"] in ("bf16", "fp32") and log["languages"].keys() == {"de", "el"}


@pytest.mark.slow
def test_frozen_embeddings_stay_as_they_are(base: Path, corpus: Corpus, tmp_path: Path) -> None:
    config = TrainConfig(
        base=str(base), output_dir=str(tmp_path), freeze_embeddings=True, epochs=1,
        learning_rate=1e-2, prompt_template="{title}\n{text}",
    )  # fmt: skip
    train.train(config, corpus, say=lambda _: None)
    before, after = (AutoModelForSeq2SeqLM.from_pretrained(folder) for folder in (base, tmp_path))
    assert torch.equal(before.shared.weight, after.shared.weight)
    assert torch.equal(before.lm_head.weight, after.lm_head.weight)
    name = "encoder.block.0.layer.0.SelfAttention.q.weight"
    assert not torch.equal(before.get_parameter(name), after.get_parameter(name))
