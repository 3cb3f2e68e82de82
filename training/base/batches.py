"""The recipe's batches: examples tokenized, of like length together, about as many tokens each."""

from __future__ import annotations

import random
from collections.abc import Iterator

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import BertTokenizer

TOKENS_A_BATCH = 6144  # 32 articles of 192 tokens; titles come by the hundreds
MAX_ROWS_A_BATCH = 128
MAX_TARGET_TOKENS = 48
SORTED_EXAMPLES = 1920  # sorted by length together: some 40 batches
IGNORED = -100  # the label that the loss leaves out

Pair = tuple[list[int], list[int]]


def batches(
    examples: list[tuple[str, str]],
    tokenizer: BertTokenizer,
    max_input_tokens: int,
    rng: random.Random,
    tokens_a_batch: int | None = None,
) -> Iterator[dict[str, torch.Tensor]]:
    """Yields every (prompt, target) once, shuffled, ``TOKENS_A_BATCH`` input tokens a batch.

    Each batch has ``input_ids`` and ``attention_mask`` (rows, input tokens) and ``labels`` (rows,
    target tokens), padded to its longest row.
    """
    budget = tokens_a_batch or TOKENS_A_BATCH
    rng.shuffle(examples)
    for first in range(0, len(examples), SORTED_EXAMPLES):
        part = examples[first : first + SORTED_EXAMPLES]
        cut = list(_cut(_encode(part, tokenizer, max_input_tokens), budget))
        rng.shuffle(cut)
        yield from map(_collate, cut)


def _encode(
    part: list[tuple[str, str]], tokenizer: BertTokenizer, max_input_tokens: int
) -> list[Pair]:
    prompts, targets = [prompt for prompt, _ in part], [target for _, target in part]
    inputs = tokenizer(prompts, truncation=True, max_length=max_input_tokens).input_ids
    labels = tokenizer(targets, truncation=True, max_length=MAX_TARGET_TOKENS + 1).input_ids
    # The decoder starts from [CLS] itself, so labels begin with the first tag.
    pairs = [(row, label[1:]) for row, label in zip(inputs, labels, strict=True)]
    return sorted(pairs, key=lambda pair: len(pair[0]))


def _cut(part: list[Pair], budget: int) -> Iterator[list[Pair]]:
    """Cuts examples sorted by length into batches of at most ``budget`` input tokens."""
    batch: list[Pair] = []
    for pair in part:
        full = (len(batch) + 1) * len(pair[0]) > budget or len(batch) == MAX_ROWS_A_BATCH
        if batch and full:
            yield batch
            batch = []
        batch.append(pair)
    if batch:
        yield batch


def _collate(batch: list[Pair]) -> dict[str, torch.Tensor]:
    inputs = [torch.tensor(row) for row, _ in batch]
    labels = [torch.tensor(label) for _, label in batch]
    return {
        "input_ids": pad_sequence(inputs, batch_first=True),
        "attention_mask": pad_sequence(list(map(torch.ones_like, inputs)), batch_first=True),
        "labels": pad_sequence(labels, batch_first=True, padding_value=IGNORED),
    }
