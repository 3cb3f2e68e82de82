"""How the memory of a training's data grows with its articles, without the model's steps.

    python -m training.bench.studies.training_memory --data DATA

For datasets of several sizes, of 120 words an article (``training.bench.growth.resampled``), fresh
processes load the corpus, tokenize it, read one epoch in batches and index the neighbours (without
vectors, which are a sentence encoder's work). Shown is the most memory of each process's own; the
pages of files that it has mapped, which the system takes back when it needs them, are not counted.

As long as tokens and words were lists, 20 KB an article, indexing 1,000, 10,000 and 50,000 articles
took 9, 160 and 871 MB more than reading an epoch of them; from files it takes 0, 0 and 25 MB more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset, disable_progress_bars
from torch.utils.data import DataLoader
from transformers import DataCollatorForSeq2Seq

from tagloop.errors import UserError
from training.bench.growth.resampled import Resampler
from training.bench.tables import markdown_table
from training.command import command
from training.config import TrainConfig, option, parse_config
from training.data.corpus import load_corpus
from training.finetune.fit_neighbours import fit_neighbours
from training.finetune.preprocess import features, load_base, tagging_settings

SIZES = (1_000, 10_000, 50_000)
WORDS = 120
SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
STATUS = Path("/proc/self/status")
EVERY = 0.02
"""Seconds between two looks at the memory."""
STEPS = ("begin", "load", "tokenize", "epoch", "index")
SIZE = "bytes of the index an article"


@dataclass
class MemorySettings:
    """Flags of the study."""

    data: list[str] = option([], "folders with the data of the recipe")
    sizes: list[int] = option(list(SIZES), "articles of each dataset")
    measured: str = option("", "dataset folder that this very process is to measure")


def write_corpus(resampler: Resampler, folder: Path, rows: int) -> None:
    """Writes a dataset folder of made-up articles."""
    (folder / "data").mkdir(parents=True)
    for split, share in SHARES.items():
        articles = [
            {"id": f"{split}{n}", **resampler.article(WORDS)} for n in range(int(rows * share))
        ]
        table = Dataset.from_list(articles)
        table.to_parquet(str(folder / "data" / f"{split}-00000-of-00001.parquet"))


def own_megabytes() -> float:
    """Returns the memory of this process that no file stands behind, in MB of 10^6 bytes."""
    (line,) = [line for line in STATUS.read_text("ascii").splitlines() if "RssAnon" in line]
    return int(line.split()[1]) * 1024 / 1e6


class Peaks:
    """The most memory of this process, step by step."""

    def __init__(self) -> None:
        self.megabytes: dict[str, float] = {}
        self._step = ""
        threading.Thread(target=self._look, daemon=True).start()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measures a step."""
        self._step = name
        self._note()
        yield
        self._note()

    def _note(self) -> None:
        step = self._step
        self.megabytes[step] = max(own_megabytes(), self.megabytes.get(step, 0.0))

    def _look(self) -> None:
        while True:
            if self._step:
                self._note()
            time.sleep(EVERY)


def measure(folder: Path) -> dict[str, float]:
    """Reads a dataset as a training does; returns the peak of each step in MB, and ``SIZE``."""
    peaks, config = Peaks(), TrainConfig()
    model, tokenizer, base_id = load_base(config.base)
    with peaks.step("begin"):
        pass
    with peaks.step("load"):
        corpus = load_corpus(str(folder))
    settings = tagging_settings(config, corpus, base_id)
    with peaks.step("tokenize"):
        data = features(corpus, "train", tokenizer, model, settings, config, folder / "features")
    with peaks.step("epoch"):
        collate = DataCollatorForSeq2Seq(tokenizer, model=model)
        for _ in DataLoader(data.remove_columns("length"), config.batch_size, collate_fn=collate):
            pass
    train: Any = corpus.splits["train"]
    with peaks.step("index"):
        arrays = fit_neighbours(train, tokenizer, corpus.train_vocabulary(), None, scratch=folder)
    size = sum(array.nbytes for array in arrays.values())
    return peaks.megabytes | {SIZE: size / len(train)}


@command("interrupted; nothing was kept")
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(
        MemorySettings, words, "python -m training.bench.studies.training_memory"
    )
    disable_progress_bars()
    if settings.measured:
        print(json.dumps(measure(Path(settings.measured))))
        return
    if not STATUS.is_file():
        raise UserError("The memory of a process is read from /proc, which this system has not.")
    resampler = Resampler.of_train_split(settings.data)
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for size in settings.sizes:
            folder = Path(place) / str(size)
            write_corpus(resampler, folder, size)
            module = ["-m", "training.bench.studies.training_memory", "--measured", str(folder)]
            cache = {"HF_DATASETS_CACHE": str(folder / "cache")}
            done = subprocess.run(
                [sys.executable, *module], env=os.environ | cache, capture_output=True, text=True
            )
            if done.returncode:
                raise UserError(f"It could not be measured: {done.stderr.splitlines()[-1]}")
            peaks = json.loads(done.stdout.splitlines()[-1])
            rows.append([f"{size:,}", *(f"{peaks[name]:,.0f}" for name in (*STEPS, SIZE))])
    print(markdown_table(["articles", *(f"{step}, MB" for step in STEPS), SIZE], rows))


if __name__ == "__main__":
    raise SystemExit(main())
