"""Stages that drop duplicates and give every article its split, as `training.data.splits` says.

Articles without any other in their component get their own split at once. The components are dealt
out to sorters; at last one rank sees whether a split is empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from datatrove.data import Document

from training.cluster.steps import Step
from training.data.build_dataset import previous_splits
from training.data.cluster.matching import read_components
from training.data.cluster.plan import BuildPlan
from training.data.cluster.reading import PRINTS, read_accounts, read_columns
from training.data.fingerprints import Fingerprints
from training.data.splits import (
    ANY_SPLIT,
    SPLITS,
    Arrangement,
    allowed_splits,
    fill_empty_splits,
    keep_earlier,
    own_split,
    place,
)

ALONE, MEMBERS, ARRANGED, PLACED = "alone", "members", "arranged", "placed"
OUTCOME = "outcome.json"
_ALONE = pa.schema([("split", pa.string()), ("allowed", pa.string()), ("id", pa.binary())])
_ARRANGED = pa.schema(
    [
        ("rank", pa.uint32()),
        ("row", pa.uint32()),
        ("split", pa.string()),
        ("reason", pa.string()),
        ("group", pa.int64()),
        ("place", pa.int64()),
    ]
)
_PLACED = pa.schema([("row", pa.uint32()), ("split", pa.string()), ("reason", pa.string())])
_BATCH = 50_000


class DealOut(Step[BuildPlan]):
    """Splits a rank's lone articles, and gives the others to the sorters of their components."""

    name = "lone articles"

    def work(self, rank: int) -> list[Document]:
        """Writes the own splits of articles, and the fingerprints of those in components."""
        plan = self.plan
        anywhere = read_accounts(plan).given
        given = [split for (split,) in read_columns(plan, rank, "given")]
        prints = Fingerprints()
        prints.add_table(plan.folder.read_table(f"{PRINTS}/{rank:05}.parquet"))
        allowed = allowed_splits(given, anywhere)
        earlier = previous_splits(plan.config.previous) if plan.config.previous else {}
        keep_earlier(allowed, prints, earlier)
        components = read_components(plan, rank)
        members = set(components[:, 0].tolist())
        ids = [prints.id(row) for row in range(len(prints))]
        splits = [
            None if row in members else own_split(name, allowed[row])
            for row, name in enumerate(ids)
        ]
        codes = list(map(_code, allowed))
        alone = pa.table([splits, codes, list(map(bytes.fromhex, ids))], _ALONE)
        _write(self, f"{ALONE}/{rank:05}.parquet", alone)
        counts = Counter(split for split in splits if split)
        plan.folder.write_json(
            f"{ALONE}/{rank:05}.json",
            {"splits": counts, "stayed": [row for row, name in enumerate(ids) if name in earlier]},
        )
        table = prints.table().append_column("allowed", pa.array(codes, pa.string()))
        for sorter in range(plan.sorters):
            rows = components[components[:, 1] % plan.sorters == sorter, 0]
            dealt = table.take(rows).append_column("row", pa.array(rows, pa.uint32()))
            _write(self, f"{MEMBERS}/{sorter:05}/{rank:05}.parquet", dealt)
        return []


class SortOut(Step[BuildPlan]):
    """Arranges the articles of some components."""

    name = "components"

    def work(self, rank: int) -> list[Document]:
        """Writes what becomes of each, and the groups of near-duplicates."""
        prints, allowed = Fingerprints(), list[frozenset[str]]()
        places: list[tuple[int, int]] = []
        for source in range(self.plan.ranks):
            table = self.plan.folder.read_table(f"{MEMBERS}/{rank:05}/{source:05}.parquet")
            prints.add_table(table)
            allowed += map(_choices, table["allowed"].to_pylist())
            places += ((source, row) for row in table["row"].to_pylist())
        result, groups = place(prints, allowed)
        grouped = {
            index: (number, at)
            for number, members in enumerate(groups)
            for at, index in enumerate(members)
        }
        rows = [
            (
                *where,
                result.splits.get(index),
                result.dropped.get(index),
                *grouped.get(index, (-1, 0)),
            )
            for index, where in enumerate(places)
        ]
        _write(self, f"{ARRANGED}/{rank:05}.parquet", _table(rows, _ARRANGED))
        self.plan.folder.write_json(
            f"{ARRANGED}/{rank:05}.json", {"groups": result.groups, "grouped": result.grouped}
        )
        return []


