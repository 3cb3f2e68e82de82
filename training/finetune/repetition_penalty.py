"""How strongly a model is kept from writing a tag twice: chosen on the validation articles.

A constant suits nobody: a model that has learned little repeats itself in most of its answers, one
that has learned much in a few, and a penalty that is too strong ends the answer early
(``training.bench.studies.small_training``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from transformers import DataCollatorForSeq2Seq
from transformers.modeling_outputs import BaseModelOutput

from tagloop.vocabulary.vocabulary import normal_form
from training.finetune.preprocess import REPETITION_PENALTY

PENALTIES = (1.3, 1.6)
"""Tried beside the usual one."""
MARGIN = 0.01
"""By so much another one must be better: F1@M of a few dozen articles is no finer."""
MOST_ARTICLES = 100
BATCH = 16
Ids = list[list[int]]


@torch.no_grad()
def choose_repetition_penalty(
    model: Any, tokenizer: Any, validation: Dataset, separator: str
) -> float:
    """Returns the penalty with the best mean F1@M in which a repeated tag counts as a wrong one.

    Args:
        model: Sequence-to-sequence, with its generation config.
        tokenizer: Of the model.
        validation: ``input_ids``, ``attention_mask`` and ``labels`` of each article.
        separator: Between two tags.
    """
    articles = validation.select(range(min(len(validation), MOST_ARTICLES)))
    if not len(articles):
        return REPETITION_PENALTY
    model.eval()
    tried = (REPETITION_PENALTY, *PENALTIES)
    sums = dict.fromkeys(tried, 0.0)
    columns = ("input_ids", "attention_mask", "labels")
    collate = DataCollatorForSeq2Seq(tokenizer, model=model)
    for first in range(0, len(articles), BATCH):
        rows = articles.select(range(first, min(first + BATCH, len(articles))))
        batch = collate([{name: row[name] for name in columns} for row in rows]).to(model.device)
        mask = batch["attention_mask"]
        # The encoder reads the articles once for all penalties.
        states = model.get_encoder()(input_ids=batch["input_ids"], attention_mask=mask)
        encoded = BaseModelOutput(last_hidden_state=states.last_hidden_state)
        wanted = [_tags(tokenizer, row, separator) for row in rows["labels"]]
        for penalty in tried:
            ids = model.generate(
                encoder_outputs=encoded, attention_mask=mask, repetition_penalty=penalty
            )
            written = [_tags(tokenizer, row, separator) for row in ids.tolist()]
            sums[penalty] += sum(map(_score, written, wanted))
    usual = sums[REPETITION_PENALTY] + MARGIN * len(articles)
    best = max(PENALTIES, key=lambda penalty: sums[penalty])
    return best if sums[best] > usual else REPETITION_PENALTY


def _tags(tokenizer: Any, ids: Sequence[int], separator: str) -> list[str]:
    """Returns the tags' normal forms, repeated ones as often as they stand there."""
    text = tokenizer.decode(ids, skip_special_tokens=True)
    parts = text.split(separator.strip() or separator)
    return [form for form in map(normal_form, parts) if form]


def _score(written: Sequence[str], wanted: Sequence[str]) -> float:
    """Returns F1; every tag written again is one more that is wrong."""
    hits = len(set(written) & set(wanted))
    return 2 * hits / max(len(written) + len(set(wanted)), 1)
