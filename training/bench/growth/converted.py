"""A model as taggers are served: with its conversion."""

from __future__ import annotations

import shutil
from pathlib import Path

from tagloop.files import CTRANSLATE2
from training.finetune.ctranslate2_conversion import convert


def converted(model: str, folder: Path) -> Path:
    """Returns a copy of a model in a folder, converted if it is not."""
    copy = Path(shutil.copytree(model, folder / "model"))
    if not (copy / CTRANSLATE2).is_dir():
        convert(copy)
    return copy