class Settle(Step[BuildPlan]):
    """Fills empty splits, once for all, and gives each rank what became of its articles."""

    name = "all splits"

    def work(self, rank: int) -> list[Document]:
        """Writes for each rank the articles that are not as their own splits have them."""
        plan = self.plan
        settled: dict[tuple[int, int], tuple[str | None, str | None]] = {}
        groups: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
        totals: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        for sorter in range(plan.sorters):
            totals.update(plan.folder.read_json(f"{ARRANGED}/{sorter:05}.json"))
            path = f"{ARRANGED}/{sorter:05}.parquet"
            for source, row, split, reason, group, at in plan.folder.read_rows(
                path, _ARRANGED.names
            ):
                settled[source, row] = split, reason
                if group >= 0:
                    groups.setdefault((sorter, group), []).append((at, source, row))
        counts.update(split for split, _ in settled.values() if split)
        for source in range(plan.ranks):
            counts.update(plan.folder.read_json(f"{ALONE}/{source:05}.json")["splits"])
        moved = 0
        if {split for split in SPLITS if counts[split]} != ANY_SPLIT:
            several = [
                [(source, row) for _, source, row in sorted(group)] for group in groups.values()
            ]
            moved = self._fill(settled, several)
        self._write(settled)
        plan.folder.write_json(
            OUTCOME, {"groups": totals["groups"], "grouped": totals["grouped"], "moved": moved}
        )
        return []

    def _fill(
        self,
        settled: dict[tuple[int, int], tuple[str | None, str | None]],
        groups: Sequence[Sequence[tuple[int, int]]],
    ) -> int:
        """Adds the articles that move into an empty split, and returns how many moved.

        For this all articles of all ranks are looked at; a split is empty where there are few, or
        where they came with their splits.
        """
        result, allowed, names = Arrangement(), list[frozenset[str]](), list[str]()
        places: list[tuple[int, int]] = []
        for source in range(self.plan.ranks):
            path = f"{ALONE}/{source:05}.parquet"
            rows = self.plan.folder.read_rows(path, _ALONE.names)
            for row, (split, choices, name) in enumerate(rows):
                split, _ = settled.get((source, row), (split, None))
                if split:
                    result.splits[len(places)] = split
                places.append((source, row))
                allowed.append(_choices(choices))
                names.append(name.hex())
        index = {where: at for at, where in enumerate(places)}
        several = [[index[where] for where in group] for group in groups]
        together = {at for group in several for at in group}
        alone = [[at] for at in result.splits if at not in together]
        before = dict(result.splits)
        fill_empty_splits(result, names.__getitem__, allowed, several + alone)
        settled.update(
            (places[at], (split, None))
            for at, split in result.splits.items()
            if before[at] != split
        )
        return result.moved

    def _write(self, settled: Mapping[tuple[int, int], tuple[str | None, str | None]]) -> None:
        rows: list[list[tuple[Any, ...]]] = [[] for _ in range(self.plan.ranks)]
        for (source, row), (split, reason) in settled.items():
            rows[source].append((row, split, reason))
        for source, own in enumerate(rows):
            _write(self, f"{PLACED}/{source:05}.parquet", _table(own, _PLACED))


def read_splits(step: Step[BuildPlan], rank: int) -> Iterator[tuple[str | None, str | None]]:
    """Yields for each article of a rank its split and, where it has none, why it was dropped."""
    folder = step.plan.folder
    placed = {
        row: (split, reason)
        for row, split, reason in folder.read_rows(f"{PLACED}/{rank:05}.parquet", _PLACED.names)
    }
    alone = folder.read_rows(f"{ALONE}/{rank:05}.parquet", ["split"])
    for row, (split,) in enumerate(alone):
        yield placed.get(row, (split, None))


def _code(choices: frozenset[str]) -> str:
    return ",".join(sorted(choices))


def _choices(code: str) -> frozenset[str]:
    return frozenset(code.split(","))


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema.names)
    return pa.table(list(map(list, columns)), schema)


def _write(step: Step[BuildPlan], path: str, table: pa.Table) -> None:
    step.plan.folder.write_table(path, table.to_batches(_BATCH), table.schema)
