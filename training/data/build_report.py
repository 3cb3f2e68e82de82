"""``build_report.json``: what building read, dropped, merged and split."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from training.data.corrections_file import MergeRecord
from training.json_files import read_json

SCHEMA = 1


class SourceEntry(TypedDict):
    """What came of one source, in rows; merged corrections state no licences.

    ``joined`` rows gave another tag of an article before them; ``left_out`` are files that were not
    read, by reason; ``decisions`` says what was taken for what. Each stands there if it says
    something.
    """

    kind: str
    location: str
    read: int
    kept: int
    license: NotRequired[dict[str, int]]
    joined: NotRequired[int]
    left_out: NotRequired[dict[str, int]]
    decisions: NotRequired[list[str]]


class DroppedEntry(TypedDict):
    """A row that is not in the dataset, and why; ``kind`` where that is another than the reason."""

    source: str
    where: str
    reason: str
    title: str
    kind: NotRequired[str]


class OddityEntry(TypedDict):
    """What was repaired or guessed in so many rows; for instance in the first of them."""

    what: str
    rows: int
    first: str


class NearDuplicates(TypedDict):
    """How near-duplicates were found, and how many groups of how many articles they form."""

    method: str
    threshold: float
    groups: int
    articles: int


class MergedForm(TypedDict):
    """A tag, in normal form, that became another, and the number of articles that had it."""

    form: str
    articles: int
    reason: str


class MergedTag(TypedDict):
    """A tag in display form, the articles of all its forms, and what was merged into it."""

    tag: str
    articles: int
    merged: list[MergedForm]


class DroppedTag(TypedDict):
    """A tag that was left out of so many articles, and why."""

    tag: str
    reason: str
    count: int


class TagsEntry(TypedDict):
    """What became of the tags; reports of the first builds have no ``overrides``."""

    distinct: int
    merged: list[MergedTag]
    dropped: list[DroppedTag]
    overrides: NotRequired[dict[str, Any]]


class BuildReport(TypedDict):
    """The file's content; ``corrections`` says what a retrain has merged in, if one has.

    ``dropped_counts`` counts by kind of reason. ``languages`` counts the kept articles by language,
    ``drafts`` those that were taken in although they are not published; reports of the first builds
    have neither.
    """

    schema: int
    command: str
    sources: list[SourceEntry]
    dropped: list[DroppedEntry]
    dropped_counts: dict[str, int]
    near_duplicates: NearDuplicates
    splits: dict[str, int]
    tags: TagsEntry
    unreadable_dates: int
    languages: NotRequired[dict[str, int]]
    drafts: NotRequired[int]
    oddities: NotRequired[list[OddityEntry]]
    notes: list[str]
    versions: dict[str, str]
    corrections: NotRequired[MergeRecord]


def read_build_report(path: Path) -> BuildReport:
    """Reads a report of this or an earlier version.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds no JSON object.
    """
    return cast(BuildReport, read_json(path))
