"""Reads the corrections dataset: corrections, withdrawals and reviews as they stand at a commit.

`read_records` reads all of it at once; `DatasetHead` only what is new since it was read last. The
rows are read line by line (`tagloop.corrections.rows`), not with the ``datasets`` library: a line
that is damaged must cost that line and be counted, not the whole file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.hf_api import RepoFile

from tagloop.corrections.decision import Review
from tagloop.corrections.record import Correction
from tagloop.corrections.rows import lines_of, read_row
from tagloop.corrections.withdrawals import SCHEMA as WITHDRAWAL_SCHEMA
from tagloop.errors import UserError
from tagloop.files import CORRECTIONS, REVIEWS, WITHDRAWALS

FOLDERS = (CORRECTIONS, WITHDRAWALS, REVIEWS)
PATTERNS = [f"{folder}/**.jsonl" for folder in FOLDERS]
DOWNLOADS = 8  # at a time
MAX_REASON_CHARACTERS = 200  # it names values, and those may be of any length
MAX_LOCATED = 1000
"""Of damaged lines so many are kept with place and reason; the others are counted."""


@dataclass(frozen=True)
class DamagedLine:
    """A line that is no record; ``line`` counts from 1."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: {self.reason}"


@dataclass
class Records:
    """What the dataset holds; grows by `add_file`.

    Attributes:
        corrections: By id, in the order they were read.
        reviews: All of them, superseded ones too, each id once.
        withdrawn: Correction id to when it was withdrawn. Whoever knows an id may withdraw (see
            `tagloop.corrections.withdrawals`), so each of these counts, even of a correction not
            (yet) here.
        damaged: The first `MAX_LOCATED` lines that could not be read.
        damaged_count: How many could not.
        repeated: Lines whose id was there before; such a line is the same record.
        revision: The commit they were read at; None for a folder.
    """

    corrections: dict[str, Correction] = field(default_factory=dict)
    reviews: list[Review] = field(default_factory=list)
    withdrawn: dict[str, str] = field(default_factory=dict)
    damaged: list[DamagedLine] = field(default_factory=list)
    damaged_count: int = 0
    repeated: int = 0
    revision: str | None = None
    _review_ids: set[str] = field(default_factory=set, repr=False)

    def in_force(self) -> dict[str, Review]:
        """Returns the decision in force on each reviewed correction: the latest.

        An "undo" in force means that the correction is open again.
        """
        return latest(self.reviews)

    def add_file(self, folder: str, name: str, file: BinaryIO) -> None:
        """Takes in one file's lines.

        Args:
            folder: One of `FOLDERS`: what its rows are.
            name: The path that damaged lines are located by.
            file: The file.
        """
        for number, line in lines_of(file):
            try:
                self._add_row(folder, read_row(line))
            except UserError as error:
                self.damaged_count += 1
                if len(self.damaged) < MAX_LOCATED:
                    reason = str(error)
                    if len(reason) > MAX_REASON_CHARACTERS:
                        reason = reason[:MAX_REASON_CHARACTERS] + " …"
                    self.damaged.append(DamagedLine(name, number, reason))

    def damage(self, known: int = 0, shown: int = 10) -> list[str]:
        """Returns a sentence a damaged line, of the first ``shown`` and of all others together.

        Args:
            known: So many have been told before.
            shown: At most so many are named.
        """
        named = [str(line) for line in self.damaged[known : known + shown]]
        more = self.damaged_count - known - len(named)
        return [*named, f"and {more:,} more"] if more else named

    def add_review(self, review: Review) -> None:
        """Takes in one review; one that is there already is counted as repeated."""
        if review.id in self._review_ids:
            self.repeated += 1
        else:
            self._review_ids.add(review.id)
            self.reviews.append(review)

    def _add_row(self, folder: str, row: Mapping[str, Any]) -> None:
        record = parse_row(folder, row)
        if isinstance(record, Review):
            self.add_review(record)
        elif isinstance(record, Correction):
            self.repeated += record.id in self.corrections
            self.corrections.setdefault(record.id, record)
        else:
            taken_back, when = record
            self.repeated += taken_back in self.withdrawn
            self.withdrawn[taken_back] = min(when, self.withdrawn.get(taken_back, when))


def parse_row(folder: str, row: Mapping[str, Any]) -> Correction | Review | tuple[str, str]:
    """Returns the record that a row is: of a withdrawal what is taken back, and when.

    Raises:
        UserError: It is none of its folder's.
    """
    if folder == WITHDRAWALS:
        return _withdrawal(row)
    record: Correction | Review
    if folder == REVIEWS:
        record = Review.from_json(row)
    else:
        record = Correction.from_json(row)
        _check_id(record.id)
    _check_moment(record.created_at)
    return record


def latest(reviews: Iterable[Review]) -> dict[str, Review]:
    """Returns the latest review, by (created_at, id), of each correction, by correction id."""
    found: dict[str, Review] = {}
    for review in reviews:
        other = found.get(review.correction_id)
        if other is None or (review.created_at, review.id) > (other.created_at, other.id):
            found[review.correction_id] = review
    return found


