"""The recipe's validation: F1 of greedy tags on a sample of the validation splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import BertTokenizer

from tagloop.vocabulary.vocabulary import normal_form, parse_tags
from training.base.examples import MEASURED_KINDS, Row, prompt_of

SAMPLE = 160
"""Rows of each kind: enough to see a trend, few enough to cost a minute."""
MAX_INPUT_TOKENS = 256
MAX_CHARACTERS = 3000
BATCH = 32


def validate(
    model: Any, tokenizer: BertTokenizer, tagged: Mapping[str, list[Row]]
) -> dict[str, float]:
    """Returns macro F1 over all generated tags, a kind each (0..1): ``articles_f1`` and so on."""
    scores = {}
    for kind in MEASURED_KINDS:
        sample = validation_sample(tagged[kind], SAMPLE)
        generated = generate_tags(model, tokenizer, [prompt(row) for row in sample])
        pairs = zip(generated, sample, strict=True)
        scores[f"{kind}_f1"] = sum(_f1(tags, row.tags) for tags, row in pairs) / len(sample)
    return scores


def validation_sample(rows: Sequence[Row], count: int) -> list[Row]:
    """Takes at most so many rows evenly over the validation split: files are sorted by source."""
    chosen = [row for row in rows if row.split == "validation"]
    return chosen[:: max(len(chosen) // count, 1)][:count]


def prompt(row: Row) -> str:
    """Returns a row's prompt; more text than the model reads is not tokenized."""
    return prompt_of(row.title, row.text[:MAX_CHARACTERS])


@torch.no_grad()
def generate_tags(model: Any, tokenizer: BertTokenizer, prompts: Sequence[str]) -> list[list[str]]:
    """Generates tags greedily, one list a prompt."""
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    tags: list[list[str]] = [[] for _ in prompts]
    for first in range(0, len(order), BATCH):
        chosen = order[first : first + BATCH]
        inputs = tokenizer(
            [prompts[index] for index in chosen],
            truncation=True,
            max_length=MAX_INPUT_TOKENS,
            padding=True,
            return_tensors="pt",
        )
        output = model.generate(**inputs, max_new_tokens=40, num_beams=1, do_sample=False)
        for index, text in zip(
            chosen, tokenizer.batch_decode(output, skip_special_tokens=True), strict=True
        ):
            tags[index] = parse_tags(text)
    return tags


def _f1(generated: Sequence[str], reference: Sequence[str]) -> float:
    ours, theirs = set(map(normal_form, generated)), set(map(normal_form, reference))
    hits = len(ours & theirs)
    return 2 * hits / (len(ours) + len(theirs)) if ours or theirs else 0.0
