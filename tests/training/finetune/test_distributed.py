"""Several processes of one training: they divide the batches, wait in turn, and fail as one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest
import torch
from accelerate.data_loader import BatchSamplerShard
from torch.utils.data import BatchSampler
from transformers import Seq2SeqTrainingArguments

from tagloop.errors import UserError
from training import processes
from training.finetune.distributed import (
    _SameEverywhere,
    idle_gpus,
    joined,
    on_one_gpu,
    share_of,
)

LENGTHS = [7, 3, 9, 4, 8, 2, 6, 5, 1, 10, 12, 11]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]


def run_two(*words: str, folder: Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Runs a script or module in two processes of this machine."""
    return subprocess.run(
        [*TORCHRUN, *words],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.mark.parametrize("batch_size", [2, 4, 8])
def test_two_processes_read_each_article_once_an_epoch(batch_size: int) -> None:
    def order(processes: int, epoch: int) -> list[list[int]]:
        """Returns what each step reads, in all processes together."""
        parts: list[Sequence[list[int]]] = []
        for number in range(processes):
            torch.manual_seed(1000 * epoch + number)  # chance differs between them by then
            sampler = _SameEverywhere(batch_size, LENGTHS, seed=20)
            sampler.set_epoch(epoch)
            batches = BatchSampler(sampler, batch_size // processes, drop_last=False)
            parts.append(list(BatchSamplerShard(batches, processes, number)))
        return [sorted(chain(*step)) for step in zip(*parts, strict=True)]

    for epoch in range(3):
        steps = order(2, epoch)
        # As many as one process has, of the same articles each.
        assert steps[: len(LENGTHS) // batch_size] == order(1, epoch)[: len(LENGTHS) // batch_size]
        assert len(steps) == -(-len(LENGTHS) // batch_size)
        assert {article for step in steps for article in step} == set(range(len(LENGTHS)))
    assert order(2, 0) != order(2, 1)


def test_a_batch_is_divided_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert share_of(16) == 16
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert share_of(16) == 4
    with pytest.raises(UserError, match=r"--batch_size 18 .* 4 processes: take 16 or 20\."):
        share_of(18)
    with pytest.raises(UserError, match=r"take 4\."):
        share_of(2)


def test_a_process_that_accelerate_left_alone_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # What `accelerate launch --cpu --num_processes 2` sets, and one process does not get.
    for name, value in (("ACCELERATE_MIXED_PRECISION", "no"), ("MASTER_ADDR", "127.0.0.1")):
        monkeypatch.setenv(name, value)
    with joined():
        pass  # one was asked for
    monkeypatch.setenv("MASTER_PORT", "29500")
    with pytest.raises(UserError, match="--multi_gpu"), joined():
        pass


def test_a_process_alone_takes_one_gpu_and_one_batch(tmp_path: Path) -> None:
    arguments = Seq2SeqTrainingArguments(str(tmp_path), use_cpu=True, report_to="none")
    arguments.per_device_train_batch_size = 8
    assert arguments.n_gpu == 0  # what is not known until it is asked for
    arguments._n_gpu = 4
    assert arguments.train_batch_size == 32
    assert on_one_gpu(arguments).train_batch_size == 8


def test_each_process_needs_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert "One of 2 GPUs is used; torchrun --nproc_per_node 2" in idle_gpus()
    for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.setenv(name, "4")
    assert idle_gpus() == ""
    with pytest.raises(UserError, match=r"4 processes .* with 2 GPUs"), joined():
        pass


SLOW_FIRST = """
import sys, time
from datetime import timedelta
from training import processes
from training.command import command
from training.finetune import distributed

processes.GRACE, distributed.TURN_WAIT = 0.1, timedelta(seconds=2)

@command(several=True)
def main(words):
    with distributed.joined():
        distributed.first_here(lambda: time.sleep(100))

raise SystemExit(main([]))
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    (tmp_path / "slow_first.py").write_text(SLOW_FIRST)
    done = run_two("slow_first.py", folder=tmp_path)
    assert done.returncode != 0
    assert "error: Another process of this training ended or did not answer" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_mistake_of_all_processes_is_said_once(dataset: Path, tmp_path: Path) -> None:
    flags = ["--dataset", str(dataset), "--batch_size", "3"]
    done = run_two("-m", "training.train", *flags, folder=tmp_path)
    assert done.returncode != 0
    told = re.findall(r"^error: .*$", done.stderr, re.MULTILINE)
    assert told == ["error: --batch_size 3 cannot be divided among 2 processes: take 2 or 4."]
    assert "training/finetune" not in done.stderr  # the only trace is the launcher's own


def test_what_a_launcher_takes_to_end_all_is_less_than_the_grace() -> None:
    from torch.distributed.run import get_args_parser

    assert processes.GRACE > 10 * get_args_parser().parse_args(["x.py"]).monitor_interval
