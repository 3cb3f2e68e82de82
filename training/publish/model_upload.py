"""The model folder as it goes to the Hub."""

from __future__ import annotations

import shutil
from pathlib import Path

from tagloop.files import BEFORE, EVALUATION_REPORT, TAGGING, TRAINING_LOG
from tagloop.generation.settings import TaggingSettings
from tagloop.inside.before import MODEL_FILE, MOST_BYTES
from training.data.corpus import DataSource
from training.json_files import read_json, write_json

_LEFT_OUT = shutil.ignore_patterns("checkpoints", "checkpoints.json", "*.part")
_LEFT_OUT_OF_BASE = shutil.ignore_patterns("*.safetensors", "*.safetensors.index.json", "*.part")


def copy_for_upload(model_dir: Path, target: Path) -> Path:
    """Copies what of a model folder belongs in its repository; returns the copy."""
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(model_dir, target, ignore=_LEFT_OUT))


def add_base(base: Path, folder: Path) -> None:
    """Puts the base beside its tagger: the Space shows what fine-tuning changed.

    It goes as the evaluation converted it, without its weights; one too large for a free Space is
    left out.
    """
    model = base / MODEL_FILE
    if model.is_file() and model.stat().st_size <= MOST_BYTES:
        shutil.copytree(base, folder / BEFORE, ignore=_LEFT_OUT_OF_BASE)


def name_dataset(folder: Path, source: DataSource) -> None:
    """Says in the files of a model which articles it learned from and was measured on."""
    settings = TaggingSettings.load(folder).to_json() | {"dataset": source}
    write_json(folder / TAGGING, settings)
    for name in (TRAINING_LOG, EVALUATION_REPORT):
        write_json(folder / name, read_json(folder / name) | {"dataset": source})
