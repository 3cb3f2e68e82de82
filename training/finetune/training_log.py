"""``training_log.json``: how a model was trained, for its card and for the next run."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

import torch
from datasets import Dataset
from transformers import PreTrainedModel, Seq2SeqTrainer

from tagloop.generation.settings import TaggingSettings
from training.config import TrainConfig
from training.data.corpus import Corpus, DataSource
from training.finetune.base_languages import sampled_languages
from training.finetune.calibration import Reliability
from training.finetune.preprocess import base_fingerprint
from training.json_files import read_json

SCHEMA = 1
VERSIONS = ("torch", "transformers", "datasets", "accelerate", "ctranslate2")
Hyperparameters = dict[str, str | float | bool | None]
"""What decides the outcome besides data and base, by the names of `TrainConfig`."""
LogEntry = dict[str, Any]
"""What the Trainer logs at a step: ``epoch``, ``step``, and ``loss`` or ``eval_…`` measures."""


class Best(TypedDict):
    """The checkpoint that was taken; without validation articles there is no value."""

    step: int | None
    metric: str
    value: float | None


RankingFit = TypedDict(
    "RankingFit",
    {
        "weights": str,
        "regularisation": float,
        "strength": float,
        "log_loss": float,
        "articles": int,
        "training_articles": int,
        "candidates": int,
        "threshold": float,
        "min_tags": int,
        "max_tags": int,
        "f1@m": float,
        "calibration": Reliability,
    },
    total=False,
)
"""What was chosen for the ranking, and how well it does on articles that it was not fitted on.

``weights`` are ``fitted``, with the ``strength`` of the prior that holds them near the bundled ones
(before that, with the inverse strength of their ``regularisation``), ``bundled`` where nothing
better was found, or those of a part alone: ``generator``, ``neighbours``. ``articles`` are those of
the validation split; with ``training_articles`` the first models did without.
"""


class Replay(TypedDict, total=False):
    """How corrections were mixed with old articles.

    Attributes:
        corrections: Corrected articles that were learned.
        passes: Times that each was read.
        replayed: Old articles that were read beside them.
        replay_ratio: Old articles for each corrected one.
    """

    corrections: int
    passes: int
    replayed: int
    replay_ratio: float


class Adaptation(Replay, total=False):
    """What a retrain taught; ``new_tags`` are those that the model before did not know."""

    new_tags: list[str]


class Emissions(TypedDict):
    """What CodeCarbon estimates that a training emitted, over all its interruptions.

    Attributes:
        grams: Of CO2 equivalents.
        kwh: Of electricity.
        seconds: Of the training and of what was fitted after it.
        country: Whose grid's mean intensity was taken; None for the world's.
        hardware: Of the machine, for people.
        version: CodeCarbon's.
    """

    grams: float
    kwh: float
    seconds: float
    country: str | None
    hardware: str
    version: str


class TrainingLog(TypedDict):
    """The file's content; the first models have no ``ranking`` and no ``languages``.

    Retrained ones have an ``adaptation``, those whose emissions could be estimated ``emissions``.

    Attributes:
        examples: Articles by split.
        log: By step.
        seconds: Of the training loop.
        parameters: ``total``, and those of the parts.
        languages: Of articles of the training split, taken evenly: how many are in which.
        chosen: What the corpus decided where the settings leave it open: epochs, frozen layers
            and how plain ``generate`` decodes.
    """

    schema: int
    command: str
    base_model: str | None
    base_fingerprint: str
    base_revision: str | None
    prompt_template: str
    dataset: DataSource
    hyperparameters: Hyperparameters
    examples: dict[str, int]
    log: list[LogEntry]
    best: Best
    seconds: float
    parameters: dict[str, int]
    device: str
    precision: str
    versions: dict[str, str]
    languages: NotRequired[dict[str, int]]
    ranking: NotRequired[RankingFit]
    chosen: NotRequired[Hyperparameters]
    adaptation: NotRequired[Adaptation]
    emissions: NotRequired[Emissions]


def read_log(path: Path) -> TrainingLog:
    """Reads the log of this or an earlier version.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds no JSON object.
    """
    return cast(TrainingLog, read_json(path))


def training_log(
    config: TrainConfig,
    corpus: Corpus,
    trainer: Seq2SeqTrainer,
    settings: TaggingSettings,
    splits: dict[str, Dataset],
    seconds: float,
) -> TrainingLog:
    """Returns the log of a training that has ended."""
    state, arguments, model = trainer.state, trainer.args, trainer.model
    assert isinstance(model, PreTrainedModel)
    revision = getattr(model.config, "_commit_hash", None)
    return TrainingLog(
        schema=SCHEMA,
        command=command_of(config),
        base_model=settings.base_model,
        base_fingerprint=base_fingerprint(config.base, revision),
        base_revision=revision,
        prompt_template=settings.prompt_template,
        dataset=corpus.source,
        hyperparameters=hyperparameters(config),
        examples={split: len(data) for split, data in splits.items()},
        languages=sampled_languages(corpus.splits["train"]),
        log=[_rounded(entry) for entry in state.log_history if "train_runtime" not in entry],
        best=Best(
            step=state.best_global_step,
            metric="f1@m",
            value=round(state.best_metric, 4) if state.best_metric is not None else None,
        ),
        seconds=round(seconds, 1),
        parameters=parameter_counts(model),
        device=arguments.device.type,
        precision="bf16" if arguments.bf16 else "fp32",
        versions={"python": sys.version.split()[0]} | {name: version(name) for name in VERSIONS},
    )


def hyperparameters(config: TrainConfig) -> Hyperparameters:
    """Returns what decides the outcome besides data and base."""
    apart = ("dataset", "base", "name", "output_dir", "resume", "verbose")
    return {name: value for name, value in asdict(config).items() if name not in apart}


def parameter_counts(model: torch.nn.Module) -> dict[str, int]:
    """Counts parameters: all, and apart the shared embeddings, the encoder and the decoder."""
    counts = {"total": 0, "embeddings": 0, "encoder": 0, "decoder": 0}
    for name, parameter in model.named_parameters():
        counts["total"] += parameter.numel()
        if "shared" in name:
            counts["embeddings"] += parameter.numel()
        for part in ("encoder", "decoder"):
            if f"{part}." in name and f"{part}." == name[name.index(f"{part}.") :][: len(part) + 1]:
                counts[part] += parameter.numel()
                break
    return counts


def command_of(config: TrainConfig) -> str:
    """Returns the command that repeats this training, without paths of this machine."""
    defaults = TrainConfig()
    words = ["python -m training.train"]
    for name, value in asdict(config).items():
        if value == getattr(defaults, name) or name in ("output_dir", "resume", "verbose"):
            continue
        if name in ("dataset", "base", "encoder") and Path(value).exists():
            value = Path(value).resolve().name
        words.append(f"--{name}" if value is True else f"--{name} {_quoted(str(value))}")
    return " ".join(words)


def _quoted(word: str) -> str:
    """Quotes a word for a shell, a line end so that it can be seen."""
    if "\n" not in word:
        return shlex.quote(word)
    for sign, written in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n")):
        word = word.replace(sign, written)
    return f"$'{word}'"


def _rounded(entry: LogEntry) -> LogEntry:
    return {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in entry.items()
    }
