"""A model's weights as its files name them: shapes, and single rows, without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tagloop.errors import UserError
from tagloop.files import CONFIG, WEIGHTS, WEIGHTS_INDEX
from tagloop.generation.input_embeddings import NAMES
from tagloop.generation.safetensors_file import StoredTensor, float32, stored_tensors


class Weights:
    """Tensors by name; only what is asked for is read.

    Attributes:
        shapes: Of each tensor.
        config: The content of ``config.json``; empty where there is none.
    """

    def __init__(self, places: Mapping[str, StoredTensor], config: Mapping[str, Any]) -> None:
        self._places = places
        self.shapes = {name: place.shape for name, place in places.items()}
        self.config = config

    @classmethod
    def open(cls, folder: Path) -> Weights | None:
        """Reads the headers of a model folder's safetensors file or files.

        Returns:
            None where the folder has none.

        Raises:
            UserError: A file is there but cannot be read.
        """
        try:
            places: dict[str, StoredTensor] = {}
            for path in _files(folder):
                places |= stored_tensors(path)
            path = folder / CONFIG
            config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"The weights of {folder.name} cannot be read ({type(error).__name__}): publish "
                "the model anew."
            ) from None
        return cls(places, config) if places else None

    @property
    def embeddings(self) -> str | None:
        """Name of the input embedding matrix, (vocabulary, width); None if it is not found."""
        return next((name for name in NAMES if len(self.shapes.get(name, ())) == 2), None)

    def can_read(self, *names: str) -> bool:
        """Whether all are there, in a type that numpy can be given."""
        return all(name in self._places and self._places[name].is_readable for name in names)

    def whole(self, name: str) -> np.ndarray:
        """Returns a tensor, float32."""
        return float32(np.asarray(self._places[name].mapped()))

    def rows(self, name: str, rows: Sequence[int]) -> np.ndarray:
        """Returns rows of a matrix, float32, (rows, width)."""
        return float32(np.asarray(self._places[name].mapped()[list(rows)]))


def _files(folder: Path) -> list[Path]:
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    index = folder / WEIGHTS_INDEX
    if not index.is_file():
        return []
    names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    # Only beside the index: its names came from elsewhere.
    return [folder / Path(name).name for name in dict.fromkeys(names)]
