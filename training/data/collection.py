"""Reads and cleans every source of a build; every row becomes an article or a reason."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ftfy.fixes import fix_surrogates

from tagloop.errors import UserError
from tagloop.reading.columns import parse_mapping
from tagloop.reading.entries import Entries, read_entries
from tagloop.reading.record import Entry, ReadOptions, Source
from tagloop.reading.settings import setting_name
from tagloop.text.languages import detect, language_of
from training.config import BuildConfig
from training.console import progress_bar
from training.data.articles import Article, RejectedTag, clean_article
from training.data.reasons import kind_of
from training.data.sources import open_source
from training.data.sources.locations import locations
from training.data.splits import SPLIT_NAMES, SPLITS

NOT_PUBLISHED = "not published"
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


@dataclass
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


class _Kept(NamedTuple):
    """An article with its place and what its source says of its split."""

    article: Article
    where: str
    split: str
    language: str | None


@dataclass
class CollectedArticles:
    """Everything read from the sources.

    ``articles``, ``places``, ``given`` and ``languages`` run in parallel.

    Attributes:
        articles: The clean articles, in reading order.
        places: For each, the number of its source and its place there.
        given: For each, the split that its source gives, if any.
        sources: One count a source.
        dropped: Rows that make no article.
        rejected_tags: Tags left out of articles, with their number.
        unreadable_dates: Number of dates left out.
        languages: For each, its language as a code, None where it is not sure.
        drafts: Articles that are not published, taken in because a person said so.
        oddities: By kind.
        notes: What else a person should know.
    """

    articles: list[Article] = field(default_factory=list)
    places: list[tuple[int, str]] = field(default_factory=list)
    given: list[str | None] = field(default_factory=list)
    sources: list[SourceCount] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    rejected_tags: Counter[RejectedTag] = field(default_factory=Counter)
    unreadable_dates: int = 0
    languages: list[str | None] = field(default_factory=list)
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


def collect(config: BuildConfig) -> CollectedArticles:
    """Reads and cleans every source.

    Raises:
        UserError: A source is missing or broken, a row is and `BuildConfig.strict`, or no row makes
            an article.
    """
    options = ReadOptions(
        columns=parse_mapping(config.columns),
        tag_separator=config.tag_separator,
        needed=("title", "tags") if config.keep_title_only else ("title", "text", "tags"),
    )
    # All are opened first, so that a misspelt name shows before a long read.
    sources = [
        open_source(location, streaming=config.streaming) for location in locations(config.source)
    ]
    opened = [(source, read_entries(source, options)) for source in sources]
    collected = CollectedArticles()
    for source, entries in opened:
        _collect_source(source, entries, config, collected)
    if not collected.articles:
        raise UserError(_nothing_usable(collected, config))
    return collected


def _collect_source(
    source: Source, entries: Entries, config: BuildConfig, collected: CollectedArticles
) -> None:
    count = SourceCount(source.kind, fix_surrogates(source.name))
    collected.sources.append(count)
    kept: list[_Kept] = []
    with progress_bar(
        total=source.total, unit=source.unit, unit_scale=source.unit == "B", desc=count.location
    ) as bar:
        for entry in itertools.islice(
            _readable(entries, source, count, config, collected), config.limit
        ):
            count.read += 1
            bar.update((source.position() if source.position else count.read) - bar.n)
            if article := _article(entry, count.location, config, collected):
                where = fix_surrogates(entry.record.where)  # a name may be of another encoding
                split = str(entry.split or entry.record.fallbacks.get("split") or "").strip()
                kept.append(_Kept(article, where, split, _language(entry, article)))
    if entries.single_tags:
        kept = _joined(kept, count, collected)
    count.left_out = +source.left_out
    count.decisions = [fix_surrogates(text) for text in entries.decisions()]
    for note in map(fix_surrogates, source.notes):
        named = note.startswith(count.location)
        collected.notes.append(note if named else f"{count.location}: {note}")
    number = len(collected.sources) - 1
    collected.articles += [entry.article for entry in kept]
    collected.places += [(number, entry.where) for entry in kept]
    collected.languages += [entry.language for entry in kept]
    collected.given += _given_splits(count.location, kept, collected.notes)


def _readable(
    entries: Entries,
    source: Source,
    count: SourceCount,
    config: BuildConfig,
    collected: CollectedArticles,
) -> Iterator[Entry]:
    """Yields entries up to where a source breaks off, which counts as a row that is dropped.

    Files that are hardly articles of their folder are left out and counted.
    """
    try:
        for entry in entries:
            if entry.record.aside:
                source.left_out[f"{entry.record.aside} without title or tags"] += 1
            else:
                yield entry
    except UserError as error:
        if config.strict or not count.read:
            raise
        count.read += 1
        collected.drop(count.location, count.location, f"cut off: {error}", "")


def _article(
    entry: Entry, location: str, config: BuildConfig, collected: CollectedArticles
) -> Article | None:
    """Returns an entry's article, or None once the reason is noted."""
    where = fix_surrogates(entry.record.where)
    if entry.problem and config.strict:
        raise UserError(_sentence(f"{where}: {entry.problem}"))
    collected.add_oddities(where, entry.oddities)
    if entry.draft and not entry.problem and not config.drafts:
        collected.drop(location, where, f"{NOT_PUBLISHED} ({entry.draft})", entry.title)
        return None
    cleaned = clean_article(
        entry,
        default_source=location,
        default_license=config.license,
        min_words=config.min_words,
        keep_title_only=config.keep_title_only,
    )
    collected.rejected_tags.update(cleaned.rejected_tags)
    if entry.date_unreadable:
        collected.unreadable_dates += 1
        collected.add_oddities(where, ("the date cannot be read: the article has none",))
    if cleaned.article is None:
        collected.drop(location, where, cleaned.reason, entry.title)
        return None
    collected.drafts += bool(entry.draft)
    return cleaned.article


