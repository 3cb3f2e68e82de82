"""The benchmark's suites: what systems learn from, what is tuned on, and what is measured.

``in-domain``: the splits of the two files with open articles and titles, as they stand.
``out-of-domain``: whole sources that no system has seen: all sources of a third file that do not
occur in the first two. Systems learn from the in-domain train split and tune on the in-domain
validation split for both suites, so one fitted system is measured on both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.base.examples import FILES, read_records, target_form

KINDS = ("articles", "titles")
"""Files of the in-domain suite, and the parts that results are given for: titles have no text."""
OTHER_FILE = "articles_other.jsonl.xz"
SUITES = ("in-domain", "out-of-domain")
MEASURED_SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Row:
    """One labelled article; ``text`` is empty for titles.

    Attributes:
        kind: ``articles`` or ``titles``.
        source: Where it was published.
        tags: The authors' tags, unique by normal form, hyphens of slugs as blanks.
    """

    kind: str
    source: str
    title: str
    text: str
    tags: tuple[str, ...]
    split: str

    @property
    def forms(self) -> list[str]:
        """Normal forms of the tags, in their order."""
        return [normal_form(tag) for tag in self.tags]


@dataclass(frozen=True)
class Suite:
    """What one table is measured on.

    Attributes:
        name: One of ``SUITES``.
        train: In-domain rows to learn from.
        validation: In-domain rows to tune on.
        measured: Rows of the measured split.
    """

    name: str
    train: list[Row]
    validation: list[Row]
    measured: list[Row]

    def of_kind(self, kind: str) -> list[Row]:
        """Returns the measured rows of one kind."""
        return [row for row in self.measured if row.kind == kind]

    @property
    def known_forms(self) -> frozenset[str]:
        """Normal forms of the training tags."""
        vocabulary = Vocabulary.from_tag_lists([row.tags for row in self.train])
        return frozenset(vocabulary.counts) | frozenset(vocabulary.aliases)

    @property
    def fingerprint(self) -> str:
        """Digest of all rows: results of other data are never taken for these."""
        digest = hashlib.sha256()
        for row in (*self.train, *self.validation, *self.measured):
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:16]


def load_suites(folder: Path, names: Sequence[str], split: str) -> list[Suite]:
    """Reads the suites, measured on ``validation`` or ``test``.

    Raises:
        UserError: A name or the split is unknown, a file is missing or a suite is empty.
    """
    for name in names:
        if name not in SUITES:
            raise UserError(f"No suite is called {name!r}: take {' or '.join(SUITES)}.")
    if split not in MEASURED_SPLITS:
        raise UserError(f"Cannot measure on {split!r}: take {' or '.join(MEASURED_SPLITS)}.")
    inside = [row for kind in KINDS for row in read_rows(folder / FILES[kind], kind)]
    train = _of_split(inside, "train")
    validation = _of_split(inside, "validation")
    measured = {"in-domain": _of_split(inside, split)}
    if "out-of-domain" in names:
        seen = {row.source for row in inside}
        other = read_rows(folder / OTHER_FILE, "articles")
        unseen = [row for row in other if row.source not in seen]
        measured["out-of-domain"] = _of_split(unseen, split)
    suites = [Suite(name, train, validation, measured[name]) for name in names]
    for suite in suites:
        for part in ("train", "validation", "measured"):
            if not getattr(suite, part):
                raise UserError(f"{folder}: the suite {suite.name} has no {part} rows with tags.")
    return suites


def _of_split(rows: Iterable[Row], split: str) -> list[Row]:
    return [row for row in rows if row.split == split and row.tags]


def read_rows(path: Path, kind: str) -> list[Row]:
    """Reads one file, with the rows of all splits.

    Raises:
        UserError: The file is missing.
    """
    return [_row(kind, record) for record in read_records(path)]


def _row(kind: str, record: dict[str, Any]) -> Row:
    tags = {normal_form(tag): target_form(tag) for tag in record["tags"] if normal_form(tag)}
    title, text = record["title"] or "", record["text"] or ""
    return Row(kind, record["source"], title, text, tuple(tags.values()), record["split"])