def read_records(
    repo_id: str,
    revision: str | None = None,
    token: str | None = None,
    cache: Path | None = None,
) -> Records:
    """Reads a corrections dataset of the Hub.

    Args:
        repo_id: The dataset.
        revision: A commit, branch or tag; None takes the head of ``main``.
        token: One that may read it; None takes ``HF_TOKEN``.
        cache: Where its files are kept; None takes the Hub client's own cache.

    Returns:
        The records; ``revision`` is the commit that was read.

    Raises:
        huggingface_hub.errors.HfHubHTTPError: The Hub refuses, or there is no such dataset.
    """
    info = HfApi(token=token).dataset_info(repo_id, revision=revision)
    folder = snapshot_download(
        repo_id,
        repo_type="dataset",
        revision=info.sha,
        token=token,
        cache_dir=cache,
        allow_patterns=PATTERNS,
    )
    records = read_folder(Path(folder))  # the commit's own folder: no other's files stand in it
    records.revision = info.sha
    return records


def read_folder(folder: Path) -> Records:
    """Reads a corrections dataset that lies in a local folder; empty where there is none."""
    records = Records()
    for kind in FOLDERS:
        for path in sorted((folder / kind).rglob("*.jsonl")):
            if path.is_file():  # a folder may be called so
                with path.open("rb") as file:
                    records.add_file(kind, path.relative_to(folder).as_posix(), file)
    return records


@dataclass(frozen=True)
class NewFiles:
    """What one look at the dataset found.

    Attributes:
        commit: Its head.
        blobs: All files of records, each with what tells its content.
        files: Where those that are new lie; all of them, if one that was there is gone or changed.
    """

    commit: str
    blobs: dict[str, str]
    files: dict[str, Path] = field(default_factory=dict)


class DatasetHead:
    """The head of a corrections dataset; its files seldom change, so each is read once.

    Args:
        repo_id: The dataset.
        token: One that may read it; None takes ``HF_TOKEN``.
        cache: Where its files are kept; None takes the Hub client's own cache.
    """

    def __init__(self, repo_id: str, token: str | None = None, cache: Path | None = None) -> None:
        self._repo_id = repo_id
        self._token = token
        self._cache = cache

    def read(self, known_commit: str | None, known: Mapping[str, str]) -> NewFiles:
        """Looks at the head.

        Args:
            known_commit: The commit that was read last; where it is the head nothing is new.
            known: The files that have been read, and what told their content.

        Raises:
            huggingface_hub.errors.HfHubHTTPError: The Hub refuses, or there is no such dataset.
        """
        api = HfApi(token=self._token)
        commit = api.dataset_info(self._repo_id).sha or ""
        if commit == known_commit:
            return NewFiles(commit, dict(known))
        tree = api.list_repo_tree(
            self._repo_id, recursive=True, repo_type="dataset", revision=commit
        )
        blobs = {
            entry.path: entry.blob_id
            for entry in tree
            if isinstance(entry, RepoFile) and folder_of(entry.path)
        }

        def download(name: str) -> Path:
            path = hf_hub_download(
                self._repo_id,
                name,
                repo_type="dataset",
                revision=commit,
                token=self._token,
                cache_dir=self._cache,
            )
            return Path(path)

        # If a file went, a person took it out; if one changed, the Hub had not stored all of it.
        # What it held is forgotten, so all is read again.
        stays = known.items() <= blobs.items()
        new = sorted(blobs.keys() - known.keys() if stays else blobs)
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            return NewFiles(commit, blobs, dict(zip(new, pool.map(download, new), strict=True)))


def folder_of(name: str) -> str | None:
    """Returns the one of `FOLDERS` that holds a file of records; None of any other file."""
    top = name.partition("/")[0]
    return top if top in FOLDERS and name.endswith(".jsonl") else None


def _withdrawal(row: Mapping[str, Any]) -> tuple[str, str]:
    correction_id, when = row.get("correction_id"), row.get("created_at")
    if row.get("schema") != WITHDRAWAL_SCHEMA:
        raise UserError(f"Withdrawal {row.get('id')!r} has schema {row.get('schema')!r}.")
    if not isinstance(correction_id, str) or not isinstance(when, str):
        raise UserError(f"Withdrawal {row.get('id')!r} names no correction, or no time.")
    return correction_id, when


def _check_moment(text: str) -> None:
    """Raises `UserError` for what is no time with its zone: decisions are put in order by it."""
    try:
        if datetime.fromisoformat(text).utcoffset() is not None:
            return
    except ValueError:
        pass
    raise UserError(f"{text!r} is no time.")


def _check_id(text: str) -> None:
    """Raises `UserError` for an id that no decision could name."""
    try:
        if str(UUID(text)) == text:
            return
    except ValueError:
        pass
    raise UserError(f"{text!r} is no correction's id.")
