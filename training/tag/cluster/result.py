"""What all ranks wrote, put together: one dataset and what came of its articles."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

from tagloop.errors import UserError
from training.data.parquet_shards import shard_name
from training.tag.cluster.plan import TagPlan
from training.tag.cluster.tagging import ROWS, TAGGED, columns_of
from training.tag.dataset import Split, TaggedDataset
from training.tag.outcome import Outcome
from training.tag.targets import unfit_notes


def put_together(plan: TagPlan, path: Path) -> tuple[TaggedDataset, Outcome]:
    """Brings the files of all shards into one folder, in their order.

    Args:
        plan: All of its shards are tagged.
        path: The folder, which is not there; it is once it is whole.

    Raises:
        UserError: No article is tagged, or the folder cannot be written.
    """
    outcome, columns = Outcome(), columns_of(plan)
    splits: dict[str, Split] = defaultdict(Split)
    for name in plan.folder.names(TAGGED):
        part = plan.folder.read_json(name)
        outcome.add(Outcome.from_json(part["outcome"]))
        columns.unfit += part["unfit"]
        for split, of in part["splits"].items():
            splits[split].add(Split(**of))
    outcome.notes += unfit_notes(columns)
    if not outcome.tagged:
        first = next(iter(outcome.untagged.values())).first
        raise UserError(f"No article could be tagged; the first is {first}.")
    try:
        _bring(plan, path, splits)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror or error}).") from error
    return TaggedDataset(path, columns, dict(splits)), outcome


def _bring(plan: TagPlan, path: Path, splits: dict[str, Split]) -> None:
    partial = path.with_name(f"{path.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "data").mkdir(parents=True)
    names = plan.folder.names(ROWS)
    for split, of in splits.items():
        own = [name for name in names if Path(name).name.startswith(f"{split}-")]
        for place, name in enumerate(own):
            plan.folder.bring(name, partial / "data" / shard_name(split, place, of.shards))
    partial.rename(path)
