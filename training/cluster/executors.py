"""datatrove's executors, and how one stage runs on them: followed, taken up again, or failed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from datatrove.executor import (
    JobsPipelineExecutor,
    LocalPipelineExecutor,
    RayPipelineExecutor,
    SlurmPipelineExecutor,
)
from datatrove.executor.base import PipelineExecutor

from tagloop.errors import UserError
from tagloop.reading.settings import setting_name
from training import console
from training.cluster.plan import Plan
from training.cluster.settings import Cluster
from training.cluster.steps import ERRORS, Stage
from training.cluster.work_folder import WorkFolder

LOOK = {"local": 0.5, "ray": 2.0, "slurm": 10.0, "jobs": 15.0}
"""Seconds between two looks at which ranks have finished."""
_JOB = "slurm_job.json"


class ProcessExecutor(LocalPipelineExecutor):  # type: ignore[misc]
    """Ranks as processes of this machine, where a killed one is noticed.

    datatrove's own pool waits for ever for a process that was killed, as it is without memory.
    """

    def run(self) -> None:
        """Runs the ranks that have not finished.

        Raises:
            BrokenProcessPool: A process was killed.
        """
        ranks = self.get_incomplete_ranks()
        if self.workers == 1 or len(ranks) < 2:
            for rank in ranks:
                self._run_for_rank(rank)
            return
        processes = multiprocessing.get_context("forkserver")
        workers = min(self.workers, len(ranks))
        with ProcessPoolExecutor(workers, processes, initializer=_end_at_once) as pool:
            for _ in pool.map(self._run_for_rank, ranks):
                pass


def _end_at_once() -> None:
    """Lets a process end when a person interrupts the command, and when that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    command = multiprocessing.parent_process()
    assert command is not None

    def end() -> None:
        command.join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def share_imports(module: str) -> None:
    """Lets the processes of all stages share what a module imports, which takes seconds."""
    multiprocessing.get_context("forkserver").set_forkserver_preload([module])


def make_executor(cluster: Cluster, plan: Plan[Any], stage: Stage) -> PipelineExecutor:
    """Returns the executor of a stage.

    Raises:
        UserError: datatrove refuses a value of the settings.
    """
    kinds: dict[str, type[PipelineExecutor]] = {
        "local": ProcessExecutor,
        "slurm": SlurmPipelineExecutor,
        "ray": RayPipelineExecutor,
        "jobs": JobsPipelineExecutor,
    }
    options = {
        "tasks": stage.ranks,
        "workers": min(cluster.workers, stage.ranks),
        "logging_dir": plan.logs(stage.name),
    }
    if cluster.kind in ("slurm", "jobs"):
        options["job_name"] = f"tagloop-{stage.name}"
    try:
        return kinds[cluster.kind](stage.steps, **options, **cluster.settings)
    except (TypeError, ValueError) as error:
        raise UserError(f"{setting_name('executor_settings')}: {error}") from error


def run_stage(cluster: Cluster, plan: Plan[Any], stage: Stage) -> None:
    """Runs what is left of a stage, waits for its end, and says its line.

    Raises:
        UserError: A rank failed, or its process or job was killed; the others are not done again.
    """
    with console.station(stage.name) as shown:
        _run(cluster.kind, plan, stage.name, make_executor(cluster, plan, stage))
        shown.result = f"{stage.ranks:,} part{'s'[: stage.ranks > 1]}"


def _run(kind: str, plan: Plan[Any], name: str, executor: PipelineExecutor) -> None:
    logs = WorkFolder(plan.logs(name))
    if not _incomplete(executor, logs):
        return
    plan.folder.remove(ERRORS)
    failed = ""
    with _followed(kind, name, executor, logs):
        try:
            if kind == "slurm":
                _run_on_slurm(executor, logs)
            else:
                executor.run()
        except BrokenProcessPool:
            failed = "a process was killed, perhaps for want of memory"
        except subprocess.CalledProcessError:
            failed = "sbatch refused the job"
        except UserError:
            pass  # each rank leaves its own
    left = _incomplete(executor, logs)
    if not left:
        return
    for path in plan.folder.names(ERRORS):
        raise UserError(plan.folder.read_json(path)["error"])
    raise UserError(
        f"{name}: {len(left):,} of {executor.world_size:,} parts have not finished"
        f"{f' ({failed})' if failed else ''}; the logs are in {logs.location}/logs, and the same "
        "command does these parts again, and no others."
    )


def _incomplete(executor: PipelineExecutor, logs: WorkFolder) -> list[int]:
    logs.files.fs.invalidate_cache()
    left: list[int] = executor.get_incomplete_ranks()
    return left


@contextmanager
def _followed(kind: str, name: str, executor: PipelineExecutor, logs: WorkFolder) -> Iterator[None]:
    """Shows one bar over the ranks of a stage while it runs."""
    ended = threading.Event()
    with console.progress_bar(total=executor.world_size, unit=" parts", desc=name) as bar:

        def look() -> None:
            while not ended.wait(LOOK[kind]):
                finished = executor.world_size - len(_incomplete(executor, logs))
                bar.update(finished - bar.n)

        watcher = threading.Thread(target=look, daemon=True)
        if not bar.disable:
            watcher.start()
        try:
            yield
        finally:
            ended.set()
            if watcher.is_alive():
                watcher.join()


def _run_on_slurm(executor: SlurmPipelineExecutor, logs: WorkFolder) -> None:
    """Submits the ranks, unless an interrupted command has done so, and waits for them."""
    job = str(logs.read_json(_JOB)["id"]) if logs.exists(_JOB) else ""
    if not job or not _is_queued(job):
        executor.run()
        job = str(executor.job_id)
        logs.write_json(_JOB, {"id": job})
    while _incomplete(executor, logs) and _is_queued(job):
        time.sleep(LOOK["slurm"])


def _is_queued(job: str) -> bool:
    """Tells whether Slurm still has a job waiting or running; it forgets those that ended."""
    asked = subprocess.run(
        ["squeue", "--noheader", "--jobs", job], capture_output=True, text=True, check=False
    )
    if asked.returncode:  # any other trouble is none of the job's
        return "Invalid job id" not in asked.stderr
    return bool(asked.stdout.strip())
