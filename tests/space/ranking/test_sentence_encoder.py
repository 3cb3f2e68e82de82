"""The sentence encoder: the published model's vectors in int8, and what they are good for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, BertModel

from tagloop.ranking.sentence_encoder import DIMENSIONS, SentenceEncoder
from training.finetune.minilm_package import minilm_folder

TEXTS = [
    "How a voice assistant answers the customers of a bank",
    "Chatbots in financial services",
    "Sourdough bread with rye flour",
    "A very long text. " * 400,
]


def test_vectors_are_those_of_the_published_model(sentence_encoder: SentenceEncoder) -> None:
    model = BertModel.from_pretrained(minilm_folder()).eval()
    tokenizer = AutoTokenizer.from_pretrained(minilm_folder())
    for text, ours in zip(TEXTS, sentence_encoder.embed(TEXTS), strict=True):
        inputs = tokenizer(text, truncation=True, max_length=128, return_tensors="pt")
        with torch.no_grad():
            theirs = model(**inputs).last_hidden_state[0].mean(dim=0).numpy()
        assert ours @ theirs / np.linalg.norm(theirs) > 0.98


def test_texts_on_one_subject_are_more_alike(sentence_encoder: SentenceEncoder) -> None:
    voice, chatbots, bread, _ = sentence_encoder.embed(TEXTS)
    assert voice @ chatbots > 0.3 > voice @ bread


def test_vectors_have_length_one_whatever_the_order(sentence_encoder: SentenceEncoder) -> None:
    vectors = sentence_encoder.embed(TEXTS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    # Padding in int8 moves numbers a little.
    turned = sentence_encoder.embed(TEXTS[::-1])[::-1]
    assert (vectors * turned).sum(axis=1).min() > 0.99


@pytest.mark.parametrize("text", ["", " ", "\U0001f600", "日本語の文章", "x" * 100_000])
def test_any_text_has_a_vector(sentence_encoder: SentenceEncoder, text: str) -> None:
    assert np.isfinite(sentence_encoder.embed([text])).all()


def test_no_texts_have_no_vectors(sentence_encoder: SentenceEncoder) -> None:
    assert sentence_encoder.embed([]).shape == (0, DIMENSIONS)


def test_a_folder_without_embedder_has_none(tmp_path: Path) -> None:
    assert SentenceEncoder.load(tmp_path) is None
