"""Tries what the field knows on the bundled base, with equal effort, and says what it brought.

    python -m training.base.trials --data DATA MORE                     # all variants; resumes
    python -m training.base.trials --data DATA MORE --only plain hints  # some of them

Every variant goes on from the bundled weights for the same number of steps of the same token
budget, with the same seed and data order as far as its difference lets it, at half the peak rates
of the recipe's last stage with the same warm-up and decay. Then its greedy tags for one fixed
sample of the validation split are scored against those of ``plain``. ``--out`` keeps every
article's scores, ``training/base/trials/trials.json`` the summary; no texts are in either.

The committed summary is of ``--steps 70 --tokens 3072``, 6 percent of a round of the data: it
shows what helps soon, not what would help in hours. Its seconds are of a busy machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from tqdm.auto import tqdm
from transformers import BartForConditionalGeneration, BertTokenizer

from tagloop.errors import UserError
from training.base.averaging import averaged_copy, updated
from training.base.examples import TAGGED, Row, read_rows
from training.base.optimizer import make_optimizer, set_lr, train_step
from training.base.stages import STAGES, stage_rows
from training.base.trials.neighbours import RowNeighbours, with_hints
from training.base.trials.results import summarise, table
from training.base.trials.variants import PLAIN, VARIANTS, Examples, Variant
from training.base.validation import MAX_INPUT_TOKENS, generate_tags, prompt, validation_sample
from training.command import command
from training.config import option, parse_config
from training.evaluation.scores import article_scores
from training.finetune.glibc import keep_freed_memory
from training.finetune.preprocess import BUNDLED_BASE
from training.json_files import write_json

STAGE = STAGES[-1]
LR_SHARE = 0.5
"""Of the stage's peak rates: the weights come from its end, where the rate was near nothing."""
AVERAGED_SHARE = 0.18
"""The average reaches back over this share of the steps, as in the recipe's last stage."""
MEASURES = ("f1@m", "f1@5")


@dataclass
class TrialSettings:
    """Flags of the trials."""

    data: list[str] = option([], "folders with the data of the recipe")
    steps: int = option(150, "steps of training a variant")
    tokens: int = option(4096, "input tokens a step")
    articles: int = option(300, "validation articles")
    titles: int = option(500, "validation titles")
    seed: int = option(20, "seed of data order and dropout")
    only: list[str] = option([], "names of variants")
    start: str = option(str(BUNDLED_BASE), "model folder to start from")
    out: str = option("build/trials", "scores a variant, for resumption")
    report: str = option(str(Path(__file__).parent / "trials.json"), "the summary")

    def effort(self) -> dict[str, int]:
        """Returns what must be equal for variants to be compared."""
        names = ("steps", "tokens", "seed", "articles", "titles")
        return {name: getattr(self, name) for name in names}


