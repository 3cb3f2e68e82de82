"""int8 conversions for CTranslate2, what the Space runs: the tagger's, its sentence encoder's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ctranslate2.converters import TransformersConverter
from ctranslate2.converters.transformers import _MODEL_LOADERS
from safetensors import SafetensorError
from transformers import PreTrainedConfig

from tagloop.errors import UserError
from tagloop.files import CONFIG, CTRANSLATE2, SENTENCE_ENCODER
from training.finetune.sentence_encoders import encoder_folder, encoder_tokenizer

CONVERSION_ERRORS = (
    *(OSError, ValueError, KeyError, AttributeError, AssertionError),
    SafetensorError,
)
TAKE_ANOTHER = "take a BART, mBART, T5, mT5, Pegasus or Marian checkpoint"
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
            f"{model_dir.name}: CTranslate2 cannot convert this model ({error}); {TAKE_ANOTHER}."
        ) from None
    return target


def check_convertible(config: PreTrainedConfig) -> None:
    """Refuses a model before it is trained for nothing.

    Raises:
        UserError: CTranslate2 knows no converter for this architecture.
    """
    if type(config).__name__ not in _MODEL_LOADERS:
        raise UserError(
            f"The base is of the kind {config.model_type}, which CTranslate2, by which a tagger is "
            f"served, cannot convert; {TAKE_ANOTHER}."
        )


def convert_sentence_encoder(model_dir: Path, encoder: str = "") -> Path:
    """Writes ``model_dir/embedding`` anew: a sentence encoder with its tokenizer.

    Args:
        model_dir: Folder of the tagger.
        encoder: Folder or id on the Hub; all-MiniLM-L6-v2 if empty.

    Returns:
        The folder.

    Raises:
        UserError: It is not there, or cannot be converted.
    """
    source, target = encoder_folder(encoder), model_dir / SENTENCE_ENCODER
    try:
        with TemporaryDirectory() as folder:
            # The converter reads this key, which transformers 5 writes no more: all are absolute.
            config = json.loads((source / CONFIG).read_text(encoding="utf-8"))
            config = {"position_embedding_type": "absolute"} | config
            for path in source.iterdir():
                (Path(folder) / path.name).symlink_to(path.resolve())
            (Path(folder) / CONFIG).unlink()
            (Path(folder) / CONFIG).write_text(json.dumps(config), encoding="utf-8")
            _convert(Path(folder), target)
    except CONVERSION_ERRORS as error:
        raise UserError(
            f"The encoder {encoder!r} cannot be converted for CTranslate2 "
            f"({str(error).splitlines()[0] if str(error) else type(error).__name__})."
        ) from None
    encoder_tokenizer(source).save(str(target / "tokenizer.json"))
    return target


def _convert(source: Path, target: Path) -> None:
    """Converts a checkpoint into a folder that is whole or not there."""
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    _Converter(str(source)).convert(str(part), quantization=QUANTIZATION)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


class _Converter(TransformersConverter):  # type: ignore[misc]  # it has no types
    """Scales the outputs of T5 and its kind only where transformers does.

    CTranslate2 4.8 takes tied embeddings for the first T5, whose outputs are scaled; transformers 5
    calls the embeddings of T5 1.1, FLAN-T5 and mT5 tied, too. Their probabilities would be flat.
    """

    def load_model(self, model_class: Any, model_name_or_path: str, **options: Any) -> Any:
        model = super().load_model(model_class, model_name_or_path, **options)
        if model.config.model_type in ("t5", "mt5", "umt5"):
            scaled = getattr(model.config, "scale_decoder_outputs", False)
            model.config.tie_word_embeddings = scaled
        return model
