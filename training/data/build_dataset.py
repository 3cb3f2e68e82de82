"""Articles of any mix of sources to a dataset with fixed splits and a report of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import datasets

from tagloop.errors import UserError
from tagloop.vocabulary.aliases import Overrides
from tagloop.vocabulary.vocabulary import Vocabulary
from training.config import BuildConfig
from training.console import progress_bar
from training.data.articles import Article
from training.data.build_report import BuildReport
from training.data.collection import collect
from training.data.dataset_folder import refuse_foreign_folder, write_dataset
from training.data.parquet_shards import write_shards
from training.data.report_of_build import Outcome, compose_report
from training.data.sources.hub import PATTERN, dataset_commit
from training.data.splits import allowed_splits, arrange, keep_earlier
from training.data.spool import Spool
from training.data.tag_overrides import read_overrides

SHOWN = 3
"""Articles that a person is shown of a build; one a source where there are several."""


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
    keep_earlier(allowed, reading.prints, earlier)
    arrangement = arrange(
        reading.prints,
        allowed,
        lambda order: progress_bar(order, unit=" articles", desc="near-duplicates"),
    )
    rows = reading.articles.rows(["title", "license", "where"])
    reading.add_articles(rows, reading.numbers, arrangement.dropped)
    vocabulary = learned_vocabulary(reading.articles, arrangement.splits, overrides)

    def kept() -> Iterator[tuple[int, Article]]:
        for index, (article, _) in enumerate(reading.articles):
            if index in arrangement.splits:
                yield index, article

    outcome = Outcome(
        given=Counter(reading.given),
        splits=Counter(arrangement.splits.values()),
        languages=Counter(reading.languages[index] for index in arrangement.splits),
        groups=arrangement.groups,
        grouped=arrangement.grouped,
        moved=arrangement.moved,
    )
    if config.previous:
        outcome.stayed = sum(reading.prints.id(index) in earlier for index in arrangement.splits)
    report = compose_report(command, reading, outcome, vocabulary, overrides)
    numbers = {reading.numbers[index] for index in arrangement.splits}
    first = first_articles(((reading.numbers[at], article) for at, article in kept()), numbers)
    first = [unified(article, vocabulary) for article in first]
    if config.dry_run:
        return Built(None, report, first)
    rows = ((arrangement.splits[at], unified(article, vocabulary).row()) for at, article in kept())
    bar = progress_bar(rows, total=len(arrangement.splits), unit=" articles", desc="writing")
    write_dataset(folder, lambda place: write_shards(place, bar), report)
    return Built(folder, report, first)


def unified(article: Article, vocabulary: Vocabulary) -> Article:
    """Writes every tag as most authors of the corpus write it; merged tags become one."""
    return replace(article, tags=tuple(dict.fromkeys(map(vocabulary.display, article.tags))))


def first_articles(kept: Iterable[tuple[int, Article]], numbers: Collection[int]) -> list[Article]:
    """Returns the first kept articles, of every source if there are several.

    Args:
        kept: Kept articles with the number of their source, in reading order.
        numbers: Those of the sources that have any.
    """
    wanted = dict.fromkeys(sorted(numbers), SHOWN if len(numbers) == 1 else 1)
    first: list[Article] = []
    for number, article in kept:
        if wanted[number]:
            wanted[number] -= 1
            first.append(article)
            if not any(wanted.values()):
                break
    return first
