"""Tags the file of a visitor, a few rows at a time, and writes as it goes.

Neither the rows nor the result are ever in memory as a whole. Between two chunks others come to
their turn: a chunk is as long as anyone waits for a batch.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from tagloop.batch.rows import MAX_FILE_BYTES, BatchFile, BatchWriter, Row, RowTags
from tagloop.errors import UserError
from tagloop.limits import MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS
from tagloop.service.options import check_options
from tagloop.service.service import TaggingService
from tagloop.service.upload_size import check_upload
from tagloop.tagger.options import Options

logger = logging.getLogger(__name__)

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".zip")
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
    """

    total: int
    done: int = 0
    tagged: int = 0
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    result: Path | None = None
    cancelled: bool = False

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


def open_batch(path: Path) -> BatchFile:
    """Opens a file of articles by its ending, and counts its rows.

    Raises:
        UserError: The file is of another kind, too large, or has nothing that could be tagged.
    """
    name = path.name[:80]
    ending = path.suffix.lower()
    if ending == ".json":
        raise UserError(f"{name}: write one JSON object a line (JSON Lines) and call it .jsonl.")
    if ending not in ENDINGS:
        raise UserError(f"{name} is none of {', '.join(ENDINGS)}: give one of these.")
    check_upload(path, name, MAX_FILE_BYTES, "Split it and give one part after the other.")
    return _opener(ending)(path, name)


def _opener(ending: str) -> Callable[[Path, str], BatchFile]:
    from tagloop.batch.csv_file import CsvFile
    from tagloop.batch.json_lines import JsonLinesFile
    from tagloop.batch.markdown_zip import MarkdownZip

    if ending == ".zip":
        return MarkdownZip
    return CsvFile if ending in (".csv", ".tsv") else JsonLinesFile


def tag_file(
    service: TaggingService,
    path: Path,
    folder: Path,
    options: Options,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[BatchState]:
    """Tags a file's articles into a file of the same format.

    Args:
        service: Tags the articles.
        path: The visitor's file.
        folder: Where the result goes, as ``…-tagged`` with the ending of the file.
        options: What the visitor wants of the tags.
        cancelled: Asked before each chunk; the result then has the rows so far. A batch that
            takes longer than ``MAX_SECONDS`` ends like this as well.

    Yields:
        The same state again and again: once before the first chunk, and after each one. The last
        one has the result.

    Raises:
        UserError: The file cannot be read, or an option is out of its range.
    """
    check_options(options)
    batch = open_batch(path)
    state = BatchState(batch.total)
    begun = time.monotonic()
    yield state
    target = folder / f"{_stem(path)}-tagged{path.suffix.lower()}"
    writer = batch.writer(target)
    try:
        rows = batch.rows()
        while not (stopped := cancelled() or state.seconds > MAX_SECONDS):
            if not (chunk := list(islice(rows, CHUNK))):
                break
            for row, tagged in zip(chunk, _tag(service, chunk, options), strict=True):
                _write(writer, row, tagged, state)
            state.seconds = time.monotonic() - begun
            yield state
    finally:
        state.notes = writer.close()
    state.cancelled = stopped and state.done < state.total
    state.result = target
    yield state


def _tag(service: TaggingService, rows: list[Row], options: Options) -> list[RowTags]:
    found = [RowTags(problem=row.problem or _unfit(row)) for row in rows]
    fit = [place for place, tagged in enumerate(found) if tagged.problem is None]
    articles = [{"title": rows[place].title, "text": rows[place].text} for place in fit]
    for place, result in zip(fit, _results(service, articles, options), strict=True):
        found[place] = RowTags.of(result)
    return found


def _results(
    service: TaggingService, articles: list[dict[str, str]], options: Options
) -> list[dict[str, Any]]:
    """Tags articles together; if that fails, one by one, to find the one that it is about."""
    if not articles:
        return []
    try:
        return service.tag_batch(articles, options)[0]
    except UserError:
        raise
    except Exception:  # one article must not take the other 9,999 with it
        logger.exception("a batch's chunk of %d articles failed", len(articles))
    if len(articles) == 1:
        return [{"tags": [], "error": "the tagger cannot tag it"}]
    return [_results(service, [article], options)[0] for article in articles]


def _unfit(row: Row) -> str | None:
    """Says in terms of a row what would be said in terms of the form otherwise."""
    if not row.text.strip():
        return "it has no text"
    if len(row.text) > MAX_TEXT_CHARACTERS:
        return f"its text has {len(row.text):,} characters; the limit is {MAX_TEXT_CHARACTERS:,}"
    if len(row.title) > MAX_TITLE_CHARACTERS:
        return f"its title has {len(row.title):,} characters; the limit is {MAX_TITLE_CHARACTERS:,}"
    return None


def _write(writer: BatchWriter, row: Row, tagged: RowTags, state: BatchState) -> None:
    writer.write(row, tagged)
    state.done += 1
    if tagged.problem is None:
        state.tagged += 1
    elif len(state.problems) < FIRST_PROBLEMS:
        state.problems.append(Problem(row.where, tagged.problem))


def _stem(path: Path) -> str:
    return re.sub(r"[^\w.-]+", "-", path.stem).strip("-.")[:60] or "articles"
