"""The model in use and the candidate on the same articles: what the gate decides by.

Of each model both systems are measured, Tagloop and the checkpoint alone. Two sets, neither of them
ever trained on: the test articles of the sources, which stay the same from one retrain to the next,
and the corrections that the hash put into validation and test.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from datasets import Dataset, concatenate_datasets

from tagloop.errors import UserError
from tagloop.files import TRAINING_LOG
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tagger
from training.cards.changelog import Change, ComparedSet, ComparedSets, MeasuredChange
from training.config import EvaluateConfig
from training.data.corpus import Corpus
from training.evaluation.checkpoint import Checkpoint
from training.evaluation.measuring import Measured, MeasuredTagloop, Measuring
from training.evaluation.report import (
    CONFIDENCE,
    SAMPLES,
    EvaluationReport,
    example_places,
    figure,
    report_of,
)
from training.evaluation.scores import Scores, bootstrap, chance_better, paired_difference
from training.finetune.preprocess import base_fingerprint
from training.finetune.training_log import read_log

logger = logging.getLogger(__name__)

MEASURES = ("f1@m", "f1@5")
"""The first decides."""
SEED = 20
COMMAND = "python -m training.evaluation --model MODEL --dataset DATASET"


def frozen_test(corpus: Corpus) -> Dataset:
    """Returns the test articles of the sources."""
    return _of_origin(corpus.splits["test"], "source")


def held_out_corrections(corpus: Corpus) -> Dataset:
    """Returns the corrections that no training learns from."""
    parts = [_of_origin(corpus.splits[split], "correction") for split in ("validation", "test")]
    return concatenate_datasets(parts)


def _of_origin(split: Dataset, origin: str) -> Dataset:
    return split.select([place for place, row in enumerate(split["origin"]) if row == origin])


class Model(NamedTuple):
    """A model folder as both systems that live in it."""

    tagloop: Tagger
    checkpoint: Checkpoint

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Loads a folder.

        Raises:
            UserError: It cannot be loaded.
        """
        tagger = Tagger.from_pretrained(str(folder))
        return cls(tagger, Checkpoint.from_pretrained(str(folder), tagger.settings))


class Answered(NamedTuple):
    """What is kept of a model's answers to a set: of Tagloop, of the checkpoint alone."""

    tagloop: MeasuredTagloop
    alone: Measured


def compare(
    current: Path, candidate: Path, corpus: Corpus
) -> tuple[ComparedSets, EvaluationReport]:
    """Measures both models on both sets.

    Returns:
        The current model (before) and the candidate (after) on both sets, and the candidate's
        ``report.json``, measured on the frozen test.

    Raises:
        UserError: A model cannot be loaded.
    """
    now, new = Model.load(current), Model.load(candidate)
    sets = {"frozen test": frozen_test(corpus), "held out": held_out_corrections(corpus)}
    words, examples = corpus.train_vocabulary(), EvaluateConfig().examples
    measuring = {
        name: Measuring(part, words, example_places(len(part), examples))
        for name, part in sets.items()
    }
    before = {name: _answers(now, on, f"{name}, current") for name, on in measuring.items()}
    after = {name: _answers(new, on, f"{name}, candidate") for name, on in measuring.items()}
    on_test, on_held_out = (
        ComparedSet(
            articles=len(part),
            measures=paired(before[name].tagloop.scores, after[name].tagloop.scores),
            checkpoint=paired(before[name].alone.scores, after[name].alone.scores),
        )
        for name, part in sets.items()
    )
    compared = ComparedSets(frozen_test=on_test, held_out=on_held_out)
    on, said = measuring["frozen test"], after["frozen test"]
    return compared, _report(new.tagloop, corpus, on, said, current)


def _answers(model: Model, measuring: Measuring, shown: str) -> Answered:
    return Answered(
        measuring.tagloop(model.tagloop, shown),
        measuring.alone(model.checkpoint, f"{shown}, alone"),
    )


def paired(before: Scores, after: Scores) -> dict[str, MeasuredChange]:
    """Compares two models' scores of the same articles; nothing of no article."""
    if not len(before):
        return {}
    means = [
        bootstrap(rows, samples=SAMPLES, confidence=CONFIDENCE, seed=SEED)
        for rows in (before, after)
    ]
    return {
        measure: MeasuredChange(
            before=figure(means[0][measure]),
            after=figure(means[1][measure]),
            difference=_change(before, after, measure),
        )
        for measure in MEASURES
    }


def _change(before: Scores, after: Scores, measure: str) -> Change:
    interval = figure(
        paired_difference(before, after, measure, samples=SAMPLES, confidence=CONFIDENCE, seed=SEED)
    )
    chance = chance_better(before, after, measure, samples=SAMPLES, seed=SEED)
    return Change(
        value=interval["value"],
        low=interval["low"],
        high=interval["high"],
        chance_better=round(chance, 4),
    )


def _report(
    candidate: Tagger, corpus: Corpus, measuring: Measuring, said: Answered, current: Path
) -> EvaluationReport:
    """Makes the candidate's report.json, what its card and the About tab show."""
    config = EvaluateConfig(split="test", seed=SEED)
    alone = {"checkpoint": said.alone}
    base = _base(current, candidate.settings) if len(measuring.articles) else None
    if base:
        alone["before"] = measuring.alone(base, "frozen test, before fine-tuning")
    return report_of(config, corpus, candidate, measuring, said.tagloop, alone, COMMAND)


def _base(current: Path, settings: TaggingSettings) -> Checkpoint | None:
    """Loads what the model was tuned from; None where it can be had no more.

    A folder of whoever trained it is on another machine, and the bundled base may have become
    another since; the model's own ``before/`` has no weights that transformers could load.
    """
    base = settings.base_model or ""
    if base == "tagloop-base":
        if read_log(current / TRAINING_LOG)["base_fingerprint"] != base_fingerprint(""):
            return None
    elif "/" not in base:
        return None
    try:
        return Checkpoint.of_base(base, settings)
    except UserError as error:
        logger.warning("not measured before fine-tuning: %s", error)
        return None
