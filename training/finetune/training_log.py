"""training_log.json: what a card says of how a model was trained."""

from __future__ import annotations

import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import PreTrainedModel, Seq2SeqTrainer

from tagloop.generation.settings import TaggingSettings
from training.config import TrainConfig
from training.data.corpus import Corpus
from training.finetune.preprocess import base_fingerprint

LOG_FILE = "training_log.json"
VERSIONS = ("torch", "transformers", "datasets", "accelerate", "ctranslate2")


def training_log(
    config: TrainConfig,
    corpus: Corpus,
    trainer: Seq2SeqTrainer,
    settings: TaggingSettings,
    splits: dict[str, Dataset],
    seconds: float,
) -> dict[str, Any]:
    """Returns the content of ``training_log.json``, what the card shows of the training."""
    state, arguments, model = trainer.state, trainer.args, trainer.model
    assert isinstance(model, PreTrainedModel)
    return {
        "schema": 1,
        "command": command_of(config),
        "base_model": settings.base_model,
        "base_fingerprint": base_fingerprint(config.base),
        "base_revision": getattr(model.config, "_commit_hash", None),
        "prompt_template": settings.prompt_template,
        "dataset": corpus.source,
        "hyperparameters": hyperparameters(config),
        "examples": {split: len(data) for split, data in splits.items()},
        "log": [_rounded(entry) for entry in state.log_history if "train_runtime" not in entry],
        "best": {
            "step": state.best_global_step,
            "metric": "f1@m",
            "value": round(state.best_metric, 4) if state.best_metric is not None else None,
        },
        "seconds": round(seconds, 1),
        "parameters": parameter_counts(model),
        "device": arguments.device.type,
        "precision": "bf16" if arguments.bf16 else "fp32",
        "versions": {"python": sys.version.split()[0]} | {name: version(name) for name in VERSIONS},
    }


def hyperparameters(config: TrainConfig) -> dict[str, Any]:
    """Returns what decides the outcome besides data and base."""
    apart = ("dataset", "base", "name", "output_dir", "resume")
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
        if value == getattr(defaults, name) or name in ("output_dir", "resume"):
            continue
        if name in ("dataset", "base") and Path(value).exists():
            value = Path(value).resolve().name
        words.append(f"--{name}" if value is True else f"--{name} {value!r}")
    return " ".join(words).replace("'", "")


def _rounded(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in entry.items()
    }
