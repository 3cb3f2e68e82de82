"""Builds the dataset of articles and tags from any mix of sources.

    python -m training.build_dataset --source dataset_card/starter --license CC0-1.0
    python -m training.build_dataset --source articles.csv --columns title=headline,text=body
    python -m training.build_dataset --source posts.jsonl.xz --source owner/name@v1 --streaming
    python -m training.build_dataset --source posts.jsonl.xz --previous owner/name-articles
    python -m training.build_dataset --source posts.jsonl.xz --tag_overrides tags.yaml
    python -m training.build_dataset build.yaml

The folder that it writes (``build/<name>/dataset``) loads with ``datasets.load_dataset(folder)``;
``build_report.json`` in it accounts for every row that was read. The same input gives the same
bytes. Nothing is written before everything is read, so an interrupted build changes nothing.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar, cast

import datasets

from tagloop.errors import UserError
from tagloop.files import BUILD_REPORT
from tagloop.vocabulary.aliases import Overrides
from tagloop.vocabulary.vocabulary import Vocabulary
from training.command import command
from training.config import BuildConfig, command_line, parse_config
from training.console import progress_bar
from training.data.articles import Article, ArticleRow, RejectedTag
from training.data.build_report import (
    SCHEMA,
    BuildReport,
    DroppedEntry,
    DroppedTag,
    MergedTag,
    NearDuplicates,
    SourceEntry,
    TagsEntry,
)
from training.data.dataset_folder import refuse_foreign_folder, write_dataset
from training.data.sources.hub import PATTERN, dataset_commit
from training.data.sources.reading import CollectedArticles, Dropped, read_sources
from training.data.splits import METHOD, SPLITS, THRESHOLD, Arrangement, allowed_splits, arrange
from training.data.tag_overrides import read_overrides

VERSIONS = ("datasets", "pyarrow", "datasketch", "ftfy")
Name = TypeVar("Name", str, RejectedTag)


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


def build(config: BuildConfig, command: str) -> tuple[Path, BuildReport]:
    """Builds the dataset folder.

    Returns:
        The folder and the content of its ``build_report.json``.

    Raises:
        UserError: A source or the file of overrides is missing or broken, or the folder cannot be
            written.
    """
    folder = Path(config.output_dir or Path("build") / config.name / "dataset")
    refuse_foreign_folder(folder)
    overrides = read_overrides(Path(config.tag_overrides)) if config.tag_overrides else Overrides()
    earlier = previous_splits(config.previous) if config.previous else {}
    reading = read_sources(config)
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
    rows: dict[str, list[ArticleRow]] = {split: [] for split in SPLITS}
    for article, split in zip(kept, arrangement.splits.values(), strict=True):
        rows[split].append(article.row())
    write_dataset(folder, rows, report)
    return folder, report


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
        reading.notes.append(
            f"{arrangement.moved} articles were moved so that no split is empty; in so small a "
            "corpus, pass this build as --previous when it grows."
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
    return BuildReport(
        schema=SCHEMA,
        command=command,
        sources=[
            SourceEntry(
                kind=count.kind,
                location=count.location,
                read=count.read,
                kept=count.kept,
                license=_ranked(count.license),
            )
            for count in reading.sources
        ],
        dropped=[
            DroppedEntry(source=row.source, where=row.where, reason=row.reason, title=row.title)
            for row in reading.dropped
        ],
        dropped_counts=_ranked(Counter(drop.reason for drop in reading.dropped)),
        near_duplicates=NearDuplicates(
            method=METHOD,
            threshold=THRESHOLD,
            groups=arrangement.groups,
            articles=arrangement.grouped,
        ),
        splits={split: splits[split] for split in SPLITS},
        tags=_tags(reading, vocabulary, overrides),
        unreadable_dates=reading.unreadable_dates,
        notes=reading.notes,
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in VERSIONS},
        },
    )


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


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def summary(folder: Path, report: BuildReport) -> Iterable[str]:
    """Yields the lines that tell a person what was built."""
    for source in report["sources"]:
        yield (
            f"{source['kind']} {source['location']}: "
            f"{source['read']:,} rows read, {source['kept']:,} kept"
        )
    if report["dropped_counts"]:
        yield f"dropped: {_counts(report['dropped_counts'])}"
    near, tags = report["near_duplicates"], report["tags"]
    reasons = Counter(merge["reason"] for entry in tags["merged"] for merge in entry["merged"])
    why = f" ({_counts(_ranked(reasons))})" if reasons else ""
    yield (
        f"near-duplicates (Jaccard >= {near['threshold']}): "
        f"{near['articles']:,} articles in {near['groups']:,} groups, each within one split"
    )
    yield (
        f"tags: {tags['distinct']:,} distinct, {reasons.total():,} merged into others{why}, "
        f"{sum(entry['count'] for entry in tags['dropped']):,} left out"
    )
    if report["unreadable_dates"]:
        yield f"dates that could not be read: {report['unreadable_dates']:,}"
    yield from report["notes"]
    yield f"splits: {_counts(report['splits'])}"
    yield f"written to {folder} (details in {BUILD_REPORT})"


@command("interrupted; nothing was written")
def main(words: list[str]) -> None:
    """Runs the command line."""
    module = "training.build_dataset"
    datasets.disable_progress_bars()
    config = parse_config(BuildConfig, words, f"python -m {module}")
    folder, report = build(config, command_line(module, words))
    print("\n".join(summary(folder, report)))
