"""What a batch is made of: rows in, tagged rows out, and how large it may be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tagloop.reading.record import Limits

MAX_ROWS = 10_000
MAX_FILE_BYTES = 50_000_000
LIMITS = Limits(
    records=MAX_ROWS,
    record_characters=1_000_000,
    columns=1_000,
    unpacked_bytes=200_000_000,
)
"""Of a visitor's file; a row is written with all of its columns, and an archive read wholly."""
TAGS, CONFIDENCES, ERROR, NOTE = "tags", "confidences", "error", "note"


@dataclass(frozen=True, slots=True)
class Row:
    """One article of the file, fit to be tagged or with the reason why it is not.

    Attributes:
        where: Its place, for people: ``posts.csv:12``, or a file's name.
        title: May be empty.
        text: Plain text.
        problem: Why it cannot be tagged; empty if it can.
    """

    where: str
    title: str = ""
    text: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RowTags:
    """What a row is given: tags, or a problem.

    Attributes:
        tags: The surest first.
        confidences: Of each tag, 0 to 1.
        problem: Why there are no tags; empty if nothing went wrong.
    """

    tags: Sequence[str] = ()
    confidences: Sequence[float] = ()
    problem: str = ""

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> RowTags:
        """Takes one result of ``tagloop.batch.tagging.TagArticles``."""
        tags = result["tags"]
        return cls(
            [tag["tag"] for tag in tags],
            [round(float(tag["confidence"]), 4) for tag in tags],
            result.get("error") or "",
        )


@dataclass(frozen=True, slots=True)
class Form:
    """What kind of file comes of a batch.

    Attributes:
        ending: With its dot.
        head: What a file begins with, before the first row.
        tail: What it ends with.
    """

    ending: str
    head: bytes = b""
    tail: bytes = b""

    @property
    def is_archive(self) -> bool:
        """Tells whether each row is a file of its own."""
        return self.ending == ".zip"


@dataclass(frozen=True, slots=True)
class Piece:
    """What is written for a row.

    Attributes:
        content: Bytes of the file, or of the row's own file in an archive.
        name: Of that file.
        problem: Why it has no tags although the article was tagged; empty if it has.
        listed: Whether its tags stand in a table instead.
        modified: When the file was written last: year, month, day, hour, minute, second.
    """

    content: bytes
    name: str = ""
    problem: str = ""
    listed: bool = False
    modified: Sequence[int] = ()


class BatchFile(Protocol):
    """A visitor's file: opening it has checked that it can be read and counted its rows.

    Attributes:
        total: Rows.
        form: Of what is written.
    """

    total: int
    form: Form

    def read(self, most: int) -> list[Row]:
        """Returns the next rows, so many at the most; none at the end.

        Raises:
            UserError: It cannot be read any further.
        """

    def write(self, tagged: Sequence[RowTags]) -> list[Piece]:
        """Returns what is written for the rows of the last ``read``."""

    def notes(self) -> list[str]:
        """Returns sentences about what was written, for the visitor."""

    def close(self) -> None:
        """Ends the reading."""


def added_names(taken: Collection[str]) -> list[str]:
    """Returns what the columns, or keys, of tags, confidences, error and note are called."""
    return [free_name(name, taken) for name in (TAGS, CONFIDENCES, ERROR, NOTE)]


def free_name(name: str, taken: Collection[str]) -> str:
    """Returns the name, or ``suggested_…`` if the file has it: nothing is overwritten."""
    used = {each.strip().casefold() for each in taken}
    while name in used:
        name = f"suggested_{name}"
    return name
