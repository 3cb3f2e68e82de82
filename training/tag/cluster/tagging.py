"""Stage of all ranks that tags: a rank loads the model once and writes a shard after the other."""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict
from itertools import tee
from pathlib import Path

from datatrove.data import Document

from tagloop.batch.articles import row_of
from tagloop.errors import UserError
from tagloop.reading.entries import read_entries
from tagloop.reading.record import ReadOptions
from tagloop.tagger.tagger import Tagger
from training.cluster.steps import Step
from training.tag.cluster.plan import TagPlan
from training.tag.cluster.reading import COLUMNS, SHARDS
from training.tag.column_types import unpacked
from training.tag.dataset import DatasetTarget
from training.tag.outcome import Outcome
from training.tag.parquet import ArticleColumns
from training.tag.tagging import Work, tags_of

ROWS, TAGGED = "rows", "tagged"


class TagShards(Step[TagPlan]):
    """Writes each shard of a rank with the tags of its articles."""

    name = "tag shards"

    def work(self, rank: int) -> list[Document]:
        """Writes Parquet files a shard, and then what came of it, which marks it as done.

        Raises:
            UserError: The model cannot be had, or a shard has been changed.
        """
        plan = self.plan
        numbers = plan.numbers_of(rank)
        left = [number for number in numbers if not plan.folder.exists(_mark(number))]
        if left:
            work = Work(plan.model.folder_here(), plan.options, plan.batch_size, _threads(plan))
            tagger = work.load()
            for number in left:
                self._tag(tagger, work, number)
        return []

    def _tag(self, tagger: Tagger, work: Work, number: int) -> None:
        plan = self.plan
        columns = columns_of(plan)
        source = plan.places[number].open()
        outcome = Outcome()
        with tempfile.TemporaryDirectory() as place:
            target = DatasetTarget(Path(place) / "dataset", columns)
            options = ReadOptions(columns=plan.columns, needed=("text",))
            entries, others = tee(read_entries(source, options))
            found = tags_of(tagger, map(row_of, others), work)
            for entry, tagged in zip(entries, found, strict=True):
                outcome.count(entry, tagged, target.add(entry, tagged))
            target.take_place()
            plan.folder.put(target.path / "data", f"{ROWS}/{number:06}")
        if outcome.articles != plan.folder.read_json(f"{SHARDS}/{number:06}.json")["articles"]:
            raise UserError(f"{source.name} was changed while it was read: run the command again.")
        splits = {name: asdict(of) for name, of in target.splits.items()}
        plan.folder.write_json(
            _mark(number),
            {"outcome": outcome.to_json(), "splits": splits, "unfit": columns.unfit},
        )


def columns_of(plan: TagPlan) -> ArticleColumns:
    """Returns how an article of any shard is a row."""
    own = plan.folder.read_json(COLUMNS)["own"]
    return ArticleColumns(own and unpacked(own))


def _mark(number: int) -> str:
    return f"{TAGGED}/{number:06}.json"


def _threads(plan: TagPlan) -> int | None:
    """Returns how many threads a rank has: as many cores as the cluster gives it, if it says so."""
    given = int(os.environ.get("DATATROVE_CPUS_PER_TASK", "-1"))
    return given if given > 0 else plan.threads