def _language(entry: Entry, article: Article) -> str | None:
    """Returns the language of the text, or else the one that the source states.

    What it states is often that of its program (``en-US`` on a blog in any language).
    """
    return detect(article.text or article.title) or language_of(entry.language or "")


def _joined(kept: Sequence[_Kept], count: SourceCount, collected: CollectedArticles) -> list[_Kept]:
    """Makes one article of rows that have one of its tags each."""
    rows: dict[tuple[str, str], list[_Kept]] = {}
    for entry in kept:
        rows.setdefault((entry.article.id, entry.article.title), []).append(entry)
    several = [same for same in rows.values() if len(same) > 1]
    if several:
        together = sum(map(len, several))
        count.joined = together - len(several)
        collected.notes.append(
            f"{count.location}: {together:,} rows were joined: they gave one tag each of "
            f"{len(several):,} article{'s'[: len(several) > 1]}."
        )
    return [
        same[0]._replace(
            article=replace(
                same[0].article,
                tags=tuple(dict.fromkeys(tag for entry in same for tag in entry.article.tags)),
            )
        )
        for same in rows.values()
    ]


def _given_splits(location: str, kept: Sequence[_Kept], notes: list[str]) -> list[str | None]:
    """Takes the splits that a source gives, if it gives one for every article."""
    given = [SPLIT_NAMES.get(entry.split.casefold()) for entry in kept]
    if all(given):
        return given
    if any(entry.split for entry in kept):
        first = next(entry for entry, known in zip(kept, given, strict=True) if not known)
        notes.append(
            f"{location}: the given splits are not used, since {first.where} has "
            + (f"'{first.split}', none of {', '.join(SPLITS)}." if first.split else "none.")
        )
    return [None] * len(kept)


def _nothing_usable(collected: CollectedArticles, config: BuildConfig) -> str:
    """Says why no row makes an article, and what to do where one thing would help."""
    dropped = collected.dropped
    if not dropped:
        names = ", ".join(count.location for count in collected.sources)
        return _sentence(f"{names}: there is no article in it{_left_out(collected)}")
    reasons = Counter(kind_of(row.reason) for row in dropped)
    counts = ", ".join(f"{reason} {number:,}" for reason, number in reasons.most_common())
    rows = f"{len(dropped):,} row{'s'[: len(dropped) > 1]}"
    said = f"No usable article in {rows} ({counts}). "
    first = dropped[0]
    said += _sentence(f"The first is {first.where}: {first.reason}")
    if "empty text" in reasons and not config.keep_title_only:
        said += f" {setting_name('keep_title_only')} keeps articles that have a title only."
    if reasons.keys() == {NOT_PUBLISHED}:
        said += f" {setting_name('drafts')} takes them in."
    if reasons.keys() == {"too short"}:
        said += f" {setting_name('min_words', 'NUMBER')} says from how many words on a text counts."
    if reasons.keys() <= {"no tags", "tags are numbers"}:
        said += f" {_where_tags_are_sought(collected)}"
    return said


def _left_out(collected: CollectedArticles) -> str:
    left_out = sum((count.left_out for count in collected.sources), Counter[str]())
    if not left_out:
        return ""
    kinds = ", ".join(f"{reason} {number:,}" for reason, number in left_out.most_common())
    files = f"{left_out.total():,} file{'s are' if left_out.total() > 1 else ' is'}"
    return f"; {files} of no kind that is read ({kinds})"


def _where_tags_are_sought(collected: CollectedArticles) -> str:
    said = f"{setting_name('columns', 'tags=NAME')} says where the tags are."
    if any(count.kind == "markdown" for count in collected.sources):
        return (
            "Tags are looked for in the front matter (tags, categories, category, keywords, …) and "
            f"as #tags in the text; {said}"
        )
    return said


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
