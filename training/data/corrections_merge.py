"""Accepted corrections become rows of the next dataset revision.

Every merge starts from the dataset without its corrections and puts in what is accepted now, so
what was withdrawn or rejected since has left by itself, and the same corrections give the same
rows again. For that ``corrections.json`` in the dataset says which corrections each row comes from,
and what a row said before.

Where a row goes
    * A new article goes where the hash of its near-duplicate group puts it
      (``training.data.splits``), and stays there; near-duplicates of an article follow it into its
      split.
    * An article that is in the dataset already stays in its split and gets the reviewed tags.
    * The test articles of the sources are frozen: models are compared on them, so a correction of
      one is set aside and counted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tagloop.corrections.review.accepted import Accepted
from tagloop.reading.record import Entry, Record
from tagloop.vocabulary.aliases import Overrides, TagMerge
from tagloop.vocabulary.vocabulary import Vocabulary
from training.config import BuildConfig
from training.data.articles import FEATURES, Article, ArticleRow, article_id, clean_article
from training.data.corrections_file import CorrectedRow, MergedRows, Replaced
from training.data.fingerprints import Fingerprints
from training.data.splits import ANY_SPLIT, SPLITS, arrange

LEAST_WORDS = BuildConfig.min_words
"""A shorter text makes no row, as in building."""
Rows = dict[str, list[ArticleRow]]


@dataclass
class Merged:
    """The next revision's rows and where the corrected ones come from.

    Attributes:
        rows: By split, as the dataset has them.
        corrected: Id of each corrected row to where it comes from.
        frozen: Ids of corrections of frozen test articles.
        dropped: Id of each other correction that makes no row, to the reason.
        removed: Ids of corrections that the revision before held and this one does not.
        groups: Near-duplicate groups of two or more articles, and the articles in them.
    """

    rows: Rows
    corrected: dict[str, CorrectedRow] = field(default_factory=dict)
    frozen: list[str] = field(default_factory=list)
    dropped: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    groups: tuple[int, int] = (0, 0)

    def counts(self) -> dict[str, int]:
        """Returns counts: rows by split, by who decided, what replaced, left or was set aside.

        ``corrections`` counts records, everything else rows, but for ``frozen``, ``dropped`` and
        ``removed``, which are records, too.
        """
        rows = list(self.corrected.values())
        return {
            "corrections": sum(len(row["corrections"]) for row in rows),
            "rows": len(rows),
            **{split: sum(row["split"] == split for row in rows) for split in SPLITS},
            "replaced": sum("replaces" in row for row in rows),
            "by_reviewer": sum(row["by"] == "reviewer" for row in rows),
            "by_agreement": sum(row["by"] != "reviewer" for row in rows),
            "frozen": len(self.frozen),
            "dropped": len(self.dropped),
            "removed": len(self.removed),
        }


def merge(
    rows: Mapping[str, Iterable[ArticleRow]],
    earlier: MergedRows | None,
    accepted: Iterable[Accepted],
    source: str,
    merges: Sequence[TagMerge] = (),
    overrides: Overrides | None = None,
    *,
    anew: bool = False,
) -> Merged:
    """Puts what is accepted into a dataset.

    Args:
        rows: The dataset's rows by split, corrections of earlier merges among them.
        earlier: The dataset's ``corrections.json``; None before the first merge.
        accepted: What is to be in the next revision; all of it, not the news alone.
        source: Stands in the new rows' ``source``: the corrections' repository.
        merges: Which tags the dataset was built to take for the same.
        overrides: What a person decided about its tags.
        anew: The rows come from their sources: no correction is among them.
    """
    known = earlier["rows"] if earlier else {}
    base = without_corrections(rows, {} if anew else known)
    words = Vocabulary.from_tag_lists(
        (row["tags"] for part in base.values() for row in part), merges=merges, overrides=overrides
    )
    newest = sorted(accepted, key=lambda item: (item.decided_at, item.correction.id))
    merged = Merged(base)
    new = _place_known(merged, [(item, _article(item, source)) for item in newest])
    _place_new(merged, new, known)
    _show_tags(merged, words)
    before = {name for row in known.values() for name in row["corrections"]}
    before.update(earlier.get("removed", []) if earlier else [])
    now = {name for row in merged.corrected.values() for name in row["corrections"]}
    merged.removed = sorted(before - now)
    return merged


def digest(accepted: Iterable[Accepted]) -> str:
    """Returns the sha256 of what is accepted: which corrections with which tags, by whom."""
    parts = sorted([item.correction.id, *item.tags, item.by, item.decided_at] for item in accepted)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def without_corrections(
    rows: Mapping[str, Iterable[ArticleRow]], earlier: Mapping[str, CorrectedRow]
) -> Rows:
    """Returns the rows as they were before any correction was merged."""
    base: Rows = {split: [] for split in SPLITS}
    for split in SPLITS:
        for row in rows.get(split, []):
            known = earlier.get(row["id"])
            if known is None:
                base[split].append(row.copy())
            elif "replaces" in known:
                base[split].append({**row, **known["replaces"]})
    return base


def _article(item: Accepted, source: str) -> Article | str:
    """Returns the correction's article, or why it makes none."""
    entry = Entry(
        Record(item.correction.id, {}),
        title=item.correction.title,
        text=item.correction.text,
        tags=tuple(item.tags),
        origin="correction",
    )
    cleaned = clean_article(entry, default_source=source, min_words=LEAST_WORDS)
    return cleaned.article or cleaned.reason


