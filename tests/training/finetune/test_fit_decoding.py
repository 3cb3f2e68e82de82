"""How plain generate decodes: chosen by F1 that a repeated tag lowers, stored as stock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, GenerationConfig

from tagloop.generation.settings import TaggingSettings
from tagloop.generation.transformers_engine import TransformersEngine
from training.finetune.fit_decoding import PlainDecoding, biases_with, fit_decoding
from training.finetune.schedule import SMALL

ARTICLE = "A bank writes a chatbot."
USUAL, SMALLS = (1.1, 0.0, 0.0), (1.1, 2.0, 0.0)
Written = dict[tuple[float, float, float], str]
"""Penalty, bias of the vocabulary and bias of the end to an answer."""


class Model:
    """Writes what it is told for each setting, of a stock model's kind."""

    def __init__(self, folder: Path, tokenizer: Any, written: Written) -> None:
        self._stock = AutoModelForSeq2SeqLM.from_pretrained(folder)
        self._tokenizer, self._written = tokenizer, written
        self.device, self.config = torch.device("cpu"), self._stock.config
        self.generation_config = GenerationConfig()
        self.read = 0

    def eval(self) -> Model:
        return self

    def get_encoder(self) -> Any:
        def encoder(**inputs: Any) -> Any:
            self.read += len(inputs["input_ids"])
            return self._stock.get_encoder()(**inputs)

        return encoder

    def prepare_decoder_input_ids_from_labels(self, labels: torch.Tensor) -> torch.Tensor:
        ids: torch.Tensor = self._stock.prepare_decoder_input_ids_from_labels(labels=labels)
        return ids

    def generate(
        self, encoder_outputs: Any, attention_mask: torch.Tensor, **options: Any
    ) -> torch.Tensor:
        biases = {token: bias for [token], bias in options["sequence_bias"] or []}
        end = biases.pop(self._tokenizer.eos_token_id, 0.0)
        vocabulary = max(biases.values(), default=0.0)
        key = (options["repetition_penalty"], vocabulary, end - vocabulary)
        text = self._written.get(key, "nothing")
        ids: torch.Tensor = self._tokenizer(
            [text] * len(attention_mask), return_tensors="pt"
        ).input_ids
        return ids


def rows(tokenizer: Any, tags: str, count: int) -> Dataset:
    inputs = tokenizer([ARTICLE] * count)
    return Dataset.from_dict({**inputs, "labels": tokenizer([tags] * count).input_ids})


@pytest.mark.parametrize("base", ["tiny_bart", "tiny_t5"])
@pytest.mark.parametrize(
    ("written", "articles", "chosen"),
    [
        ({SMALLS: "bank, food, food", (1.3, 2, 0): "bank, food"}, 30, (1.3, 2, 0)),
        ({SMALLS: "bank, food", (1.3, 2, 0): "bank, food"}, 30, SMALLS),
        ({SMALLS: "bank", USUAL: "bank, food"}, 30, USUAL),
        ({USUAL: "bank", SMALLS: "bank, food"}, SMALL, USUAL),
        (
            {SMALLS: "rent, rent, rent", (1.6, 2, 0): "rent, food", (1.6, 2, -3): "food, bank"},
            30,
            (1.6, 2, -3),
        ),
    ],
)
def test_the_best_answers_decide_step_by_step(
    base: str,
    written: Written,
    articles: int,
    chosen: tuple[float, ...],
    request: pytest.FixtureRequest,
) -> None:
    folder: Path = request.getfixturevalue(base)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = Model(folder, tokenizer, written)
    train = Dataset.from_dict({"labels": tokenizer(["bank, food"] * articles).input_ids})
    found = fit_decoding(model, tokenizer, train, rows(tokenizer, "bank, food", 17), ", ")
    assert found == PlainDecoding(*chosen)
    assert model.read == 17  # once, whatever is tried
    assert model.generation_config.repetition_penalty == chosen[0]
    assert bool(model.generation_config.sequence_bias) == (chosen[1:] != (0, 0))


@pytest.mark.parametrize(("right", "penalty"), [(1, 1.1), (2, 1.1), (6, 1.3)])
def test_what_a_few_articles_gain_is_chance(right: int, penalty: float, tiny_bart: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_bart)
    model = Model(tiny_bart, tokenizer, {(1.3, 2, 0): "bank"})
    wanted = ["bank"] * right + ["rent"] * (12 - right)
    inputs = tokenizer([ARTICLE] * 12)
    validation = Dataset.from_dict({**inputs, "labels": tokenizer(wanted).input_ids})
    found = fit_decoding(model, tokenizer, rows(tokenizer, "bank, rent", 30), validation, ", ")
    assert found.penalty == penalty


def test_without_validation_articles_it_is_the_usual_one(tiny_bart: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_bart)
    model = Model(tiny_bart, tokenizer, {})
    train = Dataset.from_dict({"labels": [[1, 2]]})
    nothing = Dataset.from_dict({"input_ids": [], "attention_mask": [], "labels": []})
    assert fit_decoding(model, tokenizer, train, nothing, ", ") == PlainDecoding(*SMALLS)


def test_biases_are_stock_settings_that_tagging_leaves_out(tiny_bart: Path, tmp_path: Path) -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(tiny_bart)
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(tiny_bart)
    prompt = tokenizer(ARTICLE).input_ids
    TaggingSettings().save(tmp_path)
    outputs = []
    wanted = tokenizer.convert_tokens_to_ids("a")
    for options in (
        PlainDecoding().options([wanted], tokenizer.eos_token_id),
        PlainDecoding(vocabulary=99.0, end=-99.0).options([wanted], tokenizer.eos_token_id),
    ):
        model.generation_config.update(**options, max_length=8)
        model.save_pretrained(tmp_path)
        tokenizer.save_pretrained(tmp_path)
        engine = TransformersEngine(tmp_path, tokenizer)
        outputs.append(engine.generate([prompt], 5)[0].ids)
    stock = AutoModelForSeq2SeqLM.from_pretrained(tmp_path)
    assert wanted in stock.generate(torch.tensor([prompt]))[0, 1:].tolist()
    assert outputs[0] == outputs[1]
    assert wanted not in outputs[0]


def test_tokens_of_new_tags_are_biased_as_those_of_the_others() -> None:
    biases = PlainDecoding(vocabulary=2.0, end=-1.5).options([4, 5], 1)["sequence_bias"]
    assert biases_with(biases, [5, 7, 4]) == [*biases, [[7], 2.0]]
    alone = PlainDecoding(end=-1.5).options([4, 5], 1)["sequence_bias"]
    assert biases_with(alone, [7]) == alone
    assert biases_with(None, [7]) is None


def test_special_tokens_have_no_bias(tiny_bart: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_bart)
    model = AutoModelForSeq2SeqLM.from_pretrained(tiny_bart)
    train = rows(tokenizer, "bank, 憂鬱", 3)
    assert tokenizer.unk_token_id in train[0]["labels"]
    fit_decoding(model, tokenizer, train, train.select([]), ", ")
    biased = {token for [token], _ in model.generation_config.sequence_bias}
    assert biased & set(tokenizer.all_special_ids) == {tokenizer.eos_token_id}
