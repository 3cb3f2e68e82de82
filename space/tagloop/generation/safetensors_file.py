"""Tensors of a safetensors file, mapped into memory one by one, without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MOST_HEADER_BYTES = 100_000_000
"""The format's own bound (huggingface/safetensors)."""
_TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_OTHERS = {"F64": "<f8"} | {
    f"{kind}{bits}": f"<{kind.lower()}{bits // 8}" for kind in "IU" for bits in (8, 16, 32, 64)
}


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor stands."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def is_readable(self) -> bool:
        """Whether it is one of floats that numpy can be given."""
        return self.dtype in _TYPES

    def mapped(self) -> np.ndarray:
        """Maps it into memory; numpy knows no bfloat16, so its bits come as uint16."""
        return np.memmap(
            self.path, _TYPES[self.dtype], mode="r", offset=self.offset, shape=self.shape
        )

    def read(self) -> np.ndarray:
        """Reads it into memory of its own, as ``mapped`` gives it; integers, too."""
        count = int(np.prod(self.shape))
        array = np.fromfile(self.path, (_TYPES | _OTHERS)[self.dtype], count, offset=self.offset)
        return array.reshape(self.shape)


def stored_tensors(path: Path) -> dict[str, StoredTensor]:
    """Reads where a file's tensors stand, by name.

    Source: the format's description in huggingface/safetensors: eight bytes with the length of a
    JSON header, the header, the tensors.

    Raises:
        ValueError: It is no safetensors file.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > MOST_HEADER_BYTES:
            raise ValueError("no safetensors file")
        header = json.loads(file.read(length))
    return {
        name: StoredTensor(
            path, at["dtype"], tuple(at["shape"]), 8 + length + at["data_offsets"][0]
        )
        for name, at in header.items()
        if name != "__metadata__"
    }


def float32(raw: np.ndarray) -> np.ndarray:
    """Returns what was mapped as float32."""
    if raw.dtype == np.uint16:  # bfloat16 is the upper half of a float32
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.astype(np.float32)