def _place_known(
    merged: Merged, items: Sequence[tuple[Accepted, Article | str]]
) -> list[tuple[Accepted, Article]]:
    """Puts the reviewed tags on articles of the dataset; returns the other articles.

    An article is known by its title and text, or by its text alone: visitors paste without title.
    """
    places: dict[str, tuple[str, int]] = {}
    for split, part in merged.rows.items():
        for index, row in enumerate(part):
            for title in (row["title"] or "", ""):
                places.setdefault(article_id(title, row["text"] or ""), (split, index))
    new = []
    for item, article in items:
        if isinstance(article, str):
            merged.dropped[item.correction.id] = article
            continue
        place = places.get(article.id) or places.get(article_id("", article.text))
        if place is None:
            new.append((item, article))
            continue
        split, index = place
        row = merged.rows[split][index]
        noted = merged.corrected.get(row["id"])
        before = noted.get("replaces") if noted else None
        before = before or Replaced(tags=list(row["tags"]), origin=row["origin"])
        if split == "test" and before["origin"] == "source":
            merged.frozen.append(item.correction.id)
            continue
        row["tags"], row["origin"] = list(article.tags), "correction"
        _note(merged, row["id"], item, split, before)
    return new


def _place_new(
    merged: Merged, new: Sequence[tuple[Accepted, Article]], earlier: Mapping[str, CorrectedRow]
) -> None:
    """Gives new articles their splits; the later of two corrections of one article counts."""
    latest: dict[str, tuple[list[Accepted], Article]] = {}
    for item, article in new:
        items = latest[article.id][0] if article.id in latest else []
        latest[article.id] = ([*items, item], article)
    old = [(split, row) for split, part in merged.rows.items() for row in part]
    articles = [_of_row(row) for _, row in old] + [article for _, article in latest.values()]
    allowed = [frozenset({split}) for split, _ in old]
    for _, article in latest.values():
        known = earlier.get(article.id)
        allowed.append(frozenset({known["split"]}) if known else ANY_SPLIT)
    arrangement = arrange(Fingerprints.of(articles), allowed)
    for index, (items, article) in enumerate(latest.values(), len(old)):
        if index in arrangement.dropped:
            for item in items:
                merged.dropped[item.correction.id] = arrangement.dropped[index]
            continue
        split = arrangement.splits[index]
        merged.rows[split].append(article.row())
        for item in items:
            _note(merged, article.id, item, split)
    merged.groups = (arrangement.groups, arrangement.grouped)


def _of_row(row: ArticleRow) -> Article:
    values: dict[str, Any] = {name: value for name, value in row.items() if name in FEATURES}
    return replace(Article(**values), title=row["title"] or "", tags=tuple(row["tags"]))


def _note(
    merged: Merged, row_id: str, item: Accepted, split: str, replaces: Replaced | None = None
) -> None:
    noted = merged.corrected.get(row_id)
    corrections = sorted([*(noted["corrections"] if noted else []), item.correction.id])
    row = CorrectedRow(corrections=corrections, split=split, by=item.by)
    if replaces:
        row["replaces"] = replaces
    merged.corrected[row_id] = row


def _show_tags(merged: Merged, known: Vocabulary) -> None:
    """Writes tags of corrections as the dataset writes them; unknown ones as most corrections do.

    The rows of the sources stay as they are to the letter.
    """
    places = [row for part in merged.rows.values() for row in part if row["id"] in merged.corrected]
    fresh = Vocabulary.from_tag_lists((row["tags"] for row in places), learn=False)
    for row in places:
        text = f"{row['title'] or ''}\n{row['text'] or ''}"
        shown = [
            known.display(tag if tag in known else fresh.display(tag), text) for tag in row["tags"]
        ]
        row["tags"] = list(dict.fromkeys(shown))
        merged.corrected[row["id"]]["tags"] = row["tags"]
