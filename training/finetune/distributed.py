"""One training in several processes, which torchrun or accelerate has started.

Each step's batch is divided among them, so that a training has the steps, the rate and the losses
of one in a single process. What is written is written once; the other processes wait for it, not
for ever. When one fails, its launcher ends all, and those that notice it first say nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from accelerate import PartialState
from torch import distributed
from transformers import Seq2SeqTrainer, Seq2SeqTrainingArguments
from transformers.trainer_pt_utils import LengthGroupedSampler

from tagloop.errors import UserError
from training import processes
from training.finetune.precision import only_cpu

Result = TypeVar("Result")
STEP_WAIT = timedelta(minutes=30)
"""A process waits so long for the others to finish a step, as transformers does."""
TURN_WAIT = timedelta(hours=2)
"""And so long for the first one to load and to tokenize: a minute for 100,000 articles."""


@contextmanager
def joined() -> Iterator[None]:
    """Joins the processes of a training; does nothing for a single one.

    Raises:
        UserError: Other processes run than were asked for, or another one ended.
    """
    _refuse_lone_process()
    if processes.count() == 1:
        yield
        return
    _refuse_shared_gpus()
    asked = processes.count()
    state = PartialState(cpu=only_cpu(), timeout=STEP_WAIT)
    if state.num_processes != asked:
        raise UserError(
            f"{asked} processes were started and each would train alone: start them with torchrun "
            "--nproc_per_node."
        )
    try:
        yield
    except RuntimeError as error:
        if not _is_loss_of_another(error):
            raise
        # What ended it is said there. Its launcher ends this one, too, before the sentence.
        time.sleep(processes.GRACE)
        raise UserError(
            "Another process of this training ended or did not answer "
            f"({str(error).splitlines()[0][:100]}); look for its error above and on its machine."
        ) from None
    part()


def _refuse_lone_process() -> None:
    # accelerate gives a process that it starts alone an address to meet the others at only where
    # it was asked for more; it goes on without them wherever it sees no second GPU.
    told = {"ACCELERATE_MIXED_PRECISION", "MASTER_ADDR", "MASTER_PORT"}.issubset(os.environ)
    if told and not any(name in os.environ for name in processes.SIZES):
        raise UserError(
            "accelerate launch was asked for several processes and started this one alone, as it "
            "does without --multi_gpu: add that (in place of --cpu; it starts them on processors, "
            "too), or take torchrun --nproc_per_node."
        )


def _refuse_shared_gpus() -> None:
    gpus, here = torch.cuda.device_count(), processes.count_here()
    if 0 < gpus < here:
        raise UserError(
            f"{here} processes were started on a machine with {gpus} GPU{'s' * (gpus > 1)}, and "
            f"each needs its own: take --nproc_per_node {gpus} (torchrun) or --num_processes "
            f"{gpus} for each machine (accelerate launch)."
        )


def _is_loss_of_another(error: RuntimeError) -> bool:
    # Of gloo some are plain RuntimeErrors, known by the place in its source.
    return isinstance(error, distributed.DistError) or "/gloo/" in str(error)


def part() -> None:
    """Ends what joins the processes: after it each goes on alone, if there is anything to do."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def first_here(work: Callable[[], Result]) -> Result:
    """Does some work in the first process of each machine, then in the others of it.

    The others find what it has written; until then they wait ``TURN_WAIT`` at the longest.
    """
    if processes.is_first_here():
        result = work()
        _wait()
        return result
    _wait()
    return work()


def _wait() -> None:
    if distributed.is_initialized():
        # By the processors: a GPU's own kind of waiting has one timeout for all.
        distributed.barrier(distributed.new_group(backend="gloo", timeout=TURN_WAIT))


def share_of(batch_size: int) -> int:
    """Returns how many articles of each step's batch are one process's.

    Raises:
        UserError: They cannot be divided evenly.
    """
    count = processes.count()
    if batch_size % count:
        lower = batch_size // count * count
        near = [str(size) for size in (lower, lower + count) if size]
        raise UserError(
            f"--batch_size {batch_size} cannot be divided among {count} processes: take "
            f"{' or '.join(near)}."
        )
    return batch_size // count


def on_one_gpu(arguments: Seq2SeqTrainingArguments) -> Seq2SeqTrainingArguments:
    """Keeps a process from taking a batch for each GPU that it sees; returns the arguments."""
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1
    return arguments


def idle_gpus() -> str:
    """Says how to use the GPUs that a training in one process leaves alone; empty if none is."""
    gpus = torch.cuda.device_count()
    if gpus < 2 or processes.count() > 1:
        return ""
    return (
        f"One of {gpus} GPUs is used; torchrun --nproc_per_node {gpus} -m training.train … uses "
        "all (training/finetune/README.md)."
    )


class StepTrainer(Seq2SeqTrainer):
    """Takes articles of like length into a step, the same ones in however many processes."""

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        # Not of the dataset given here: the lengths are taken out of it, as nothing for the model.
        articles: Any = self.train_dataset
        lengths = list(articles["length"])
        batch_size = self.args.train_batch_size * self.args.world_size
        if self.args.world_size == 1:
            return LengthGroupedSampler(batch_size, lengths=lengths)
        return _SameEverywhere(batch_size, lengths, self.args.seed)


class _SameEverywhere(LengthGroupedSampler):
    """Draws the same order in all processes, of which each then takes its part.

    They would part after an epoch: on processors, dropout takes more numbers of the usual source
    of chance for longer articles.
    """

    def __init__(self, batch_size: int, lengths: list[int], seed: int) -> None:
        generator = torch.Generator()
        super().__init__(batch_size, lengths=lengths, generator=generator)
        self._generator, self._seed = generator, seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Is called before each epoch, of a resumed training with its number, too."""
        self._generator.manual_seed(self._seed + epoch)
