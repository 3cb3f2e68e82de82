"""Ways to fine-tune, timed: a few steps of a chosen padding, order, precision and optimizer."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset, DatasetDict
from tqdm import tqdm
from transformers import DataCollatorForSeq2Seq
from transformers.trainer_pt_utils import LengthGroupedSampler

from training.base.examples import read_rows
from training.config import TrainConfig
from training.data.corpus import Corpus
from training.finetune.frozen_encoder import EncoderCache
from training.finetune.glibc import keep_freed_memory
from training.finetune.preprocess import features, load_base, tagging_settings

CLIP = 1.0
"""The Trainer's default ``max_grad_norm``."""


@dataclass(frozen=True)
class Variant:
    """How to train.

    Attributes:
        dynamic: Batches are padded to their longest article, not to the token limit.
        grouped: Articles of like length share a batch; else in random order.
        bf16: bf16 autocast; else float32.
        fused: PyTorch's fused AdamW; else its default.
        keep_memory: ``training.finetune.glibc``.
        frozen: The encoder is not trained.
        cached: Nor run, but for the first epoch.
    """

    dynamic: bool = False
    grouped: bool = False
    bf16: bool = False
    fused: bool = False
    keep_memory: bool = False
    frozen: bool = False
    cached: bool = False


@dataclass(frozen=True)
class Task:
    """What is fine-tuned on what.

    Attributes:
        data: Folders with the recipe's data.
        base: The model; empty for the bundled one.
        articles: Training articles that batches are made of.
        steps: Timed steps a run.
        config: Token limits, batch size and learning rate.
    """

    data: Sequence[str]
    base: str
    articles: int
    steps: int
    config: TrainConfig


class FineTuning:
    """A model and its articles in memory, to be trained for a few steps in any variant."""

    def __init__(self, task: Task, keep_memory: bool) -> None:
        if keep_memory:
            keep_freed_memory()
        self._task = task
        self._model, self._tokenizer, base_id = load_base(task.base)
        rows = [row for row in read_rows(task.data, "articles") if row.split == "train"]
        rows = random.Random(task.config.seed).sample(rows, min(task.articles, len(rows)))
        columns = {name: [getattr(row, name) for row in rows] for name in ("title", "text", "tags")}
        corpus = Corpus(DatasetDict({"train": Dataset.from_dict(columns)}), "bench", None, "")
        settings = tagging_settings(task.config, corpus, base_id)
        self._data = features(corpus, "train", self._tokenizer, self._model, settings, task.config)
        self._cache = EncoderCache(self._model.get_encoder())

    def articles_a_second(self, variant: Variant) -> float:
        """Trains for the task's steps after one that is not timed, and returns the speed."""
        self._model.requires_grad_(True)
        if variant.frozen:
            self._model.get_encoder().requires_grad_(False)
        optimizer = torch.optim.AdamW(
            [value for value in self._model.parameters() if value.requires_grad],
            lr=1e-6,  # next to nothing, so that every run finds the same model
            fused=variant.fused or None,
        )
        batches = self._batches(variant)
        if variant.cached:
            for batch in batches:
                self._cache.states(batch["input_ids"], batch["attention_mask"])
        self._step(batches[0], optimizer, variant)
        started = time.perf_counter()
        for batch in batches:
            self._step(batch, optimizer, variant)
        spent = time.perf_counter() - started
        self._model.zero_grad(set_to_none=True)
        return sum(len(batch["input_ids"]) for batch in batches) / spent

    def _step(self, batch: dict[str, Any], optimizer: Any, variant: Variant) -> None:
        self._model.train()
        with torch.autocast("cpu", torch.bfloat16) if variant.bf16 else nullcontext():
            if variant.cached:
                states = self._cache.states(batch["input_ids"], batch["attention_mask"])
                batch = {**batch, "encoder_outputs": (states,)}
            loss = self._model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def _batches(self, variant: Variant) -> list[dict[str, Any]]:
        """Takes the epoch's batches, and of them some that stand for all: evenly by length."""
        size, seed = self._task.config.batch_size, self._task.config.seed
        order: list[int] = list(range(len(self._data)))
        if variant.grouped:
            generator = torch.Generator().manual_seed(seed)
            lengths = list(self._data["length"])
            order = list(LengthGroupedSampler(size, lengths=lengths, generator=generator))
        else:
            random.Random(seed).shuffle(order)
        whole = range(0, max(len(order) - size, 0) + 1, size)
        batches = [self._data.select(order[first : first + size]) for first in whole]
        batches.sort(key=lambda batch: sum(batch["length"]))
        places = [
            int((number + 0.5) * len(batches) / self._task.steps)
            for number in range(self._task.steps)
        ]
        limit = self._task.config.max_input_tokens
        collate = DataCollatorForSeq2Seq(
            self._tokenizer,
            model=self._model,
            padding=True if variant.dynamic else "max_length",
            max_length=None if variant.dynamic else limit,
        )
        return [self._collated(collate, batches[place], variant) for place in places]

    def _collated(self, collate: Any, rows: Dataset, variant: Variant) -> dict[str, Any]:
        batch = collate(list(rows.remove_columns("length")))
        if not variant.dynamic:
            # The collator pads labels to the inputs' limit; they have one of their own.
            most = self._task.config.max_new_tokens
            for name in ("labels", "decoder_input_ids"):
                batch[name] = batch[name][:, :most].contiguous()
        return dict(batch)


def by_turns(task: Task, variants: Sequence[Variant], rounds: int) -> dict[Variant, list[float]]:
    """Trains every variant once a round.

    Two processes take turns, because keeping freed memory is a setting of a whole process.

    Returns:
        A variant's articles a second, a value each round.
    """
    rates: dict[Variant, list[float]] = {variant: [] for variant in variants}
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        pools = {
            keep: stack.enter_context(
                ProcessPoolExecutor(1, context, initializer=_start, initargs=(task, keep))
            )
            for keep in (False, True)
        }
        bar = stack.enter_context(
            tqdm(total=rounds * len(variants), desc="fine-tuning", unit="run")
        )
        for pool in pools.values():
            pool.submit(_run, variants[0]).result()  # a warm-up
        for round_ in range(rounds):
            first = round_ * len(variants) // rounds
            for variant in [*variants[first:], *variants[:first]]:
                rates[variant].append(pools[variant.keep_memory].submit(_run, variant).result())
                bar.update()
    return rates


_work: FineTuning | None = None


def _start(task: Task, keep_memory: bool) -> None:
    global _work
    _work = FineTuning(task, keep_memory)


def _run(variant: Variant) -> float:
    assert _work is not None
    return _work.articles_a_second(variant)
