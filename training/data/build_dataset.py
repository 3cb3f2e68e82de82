"""Articles of any mix of sources to a dataset with fixed splits and a report of every row."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

import datasets

from tagloop.errors import UserError
from tagloop.reading.settings import setting_name
from tagloop.text.languages import ordered
from tagloop.vocabulary.aliases import Overrides
from tagloop.vocabulary.vocabulary import Vocabulary
from training.config import BuildConfig
from training.console import progress_bar
from training.data.articles import Article, ArticleRow, RejectedTag
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
from training.data.reasons import kinds
from training.data.sources.hub import PATTERN, dataset_commit
from training.data.splits import METHOD, SPLITS, THRESHOLD, Arrangement, allowed_splits, arrange
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


def unify_tags(
    articles: Sequence[Article], overrides: Overrides
) -> tuple[list[Article], Vocabulary]:
    """Writes every tag as most authors of the corpus write it; merged tags become one."""
    vocabulary = Vocabulary.from_tag_lists(
        (article.tags for article in articles),
        texts=(f"{article.title}\n{article.text}" for article in articles),
        overrides=overrides,
    )
    unified = [
        replace(article, tags=tuple(dict.fromkeys(map(vocabulary.display, article.tags))))
        for article in articles
    ]
    return unified, vocabulary


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
    for index, article in enumerate(reading.articles):
        if earlier.get(article.id) in allowed[index]:
            allowed[index] = frozenset({earlier[article.id]})
    arrangement = arrange(
        reading.articles,
        allowed,
        lambda order: progress_bar(order, unit=" articles", desc="near-duplicates"),
    )
    _account(reading, arrangement)
    kept, vocabulary = unify_tags(
        [reading.articles[index] for index in arrangement.splits], overrides
    )
    _note_splits(reading, arrangement)
    if config.previous:
        stayed = sum(article.id in earlier for article in kept)
        reading.notes.append(f"{stayed:,} articles keep the split of the earlier build.")
    report = _report(command, reading, arrangement, vocabulary, overrides)
    first = _first(reading, dict(zip(arrangement.splits, kept, strict=True)))
    if config.dry_run:
        return Built(None, report, first)
    rows: dict[str, list[ArticleRow]] = {split: [] for split in SPLITS}
    for article, split in zip(kept, arrangement.splits.values(), strict=True):
        rows[split].append(article.row())
    write_dataset(folder, rows, report)
    return Built(folder, report, first)


def _first(reading: CollectedArticles, kept: Mapping[int, Article]) -> list[Article]:
    """Returns the first articles, of every source if there are several."""
    by_source: dict[int, list[Article]] = {}
    for index in sorted(kept):
        by_source.setdefault(reading.places[index][0], []).append(kept[index])
    number = SHOWN if len(by_source) == 1 else 1
    return [article for articles in by_source.values() for article in articles[:number]]


def _account(reading: CollectedArticles, arrangement: Arrangement) -> None:
    """Counts every article as kept or dropped."""
    for index, reason in sorted(arrangement.dropped.items()):
        number, where = reading.places[index]
        title = reading.articles[index].title
        reading.dropped.append(Dropped(reading.sources[number].location, where, reason, title))
    for index in arrangement.splits:
        count = reading.sources[reading.places[index][0]]
        count.kept += 1
        count.license[reading.articles[index].license or "unknown"] += 1


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
