"""Builds a dataset in parts; it is the one that one machine builds of the same sources."""

from __future__ import annotations

import os
from pathlib import Path

from tagloop.errors import UserError
from tagloop.reading.settings import setting_name
from training import console
from training.config import BuildConfig
from training.data.build_dataset import Built
from training.data.cluster.executors import make_executor, run_stage
from training.data.cluster.plan import Plan, begin, finish, make_plan
from training.data.cluster.reading import read_accounts
from training.data.cluster.settings import is_remote, read_executor_settings
from training.data.cluster.stages import stages
from training.data.cluster.writing import PutTogether
from training.data.collection import nothing_usable
from training.data.dataset_folder import refuse_foreign_folder, write_dataset


def build_in_parts(config: BuildConfig, command: str, work_dir: str) -> Built:
    """Builds the dataset folder, or only says what it would be (`BuildConfig.dry_run`).

    What was done before an interruption is not done again; the parts go once the dataset is there.

    Args:
        config: As for one machine; ``executor`` names where the parts run.
        command: What a person called.
        work_dir: Where the parts leave things to one another, with logs.

    Raises:
        UserError: As for one machine, or a part failed.
    """
    folder = Path(config.output_dir or Path("build") / config.name / "dataset")
    refuse_foreign_folder(folder)
    settings = read_executor_settings(config.executor, config.executor_settings)
    workers = config.workers or (os.cpu_count() or 1 if config.executor == "local" else -1)
    plan = make_plan(config, work_dir)
    _check_places(plan)
    if begin(plan):
        console.say("going on where the same command was interrupted")
    for stage in stages(plan):
        with console.station(stage.name) as shown:
            executor = make_executor(
                config.executor,
                stage.steps,
                name=stage.name,
                tasks=stage.ranks,
                workers=min(workers, stage.ranks),
                logs=plan.logs(stage.name),
                settings=settings,
            )
            run_stage(config.executor, plan, stage.name, executor)
            shown.result = f"{stage.ranks:,} part{'s'[: stage.ranks > 1]}"
        if stage.name == "read":
            reading = read_accounts(plan)
            if not sum(reading.articles):
                raise nothing_usable(reading.account, config)
    together = PutTogether(plan)
    report, first = together.report(command), together.first()
    if not config.dry_run:
        write_dataset(folder, together.write_shards, report)
    finish(plan)
    return Built(None if config.dry_run else folder, report, first)


def _check_places(plan: Plan) -> None:
    """Refuses sources of this machine where the parts run on others.

    Raises:
        UserError: There is one.
    """
    local = [place for place in plan.places if Path(place).is_absolute()]
    if plan.config.executor == "jobs" and local:
        raise UserError(
            f"{local[0]}: {setting_name('executor', 'jobs')} reads Hub datasets and addresses, and "
            "no files of this machine."
        )
    if is_remote(plan.work_dir) is False:
        Path(plan.work_dir).mkdir(parents=True, exist_ok=True)
