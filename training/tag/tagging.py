"""Rows of any source to their tags: what one process does, here or on another machine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tagloop.batch.rows import Row, RowTags
from tagloop.batch.tagging import tag_rows
from tagloop.tagger.options import Options
from tagloop.tagger.tagger import Tagger

TOGETHER = 2
"""Batches that are tagged together: articles of like length share one, and the fast engine works on
two at once."""


@dataclass(frozen=True)
class Work:
    """How rows are tagged; goes to other processes.

    Attributes:
        folder: The model's.
        options: What is asked of the tags.
        batch_size: Articles that the model reads at a time.
        threads: For this process alone; None: as many as there are cores.
    """

    folder: Path
    options: Options
    batch_size: int
    threads: int | None = None

    def load(self) -> Tagger:
        """Loads the model."""
        return Tagger.from_pretrained(self.folder, threads=self.threads)


def tags_of(
    tagger: Tagger,
    rows: Iterable[Row],
    work: Work,
    progress: Callable[[int], object] = lambda count: None,
) -> Iterator[RowTags]:
    """Yields what each row is given, tagging a few at a time.

    Args:
        tagger: The model.
        rows: Any number; a few are asked for ahead.
        work: How.
        progress: Told how many more rows are tagged.

    Raises:
        UserError: An option is wrong.
    """
    rest = iter(rows)
    while some := list(islice(rest, TOGETHER * work.batch_size)):
        yield from tag_rows(some, lambda articles: _tagged(tagger, articles, work))
        progress(len(some))


def tag_part(
    tagger: Tagger,
    rows: Iterable[Row],
    path: Path,
    work: Work,
    progress: Callable[[int], object] = lambda count: None,
) -> None:
    """Tags rows, a few at a time, and writes what each is given into a file, a line each.

    The file is there when all of it is written: a kill leaves none.

    Args:
        tagger: The model.
        rows: Of one part of a source; any number.
        path: The file.
        work: How.
        progress: Told how many more rows are tagged.

    Raises:
        UserError: An option is wrong.
    """
    partial = path.with_name(f"{path.name}.part")
    with partial.open("w", encoding="utf-8") as file:
        for tagged in tags_of(tagger, rows, work, progress):
            file.write(json.dumps(asdict(tagged), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_part(path: Path) -> Iterator[RowTags]:
    """Reads what ``tag_part`` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield RowTags(**json.loads(line))


def _tagged(
    tagger: Tagger, articles: Sequence[Mapping[str, str]], work: Work
) -> list[dict[str, Any]]:
    found = tagger.tag_batch(articles, batch_size=work.batch_size, **work.options)
    return [{"tags": [tag.to_json() for tag in tags]} for tags in found]
