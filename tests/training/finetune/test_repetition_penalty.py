"""The repetition penalty: chosen by F1 in which a repeated tag is wrong; the usual one if alike."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from training.finetune.repetition_penalty import choose_repetition_penalty

ARTICLE = "A bank writes a chatbot."


class Model:
    """Writes what it is told for each penalty, of a stock model's kind."""

    def __init__(self, folder: Path, written: dict[float, str]) -> None:
        self._stock = AutoModelForSeq2SeqLM.from_pretrained(folder)
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._written = written
        self.device = torch.device("cpu")
        self.config = self._stock.config
        self.encoded = 0

    def eval(self) -> None:
        pass

    def get_encoder(self) -> Any:
        def encoder(**inputs: Any) -> Any:
            self.encoded += 1
            return self._stock.get_encoder()(**inputs)

        return encoder

    def prepare_decoder_input_ids_from_labels(self, labels: torch.Tensor) -> torch.Tensor:
        ids: torch.Tensor = self._stock.prepare_decoder_input_ids_from_labels(labels=labels)
        return ids

    def generate(
        self, encoder_outputs: Any, attention_mask: torch.Tensor, repetition_penalty: float
    ) -> torch.Tensor:
        texts = [self._written[repetition_penalty]] * len(attention_mask)
        ids: torch.Tensor = self._tokenizer(texts, return_tensors="pt").input_ids
        return ids


def rows(tokenizer: Any, tags: list[str]) -> Dataset:
    inputs = tokenizer([ARTICLE] * len(tags))
    labels = tokenizer(tags).input_ids
    return Dataset.from_dict({**inputs, "labels": labels, "length": [5] * len(tags)})


@pytest.mark.parametrize(
    ("written", "chosen"),
    [
        ({1.1: "bank, food, food", 1.3: "bank, food", 1.6: "bank"}, 1.3),
        ({1.1: "bank, bank", 1.3: "bank, bank", 1.6: "bank"}, 1.6),
        ({1.1: "bank, food", 1.3: "bank, food", 1.6: "bank, food"}, 1.1),
        ({1.1: "bank, food", 1.3: "food", 1.6: ""}, 1.1),
    ],
)
@pytest.mark.parametrize("base", ["tiny_bart", "tiny_t5"])
def test_a_repeated_tag_is_a_wrong_one(
    base: str, written: dict[float, str], chosen: float, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(base)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    wanted = "bank, food" if chosen != 1.6 else "bank"
    model = Model(folder, written)
    data = rows(tokenizer, [wanted] * 17)
    assert choose_repetition_penalty(model, tokenizer, data, ", ") == chosen
    assert model.encoded == 2  # batches, not penalties


def test_without_validation_articles_it_is_the_usual_one() -> None:
    nothing = Dataset.from_dict({"input_ids": [], "attention_mask": [], "labels": []})
    assert choose_repetition_penalty(SimpleNamespace(), None, nothing, ", ") == 1.1
