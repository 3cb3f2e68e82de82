"""``corrections.json`` of a dataset: which corrections its rows come from, and what they replaced.

With it every merge can start from the dataset as it was without corrections.
"""

from __future__ import annotations

from pathlib import Path
from typing import NotRequired, TypedDict, cast

from tagloop.files import MERGED_CORRECTIONS
from training.json_files import read_json, write_json

SCHEMA = 1


class RepoCommit(TypedDict):
    """A repository of the Hub at a commit."""

    repo_id: str
    revision: str


class MergeRecord(TypedDict):
    """Which merge of corrections a dataset holds.

    Attributes:
        repo_id: The repository of the corrections.
        revision: Its commit.
        dataset: What they were merged into.
        agreement: How many people count as a reviewer; None for none.
        counts: See ``training.data.corrections_merge.Merged.counts``.
    """

    repo_id: str
    revision: str
    dataset: RepoCommit
    agreement: int | None
    counts: dict[str, int]


class Replaced(TypedDict):
    """What a row said before it was corrected."""

    tags: list[str]
    origin: str


class CorrectedRow(TypedDict):
    """Where a corrected row comes from.

    Attributes:
        corrections: Their ids.
        split: Of the row.
        by: ``reviewer`` or ``agreement``.
        tags: As the row shows them.
        replaces: What was there before, for an article that was in the dataset already.
    """

    corrections: list[str]
    split: str
    by: str
    tags: NotRequired[list[str]]
    replaces: NotRequired[Replaced]


class MergedRows(TypedDict):
    """What the next merge needs to know of this one.

    Attributes:
        rows: Id of each corrected row to where it comes from.
        removed: Ids of corrections that an earlier revision held and this one does not.
    """

    rows: dict[str, CorrectedRow]
    removed: list[str]


class CorrectionsFile(MergeRecord, MergedRows):
    """The file's content.

    Attributes:
        schema: Version of the format.
        accepted: Digest of what was accepted.
        frozen: Ids of corrections of frozen test articles.
        dropped: Id of each other correction that makes no row, to the reason.
    """

    schema: int
    accepted: str
    frozen: list[str]
    dropped: dict[str, str]


def read_corrections_file(path: Path) -> CorrectionsFile:
    """Reads a dataset's file."""
    return cast(CorrectionsFile, read_json(path))


def write_corrections_file(folder: Path, content: CorrectionsFile) -> None:
    """Writes the file into a dataset's folder."""
    write_json(folder / MERGED_CORRECTIONS, content)
