"""A model's weights as its files name them: shapes, and single rows, without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tagloop.errors import UserError
from tagloop.files import CONFIG, WEIGHTS, WEIGHTS_INDEX
from tagloop.generation.input_embeddings import NAMES, TYPES

MOST_HEADER_BYTES = 100_000_000
"""The format's own bound (huggingface/safetensors)."""


@dataclass(frozen=True)
class _Place:
    path: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int


class Weights:
    """Tensors by name; only what is asked for is read.

    Attributes:
        shapes: Of each tensor.
        config: The content of ``config.json``; empty where there is none.
    """

    def __init__(self, places: Mapping[str, _Place], config: Mapping[str, Any]) -> None:
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
            places: dict[str, _Place] = {}
            for path in _files(folder):
                places |= _header(path)
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
        return all(name in self._places and self._places[name].dtype in TYPES for name in names)

    def whole(self, name: str) -> np.ndarray:
        """Returns a tensor, float32."""
        return _float32(np.asarray(self._mapped(name)))

    def rows(self, name: str, rows: Sequence[int]) -> np.ndarray:
        """Returns rows of a matrix, float32, (rows, width)."""
        return _float32(np.asarray(self._mapped(name)[list(rows)]))

    def _mapped(self, name: str) -> np.ndarray:
        at = self._places[name]
        return np.memmap(at.path, TYPES[at.dtype], mode="r", offset=at.offset, shape=at.shape)


def _files(folder: Path) -> list[Path]:
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    index = folder / WEIGHTS_INDEX
    if not index.is_file():
        return []
    names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    # Only beside the index: its names came from elsewhere.
    return [folder / Path(name).name for name in dict.fromkeys(names)]


def _header(path: Path) -> dict[str, _Place]:
    """Reads where a file's tensors stand.

    Source: the format's description in huggingface/safetensors: eight bytes with the length of a
    JSON header, the header, the tensors.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > MOST_HEADER_BYTES:
            raise ValueError("no safetensors file")
        header = json.loads(file.read(length))
    return {
        name: _Place(path, at["dtype"], tuple(at["shape"]), 8 + length + at["data_offsets"][0])
        for name, at in header.items()
        if name != "__metadata__"
    }


def _float32(raw: np.ndarray) -> np.ndarray:
    if raw.dtype == np.uint16:  # bfloat16 is the upper half of a float32
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.astype(np.float32)
