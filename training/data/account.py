"""What became of the rows of sources, other than articles; accounts of parts of a build add up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ftfy.fixes import fix_surrogates

from training.data.articles import RejectedTag

_OWN_OF_ROW = re.compile(r"'[^'\n]{0,100}+'|\d++")
"""What rows with the same oddity do not share: names and lines."""


@dataclass
class SourceCount:
    """What came of one source.

    Attributes:
        kind: As `Source.kind`.
        location: As `Source.name`.
        read: Its rows.
        kept: Those that are articles of the dataset.
        joined: Those that only gave another tag of an article before them.
        license: Licences of the kept ones.
        left_out: Files that were not read, by reason.
        decisions: What was decided about its columns, with examples.
    """

    kind: str
    location: str
    read: int = 0
    kept: int = 0
    joined: int = 0
    license: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    decisions: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Dropped:
    """A row that is not in the dataset, and why."""

    source: str
    where: str
    reason: str
    title: str


@dataclass
class Oddity:
    """What was repaired or guessed: in how many rows, and the first of them."""

    what: str
    rows: int
    first: str


@dataclass
class Account:
    """What is counted and noted while sources are read.

    Attributes:
        sources: One count a source.
        dropped: Rows that make no article.
        rejected_tags: Tags left out of articles, with their number.
        unreadable_dates: Number of dates left out.
        drafts: Articles that are not published, taken in because a person said so.
        oddities: By kind.
        notes: What else a person should know.
    """

    sources: list[SourceCount] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    rejected_tags: Counter[RejectedTag] = field(default_factory=Counter)
    unreadable_dates: int = 0
    drafts: int = 0
    oddities: dict[str, Oddity] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def drop(self, source: str, where: str, reason: str, title: str) -> None:
        """Notes a row that makes no article."""
        self.dropped.append(Dropped(source, where, fix_surrogates(reason), fix_surrogates(title)))

    def add_oddities(self, where: str, oddities: Sequence[str]) -> None:
        """Counts what was odd about a row."""
        for what in oddities:
            kind = _OWN_OF_ROW.sub("", what)
            odd = self.oddities.setdefault(kind, Oddity(fix_surrogates(what), 0, where))
            odd.rows += 1

    def add_articles(
        self,
        rows: Iterable[tuple[str, str | None, str]],
        numbers: Sequence[int],
        dropped: Mapping[int, str],
    ) -> None:
        """Counts every article as kept or dropped.

        Args:
            rows: Title, license and place of each.
            numbers: For each, the number of its source.
            dropped: Index of each article that is not kept to the reason.
        """
        for index, (title, license_, where) in enumerate(rows):
            count = self.sources[numbers[index]]
            if reason := dropped.get(index):
                self.dropped.append(Dropped(count.location, where, reason, title))
            else:
                count.kept += 1
                count.license[license_ or "unknown"] += 1

    def add(self, other: Account) -> None:
        """Takes the account of the sources that come next."""
        self.sources += other.sources
        self.dropped += other.dropped
        self.rejected_tags += other.rejected_tags
        self.unreadable_dates += other.unreadable_dates
        self.drafts += other.drafts
        self.notes += other.notes
        for kind, odd in other.oddities.items():
            ours = self.oddities.setdefault(kind, Oddity(odd.what, 0, odd.first))
            ours.rows += odd.rows

    def to_json(self) -> dict[str, Any]:
        """Returns all of it, for `from_json`."""
        return {
            "sources": [vars(count) for count in self.sources],
            "dropped": [asdict(drop) for drop in self.dropped],
            "rejected_tags": [[*tag, count] for tag, count in self.rejected_tags.items()],
            "unreadable_dates": self.unreadable_dates,
            "drafts": self.drafts,
            "oddities": {kind: vars(odd) for kind, odd in self.oddities.items()},
            "notes": self.notes,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Account:
        """Reads what `to_json` gave."""
        sources = [SourceCount(**entry) for entry in data["sources"]]
        for count in sources:
            count.license, count.left_out = Counter(count.license), Counter(count.left_out)
        return cls(
            sources,
            [Dropped(**entry) for entry in data["dropped"]],
            Counter({RejectedTag(tag, why): count for tag, why, count in data["rejected_tags"]}),
            data["unreadable_dates"],
            data["drafts"],
            {kind: Oddity(**entry) for kind, entry in data["oddities"].items()},
            data["notes"],
        )
