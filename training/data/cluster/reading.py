"""Stage of all ranks: sources to articles, an account, and what near-duplicates are found by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from datatrove.data import Document

from training.cluster.steps import Step
from training.data.account import Account
from training.data.articles import FEATURES, Article
from training.data.cluster.plan import BuildPlan
from training.data.collection import CollectedArticles, collect_sources
from training.data.fingerprints import Fingerprints
from training.data.spool import BATCH

ARTICLES, PRINTS, ACCOUNTS = "articles", "prints", "accounts"
_SCHEMA = pa.schema(
    [
        *FEATURES.arrow_schema,
        pa.field("where", pa.string()),
        pa.field("number", pa.uint32()),
        pa.field("given", pa.string()),
        pa.field("language", pa.string()),
    ]
)


class ReadSources(Step[BuildPlan]):
    """Reads the sources of a rank as one machine would, and passes on what identifies articles."""

    name = "read sources"

    def work(self, rank: int) -> Iterator[Document]:
        """Writes articles, their fingerprints and the account, then yields a document an article.

        Raises:
            UserError: As `collect_sources` does.
        """
        collected = collect_sources(self.plan.places_of(rank), self.plan.config)
        folder = self.plan.folder
        folder.write_table(f"{ARTICLES}/{rank:05}.parquet", _batches(collected), _SCHEMA)
        prints = collected.prints.table()
        folder.write_table(
            f"{PRINTS}/{rank:05}.parquet", prints.to_batches(max_chunksize=BATCH), prints.schema
        )
        given = Counter(collected.given)
        folder.write_json(
            f"{ACCOUNTS}/{rank:05}.json",
            # JSON has no key for an article without a given split.
            {"account": collected.to_json(), "given": list(given.items())},
        )
        return _documents(collected.prints)


def _batches(collected: CollectedArticles) -> Iterator[pa.RecordBatch]:
    rows = zip(
        collected.articles.rows([*FEATURES, "where"]),
        collected.numbers,
        collected.given,
        collected.languages,
        strict=True,
    )
    pending: list[dict[str, Any]] = []
    for values, *others in rows:
        pending.append(dict(zip(_SCHEMA.names, (*values, *others), strict=True)))
        if len(pending) == BATCH:
            yield pa.RecordBatch.from_pylist(pending, schema=_SCHEMA)
            pending.clear()
    if pending:
        yield pa.RecordBatch.from_pylist(pending, schema=_SCHEMA)


def _documents(prints: Fingerprints) -> Iterator[Document]:
    signatures = prints.signatures()
    for index, (name, content) in enumerate(zip(prints.ids, prints.contents, strict=True)):
        keys = {"signature": signatures[index], "id": name, "content": content}
        yield Document(text="", id=prints.id(index), metadata=keys)


@dataclass
class Reading:
    """What reading left, but for the articles.

    Attributes:
        account: Of all sources.
        given: Articles by the split that their source gives, None where it gives none.
        articles: Number of articles of each rank.
    """

    account: Account
    given: Counter[str | None]
    articles: list[int]


def read_accounts(plan: BuildPlan) -> Reading:
    """Adds up what the ranks counted."""
    reading = Reading(Account(), Counter(), [])
    for rank in range(plan.ranks):
        part = plan.folder.read_json(f"{ACCOUNTS}/{rank:05}.json")
        reading.account.add(Account.from_json(part["account"]))
        given = Counter(dict(map(tuple, part["given"])))
        reading.given += given
        reading.articles.append(given.total())
    return reading


def read_articles(plan: BuildPlan, rank: int) -> Iterator[Article]:
    """Reads the articles of a rank."""
    for values in plan.folder.read_rows(f"{ARTICLES}/{rank:05}.parquet", list(FEATURES)):
        fields = dict(zip(FEATURES, values, strict=True))
        yield Article(**fields | {"tags": tuple(fields["tags"])})


def read_columns(plan: BuildPlan, rank: int, *columns: str) -> Iterable[tuple[Any, ...]]:
    """Reads some columns of the articles of a rank."""
    return plan.folder.read_rows(f"{ARTICLES}/{rank:05}.parquet", columns)
