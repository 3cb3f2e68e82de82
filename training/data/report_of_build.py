"""The report of a build, from its account and what became of the articles."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TypeVar, cast

from tagloop.reading.settings import setting_name
from tagloop.text.languages import ordered
from tagloop.vocabulary.aliases import Overrides
from tagloop.vocabulary.vocabulary import Vocabulary
from training.data.account import Account, Dropped, SourceCount
from training.data.articles import RejectedTag
from training.data.build_report import (
    SCHEMA,
    BuildReport,
    DroppedEntry,
    DroppedTag,
    MergedTag,
    NearDuplicates,
    OddityEntry,
    SourceEntry,
    TagsEntry,
)
from training.data.near_duplicates import METHOD, THRESHOLD
from training.data.reasons import kinds
from training.data.splits import SPLITS

VERSIONS = ("datasets", "pyarrow", "datasketch", "ftfy")
Name = TypeVar("Name", str, RejectedTag)


@dataclass
class Outcome:
    """What became of the articles of a build, in numbers.

    Attributes:
        given: Articles by the split that their source gives, None where it gives none.
        splits: Kept articles by split.
        languages: Kept articles by language, None where it is not sure.
        groups: Groups of near-duplicates.
        grouped: Articles in them.
        moved: Articles moved so that no split is empty.
        stayed: Kept articles of the earlier build; None without one.
    """

    given: Counter[str | None] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    languages: Counter[str | None] = field(default_factory=Counter)
    groups: int = 0
    grouped: int = 0
    moved: int = 0
    stayed: int | None = None


def compose_report(
    command: str, account: Account, outcome: Outcome, vocabulary: Vocabulary, overrides: Overrides
) -> BuildReport:
    """Returns the content of ``build_report.json``.

    Args:
        command: What a person called.
        account: Of all sources, with their articles.
        outcome: Of all articles.
        vocabulary: Of the kept ones.
        overrides: What a person decided about tags.
    """
    kind = kinds(drop.reason for drop in account.dropped)
    languages = {code: number for code, number in outcome.languages.items() if code}
    report = BuildReport(
        schema=SCHEMA,
        command=command,
        sources=[_source(count) for count in account.sources],
        dropped=[_dropped(drop, kind[drop.reason]) for drop in account.dropped],
        dropped_counts=_ranked(Counter(kind[drop.reason] for drop in account.dropped)),
        near_duplicates=NearDuplicates(
            method=METHOD,
            threshold=THRESHOLD,
            groups=outcome.groups,
            articles=outcome.grouped,
        ),
        splits={split: outcome.splits[split] for split in SPLITS},
        tags=_tags(account, vocabulary, overrides),
        unreadable_dates=account.unreadable_dates,
        languages=ordered(Counter(languages)),
        notes=account.notes + list(_notes(outcome)),
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in VERSIONS},
        },
    )
    if account.drafts:
        report["drafts"] = account.drafts
    if account.oddities:
        report["oddities"] = [
            OddityEntry(what=odd.what, rows=odd.rows, first=odd.first)
            for odd in sorted(account.oddities.values(), key=lambda odd: -odd.rows)
        ]
    return report


def _notes(outcome: Outcome) -> Iterator[str]:
    given = outcome.given
    missing = [split for split in SPLITS if split not in given]
    if len(missing) < len(SPLITS):
        taken = given.total() - given[None]
        made = f"; {' and '.join(missing)} made from the train articles" if missing else ""
        yield f"{taken:,} of {given.total():,} articles came with their split{made}."
    if outcome.moved:
        articles = "article was" if outcome.moved == 1 else "articles were"
        yield (
            f"{outcome.moved:,} {articles} moved to another split, so that none is empty; when "
            f"so small a corpus grows, pass this build as {setting_name('previous')}."
        )
    empty = [split for split in SPLITS if not outcome.splits[split]]
    if empty:
        yield (
            f"No article for {', '.join(empty)}: every split needs one that is no near-duplicate "
            "of the others, and given splits are kept."
        )
    if outcome.stayed is not None:
        yield f"{outcome.stayed:,} articles keep the split of the earlier build."


def _source(count: SourceCount) -> SourceEntry:
    entry = SourceEntry(
        kind=count.kind,
        location=count.location,
        read=count.read,
        kept=count.kept,
        license=_ranked(count.license),
    )
    if count.joined:
        entry["joined"] = count.joined
    if count.left_out:
        entry["left_out"] = _ranked(count.left_out)
    if count.decisions:
        entry["decisions"] = count.decisions
    return entry


def _dropped(drop: Dropped, kind: str) -> DroppedEntry:
    entry = DroppedEntry(source=drop.source, where=drop.where, reason=drop.reason, title=drop.title)
    if kind != drop.reason:
        entry["kind"] = kind
    return entry


def _tags(account: Account, vocabulary: Vocabulary, overrides: Overrides) -> TagsEntry:
    return TagsEntry(
        distinct=len(vocabulary),
        merged=cast(list[MergedTag], vocabulary.report()),
        dropped=[
            DroppedTag(tag=rejected.tag, reason=rejected.reason, count=count)
            for rejected, count in _ranked(account.rejected_tags).items()
        ],
        overrides=overrides.to_json(),
    )


def _ranked(counts: Counter[Name]) -> dict[Name, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
