"""What was measured of the base on the test split: ``measured.json``, which its card shows."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, cast

from training.evaluation.report import Figure
from training.json_files import read_json, write_json

MEASURED = Path(__file__).with_name("measured.json")


class KindMeasured(TypedDict):
    """One kind of article: how many, and of each system each measure."""

    articles: int
    systems: dict[str, dict[str, Figure]]


Measured = dict[str, KindMeasured]
"""By kind: ``articles`` (known blogs), ``general`` (since the stage of that name), ``titles``."""


def read_measured(path: Path = MEASURED) -> Measured:
    """Reads the file."""
    return cast("Measured", read_json(path))


def write_measured(measured: Measured, path: Path = MEASURED) -> None:
    """Writes the file."""
    write_json(path, measured)
