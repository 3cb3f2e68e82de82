"""Reads and cleans every source of a build; every row becomes an article or a reason."""

from __future__ import annotations

import hashlib
import itertools
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from ftfy.fixes import fix_surrogates

from tagloop.errors import UserError
from tagloop.reading.columns import parse_mapping
from tagloop.reading.entries import Entries, read_entries
from tagloop.reading.record import Entry, ReadOptions, Source
from tagloop.reading.settings import setting_name
from tagloop.text.languages import detect, language_of
from training.config import BuildConfig
from training.console import progress_bar
from training.data.account import Account, SourceCount
from training.data.articles import Article, clean_article
from training.data.fingerprints import Fingerprints
from training.data.reasons import kind_of
from training.data.sources import open_source
from training.data.sources.locations import locations
from training.data.splits import SPLIT_NAMES, SPLITS
from training.data.spool import Spool

NOT_PUBLISHED = "not published"


@dataclass
class CollectedArticles(Account):
    """Everything read from the sources.

    Attributes:
        articles: The clean articles, in reading order.
        prints: Of the articles.
        numbers: For each, the number of its source.
        given: For each, the split that its source gives, if any.
        languages: For each, its language as a code, None where it is not sure.
    """

    articles: Spool = field(default_factory=Spool)
    prints: Fingerprints = field(default_factory=Fingerprints)
    numbers: array[int] = field(default_factory=partial(array, "I"))
    given: list[str | None] = field(default_factory=list)
    languages: list[str | None] = field(default_factory=list)

    def add_article(self, article: Article, where: str, language: str | None) -> None:
        """Takes a clean article of the source that was begun last.

        Raises:
            OSError: The disk is full.
        """
        self.articles.add(article, where)
        self.prints.add(article)
        self.numbers.append(len(self.sources) - 1)
        self.languages.append(language)


def collect(config: BuildConfig) -> CollectedArticles:
    """Reads and cleans every source.

    Raises:
        UserError: A source is missing or broken, a row is and `BuildConfig.strict`, or no row makes
            an article.
    """
    collected = collect_sources(locations(config.source), config)
    if not len(collected.prints):
        raise nothing_usable(collected, config)
    return collected


def collect_sources(places: Sequence[str], config: BuildConfig) -> CollectedArticles:
    """Reads and cleans some sources, whatever comes of them.

    Args:
        places: The sources, one each.
        config: How to read them.

    Raises:
        UserError: One is missing or broken, or a row is and `BuildConfig.strict`.
    """
    options = ReadOptions(
        columns=parse_mapping(config.columns),
        tag_separator=config.tag_separator,
        needed=("title", "tags") if config.keep_title_only else ("title", "text", "tags"),
    )
    # All are opened first, so that a misspelt name shows before a long read.
    sources = [open_source(location, streaming=config.streaming) for location in places]
    opened = [(source, read_entries(source, options)) for source in sources]
    collected = CollectedArticles()
    for source, entries in opened:
        _collect_source(source, entries, config, collected)
    return collected


def _collect_source(
    source: Source, entries: Entries, config: BuildConfig, collected: CollectedArticles
) -> None:
    count = SourceCount(source.kind, fix_surrogates(source.name))
    collected.sources.append(count)
    given = _GivenSplits()
    # Rows that have one tag each are joined, as soon as all have been read.
    joining = _Joining() if entries.single_tags else None
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
                language = _language(entry, article)
                if joining and joining.joined(article):
                    continue
                (joining or collected).add_article(article, where, language)
                given.add(str(entry.split or entry.record.fallbacks.get("split") or ""), where)
    if joining:
        joining.finish(count, collected)
    count.left_out = +source.left_out
    count.decisions = [fix_surrogates(text) for text in entries.decisions()]
    for note in map(fix_surrogates, source.notes):
        named = note.startswith(count.location)
        collected.notes.append(note if named else f"{count.location}: {note}")
    collected.given += given.splits(count.location, collected.notes)


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


class _Joining:
    """Makes one article of rows that have one of its tags each."""

    def __init__(self) -> None:
        self._articles = Spool()
        self._languages: list[str | None] = []
        self._tags: dict[bytes, list[str]] = {}
        self._rows: Counter[bytes] = Counter()

    def joined(self, article: Article) -> bool:
        """Takes the tags of a row whose article is there, if it is."""
        key = self._key(article)
        self._rows[key] += 1
        tags = self._tags.setdefault(key, [])
        tags += article.tags
        return self._rows[key] > 1

    def add_article(self, article: Article, where: str, language: str | None) -> None:
        """Takes the first row of an article."""
        self._articles.add(article, where)
        self._languages.append(language)

    def finish(self, count: SourceCount, collected: CollectedArticles) -> None:
        """Hands on the articles with all their tags, and says how many rows were joined."""
        several = [rows for rows in self._rows.values() if rows > 1]
        if several:
            together = sum(several)
            count.joined = together - len(several)
            collected.notes.append(
                f"{count.location}: {together:,} rows were joined: they gave one tag each of "
                f"{len(several):,} article{'s'[: len(several) > 1]}."
            )
        for (article, where), language in zip(self._articles, self._languages, strict=True):
            tags = tuple(dict.fromkeys(self._tags[self._key(article)]))
            collected.add_article(replace(article, tags=tags), where, language)

    @staticmethod
    def _key(article: Article) -> bytes:
        return hashlib.sha256(f"{article.id}{article.title}".encode()).digest()


class _GivenSplits:
    """The splits that a source gives, if it gives one for every article."""

    def __init__(self) -> None:
        self._splits: list[str | None] = []
        self._any = False
        self._first_unknown: tuple[str, str] | None = None

    def add(self, given: str, where: str) -> None:
        """Takes what the source calls the split of its next article."""
        given = given.strip()
        split = SPLIT_NAMES.get(given.casefold())
        self._splits.append(split)
        self._any = self._any or bool(given)
        if not split and not self._first_unknown:
            self._first_unknown = where, given

    def splits(self, location: str, notes: list[str]) -> list[str | None]:
        """Returns the split of each article; none of any, and a note, where one lacks it."""
        if not self._first_unknown:
            return self._splits
        if self._any:
            where, given = self._first_unknown
            notes.append(
                f"{location}: the given splits are not used, since {where} has "
                + (f"'{given}', none of {', '.join(SPLITS)}." if given else "none.")
            )
        return [None] * len(self._splits)


def nothing_usable(collected: Account, config: BuildConfig) -> UserError:
    """Returns the error that no row makes an article, with what would help where one thing does."""
    return UserError(_nothing_usable(collected, config))


def _nothing_usable(collected: Account, config: BuildConfig) -> str:
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


def _left_out(collected: Account) -> str:
    left_out = sum((count.left_out for count in collected.sources), Counter[str]())
    if not left_out:
        return ""
    kinds = ", ".join(f"{reason} {number:,}" for reason, number in left_out.most_common())
    files = f"{left_out.total():,} file{'s are' if left_out.total() > 1 else ' is'}"
    return f"; {files} of no kind that is read ({kinds})"


def _where_tags_are_sought(collected: Account) -> str:
    said = f"{setting_name('columns', 'tags=NAME')} says where the tags are."
    if any(count.kind == "markdown" for count in collected.sources):
        return (
            "Tags are looked for in the front matter (tags, categories, category, keywords, …) and "
            f"as #tags in the text; {said}"
        )
    return said


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
