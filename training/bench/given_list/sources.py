"""Sources as people who have a list of tags and articles, and hardly an article with tags."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import normal_form
from training.base.examples import FILES
from training.bench.data import MEASURED_SPLITS, OTHER_FILE, Row, read_rows

OPEN_FILES = (FILES["articles"], "general_open.jsonl.xz")
"""Files whose train split a base learns from."""
OTHER_FILES = (OTHER_FILE, "general_other.jsonl.xz")
"""Files of sources that no base has seen."""


@dataclass(frozen=True)
class Source:
    """A source with its list.

    Attributes:
        name: Of the source.
        unseen: Whether no base has learned from it.
        tags: Its most frequent tags, the most frequent first.
        rows: Articles to tag; their authors gave a tag of the list each.
        examples: Others with tags, none of ``rows``.
    """

    name: str
    unseen: bool
    tags: tuple[str, ...]
    rows: list[Row]
    examples: list[Row]

    def theirs(self, row: Row) -> list[str]:
        """Returns the tags of the list that an article's author gave, normal forms."""
        listed = set(map(normal_form, self.tags))
        return [form for form in row.forms if form in listed]


@dataclass(frozen=True)
class Choice:
    """What of a source is taken.

    Attributes:
        split: ``validation`` or ``test``.
        tags: Length of the list at the most.
        articles: To tag at the most.
        examples: Articles with tags of a source, for the systems that need some.
        least: Sources with fewer such articles are left out.
    """

    split: str
    tags: int = 300
    articles: int = 60
    least: int = 30
    examples: int = 100


def load_sources(folders: Sequence[Path], files: Sequence[str], choice: Choice) -> list[Source]:
    """Reads the sources of files, wherever among the folders they are; the largest come first.

    The list has a source's tags of all splits but ``test``. Measured are its articles of the split.
    Of a source that no base has seen, those of ``train`` are as good as those of ``validation``,
    so there they make up the number.

    Raises:
        UserError: The split is unknown, or no folder has one of the files.
    """
    if choice.split not in MEASURED_SPLITS:
        raise UserError(f"Cannot measure on {choice.split!r}: take validation or test.")
    known = {row.source for name in OPEN_FILES for row in _rows(folders, name)}
    found = []
    for name in files:
        by_source: dict[str, list[Row]] = {}
        for row in _rows(folders, name):
            if row.tags:
                by_source.setdefault(row.source, []).append(row)
        for source, rows in by_source.items():
            if name in OTHER_FILES and source in known:
                continue
            one = _source(source, source not in known, rows, choice)
            if len(one.rows) >= choice.least:
                found.append((len(rows), one))
    return [one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1].name))]


def _rows(folders: Sequence[Path], name: str) -> list[Row]:
    for folder in folders:
        if (folder / name).is_file():
            return read_rows(folder / name, "articles")
    raise UserError(f"{name} is missing; --data and --general name the folders that hold it.")


def _source(name: str, unseen: bool, rows: Sequence[Row], choice: Choice) -> Source:
    counts: Counter[str] = Counter()
    displays: dict[str, str] = {}
    for row in rows:
        if row.split != "test":
            counts.update(row.forms)
            displays = dict(zip(row.forms, row.tags, strict=True)) | displays
    listed = {form for form, _ in counts.most_common(choice.tags)}
    tags = tuple(displays[form] for form, _ in counts.most_common(choice.tags))
    shuffled = list(rows)
    random.Random(name).shuffle(shuffled)
    train = [row for row in shuffled if row.split == "train"]
    examples, rest = train[: choice.examples], train[choice.examples :]
    measured = [row for row in shuffled if row.split == choice.split]
    if unseen and choice.split == "validation":
        measured += rest
    measured = [row for row in measured if listed.intersection(row.forms)]
    return Source(name, unseen, tags, measured[: choice.articles], examples)
