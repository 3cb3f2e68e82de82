"""What came of many articles: how many are tagged, with which tags, and why others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from tagloop.batch.rows import RowTags
from tagloop.errors import UserError
from tagloop.limits import readable
from tagloop.reading.record import Entry
from training.console import progress_bar
from training.data.reasons import MOST_KINDS, OTHER, kind_of
from training.tag.targets import Target


@dataclass
class Untagged:
    """Articles without tags for one kind of reason.

    Attributes:
        count: How many.
        first: Place and reason of the first.
    """

    count: int
    first: str

    def said(self, kind: str) -> str:
        """Returns it as a line; the reason of one article says more than its kind."""
        if self.count == 1:
            return f"1 without tags: {self.first}"
        return f"{self.count:,} without tags ({kind}); the first is {self.first}"


@dataclass
class Outcome:
    """What was written.

    Attributes:
        articles: How many were read.
        tagged: How many went through the model.
        empty: How many of them have no tag that is sure enough.
        untagged: The others, by the kind of reason.
        tags: Articles by tag.
        licenses: Articles by licence as stated.
        notes: What else a person should know.
    """

    articles: int = 0
    tagged: int = 0
    empty: int = 0
    untagged: dict[str, Untagged] = field(default_factory=dict)
    tags: Counter[str] = field(default_factory=Counter)
    licenses: Counter[str | None] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def count(self, entry: Entry, tagged: RowTags, problem: str) -> None:
        """Counts an article."""
        self.articles += 1
        self.licenses[entry.license] += 1
        if not problem:
            self.tagged += 1
            self.empty += not tagged.tags
            self.tags.update(tagged.tags)
            return
        first = readable(f"{entry.record.where}: {problem.rstrip('.')}")
        self._untagged(kind_of(problem), first, 1)

    def _untagged(self, kind: str, first: str, count: int) -> None:
        if kind not in self.untagged and len(self.untagged) >= MOST_KINDS:
            kind = OTHER
        self.untagged.setdefault(kind, Untagged(0, first)).count += count

    def add(self, other: Outcome) -> None:
        """Adds what came of articles that stand behind these."""
        self.articles += other.articles
        self.tagged += other.tagged
        self.empty += other.empty
        self.tags.update(other.tags)
        self.licenses.update(other.licenses)
        self.notes += other.notes
        for kind, some in other.untagged.items():
            self._untagged(kind, some.first, some.count)

    def to_json(self) -> dict[str, Any]:
        """Returns what `from_json` takes."""
        return {
            **vars(self),
            "untagged": {kind: asdict(some) for kind, some in self.untagged.items()},
            # JSON has no key for articles without a licence.
            "licenses": list(self.licenses.items()),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Outcome:
        """Returns the outcome that `to_json` gave."""
        made = cls(**content)
        made.untagged = {kind: Untagged(**some) for kind, some in content["untagged"].items()}
        made.tags = Counter(content["tags"])
        made.licenses = Counter(dict(content["licenses"]))
        return made

    def said(self) -> list[str]:
        """Returns what a person should know: each kind of reason with its first place, notes."""
        said = [some.said(kind) for kind, some in self.untagged.items()]
        if self.empty:
            said.append(f"{self.empty:,} with no tag that is sure enough")
        return [*said, *self.notes]


def write_all(
    entries: Iterable[Entry], tags: Iterable[RowTags], total: int, targets: Sequence[Target]
) -> Outcome:
    """Writes all articles with their tags into each target, and puts these in their places.

    Args:
        entries: The articles.
        tags: Of each.
        total: How many there are.
        targets: Where they go; nothing is left of them if no article is tagged.

    Raises:
        UserError: A target cannot be written.
    """
    outcome = Outcome()
    waiting = list(targets)
    try:
        pairs = zip(entries, tags, strict=True)
        for entry, tagged in progress_bar(pairs, total=total, unit=" articles", desc="write"):
            problems = [target.add(entry, tagged) for target in targets]
            outcome.count(entry, tagged, next(filter(None, problems), ""))
        while outcome.tagged and waiting:
            outcome.notes += waiting[0].take_place()
            waiting.pop(0)
    except OSError as error:
        names = " and ".join(str(target.path) for target in waiting)
        raise UserError(f"{names} cannot be written ({error.strerror or error}).") from error
    finally:
        for target in waiting:
            with suppress(OSError):
                target.abandon()
    return outcome
