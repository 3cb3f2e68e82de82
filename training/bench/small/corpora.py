"""Small corpora: blogs that no base has learned from, and the starter corpus.

Of each, so many articles are drawn to train on, with an eighth of as many to validate. On ``test``
the articles that are measured are the source's test rows; on ``validation``, for choices, they are
held out of the others, so that no choice has seen a test row.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets import Dataset, DatasetDict

from dataset_card.starter_corpus import STARTER, STARTER_LICENSE
from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import normal_form
from training.base.examples import data_file, read_records
from training.bench.data import MEASURED_SPLITS, OTHER_FILES, Row, known_rows
from training.config import BuildConfig
from training.data.build_dataset import build
from training.data.corpus import Corpus, load_corpus

STARTER_NAME = "starter"
VALIDATION_SHARE = 8
"""One article to validate for so many to train, as ``make data`` splits; where the rest of a source
is scarce one for ten."""
LEAST_VALIDATION_SHARE = 10
MOST_HELD_OUT = 80
"""For choices up to so many rows of a source are held out, a third at the most."""


@dataclass(frozen=True)
class Cell:
    """What one system is measured on."""

    source: str
    size: int
    seed: int

    def __str__(self) -> str:
        """Names it, for a person and for its folder."""
        return f"{self.source}-{self.size}-{self.seed}"


@dataclass(frozen=True)
class SmallCorpus:
    """The rows of a cell; their tags are spelled as the authors spell them."""

    cell: Cell
    train: list[Row]
    validation: list[Row]
    measured: list[Row]

    @property
    def corpus(self) -> Corpus:
        """What ``training.train`` learns from."""
        splits = {"train": self.train, "validation": self.validation}
        return Corpus(DatasetDict(map(_split, splits.items())), str(self.cell), None, "")


def _split(entry: tuple[str, list[Row]]) -> tuple[str, Dataset]:
    name, rows = entry
    columns = {
        "id": [str(place) for place in range(len(rows))],
        "title": [row.title for row in rows],
        "text": [row.text for row in rows],
        "tags": [list(row.tags) for row in rows],
    }
    return name, Dataset.from_dict(columns)


def load_sources(
    folders: Sequence[str], starter: Path, names: Sequence[str] = ()
) -> dict[str, list[Row]]:
    """Reads every source of which no base has learned anything.

    Args:
        folders: Where the data files are.
        starter: Where the starter corpus is built, if it is not yet.
        names: Only these sources; all without any.

    Returns:
        Source to its rows of all splits: by ``names``, or those with most rows first.

    Raises:
        UserError: A file is missing, or a name is unknown.
    """
    known = {row.source for row in known_rows(folders)}
    sources: dict[str, list[Row]] = {STARTER_NAME: _starter(starter)}
    for name in OTHER_FILES:
        for record in read_records(data_file(folders, name)):
            if record["source"] not in known and (row := _row(record["source"], record)).tags:
                sources.setdefault(row.source, []).append(row)
    largest = sorted(sources, key=lambda name: -len(sources[name]))
    for name in names:
        if name not in sources:
            raise UserError(f"No corpus is called {name!r}: take {', '.join(largest)}.")
    return {name: sources[name] for name in names or largest}


def _starter(folder: Path) -> list[Row]:
    if not list(folder.glob("data/*.parquet")):
        config = BuildConfig(source=[str(STARTER)], license=STARTER_LICENSE, output_dir=str(folder))
        build(config, "")
    splits = load_corpus(str(folder)).splits
    return [
        _row(STARTER_NAME, {**record, "split": split})
        for split, records in splits.items()
        for record in records
    ]


def _row(source: str, record: Mapping[str, object]) -> Row:
    title, text, given = record["title"] or "", record["text"] or "", record["tags"]
    assert isinstance(given, list)
    tags: dict[str, str] = {}
    for tag in given:
        if form := normal_form(tag):
            tags.setdefault(form, tag)
    split = str(record["split"])
    return Row("articles", source, str(title), str(text), tuple(tags.values()), split, source)


def draw(rows: Sequence[Row], cell: Cell, split: str, limit: int = 0) -> SmallCorpus | None:
    """Draws a cell's rows out of its source's.

    Args:
        rows: Of the source, of all splits.
        cell: Its seed decides which rows train and which validate, and on ``validation`` which are
            measured.
        split: That is measured.
        limit: Measured rows at the most; 0 is all.

    Returns:
        None where the source has too few rows.

    Raises:
        UserError: The split is unknown.
    """
    if split not in MEASURED_SPLITS:
        raise UserError(f"Cannot measure on {split!r}: take {' or '.join(MEASURED_SPLITS)}.")
    rng = random.Random(str(cell))
    pool = [row for row in rows if row.split != "test"]
    rng.shuffle(pool)
    if split == "test":
        measured = [row for row in rows if row.split == "test"]
    else:
        held = min(MOST_HELD_OUT, len(pool) // 3)
        measured, pool = pool[:held], pool[held:]
    left = len(pool) - cell.size
    if left < cell.size // LEAST_VALIDATION_SHARE or not measured:
        return None
    count = max(min(cell.size // VALIDATION_SHARE, left), 1)
    validation, train = pool[:count], pool[count : count + cell.size]
    return SmallCorpus(cell, train, validation, measured[: limit or None])
