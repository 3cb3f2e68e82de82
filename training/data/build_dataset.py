"""Articles of any mix of sources to a dataset with fixed splits and a report of every row."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import datasets

from tagloop.errors import UserError
from tagloop.reading.settings import setting_name
from tagloop.text.languages import ordered
from tagloop.vocabulary.aliases import Overrides
from tagloop.vocabulary.vocabulary import Vocabulary
from training.config import BuildConfig
from training.console import progress_bar
from training.data.articles import Article, RejectedTag
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
from training.data.collection import CollectedArticles, Dropped, SourceCount, collect
from training.data.dataset_folder import refuse_foreign_folder, write_dataset
from training.data.near_duplicates import METHOD, THRESHOLD
from training.data.reasons import kinds
from training.data.sources.hub import PATTERN, dataset_commit
from training.data.splits import ONLY, SPLITS, Arrangement, allowed_splits, arrange
from training.data.spool import Spool
from training.data.tag_overrides import read_overrides

VERSIONS = ("datasets", "pyarrow", "datasketch", "ftfy")
SHOWN = 3
"""Articles that a person is shown of a build; one a source where there are several."""
Name = TypeVar("Name", str, RejectedTag)


class Built(NamedTuple):
    """What a build made.

    Attributes:
        folder: The dataset; None if nothing was written.
        report: The content of its ``build_report.json``.
        first: The first articles, for a person to look at.
    """

    folder: Path | None
    report: BuildReport
    first: list[Article]


def previous_splits(location: str) -> dict[str, str]:
    """Reads which split each article id has in an earlier build.

    Args:
        location: Dataset folder, or ``owner/name[:config][@revision]`` on the Hub.

    Raises:
        UserError: There is no such dataset, or it was not built by Tagloop.
    """
    match = PATTERN.fullmatch(location)
    if Path(location).is_dir():
        repo_id, config, commit = location, None, None
    elif match:
        repo_id, config = match["repo_id"], match["config"]
        commit = dataset_commit(repo_id, match["revision"])
    else:
        raise UserError(f"{location}: there is no such dataset folder.")
    try:
        earlier = datasets.load_dataset(repo_id, config, revision=commit)
        return {key: name for name, split in earlier.items() for key in split["id"]}
    except (KeyError, ValueError, OSError, datasets.exceptions.DatasetsError) as error:
        raise UserError(
            f"{location}: no earlier build (a dataset with an 'id' column is expected)."
        ) from error


def learned_vocabulary(
    articles: Spool, splits: Mapping[int, str], overrides: Overrides
) -> Vocabulary:
    """Learns from the kept articles how each tag is written, and which tags are the same."""

    def kept(*columns: str) -> Iterator[tuple[Any, ...]]:
        return (row for index, row in enumerate(articles.rows(columns)) if index in splits)

    return Vocabulary.from_tag_lists(
        (tags for (tags,) in kept("tags")),
        texts=(f"{title}\n{text}" for title, text in kept("title", "text")),
        overrides=overrides,
    )


def build(config: BuildConfig, command: str) -> Built:
    """Builds the dataset folder, or only says what it would be (`BuildConfig.dry_run`).

    Raises:
        UserError: A source or the file of overrides is missing or broken, or the folder cannot be
            written.
    """
    folder = Path(config.output_dir or Path("build") / config.name / "dataset")
    refuse_foreign_folder(folder)
    overrides = read_overrides(Path(config.tag_overrides)) if config.tag_overrides else Overrides()
    earlier = previous_splits(config.previous) if config.previous else {}
    reading = collect(config)
    allowed = allowed_splits(reading.given)
    for index in range(len(allowed) if earlier else 0):
        if (split := earlier.get(reading.prints.id(index), "")) in allowed[index]:
            allowed[index] = ONLY[split]
    arrangement = arrange(
        reading.prints,
        allowed,
        lambda order: progress_bar(order, unit=" articles", desc="near-duplicates"),
    )
    _account(reading, arrangement)
    vocabulary = learned_vocabulary(reading.articles, arrangement.splits, overrides)
    _note_splits(reading, arrangement)
    if config.previous:
        stayed = sum(reading.prints.id(index) in earlier for index in arrangement.splits)
        reading.notes.append(f"{stayed:,} articles keep the split of the earlier build.")
    report = _report(command, reading, arrangement, vocabulary, overrides)
    first = [unified(article, vocabulary) for article in _first(reading, arrangement)]
    if config.dry_run:
        return Built(None, report, first)
    rows = (
        (arrangement.splits[index], unified(article, vocabulary).row())
        for index, (article, _) in enumerate(reading.articles)
        if index in arrangement.splits
    )
    bar = progress_bar(rows, total=len(arrangement.splits), unit=" articles", desc="writing")
    write_dataset(folder, bar, report)
    return Built(folder, report, first)


def unified(article: Article, vocabulary: Vocabulary) -> Article:
    """Writes every tag as most authors of the corpus write it; merged tags become one."""
    return replace(article, tags=tuple(dict.fromkeys(map(vocabulary.display, article.tags))))


def _first(reading: CollectedArticles, arrangement: Arrangement) -> list[Article]:
    """Returns the first kept articles, of every source if there are several."""
    numbers = Counter(reading.numbers[index] for index in arrangement.splits)
    wanted = dict.fromkeys(sorted(numbers), SHOWN if len(numbers) == 1 else 1)
    first: list[Article] = []
    for index, (article, _) in enumerate(reading.articles):
        number = reading.numbers[index]
        if index in arrangement.splits and wanted[number]:
            wanted[number] -= 1
            first.append(article)
            if not any(wanted.values()):
                break
    return first


def _account(reading: CollectedArticles, arrangement: Arrangement) -> None:
    """Counts every article as kept or dropped."""
    rows = reading.articles.rows(["title", "license", "where"])
    for index, (title, license_, where) in enumerate(rows):
        count = reading.sources[reading.numbers[index]]
        if reason := arrangement.dropped.get(index):
            reading.dropped.append(Dropped(count.location, where, reason, title))
        else:
            count.kept += 1
            count.license[license_ or "unknown"] += 1


def _note_splits(reading: CollectedArticles, arrangement: Arrangement) -> None:
    given = reading.given
    missing = [split for split in SPLITS if split not in given]
    if len(missing) < len(SPLITS):
        taken = sum(split is not None for split in given)
        made = f"; {' and '.join(missing)} made from the train articles" if missing else ""
        reading.notes.append(f"{taken:,} of {len(given):,} articles came with their split{made}.")
    if arrangement.moved:
        articles = "article was" if arrangement.moved == 1 else "articles were"
        reading.notes.append(
            f"{arrangement.moved:,} {articles} moved to another split, so that none is empty; when "
            f"so small a corpus grows, pass this build as {setting_name('previous')}."
        )
    empty = [split for split in SPLITS if split not in arrangement.splits.values()]
    if empty:
        reading.notes.append(
            f"No article for {', '.join(empty)}: every split needs one that is no near-duplicate "
            "of the others, and given splits are kept."
        )


def _report(
    command: str,
    reading: CollectedArticles,
    arrangement: Arrangement,
    vocabulary: Vocabulary,
    overrides: Overrides,
) -> BuildReport:
    splits = Counter(arrangement.splits.values())
    kind = kinds(drop.reason for drop in reading.dropped)
    languages = (reading.languages[index] for index in arrangement.splits)
    report = BuildReport(
        schema=SCHEMA,
        command=command,
        sources=[_source(count) for count in reading.sources],
        dropped=[_dropped(drop, kind[drop.reason]) for drop in reading.dropped],
        dropped_counts=_ranked(Counter(kind[drop.reason] for drop in reading.dropped)),
        near_duplicates=NearDuplicates(
            method=METHOD,
            threshold=THRESHOLD,
            groups=arrangement.groups,
            articles=arrangement.grouped,
        ),
        splits={split: splits[split] for split in SPLITS},
        tags=_tags(reading, vocabulary, overrides),
        unreadable_dates=reading.unreadable_dates,
        languages=ordered(Counter(code for code in languages if code)),
        notes=reading.notes,
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in VERSIONS},
        },
    )
    if reading.drafts:
        report["drafts"] = reading.drafts
    if reading.oddities:
        report["oddities"] = [
            OddityEntry(what=odd.what, rows=odd.rows, first=odd.first)
            for odd in sorted(reading.oddities.values(), key=lambda odd: -odd.rows)
        ]
    return report


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


def _tags(reading: CollectedArticles, vocabulary: Vocabulary, overrides: Overrides) -> TagsEntry:
    return TagsEntry(
        distinct=len(vocabulary),
        merged=cast(list[MergedTag], vocabulary.report()),
        dropped=[
            DroppedTag(tag=rejected.tag, reason=rejected.reason, count=count)
            for rejected, count in _ranked(reading.rejected_tags).items()
        ],
        overrides=overrides.to_json(),
    )


def _ranked(counts: Counter[Name]) -> dict[Name, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
