"""The benchmark's suites: what systems learn from, what is tuned on, and what is measured.

``in-domain``: the splits of the files with open articles and titles, as they stand.
``out-of-domain``: whole sources that no system has seen: all sources of the other files that do not
occur in the first. Systems learn from the in-domain train split and tune on the in-domain
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
from training.base.examples import FILES, data_file, read_records, target_form

KINDS = ("articles", "titles")
"""What settings are tuned for apart: titles have no text."""
IN_DOMAIN = {
    "known blogs": ("articles", FILES["articles"]),
    "general articles": ("articles", FILES["general"]),
    "titles": ("titles", FILES["titles"]),
}
"""Parts of the in-domain suite, which results are given for: the kind and the file of each."""
OTHER_FILES = ("articles_other.jsonl.xz", "general_other.jsonl.xz")
"""Of these a source that is in no file of ``IN_DOMAIN`` is a part of the suite out of domain."""
SUITES = ("in-domain", "out-of-domain")
MEASURED_SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Row:
    """One labelled article; ``text`` is empty for titles.

    Attributes:
        kind: ``articles`` or ``titles``.
        source: Where it was published.
        tags: The authors' tags, unique by normal form, hyphens of slugs as blanks.
        part: What its result belongs to: one of ``IN_DOMAIN``, or an unseen source.
    """

    kind: str
    source: str
    title: str
    text: str
    tags: tuple[str, ...]
    split: str
    part: str = ""

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
    def parts(self) -> list[str]:
        """Names of what results are given for, in the order of the files."""
        return list(dict.fromkeys(row.part for row in self.measured))

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


def load_suites(folders: Sequence[str | Path], names: Sequence[str], split: str) -> list[Suite]:
    """Reads the suites, measured on ``validation`` or ``test``.

    Args:
        folders: Where the files are, each in any of them.
        names: Of the suites.
        split: That is measured.

    Raises:
        UserError: A name or the split is unknown, a file is missing or a suite is empty.
    """
    for name in names:
        if name not in SUITES:
            raise UserError(f"No suite is called {name!r}: take {' or '.join(SUITES)}.")
    if split not in MEASURED_SPLITS:
        raise UserError(f"Cannot measure on {split!r}: take {' or '.join(MEASURED_SPLITS)}.")
    inside = known_rows(folders)
    train = _of_split(inside, "train")
    validation = _of_split(inside, "validation")
    measured = {"in-domain": _of_split(inside, split)}
    if "out-of-domain" in names:
        measured["out-of-domain"] = _of_split(unseen_rows(folders, inside), split)
    suites = [Suite(name, train, validation, measured[name]) for name in names]
    for suite in suites:
        for part in ("train", "validation", "measured"):
            if not getattr(suite, part):
                where = ", ".join(map(str, folders))
                raise UserError(f"{where}: the suite {suite.name} has no {part} rows with tags.")
    return suites


def known_rows(folders: Sequence[str | Path]) -> list[Row]:
    """Reads the rows of all splits that a base may know: it has learned from their train split.

    Raises:
        UserError: A file is missing.
    """
    return [
        row
        for part, (kind, name) in IN_DOMAIN.items()
        for row in read_rows(folders, name, kind, part)
    ]


def unseen_rows(folders: Sequence[str | Path], known: Iterable[Row]) -> list[Row]:
    """Reads the rows, of all splits, of the sources of the other files that have no known row.

    Raises:
        UserError: A file is missing.
    """
    seen = {row.source for row in known}
    other = [row for name in OTHER_FILES for row in read_rows(folders, name, "articles")]
    return [row for row in other if row.source not in seen]


def _of_split(rows: Iterable[Row], split: str) -> list[Row]:
    return [row for row in rows if row.split == split and row.tags]


def read_rows(
    folders: Sequence[str | Path], name: str, kind: str, part: str | None = None
) -> list[Row]:
    """Reads one file, with the rows of all splits; without a ``part`` each source is one.

    Raises:
        UserError: No folder has the file.
    """
    records = read_records(data_file(folders, name))
    return [_row(kind, part or record["source"], record) for record in records]


def _row(kind: str, part: str, record: dict[str, Any]) -> Row:
    tags = {normal_form(tag): target_form(tag) for tag in record["tags"] if normal_form(tag)}
    title, text, source = record["title"] or "", record["text"] or "", record["source"]
    return Row(kind, source, title, text, tuple(tags.values()), record["split"], part)
