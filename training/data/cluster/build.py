"""Builds a dataset in parts; it is the one that one machine builds of the same sources."""

from __future__ import annotations

from pathlib import Path

from training import console
from training.cluster.executors import run_stage, share_imports
from training.cluster.settings import Cluster, check_places
from training.config import BuildConfig
from training.data.build_dataset import Built
from training.data.cluster.plan import make_plan
from training.data.cluster.reading import read_accounts
from training.data.cluster.stages import stages
from training.data.cluster.writing import PutTogether
from training.data.collection import nothing_usable
from training.data.dataset_folder import refuse_foreign_folder, write_dataset


def build_in_parts(config: BuildConfig, command: str, cluster: Cluster, work_dir: str) -> Built:
    """Builds the dataset folder, or only says what it would be (`BuildConfig.dry_run`).

    What was done before an interruption is not done again; the parts go once the dataset is there.

    Args:
        config: As for one machine.
        command: What a person called.
        cluster: Where the parts run.
        work_dir: Where the parts leave things to one another, with logs.

    Raises:
        UserError: As for one machine, or a part failed.
    """
    folder = Path(config.output_dir or Path("build") / config.name / "dataset")
    refuse_foreign_folder(folder)
    plan = make_plan(config, work_dir)
    check_places(cluster.kind, plan.places)
    if plan.begin():
        console.say("going on where the same command was interrupted")
    share_imports("training.data.cluster.stages")
    for stage in stages(plan):
        run_stage(cluster, plan, stage)
        if stage.name == "read":
            reading = read_accounts(plan)
            if not sum(reading.articles):
                raise nothing_usable(reading.account, config)
    together = PutTogether(plan)
    report, first = together.report(command), together.first()
    if not config.dry_run:
        write_dataset(folder, together.write_shards, report)
    plan.finish()
    return Built(None if config.dry_run else folder, report, first)
