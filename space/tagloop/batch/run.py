"""Tags the file of a visitor, a few rows at a time, and writes as it goes.

Neither the rows nor the result are ever in memory as a whole. Between two chunks others come to
their turn: a chunk is as long as anyone waits for a batch.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tagloop.batch.apart import ApartFile
from tagloop.batch.results import begin_result
from tagloop.batch.rows import MAX_FILE_BYTES, BatchFile, Row
from tagloop.batch.tagging import tag_rows
from tagloop.errors import UserError
from tagloop.service.options import check_options
from tagloop.service.service import TaggingService
from tagloop.service.upload_size import check_upload
from tagloop.tagger.options import Options

NO_COLUMNS: Mapping[str, str] = {}
CHUNK = 8
"""Rows: so long anyone waits for a batch, and fewer would take more time altogether."""
MAX_SECONDS = 3600
"""After which a batch is cancelled: others wait for their turn."""
FIRST_PROBLEMS = 8
"""So many are told on the page; all of them stand in the file."""


@dataclass(frozen=True)
class Problem:
    """A row without tags, and why."""

    where: str
    reason: str


@dataclass
class BatchState:
    """How far a batch is.

    Attributes:
        total: Rows of the file.
        done: Rows that are written.
        tagged: Of these, those without a problem.
        seconds: Since it began.
        problems: The first ``FIRST_PROBLEMS``.
        notes: What else there is to say of the result.
        result: The file, once it is complete.
        cancelled: Whether it stopped before the end.
        broken: Why the file could not be read to its end; empty if it could.
    """

    total: int
    done: int = 0
    tagged: int = 0
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    result: Path | None = None
    cancelled: bool = False
    broken: str = ""

    @property
    def problem_count(self) -> int:
        """Rows that have no tags because something was wrong."""
        return self.done - self.tagged

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At this rate; None before there is one."""
        return (self.total - self.done) / self.rate if self.rate else None


def open_batch(path: Path, columns: Mapping[str, str] = NO_COLUMNS) -> BatchFile:
    """Opens a file of articles in a process of its own, and counts its rows.

    Raises:
        UserError: The file is of no kind that is read, too large, or has nothing that could be
            tagged.
    """
    name = path.name[:80]
    check_upload(path, name, MAX_FILE_BYTES, "Split it and give one part after the other.")
    return ApartFile(path, columns)


def tag_file(
    service: TaggingService,
    path: Path,
    folder: Path,
    options: Options,
    cancelled: Callable[[], bool] = lambda: False,
    columns: Mapping[str, str] = NO_COLUMNS,
) -> Iterator[BatchState]:
    """Tags a file's articles into a file of the same format.

    Args:
        service: Tags the articles.
        path: The visitor's file.
        folder: Where the result goes, as ``…-tagged`` with the ending of its format.
        options: What the visitor wants of the tags.
        cancelled: Asked before each chunk; the result then has the rows so far. A batch that
            takes longer than ``MAX_SECONDS`` ends like this as well.
        columns: Field to the file's own name of it, where the names do not say it.

    Yields:
        The same state again and again: once before the first chunk, and after each one. The last
        one has the result.

    Raises:
        UserError: The file cannot be read, or an option is out of its range.
    """
    check_options(options)
    with closing(open_batch(path, columns)) as batch:
        yield from _tag_rows(service, batch, folder / f"{_stem(path)}-tagged", options, cancelled)


def _tag_rows(
    service: TaggingService,
    batch: BatchFile,
    target: Path,
    options: Options,
    cancelled: Callable[[], bool],
) -> Iterator[BatchState]:
    state = BatchState(batch.total)
    begun = time.monotonic()
    yield state
    target = target.with_name(target.name + batch.form.ending)
    result = begin_result(target, batch.form)
    try:
        while not (stopped := cancelled() or state.seconds > MAX_SECONDS):
            if not (rows := batch.read(CHUNK)):
                break
            found = tag_rows(rows, lambda articles: service.tag_batch(articles, options)[0])
            for row, tagged, piece in zip(rows, found, batch.write(found), strict=True):
                result.add(row, tagged, piece)
                _count(row, tagged.problem or piece.problem, state)
            state.seconds = time.monotonic() - begun
            yield state
        state.notes = batch.notes()
    except UserError as error:
        if not state.done:
            raise
        state.broken = str(error)
    finally:
        state.notes += result.close()
    state.cancelled = stopped and state.done < state.total
    state.result = target
    yield state


def _count(row: Row, problem: str, state: BatchState) -> None:
    state.done += 1
    if not problem:
        state.tagged += 1
    elif len(state.problems) < FIRST_PROBLEMS:
        state.problems.append(Problem(row.where, problem))


def _stem(path: Path) -> str:
    return re.sub(r"[^\w.-]+", "-", path.stem).strip("-.")[:60] or "articles"
