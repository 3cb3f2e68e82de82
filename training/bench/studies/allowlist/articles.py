"""The list and the articles of the measurement; how they are tagged, and how answers score."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from tagloop.tagger.selection import Tag
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.bench.data import KINDS, Row, Suite
from training.bench.means import intervals
from training.bench.peers.tagloop_system import BATCH
from training.bench.quality.measuring import WARM_UP
from training.evaluation.scores import Values, answer_scores

MEASURES = ("f1@5", "f1@m", "precision@1")
MOST = 200
"""More than a ranker scores freely: all of them are there to be filtered."""
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


def tag_all(
    tagger: Tagger, allowlist: Allowlist, allowed: Sequence[str] | None, name: str
) -> tuple[Answers, float]:
    """Tags all articles.

    Returns:
        All tags that the tagger has for each article, the surest first, and articles a second.
    """
    rows = [{"title": row.title, "text": row.text} for row in allowlist.rows]
    options: dict[str, Any] = {"allowed_tags": allowed, "batch_size": BATCH}
    tagger.tag_batch(rows[:WARM_UP], **options)
    started = time.perf_counter()
    with tqdm(total=len(rows), desc=name, unit="article") as bar:
        found = tagger.tag_batch(
            rows, max_tags=MOST, min_tags=0, threshold=0.0, progress=bar.update, **options
        )
    return found, round(len(rows) / (time.perf_counter() - started), 2)


def summarise(allowlist: Allowlist, answers: Answers, least: float) -> dict[str, Any]:
    """Scores answers against the authors' tags of the list, by kind of article."""
    forms = set(map(normal_form, allowlist.tags))
    kinds = {}
    for kind in KINDS:
        scores: list[Values] = []
        false, without = 0, 0
        for row, tags in zip(allowlist.rows, answers, strict=True):
            if row.kind != kind:
                continue
            theirs = [tag for tag in row.tags if allowlist.canonical(tag) in forms]
            if not theirs:
                without += 1
                false += bool(keep(tags, least))
                continue
            theirs = [allowlist.canonical(tag) for tag in theirs]
            ranked = [tag.tag for tag in tags]
            values = answer_scores(ranked, keep(tags, least), theirs)
            scores.append({name: values[name] for name in MEASURES})
        if scores:
            kinds[kind] = {
                "articles": len(scores),
                "scores": intervals(scores),
                "without": without,
                "answered_without": false,
            }
    return kinds
