"""A tagger of a model whose own tokenizer spells its tags gives what it gave without."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tagloop.generation.outputs import separator_ids
from tagloop.inside.steps import steps_by_tag
from tagloop.tagger.model_folder import load_tokenizer, load_vocabulary
from tagloop.tagger.tagger import Tagger
from training.finetune.display_forms import save_display_forms

ARTICLES = [
    {"title": "The bank's chatbot", "text": "It answers customers, and it never sleeps, in C++."},
    {"title": "A/B tests of e-mail", "text": "Machine learning, machine learning, and New York."},
]


@pytest.fixture(scope="module")
def spelling(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the same model with a tokenizer that spells; its large files are the same ones."""
    folder = tmp_path_factory.mktemp("spelling") / "model"
    shutil.copytree(model_dir, folder, copy_function=os.link)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
        shutil.copyfile(model_dir / name, folder / name)
    save_display_forms(folder, load_vocabulary(folder))
    return folder


def test_a_tagger_gets_the_pieces_as_they_were_generated(model_dir: Path, spelling: Path) -> None:
    ids = AutoTokenizer.from_pretrained(model_dir)("a/b testing, travel, , travel, -").input_ids
    stock = AutoTokenizer.from_pretrained(spelling)
    assert stock.decode(ids, skip_special_tokens=True) == "A/B Testing, Travel"
    raw = load_tokenizer(spelling)
    assert raw.decode(ids, skip_special_tokens=True) == "a / b testing, travel,, travel, -"
    assert raw.convert_ids_to_tokens(ids) == stock.convert_ids_to_tokens(ids)


@pytest.mark.parametrize("engine", ["ctranslate2", "transformers"])
def test_answers_evidence_and_steps_are_the_same(
    model_dir: Path, spelling: Path, engine: str
) -> None:
    found = []
    for folder in (model_dir, spelling):
        tagger = Tagger.from_pretrained(folder, engine=engine, threads=1)
        answers = tagger.tag_batch(ARTICLES, max_tags=9)
        explained = [
            tagger.explain(article["title"], article["text"], [tag.tag for tag in tags])
            for article, tags in zip(ARTICLES, answers, strict=True)
        ]
        marks = separator_ids(tagger.tokenizer, tagger.settings.separator)
        text = ARTICLES[0]["text"]
        generated = tagger.generator.steps(tagger.input_ids(ARTICLES[0]), 12, 3)
        steps = steps_by_tag(generated, tagger.tokenizer, marks, tagger.vocabulary, text)
        listed = tagger.tag(text, allowed_tags=["C++", "Chatbots", "New York"])
        found.append(repr((answers, explained, steps, listed)))
    assert found[0] == found[1]
