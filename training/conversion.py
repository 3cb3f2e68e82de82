"""A tagger's int8 conversion for CTranslate2, what the Space runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from ctranslate2.converters import TransformersConverter

from tagloop.engines import CTRANSLATE2_FOLDER
from tagloop.errors import UserError

QUANTIZATION = "int8_float32"
"""int8 weights; what is not quantized stays float32, which every CPU computes in."""


def convert(model_dir: Path) -> Path:
    """Writes ``model_dir/ctranslate2`` anew from the model's weights.

    Returns:
        The folder of the conversion.

    Raises:
        UserError: CTranslate2 knows no converter for this architecture.
    """
    target, part = model_dir / CTRANSLATE2_FOLDER, model_dir / f"{CTRANSLATE2_FOLDER}.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        TransformersConverter(str(model_dir)).convert(str(part), quantization=QUANTIZATION)
    except (ValueError, NotImplementedError) as error:
        raise UserError(
            f"{model_dir.name}: CTranslate2 cannot convert this model ({error}); take a BART, T5, "
            "mT5, Pegasus or Marian checkpoint, or serve it with engine='transformers'."
        ) from None
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    return target
