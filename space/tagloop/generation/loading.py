"""Chooses and loads a model's engine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from tagloop.files import CONVERSION, CTRANSLATE2
from tagloop.generation.ctranslate2_engine import CTranslate2Engine
from tagloop.generation.engine import Engine
from tagloop.generation.transformers_engine import TransformersEngine


def choose_engine(name: str, folder: Path, tokenizer: Any, threads: int | None = None) -> Engine:
    """Loads an engine; ``auto`` takes CTranslate2 where the model brings its conversion.

    Raises:
        UserError: The name is unknown, or the conversion or the package is missing.
    """
    converted = (folder / CTRANSLATE2 / CONVERSION).is_file()
    installed = find_spec("ctranslate2") is not None
    if name == "auto":
        name = "ctranslate2" if converted and installed else "transformers"
    if name == "transformers":
        return TransformersEngine(folder, tokenizer)
    if name != "ctranslate2":
        raise UserError(f"No engine is called {name!r}: take auto, ctranslate2 or transformers.")
    if not converted:
        raise UserError(
            f"{folder.name} has no {CTRANSLATE2}/{CONVERSION}: publish the model with "
            "Tagloop, which converts it, or take engine='transformers'."
        )
    return CTranslate2Engine(folder, tokenizer, threads)
