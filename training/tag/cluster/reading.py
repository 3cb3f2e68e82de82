"""Stage of all ranks that looks at the shards; from it come the columns that all of them get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow
from datatrove.data import Document

from tagloop.batch.articles import entries_of
from tagloop.batch.writers.writer import Survey
from tagloop.errors import UserError
from tagloop.reading.sources.tables import TableSource
from training.cluster.steps import Step
from training.tag.cluster.plan import TagPlan
from training.tag.cluster.shards import Shard
from training.tag.column_types import ColumnTypes, packed, stated_columns, unpacked

SHARDS, COLUMNS = "shards", "columns.json"


class ReadShards(Step[TagPlan]):
    """Counts the articles of a rank's shards and finds the types of their columns."""

    name = "read shards"

    def work(self, rank: int) -> list[Document]:
        """Writes what is in each shard.

        Raises:
            UserError: One has no column for the text.
        """
        plan = self.plan
        for number in plan.numbers_of(rank):
            found = _look(plan, plan.places[number])
            plan.folder.write_json(f"{SHARDS}/{number:06}.json", found)
        return []


def _look(plan: TagPlan, shard: Shard) -> dict[str, Any]:
    source, survey, types = shard.open(), Survey(), ColumnTypes()
    stated = stated_columns(source) if isinstance(source, TableSource) else None
    for record in source.records:
        survey.see(record)
        if stated is None:
            types.see(record.values)
    if survey.names or survey.apart:  # a column that is missing is told at once
        entries_of(source if source.columns else shard.open(), plan.columns, survey)
    kind = "table" if isinstance(source, TableSource) else "articles"
    return {
        "name": source.name,
        "kind": kind if survey.names or survey.apart else "",
        "articles": survey.count,
        "notes": source.notes,
        "stated": stated and packed(stated),
        "types": types.to_json() if kind == "table" else None,
    }


@dataclass
class Found:
    """What is in all shards.

    Attributes:
        articles: Of each.
        names: Of their sources, none twice.
        notes: What a person should know of them.
        columns: Of tables; None where the articles stand in none.
    """

    articles: list[int]
    names: list[str]
    notes: list[str]
    columns: pyarrow.Schema | None


def read_found(plan: TagPlan) -> Found:
    """Adds up what the ranks found, and decides what columns the result has.

    Raises:
        UserError: There are no articles, too many columns, or tables beside what is none.
    """
    every = [plan.folder.read_json(f"{SHARDS}/{n:06}.json") for n in range(len(plan.places))]
    named = {each["kind"]: each["name"] for each in every if each["kind"]}
    if len(named) > 1:
        raise UserError(
            f"{named['table']} is a table and {named['articles']} is none: tag them apart, their "
            "results have other columns."
        )
    return Found(
        [each["articles"] for each in every],
        list(dict.fromkeys(each["name"] for each in every)),
        [note for each in every for note in each["notes"]],
        None if "articles" in named else _columns(every),
    )


def _columns(every: list[dict[str, Any]]) -> pyarrow.Schema:
    """Returns the columns of tables: as all state them, or else with types that fit all values."""
    every = [each for each in every if each["kind"]]
    stated = {each["stated"] for each in every}
    if len(stated) == 1 and (only := stated.pop()):
        return unpacked(only)
    types = ColumnTypes()
    for each in every:
        if each["stated"]:
            types.add(unpacked(each["stated"]))
        else:
            types.add_types(ColumnTypes.from_json(each["types"]))
    return types.schema()
