"""Where parts run: the kinds of executors, and a cluster's own settings."""

from __future__ import annotations

import importlib.util
import inspect
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import get_token

from tagloop.errors import UserError
from tagloop.reading.settings import setting_name

KINDS = {
    "local": ("datatrove", "LocalPipelineExecutor"),
    "slurm": ("datatrove", "SlurmPipelineExecutor"),
    "ray": ("ray", "RayPipelineExecutor"),
    "jobs": ("datatrove", "JobsPipelineExecutor"),
}
"""What ``--executor`` may name: the package that it needs, and datatrove's executor."""
NEEDED = {"slurm": ("partition", "time"), "jobs": ("dependencies",)}
_OURS = frozenset(
    """self pipeline tasks workers logging_dir depends depends_job_id skip_completed job_name
    job_id_retriever local_tasks local_rank_offset run_on_dependency_fail token secrets""".split()
)
"""What a stage is, which its plan says, and secrets, which stand in no file: a token for a Hub is
taken from where one has logged in."""


@dataclass(frozen=True)
class Cluster:
    """Where parts run.

    Attributes:
        kind: As ``--executor`` names it.
        workers: Ranks that run at a time; -1 for as many as there is room for.
        settings: Its own, which datatrove's executor of that kind takes.
    """

    kind: str
    workers: int
    settings: dict[str, Any] = field(default_factory=dict)


def find_cluster(kind: str, workers: int | None, settings: str | None, work_dir: str) -> Cluster:
    """Returns where parts run, which can be used from here.

    Args:
        kind: As ``--executor`` names it.
        workers: Ranks at a time; None for as many as there are cores, or as the cluster takes.
        settings: YAML file of its own settings; None if there is none.
        work_dir: Where the parts leave things to one another, as `whole_place` gives it.

    Raises:
        UserError: There is no such kind, its package is missing, it cannot use the work folder, or
            the file cannot be read, has an unknown setting, or lacks one that is needed.
    """
    _check(kind, workers, work_dir)
    anyway = os.cpu_count() or 1 if kind == "local" else -1
    return Cluster(kind, workers or anyway, _read_settings(kind, settings))


def _check(kind: str, workers: int | None, work_dir: str) -> None:
    if kind not in KINDS:
        raise UserError(f"{setting_name('executor', kind)}: take one of {', '.join(KINDS)}.")
    if workers is not None and workers < 1:
        raise UserError(f"{setting_name('workers', str(workers))}: take a number above 0.")
    for package in ("datatrove", KINDS[kind][0]):
        if importlib.util.find_spec(package) is None:
            raise UserError(
                f"{setting_name('executor', kind)} needs the package {package}: pip install "
                "'tagloop[cluster]'."
            )
    if kind == "slurm" and shutil.which("sbatch") is None:
        raise UserError(
            f"{setting_name('executor', kind)}: there is no sbatch here; run this where jobs are "
            "submitted."
        )
    remote = is_remote(work_dir)
    if kind == "jobs" and not remote:
        raise UserError(
            f"{setting_name('executor', kind)}: the jobs meet in a folder that all can reach; name "
            f"one, such as {setting_name('work_dir', 'hf://buckets/you/build')}."
        )
    if kind == "jobs" and get_token() is None:
        raise UserError(
            f"{setting_name('executor', kind)} needs a token for the Hub: set HF_TOKEN."
        )
    if kind == "slurm" and remote:
        raise UserError(
            f"{work_dir}: on Slurm the parts meet in a folder of the cluster's shared disk."
        )


def is_remote(work_dir: str) -> bool:
    """Tells whether a work folder is an address and not a path."""
    return "://" in work_dir


def whole_place(work_dir: str) -> str:
    """Returns a work folder so that it means the same wherever a part runs."""
    return work_dir if is_remote(work_dir) else str(Path(work_dir).expanduser().absolute())


def check_places(kind: str, places: Iterable[str]) -> None:
    """Refuses sources of this machine where the parts run on others.

    Raises:
        UserError: There is one.
    """
    local = next((place for place in places if Path(place).is_absolute()), "")
    if kind == "jobs" and local:
        raise UserError(
            f"{local}: {setting_name('executor', 'jobs')} reads Hub datasets and addresses, and "
            "no files of this machine."
        )


def _read_settings(kind: str, path: str | None) -> dict[str, Any]:
    import datatrove.executor

    executor = getattr(datatrove.executor, KINDS[kind][1])
    there = sorted(set(inspect.signature(executor.__init__).parameters) - _OURS)
    given = _read(Path(path)) if path else {}
    if unknown := sorted(set(map(str, given)) - set(there)):
        raise UserError(
            f"{path}: unknown setting {', '.join(unknown)}; {kind} has {', '.join(there)}."
        )
    if missing := [name for name in NEEDED.get(kind, ()) if name not in given]:
        raise UserError(
            f"{setting_name('executor', kind)} needs {' and '.join(missing)} in the file of "
            f"{setting_name('executor_settings')}."
        )
    if kind == "slurm" and not isinstance(given["time"], str):
        # YAML reads 12:00:00 as a number of seconds, which Slurm would take for minutes.
        raise UserError(f'{path}: write the time in quotes, such as time: "12:00:00".')
    return given


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: this is no readable YAML.") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected settings as 'name: value', found none.")
    return content
