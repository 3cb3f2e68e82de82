"""int8 conversions for CTranslate2, what the Space runs: the tagger's, its sentence encoder's."""

from __future__ import annotations

import shutil
from pathlib import Path

from ctranslate2.converters import TransformersConverter

from tagloop.errors import UserError
from tagloop.files import CTRANSLATE2, SENTENCE_ENCODER
from training.finetune.minilm_package import minilm_folder

QUANTIZATION = "int8_float32"
"""int8 weights; what is not quantized stays float32, which every CPU computes in."""


def convert(model_dir: Path) -> Path:
    """Writes ``model_dir/ctranslate2`` anew from the model's weights.

    Returns:
        The folder of the conversion.

    Raises:
        UserError: CTranslate2 knows no converter for this architecture.
    """
    target = model_dir / CTRANSLATE2
    try:
        _convert(model_dir, target)
    except (ValueError, NotImplementedError) as error:
        raise UserError(
            f"{model_dir.name}: CTranslate2 cannot convert this model ({error}); take a BART, T5, "
            "mT5, Pegasus or Marian checkpoint, or serve it with engine='transformers'."
        ) from None
    return target


def convert_sentence_encoder(model_dir: Path) -> Path:
    """Writes ``model_dir/embedding`` anew: all-MiniLM-L6-v2 with its tokenizer.

    Returns:
        The folder.

    Raises:
        UserError: The package with the weights is missing or not the pinned one.
    """
    target = model_dir / SENTENCE_ENCODER
    _convert(minilm_folder(), target, "tokenizer.json")
    return target


def _convert(source: Path, target: Path, *files: str) -> None:
    """Converts a checkpoint into a folder that is whole or not there; copies files beside it."""
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    TransformersConverter(str(source)).convert(str(part), quantization=QUANTIZATION)
    for name in files:
        shutil.copyfile(source / name, part / name)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
