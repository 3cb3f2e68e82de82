"""The list and the articles of the house vocabulary's measurement, and what an answer shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tagloop.tagger.selection import Tag
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.bench.data import KINDS, Row, Suite

SHOWN = 5
"""Tags an answer shows at the most."""
Answers = list[list[Tag]]


@dataclass(frozen=True)
class Allowlist:
    """What the measurements share.

    Attributes:
        model: Folder of the finished model.
        tags: The list, display forms.
        rows: Articles that are tagged.
        vocabulary: Of the train rows.
        never: Normal form of tags that no training article has to their authors' spelling.
        with_never: Articles whose authors gave such tags.
    """

    model: Path
    tags: list[str]
    rows: list[Row]
    vocabulary: Vocabulary
    never: dict[str, str]
    with_never: list[Row]

    def canonical(self, tag: str) -> str:
        """Returns the normal form of a tag as the list has it."""
        return normal_form(self.vocabulary.display(tag))


def choose(suite: Suite, model: Path, tags: int, limit: int) -> Allowlist:
    """Takes the list from the train rows and articles evenly over the measured ones.

    Args:
        suite: Of the measured split.
        model: See ``Allowlist``.
        tags: Length of the list.
        limit: Articles of each kind; twice as many with tags never seen.
    """
    vocabulary = Vocabulary.from_tag_lists([row.tags for row in suite.train])
    never: dict[str, str] = {}
    for row in suite.measured:
        for tag in row.tags:
            if tag not in vocabulary:
                never.setdefault(normal_form(tag), tag)
    rows = [row for kind in KINDS for row in _evenly(suite.of_kind(kind), limit)]
    having = [row for row in suite.measured if any(form in never for form in row.forms)]
    chosen = _evenly(having, 2 * limit)
    return Allowlist(model, vocabulary.tags[:tags], rows, vocabulary, never, chosen)


def _evenly(rows: Sequence[Row], limit: int) -> list[Row]:
    return list(rows[:: max(len(rows) // limit, 1)][:limit])


def keep(tags: Sequence[Tag], least: float) -> list[str]:
    """Returns what an answer shows by default: at most five tags that reach the threshold."""
    return [tag.tag for tag in tags if tag.confidence >= least][:SHOWN]
