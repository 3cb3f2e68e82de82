"""What every input kind gives: a source, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One raw record.

    Attributes:
        where: Its place, for people: ``file:line``, ``folder/file`` or the row of a dataset.
        position: How much of the source has been read with it, in the source's unit.
        fields: Raw values by column name of the dataset, and ``split``; ``title`` and ``text``
            are plain text, ``tags`` is a list of texts.
    """

    where: str
    position: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """One opened input.

    Attributes:
        kind: ``table``, ``markdown`` or ``hub``.
        location: Its name without a path of this machine; for the Hub ``repo_id@commit``.
        rows: The records, read as they are asked for.
        unit: What `Row.position` counts.
        total: How many units there are, None when it is not known.
    """

    kind: str
    location: str
    rows: Iterator[Row]
    unit: str
    total: int | None
