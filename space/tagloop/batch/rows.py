"""What the formats of a batch have in common: rows in, tagged rows out, names and limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tagloop.errors import UserError
from tagloop.limits import MAX_TEXT_CHARACTERS
from tagloop.text.encodings import find_encoding

MAX_ROWS = 10_000
MAX_BLANK_LINES = 10 * MAX_ROWS
"""More than anybody leaves between rows; a file of nothing else would be read for a minute."""
MAX_FILE_BYTES = 50_000_000
MAX_MARKUP_CHARACTERS = 4 * MAX_TEXT_CHARACTERS
"""What may become a text when its markup is taken away; more is not even tried."""
BLOCK = 1 << 20
"""So much of a file is read at once."""
TITLE_NAMES = ("title", "headline", "heading", "subject", "post_title", "article_title")
TEXT_NAMES = ("text", "body", "content", "article", "full_text", "post_content", "article_text")
"""What the columns are commonly called, the likeliest first; case does not matter."""
TAGS, CONFIDENCES, ERROR = "tags", "confidences", "error"


@dataclass(frozen=True)
class Row:
    """One article of the file.

    Attributes:
        where: Its place, for people: "line 12", or a file's name.
        title: May be empty.
        text: Plain text.
        problem: Why it cannot be tagged, if that shows already when it is read.
        given: The row as it was written, for the one who writes it again.
    """

    where: str
    title: str = ""
    text: str = ""
    problem: str | None = None
    given: Any = None


@dataclass(frozen=True)
class RowTags:
    """What a row is given: tags, or a problem.

    Attributes:
        tags: The surest first.
        confidences: Of each tag, 0 to 1.
        problem: Why there are no tags, if something went wrong.
    """

    tags: Sequence[str] = ()
    confidences: Sequence[float] = ()
    problem: str | None = None

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> RowTags:
        """Takes one result of ``TaggingService.tag_batch``."""
        tags = result["tags"]
        return cls(
            [tag["tag"] for tag in tags],
            [round(float(tag["confidence"]), 4) for tag in tags],
            result.get("error"),
        )


class BatchFile(Protocol):
    """A file of articles; opening it has checked that it can be read and counted its rows."""

    total: int

    def rows(self) -> Iterator[Row]:
        """Reads the rows, one after the other."""

    def writer(self, target: Path) -> BatchWriter:
        """Begins the file of the same format that has the tags as well."""


class BatchWriter(Protocol):
    """Writes rows as they come; ``close`` completes the file and says what is to be said of it."""

    def write(self, row: Row, tagged: RowTags) -> None:
        """Writes a row of the file with what it is given."""

    def close(self) -> list[str]:
        """Completes the file; returns sentences for the visitor."""


def added_names(taken: Collection[str]) -> list[str]:
    """Returns what the three columns, or keys, of the tags are called in a file with these."""
    return [free_name(name, taken) for name in (TAGS, CONFIDENCES, ERROR)]


def encoding_of(path: Path, name: str) -> str:
    """Returns the encoding of a file that may be too large to be in memory as a whole.

    Raises:
        UserError: The file is not a text, or its encoding cannot be told.
    """
    with path.open("rb") as file:
        return find_encoding(iter(lambda: file.read(BLOCK), b""), name)


def free_name(name: str, taken: Collection[str]) -> str:
    """Returns the name, or ``suggested_…`` if the file has it: nothing is overwritten."""
    used = {each.strip().casefold() for each in taken}
    while name in used:
        name = f"suggested_{name}"
    return name


def find_name(usual: Sequence[str], names: Sequence[str]) -> int | None:
    """Returns the place of the first of the usual names among the names, or None."""
    folded = [name.strip().casefold().replace(" ", "_") for name in names]
    return next((folded.index(name) for name in usual if name in folded), None)


def check_blank(name: str, count: int) -> None:
    """Looks at the number of blank lines.

    Raises:
        UserError: There are too many.
    """
    if count > MAX_BLANK_LINES:
        raise UserError(f"{name} has more than {MAX_BLANK_LINES:,} blank lines: take them out.")


def check_count(name: str, count: int, what: str) -> int:
    """Returns the number of rows.

    Raises:
        UserError: There are no rows, or too many.
    """
    if count > MAX_ROWS:
        raise UserError(
            f"{name} has more than {MAX_ROWS:,} {what}, which is the limit: split it and give one "
            "part after the other."
        )
    if count == 0:
        raise UserError(f"{name} has no {what} in it: give a file with at least one.")
    return count
