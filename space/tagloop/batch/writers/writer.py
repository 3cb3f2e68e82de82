"""What the writers have in common: what they know of the file, and what they are given of a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tagloop.batch.rows import Form, Piece, RowTags
from tagloop.limits import MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS
from tagloop.reading.record import Entry, Record

BEGINNING = f"only the first {MAX_TEXT_CHARACTERS:,} characters of its text were read"
CUT_TITLE = f"only the first {MAX_TITLE_CHARACTERS} characters of its title were read"
_SHOWN_NAMES = 1_000
"""Names of keys that are looked at; a file whose objects have more has no tags among them."""


@dataclass(frozen=True)
class Written:
    """A row as it is written.

    Attributes:
        entry: What was read.
        tagged: What it is given.
        note: What else is to be said of it; empty if nothing is.
    """

    entry: Entry
    tagged: RowTags
    note: str = ""


class Writer(Protocol):
    """Writes the rows of one file.

    Attributes:
        form: Of what it writes.
    """

    form: Form

    def write(self, row: Written) -> Piece:
        """Returns what is written for a row."""

    def notes(self) -> list[str]:
        """Returns sentences for the visitor about all that was written."""


@dataclass
class Survey:
    """What the first reading of a file has found, which tells how it is written.

    Attributes:
        count: Records.
        names: Of values, in the order in which they come.
        long: Whether a text may be longer than what is tagged of it.
        given: What the first record that has anything has for its writer.
        first: Names of the first record that has any.
        apart: Whether texts stand apart from the values.
        problem: Why the first broken record cannot be read; empty if none is broken.
    """

    count: int = 0
    names: tuple[str, ...] = ()
    long: bool = False
    given: Any = None
    first: tuple[str, ...] = ()
    apart: bool = False
    problem: str = ""

    def see(self, record: Record) -> None:
        """Takes a record into account."""
        self.count += 1
        self.given = record.given if self.given is None else self.given
        self.problem = self.problem or record.problem.rstrip(".")
        self.first = self.first or tuple(map(str, record.values))
        self.apart = self.apart or record.body is not None or "text" in record.fallbacks
        if not set(record.values) <= set(self.names) and len(self.names) < _SHOWN_NAMES:
            self.names = tuple(dict.fromkeys((*self.names, *map(str, record.values))))
        self.long = self.long or _is_long(record.body) or _is_long(record.values)

    def is_like(self, value: Any) -> bool:
        """Tells whether a value may be an object of which a record was made."""
        return isinstance(value, dict) and 2 * len(value.keys() & set(self.first)) >= len(
            self.first
        )


def _is_long(value: Any) -> bool:
    if isinstance(value, Mapping):  # ``{"content": {"rendered": …}}``
        return any(map(_is_long, value.values()))
    return isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS
