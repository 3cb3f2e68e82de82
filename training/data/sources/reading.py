"""Reads and cleans every source of a build; every row becomes an article or a reason."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ftfy.fixes import fix_surrogates

from tagloop.errors import UserError
from training.config import BuildConfig
from training.console import progress_bar
from training.data.articles import Article, RejectedTag, clean_article
from training.data.sources import Source, open_source
from tagloop.reading.columns import parse_mapping
from training.data.splits import SPLIT_NAMES, SPLITS


@dataclass
class SourceCount:
    """What came of one source: rows read and kept, licences of the kept ones."""

    kind: str
    location: str
    read: int = 0
    kept: int = 0
    license: Counter[str] = field(default_factory=Counter)


@dataclass
class Dropped:
    """A row that is not in the dataset, and why."""

    source: str
    where: str
    reason: str
    title: str


@dataclass
class CollectedArticles:
    """Everything read from the sources; ``articles``, ``places`` and ``given`` run in parallel.

    Attributes:
        articles: The clean articles, in reading order.
        places: For each, the number of its source and its place there.
        given: For each, the split that its source gives, if any.
        sources: One count a source.
        dropped: Rows that make no article.
        rejected_tags: Tags left out of articles, with their number.
        unreadable_dates: Number of dates left out.
        notes: What else a person should know.
    """

    articles: list[Article] = field(default_factory=list)
    places: list[tuple[int, str]] = field(default_factory=list)
    given: list[str | None] = field(default_factory=list)
    sources: list[SourceCount] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    rejected_tags: Counter[RejectedTag] = field(default_factory=Counter)
    unreadable_dates: int = 0
    notes: list[str] = field(default_factory=list)


def read_sources(config: BuildConfig) -> CollectedArticles:
    """Reads and cleans every source.

    Raises:
        UserError: A source is missing or broken, or no row makes an article.
    """
    columns = parse_mapping(config.columns)
    # All are opened first, so that a misspelt name shows before a long read.
    sources = [
        open_source(
            location,
            columns,
            streaming=config.streaming,
            text_needed=not config.keep_title_only,
        )
        for location in config.source
    ]
    reading = CollectedArticles()
    for source in sources:
        _read_source(source, config, reading)
    if not reading.articles:
        reasons = Counter(drop.reason for drop in reading.dropped)
        hint = (
            " --keep_title_only keeps articles that have a title only."
            if "empty text" in reasons and not config.keep_title_only
            else ""
        )
        counts = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
        raise UserError(f"No usable article in {len(reading.dropped):,} rows ({counts}).{hint}")
    return reading


def _read_source(source: Source, config: BuildConfig, reading: CollectedArticles) -> None:
    count = SourceCount(source.kind, source.location)
    reading.sources.append(count)
    splits: list[tuple[str, str]] = []
    rows = itertools.islice(source.rows, config.limit)
    with progress_bar(
        total=source.total, unit=source.unit, unit_scale=source.unit == "B", desc=source.location
    ) as bar:
        for row in rows:
            bar.update(row.position - bar.n)
            count.read += 1
            cleaned = clean_article(
                row.fields,
                default_source=source.location,
                default_license=config.license,
                min_words=config.min_words,
                keep_title_only=config.keep_title_only,
            )
            where = fix_surrogates(row.where)  # a file's name may be of another encoding
            reading.rejected_tags.update(cleaned.rejected_tags)
            reading.unreadable_dates += cleaned.date_unreadable
            if cleaned.article is None:
                title = str(row.fields.get("title") or "")
                reading.dropped.append(Dropped(source.location, where, cleaned.reason, title))
                continue
            reading.articles.append(cleaned.article)
            reading.places.append((len(reading.sources) - 1, where))
            splits.append((where, str(row.fields.get("split") or "").strip()))
    reading.given += _given_splits(source.location, splits, reading.notes)


def _given_splits(
    location: str, splits: Sequence[tuple[str, str]], notes: list[str]
) -> list[str | None]:
    """Takes the splits that a source gives, if it gives one for every article."""
    given = [SPLIT_NAMES.get(split.casefold()) for _, split in splits]
    if all(given):
        return given
    if any(split for _, split in splits):
        where, split = next(entry for entry, known in zip(splits, given, strict=True) if not known)
        notes.append(
            f"{location}: the given splits are not used, since {where} has "
            + (f"'{split}', none of {', '.join(SPLITS)}." if split else "none.")
        )
    return [None] * len(splits)