class Trials:
    """The data and the starting point, and what was found so far."""

    def __init__(self, settings: TrialSettings) -> None:
        """Reads the data.

        Raises:
            UserError: An unknown variant, or a data file is missing.
        """
        unknown = sorted(set(settings.only) - set(VARIANTS))
        if unknown:
            raise UserError(f"--only {unknown[0]}: the variants are {', '.join(VARIANTS)}.")
        self.settings = settings
        self.out = Path(settings.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.names = [name for name in VARIANTS if name in (settings.only or VARIANTS)]
        self.tagged = {kind: read_rows(settings.data, kind) for kind in TAGGED}
        self.tokenizer = BertTokenizer.from_pretrained(settings.start)
        articles = self.tagged["articles"] + self.tagged["general"]
        self.samples = {
            "articles": validation_sample(articles, settings.articles),
            "titles": validation_sample(self.tagged["titles"], settings.titles),
        }

    def run(self) -> dict[str, Any]:
        """Tries the variants that are not done yet.

        Returns:
            The summary, which is also written after every variant.

        Raises:
            UserError: The results so far are of other settings.
        """
        found = self._found()
        for name in self.names:
            if name not in found:
                found[name] = self._trial(name, VARIANTS[name])
                write_json(self.out / f"{name}.json", found[name])
            write_json(Path(self.settings.report), self._summary(found))
        return self._summary(found)

    @cached_property
    def neighbours(self) -> RowNeighbours:
        """The training articles and titles, to be asked for neighbours."""
        kinds = ("articles", "general", "titles")
        rows = [row for kind in kinds for row in self.tagged[kind] if row.split == "train"]
        return RowNeighbours(rows, self.tokenizer)

    def _found(self) -> dict[str, dict[str, Any]]:
        found = {}
        for name in VARIANTS:
            path = self.out / f"{name}.json"
            if path.is_file():
                found[name] = json.loads(path.read_text(encoding="utf-8"))
                if found[name]["effort"] != self.settings.effort():
                    raise UserError(
                        f"{path} is of other settings ({found[name]['effort']}): "
                        "give the same, or another --out."
                    )
        return found

    def _summary(self, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
        rates = {"decoder": LR_SHARE * STAGE.decoder_lr, "encoder": LR_SHARE * STAGE.encoder_lr}
        sizes = {kind: len(sample) for kind, sample in self.samples.items()}
        head = {"effort": self.settings.effort(), "peak_lr": rates, "validation": sizes}
        return head | {"trials": summarise({n: found[n] for n in VARIANTS if n in found})}

    def _trial(self, name: str, variant: Variant) -> dict[str, Any]:
        """Trains and measures one variant: every article's scores, a name of weights or prompts."""
        torch.manual_seed(self.settings.seed)
        model: Any = BartForConditionalGeneration.from_pretrained(
            self.settings.start, dtype=torch.float32
        )
        trained: dict[str, Any] = {"steps": 0, "examples": 0, "tokens": 0, "seconds": 0.0}
        averaged = model
        if variant.trained:
            trained, averaged = self._train(name, variant, model)
        scores = {name: self._scores(averaged, hints=variant.hints)}
        if variant.hints:
            scores[f"{name}_absent"] = self._scores(averaged)
        if name == PLAIN:
            scores["last_weights"] = self._scores(model)
        return {
            "says": variant.says,
            "effort": self.settings.effort(),
            "trained": trained,
            "scores": scores,
        }

    def _train(
        self, name: str, variant: Variant, model: BartForConditionalGeneration
    ) -> tuple[dict[str, Any], BartForConditionalGeneration]:
        steps = self.settings.steps
        source = self._batches(variant)
        optimizer = make_optimizer(model, LR_SHARE * STAGE.decoder_lr, LR_SHARE * STAGE.encoder_lr)
        decay = 1 - 1 / max(AVERAGED_SHARE * steps, 1.0)
        average, examples, tokens, losses = None, 0, 0, []
        model.train()
        started = time.monotonic()
        for step in tqdm(range(steps), desc=name, unit="step"):
            set_lr(optimizer, (step + 1) / (steps + 1))
            batch = next(source)
            losses.append(train_step(model, batch, optimizer, variant.smoothing))
            average = updated(average, model, decay)
            examples += len(batch["input_ids"])
            tokens += int(batch["attention_mask"].sum())
        last = losses[-max(steps // 3, 1) :]
        return {
            "steps": steps,
            "examples": examples,
            "tokens": tokens,
            "seconds": round(time.monotonic() - started, 1),
            "loss": round(sum(last) / len(last), 4),
        }, averaged_copy(model, average)

    def _batches(self, variant: Variant) -> Iterator[dict[str, torch.Tensor]]:
        examples = Examples(
            variant,
            stage_rows(self.tagged, STAGE),
            self.tokenizer,
            self.neighbours if variant.hints or variant.taught else None,
            max_tokens=STAGE.max_input_tokens,
            seed=self.settings.seed,
        )
        return examples.batches(self.settings.tokens)

    def _scores(self, model: Any, *, hints: bool = False) -> dict[str, list[dict[str, float]]]:
        """Returns every article's scores, a kind each."""
        model.eval()
        scores = {}
        for kind, sample in self.samples.items():
            prompts = [self._prompt(row, hints) for row in sample]
            tags = generate_tags(model, self.tokenizer, prompts)
            found = [article_scores(t, row.tags) for t, row in zip(tags, sample, strict=True)]
            scores[kind] = [{name: round(one[name], 5) for name in MEASURES} for one in found]
        return scores

    def _prompt(self, row: Row, hints: bool) -> str:
        if not hints:
            return prompt(row)
        near = self.neighbours.hints(row)
        return with_hints(prompt(row), near, self.tokenizer, MAX_INPUT_TOKENS)


@command("interrupted; the same command goes on")
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(TrialSettings, words, "python -m training.base.trials")
    keep_freed_memory()
    print(table(Trials(settings).run()))


if __name__ == "__main__":
    raise SystemExit(main())
