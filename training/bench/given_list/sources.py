"""Sources as people who have a list of tags and articles, and hardly an article with tags."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import normal_form
from training.bench.data import MEASURED_SPLITS, Row, known_rows, unseen_rows

GENERAL = "general articles"
"""The part of the known rows on other subjects than software and government."""


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


def measured_sources(folders: Sequence[str], choice: Choice) -> list[Source]:
    """Reads what is measured: the sources that no base has seen, and the known general ones.

    Raises:
        UserError: The split is unknown, or no folder has one of the files.
    """
    known = known_rows(folders)
    general = [row for row in known if row.part == GENERAL]
    unseen = unseen_rows(folders, known)
    return [*sources_of(unseen, choice, unseen=True), *sources_of(general, choice)]


def open_sources(folders: Sequence[str], choice: Choice) -> list[Source]:
    """Reads the sources whose texts may train weights that are shipped.

    Raises:
        UserError: No folder has one of the files.
    """
    return sources_of([row for row in known_rows(folders) if row.kind == "articles"], choice)


def sources_of(rows: Iterable[Row], choice: Choice, unseen: bool = False) -> list[Source]:
    """Makes sources of rows of all splits, the largest first.

    The list has a source's tags of all splits but ``test``. Measured are its articles of the split.
    Of a source that no base has seen, those of ``train`` are as good as those of ``validation``,
    so there they make up the number.

    Raises:
        UserError: The split is unknown.
    """
    if choice.split not in MEASURED_SPLITS:
        raise UserError(f"Cannot measure on {choice.split!r}: take validation or test.")
    by_source: dict[str, list[Row]] = {}
    for row in rows:
        if row.tags:
            by_source.setdefault(row.source, []).append(row)
    ordered = sorted(by_source, key=lambda name: (-len(by_source[name]), name))
    found = [_source(name, unseen, by_source[name], choice) for name in ordered]
    return [source for source in found if len(source.rows) >= choice.least]


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
