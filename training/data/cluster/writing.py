"""The last stage of all ranks, and what is put together of it: the dataset and its report."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from datatrove.data import Document

from tagloop.vocabulary.learning import canonical_forms, written_forms
from tagloop.vocabulary.vocabulary import Vocabulary
from training.cluster.steps import Step
from training.data.account import Account
from training.data.articles import Article, ArticleRow
from training.data.build_dataset import SHOWN, first_articles, unified
from training.data.build_report import BuildReport
from training.data.cluster.plan import BuildPlan
from training.data.cluster.reading import ACCOUNTS, read_accounts, read_articles, read_columns
from training.data.cluster.splitting import ALONE, OUTCOME, read_splits
from training.data.cluster.vocabulary import TAGS, read_learner
from training.data.parquet_shards import shard_name, write_shards
from training.data.report_of_build import Outcome, compose_report
from training.data.splits import SPLITS

ROWS, REPORTS = "rows", "reports"


class WriteRows(Step[BuildPlan]):
    """Writes the kept articles of a rank with the tags that people see, and what became of all."""

    name = "shards"

    def work(self, rank: int) -> list[Document]:
        """Writes the shards, and the rank's part of the report."""
        plan = self.plan
        outcomes = list(read_splits(self, rank))
        vocabulary = Vocabulary.from_json(plan.folder.read_json(TAGS))
        counts: Counter[str] = Counter()
        splits: Counter[str] = Counter()
        numbers = [number for (number,) in read_columns(plan, rank, "number")]
        first: list[tuple[int, Article]] = []
        shown: Counter[int] = Counter()

        def rows() -> Iterator[tuple[str, ArticleRow]]:
            articles = zip(read_articles(plan, rank), outcomes, numbers, strict=True)
            for article, (split, _), number in articles:
                if split:
                    splits[split] += 1
                    counts.update(canonical_forms(written_forms(article.tags), vocabulary.aliases))
                    article = unified(article, vocabulary)
                    if shown[number] < SHOWN:
                        shown[number] += 1
                        first.append((number, article))
                    yield split, article.row()

        with _written(plan, rank) as place:
            write_shards(place, rows())
        languages = read_columns(plan, rank, "language")
        plan.folder.write_json(
            f"{REPORTS}/{rank:05}.json",
            {
                **self._account(rank, numbers, outcomes),
                "counts": counts,
                "splits": splits,
                "languages": list(
                    Counter(
                        code
                        for (code,), (split, _) in zip(languages, outcomes, strict=True)
                        if split
                    ).items()
                ),
                "first": [[number, asdict(article)] for number, article in first],
            },
        )
        return []

    def _account(
        self, rank: int, numbers: list[int], outcomes: list[tuple[str | None, str | None]]
    ) -> dict[str, Any]:
        """Returns the sources' counts, and the articles that were dropped after reading."""
        folder = self.plan.folder
        account = Account.from_json(folder.read_json(f"{ACCOUNTS}/{rank:05}.json")["account"])
        account.dropped.clear()
        dropped = {row: reason for row, (_, reason) in enumerate(outcomes) if reason}
        columns = read_columns(self.plan, rank, "title", "license", "where")
        account.add_articles(columns, numbers, dropped)
        stayed = folder.read_json(f"{ALONE}/{rank:05}.json")["stayed"]
        return {
            "account": account.to_json(),
            "stayed": sum(outcomes[row][0] is not None for row in stayed),
        }


@contextmanager
def _written(plan: BuildPlan, rank: int) -> Iterator[Path]:
    """Yields a folder of this machine for the shards of a rank, which go to the others."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)
        if not plan.config.dry_run:
            plan.folder.put(Path(place), f"{ROWS}/{rank:05}")


class PutTogether:
    """What the ranks wrote, as one dataset."""

    def __init__(self, plan: BuildPlan) -> None:
        """Reads the ranks' parts of the report."""
        self._plan = plan
        reports = [plan.folder.read_json(f"{REPORTS}/{rank:05}.json") for rank in range(plan.ranks)]
        reading = read_accounts(plan)
        outcome = Outcome(**plan.folder.read_json(OUTCOME), given=reading.given)
        account, counts = Account(), Counter[str]()
        self._first: list[tuple[int, Article]] = []
        for report in reports:
            begin = len(account.sources)
            part = Account.from_json(report["account"])
            account.sources += part.sources
            reading.account.dropped += part.dropped
            counts.update(report["counts"])
            outcome.splits.update(report["splits"])
            outcome.languages.update(dict(map(tuple, report["languages"])))
            if plan.config.previous:
                outcome.stayed = (outcome.stayed or 0) + report["stayed"]
            self._first += ((begin + number, _article(entry)) for number, entry in report["first"])
        reading.account.sources = account.sources
        self._account, self._outcome = reading.account, outcome
        self._vocabulary = Vocabulary.of_learner(read_learner(plan), counts)

    def report(self, command: str) -> BuildReport:
        """Returns the report."""
        return compose_report(
            command, self._account, self._outcome, self._vocabulary, self._plan.overrides
        )

    def first(self) -> list[Article]:
        """Returns the first articles, for a person to look at."""
        return first_articles(self._first, {number for number, _ in self._first})

    def write_shards(self, target: Path) -> None:
        """Brings the shards of all ranks into one folder, in their order."""
        folder = self._plan.folder
        for split in SPLITS:
            paths = [path for path in folder.names(ROWS) if f"/{split}-" in path]
            for place, path in enumerate(paths):
                folder.bring(path, target / shard_name(split, place, len(paths)))


def _article(entry: dict[str, Any]) -> Article:
    return Article(**entry | {"tags": tuple(entry["tags"])})
