"""Tags a source in parts, and writes or publishes what one machine would, as a dataset's folder."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from tagloop.errors import UserError
from tagloop.reading.columns import parse_mapping
from tagloop.reading.settings import setting_name
from training import console
from training.cluster.executors import run_stage, share_imports
from training.cluster.settings import Cluster, check_places
from training.cluster.steps import Stage
from training.tag.articles import stem_of
from training.tag.cluster.plan import TagPlan
from training.tag.cluster.reading import COLUMNS, Found, ReadShards, read_found
from training.tag.cluster.result import put_together
from training.tag.cluster.shards import find_shards
from training.tag.cluster.tagging import TagShards
from training.tag.column_types import packed
from training.tag.dataset import push, repository
from training.tag.many import PLACE
from training.tag.models import find_model
from training.tag.request import Request
from training.tag.targets import check_free


def tag_in_parts(request: Request, cluster: Cluster, work_dir: str) -> None:
    """Tags all articles of a source and prints where they are.

    What was done before an interruption is not done again, nor for another way to publish it.

    Args:
        request: What a person asks for.
        cluster: Where the parts run.
        work_dir: Where they leave things to one another, with logs.

    Raises:
        UserError: As of one machine, or a part failed.
    """
    with console.quiet(PLACE / "log.txt", request.verbose, sys.stderr):
        try:
            places = _run(request, cluster, work_dir)
        except KeyboardInterrupt:
            console.say("What is finished stays: the same command goes on from there.")
            raise
    print("\n".join(places))


def _run(request: Request, cluster: Cluster, work_dir: str) -> list[str]:
    into = repository(request.push) if request.push else None
    plan = _plan(request, cluster, work_dir)
    stem = stem_of(request.source)
    with ExitStack() as stack:
        if request.out or not into:
            path = Path(request.out or f"{stem}-tagged").expanduser()
            check_free(path, request.source)
        else:
            path = PLACE / stem / "dataset"
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(path, ignore_errors=True)  # of a push that was interrupted
            stack.callback(shutil.rmtree, path, ignore_errors=True)
        if plan.begin():
            console.say("going on where the same command was interrupted")
        share_imports("training.tag.cluster.tagging")
        found = _tag(plan, cluster)
        with console.station("write") as station:
            dataset, outcome = put_together(plan, path)
            station.result = f"{outcome.tagged:,} of {outcome.articles:,} articles tagged"
        for line in outcome.said():
            console.say(f"  {line}")
        places = [str(path)] if request.out or not into else []
        if into:
            places.append(push(dataset, into, _name(found), plan.model, outcome, request))
    return places


def _plan(request: Request, cluster: Cluster, work_dir: str) -> TagPlan:
    """Finds the model and the shards, and says what is left out.

    Raises:
        UserError: One is not there, or not where the parts run.
    """
    with console.station("model") as station:
        model = find_model(request.model, allowlist=bool(request.allowed_tags))
        station.result = str(model)
    if cluster.kind == "jobs" and not model.is_anywhere:
        raise UserError(
            f"{setting_name('executor', 'jobs')} tags with a model of the Hub: name one with "
            "--model owner/tagger."
        )
    shards, notes = find_shards(request.source)
    for note in notes:
        console.say(f"  {note}")
    check_places(cluster.kind, (shard.location for shard in shards))
    here = max((os.cpu_count() or 1) // cluster.workers, 1) if cluster.kind == "local" else None
    return TagPlan(
        places=shards,
        work_dir=work_dir,
        columns=parse_mapping(list(request.columns)),
        model=model.whole(),
        options=request.options,
        batch_size=request.batch_size,
        threads=here,
    )


def _tag(plan: TagPlan, cluster: Cluster) -> Found:
    run_stage(cluster, plan, Stage("read", [ReadShards(plan)], plan.ranks))
    found = read_found(plan)
    for note in found.notes:
        console.say(f"  {note}")
    count = f"{sum(found.articles):,} articles"
    console.say(f"  {count} in {len(plan.places):,} shard{'s'[: len(plan.places) > 1]}")
    own = found.columns
    plan.folder.write_json(COLUMNS, {"own": None if own is None else packed(own)})
    run_stage(cluster, plan, Stage("tag", [TagShards(plan)], plan.ranks))
    return found


def _name(found: Found) -> str:
    """Returns the name of the source for reports."""
    first, *others = found.names
    return f"{first} and {len(others):,} more" if others else first
