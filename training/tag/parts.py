"""What is tagged so far of one source by one model: a file for each few rows, in a folder.

The folder is named after source, model and options, so that another one of them begins anew, and
what is written of the tags (a table, Parquet, a dataset) is not asked for twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any

from tagloop.batch.rows import Row, RowTags
from training.json_files import write_json
from training.tag.tagging import read_part
from training.tag.workers import Part

PART_ROWS = 64
"""Rows of a part: a few seconds' work, which is what a kill costs."""
KEY_CHARACTERS = 12


class Parts:
    """The parts of one run.

    Attributes:
        folder: Where they are.
    """

    def __init__(self, place: Path, key: Mapping[str, Any], rows: int) -> None:
        """Opens what there is, or begins.

        Args:
            place: Folder of all runs of a source.
            key: What tells this run from all others.
            rows: Of the source.
        """
        text = json.dumps(key, sort_keys=True)
        self.folder = place / hashlib.sha256(text.encode()).hexdigest()[:KEY_CHARACTERS]
        self._rows = rows
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / "run.json", key)

    def done(self) -> int:
        """Returns how many rows are tagged."""
        return sum(
            min(PART_ROWS, self._rows - first)
            for number, first in enumerate(range(0, self._rows, PART_ROWS))
            if self._path(number).is_file()
        )

    def missing(self, rows: Iterable[Row]) -> Iterator[Part]:
        """Yields the parts that are not there yet, of all rows."""
        rest = iter(rows)
        for number in count():
            if not (some := list(islice(rest, PART_ROWS))):
                return
            if not (path := self._path(number)).is_file():
                yield path, some

    def tags(self) -> Iterator[RowTags]:
        """Yields what each row is given, in order."""
        for number in range(-(-self._rows // PART_ROWS)):
            yield from read_part(self._path(number))

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:07d}.jsonl"
