"""Trains the bundled base: MiniLM in a BART shape learns to generate tags.

    python -m training.base.recipe train --data DATA MORE   # 5 hours on 2 cores, resumes itself
    python -m training.base.recipe train --data DATA MORE --start training/base/weights \
        --first general                                     # its last stage alone, 2 hours
    python -m training.base.recipe export                   # averaged weights, bf16

Five stages, each bounded by its minutes of training: the decoder on Wikipedia (text to title) with
the encoder frozen, the decoder on blogs, titles and textbooks, all weights, all weights again with
the articles twice and the titles three times a round, and all weights with the general articles
too. Learning rates follow the share of a stage's minutes that is spent, so a slower machine takes
fewer steps, not longer. ``--start`` and ``--first`` take a trained model as what the stages before
``--first`` have made. Wikipedia teaches titles alone: tags that a model gave it (pseudo-labels)
have not been tried.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm.auto import tqdm
from transformers import BartForConditionalGeneration, BertTokenizer

from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from training.base.averaging import averaged_copy, updated
from training.base.batches import batches
from training.base.examples import TAGGED, read_rows, tag_examples, title_examples
from training.base.minilm import untrained_base
from training.base.optimizer import make_optimizer, set_lr, train_step
from training.base.stages import STAGES, Stage, stage_rows
from training.base.validation import validate
from training.command import command
from training.config import option, parse_config
from training.finetune.glibc import keep_freed_memory
from training.finetune.preprocess import decoding_defaults

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
PROMPT_TEMPLATE = "{title}\n{text}"
MAX_INPUT_TOKENS = 256  # trained on 224; on validation articles better than 512
AVERAGE_DECAY = 0.96  # exponential average of the weights: over about 100 steps of the last stage
AVERAGE_EVERY = 4
VALIDATE_MINUTES = 20
CHECKPOINT_MINUTES = 4
LOG_STEPS = 50


@dataclass
class RecipeSettings:
    """Flags of the recipe."""

    data: list[str] = option([], "folders with the training data")
    out: str = option("build/base", "checkpoints and log")
    weights: str = option("training/base/weights", "export to here")
    start: str = option("", "model folder to start from")
    first: str = option(STAGES[0].name, "stage to begin with")
    seed: int = option(20, "seed of data order and dropout")


@dataclass
class Progress:
    """What a checkpoint remembers besides tensors."""

    stage: int = 0
    seconds: float = 0.0
    step: int = 0
    examples: int = 0
    rounds: int = 0


class Trainer:
    """One run of the recipe over its stages, resumable at its last checkpoint."""

    def __init__(self, settings: RecipeSettings) -> None:
        self.out = Path(settings.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.seed = settings.seed
        self.model, self.tokenizer = untrained_base()
        self.average: dict[str, torch.Tensor] | None = None
        names = [stage.name for stage in STAGES]
        if settings.first not in names:
            raise UserError(f"--first {settings.first}: the stages are {', '.join(names)}.")
        self.progress = Progress(stage=names.index(settings.first))
        if settings.start:
            self.model = BartForConditionalGeneration.from_pretrained(
                settings.start, dtype=torch.float32
            )
        self.optimizer_state: dict[str, Any] | None = None
        if (self.out / "checkpoint.pt").exists():
            self._load()
        self.tagged = {kind: read_rows(settings.data, kind) for kind in TAGGED}
        self.untagged = read_rows(settings.data, "wiki")

    def run(self) -> None:
        """Trains the stages that are not done yet."""
        while self.progress.stage < len(STAGES):
            self._stage(STAGES[self.progress.stage])
            self.progress.stage += 1
            self.progress.seconds = 0.0
            self.optimizer_state = None
            self._save(None)

    def _stage(self, stage: Stage) -> None:
        for name, parameter in self.model.named_parameters():
            frozen = ("encoder." in name and "decoder." not in name) or "shared" in name
            parameter.requires_grad = not (stage.freeze_encoder and frozen)
        optimizer = make_optimizer(self.model, stage.decoder_lr, stage.encoder_lr)
        self._train_mode(stage)
        if self.optimizer_state:
            optimizer.load_state_dict(self.optimizer_state)
        seconds = stage.minutes * 60
        bar = tqdm(
            total=int(seconds), initial=int(self.progress.seconds), unit="s", desc=stage.name
        )
        losses: list[float] = []
        saved = validated = self.progress.seconds
        source = self._batches(stage)
        while self.progress.seconds < seconds:
            started = time.monotonic()
            set_lr(optimizer, self.progress.seconds / seconds)
            batch = next(source)
            losses.append(train_step(self.model, batch, optimizer))
            self.progress.step += 1
            self.progress.examples += len(batch["input_ids"])
            if not stage.freeze_encoder and self.progress.step % AVERAGE_EVERY == 0:
                self.average = updated(self.average, self.model, AVERAGE_DECAY)
            if self.progress.step % LOG_STEPS == 0:
                self._log(stage=stage.name, loss=sum(losses) / len(losses))
                bar.set_postfix(loss=f"{sum(losses) / len(losses):.3f}")
                losses.clear()
            spent = time.monotonic() - started
            self.progress.seconds += spent
            bar.update(int(self.progress.seconds) - bar.n)
            if self.progress.seconds - saved > CHECKPOINT_MINUTES * 60:
                saved = self.progress.seconds
                self._save(optimizer)
            if self.progress.seconds - validated > VALIDATE_MINUTES * 60:
                validated = self.progress.seconds
                self._validate(stage)
                self._train_mode(stage)
        self._validate(stage)

    def _train_mode(self, stage: Stage) -> None:
        self.model.train()
        if stage.freeze_encoder:
            self.model.model.encoder.eval()

    def _batches(self, stage: Stage) -> Iterator[dict[str, torch.Tensor]]:
        """Yields batches without end, each round from other windows and samples."""
        while True:
            rng = random.Random(self.seed * 1000 + self.progress.rounds)
            self.progress.rounds += 1
            examples = self._examples(stage, rng)
            yield from batches(examples, self.tokenizer, stage.max_input_tokens, rng)

    def _examples(self, stage: Stage, rng: random.Random) -> list[tuple[str, str]]:
        if stage.name == "titles":
            return list(title_examples(self.untagged, rng))
        return list(tag_examples(stage_rows(self.tagged, stage), rng))

    def _validate(self, stage: Stage) -> None:
        averaged = averaged_copy(self.model, self.average)
        scores = validate(averaged, self.tokenizer, self.tagged)
        self._log(stage=stage.name, **scores)
        tqdm.write(f"{stage.name} {scores}")
        averaged.save_pretrained(self.out / "latest")
        self.tokenizer.save_pretrained(self.out / "latest")

    def _log(self, **values: Any) -> None:
        with (self.out / "log.jsonl").open("a") as log:
            log.write(json.dumps(asdict(self.progress) | values) + "\n")

    def _save(self, optimizer: torch.optim.Optimizer | None) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": optimizer.state_dict() if optimizer else None,
            "progress": asdict(self.progress),
        }
        part = self.out / "checkpoint.part"
        torch.save(state, part)
        part.replace(self.out / "checkpoint.pt")

    def _load(self) -> None:
        state = torch.load(self.out / "checkpoint.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        self.optimizer_state = state["optimizer"]
        self.progress = Progress(**state["progress"])


def export(out: Path, weights: Path) -> None:
    """Writes the averaged weights of the last validation as bf16 into ``weights``.

    Raises:
        UserError: Nothing has been trained yet.
    """
    if not (out / "latest").is_dir():
        raise UserError(f"{out / 'latest'} is missing: run the recipe's train command first.")
    model = BartForConditionalGeneration.from_pretrained(out / "latest", dtype=torch.bfloat16)
    settings = TaggingSettings(
        prompt_template=PROMPT_TEMPLATE, max_input_tokens=MAX_INPUT_TOKENS, base_model=MINILM
    )
    model.generation_config = decoding_defaults(model.generation_config, settings)
    model.save_pretrained(weights)
    settings.save(weights)
    BertTokenizer.from_pretrained(out / "latest").save_pretrained(weights)


@command("interrupted; the same command goes on from the last checkpoint")
def main(words: list[str]) -> int:
    """Runs ``train`` or ``export``."""
    name, *flags = words or ["help"]
    if name not in ("train", "export"):
        print(__doc__)
        return 2
    settings = parse_config(RecipeSettings, flags, "python -m training.base.recipe")
    if name == "train":
        keep_freed_memory()
        torch.manual_seed(settings.seed)
        Trainer(settings).run()
    else:
        export(Path(settings.out), Path(settings.weights))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
