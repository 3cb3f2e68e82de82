"""What a build of many parts does: which rank reads which sources, and where all is kept.

A rank has sources that stand side by side, so what the ranks give, one after the other, is in the
order in which one machine would have read it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.settings import setting_name
from tagloop.vocabulary.aliases import Overrides
from training.config import BuildConfig
from training.data.cluster.work_folder import WorkFolder
from training.data.report_of_build import VERSIONS
from training.data.sources import pinned
from training.data.sources.locations import is_there, locations
from training.data.tag_overrides import read_overrides

MOST_RANKS = 1_000
"""A Slurm array takes no more jobs by default; with more sources a rank has several."""
MOST_SORTERS = 32
"""Ranks that sort out near-duplicates: each reads a file of every rank before."""
PLAN, DONE = "plan.json", "done.json"
_ELSEWHERE = ("executor", "workers", "executor_settings", "work_dir", "verbose")
"""Settings that say where a build runs and not what it makes."""


@dataclass(frozen=True)
class Plan:
    """A build in parts.

    Attributes:
        config: What a person said.
        places: The sources; files by their whole path, Hub datasets at a commit.
        overrides: What a person decided about tags.
        work_dir: Where the parts leave things to one another.
    """

    config: BuildConfig
    places: tuple[str, ...]
    overrides: Overrides
    work_dir: str

    @cached_property
    def folder(self) -> WorkFolder:
        """Returns the folder of all that ranks leave to one another."""
        return WorkFolder(f"{self.work_dir}/parts")

    def logs(self, stage: str) -> str:
        """Returns the folder of a stage's logs and of the marks of its finished ranks."""
        return f"{self.work_dir}/stages/{stage}"

    @property
    def ranks(self) -> int:
        """Returns how many ranks read sources."""
        return min(len(self.places), MOST_RANKS)

    @property
    def sorters(self) -> int:
        """Returns how many ranks sort out near-duplicates."""
        return min(self.ranks, MOST_SORTERS)

    def places_of(self, rank: int) -> tuple[str, ...]:
        """Returns the sources of a rank."""
        begin, end = (len(self.places) * at // self.ranks for at in (rank, rank + 1))
        return self.places[begin:end]

    def __getstate__(self) -> dict[str, Any]:
        # Without an open file system: another machine opens its own.
        return {name: value for name, value in self.__dict__.items() if name != "folder"}


def make_plan(config: BuildConfig, work_dir: str) -> Plan:
    """Looks for the sources and says who reads which.

    Raises:
        UserError: A file of settings is broken, or there is no such Hub dataset.
    """
    overrides = read_overrides(Path(config.tag_overrides)) if config.tag_overrides else Overrides()
    previous = config.previous and pinned(config.previous)
    places = tuple(map(pinned, locations(config.source)))
    return Plan(replace(config, previous=previous), places, overrides, work_dir)


def begin(plan: Plan) -> bool:
    """Makes the work folder ready, and tells whether it has finished parts of this same build.

    Raises:
        UserError: The folder holds something else.
    """
    folder = WorkFolder(plan.work_dir)
    content = _content(plan)
    if folder.exists(PLAN):
        if not folder.exists(DONE) and folder.read_json(PLAN) == content:
            return True
        clear(plan, logs=True)
        folder.remove(DONE)
    elif folder.names():
        raise UserError(
            f"{plan.work_dir}: the folder holds something else than parts of a build; empty it, or "
            f"choose another by {setting_name('work_dir')}."
        )
    folder.write_json(PLAN, content)
    return False


def finish(plan: Plan) -> None:
    """Notes that the dataset is written, and removes the parts; the logs stay."""
    WorkFolder(plan.work_dir).write_json(DONE, {})
    clear(plan, logs=False)


def clear(plan: Plan, *, logs: bool) -> None:
    """Removes the parts of a build, and its logs if that is wanted."""
    folder = WorkFolder(plan.work_dir)
    folder.remove("parts")
    if logs:
        folder.remove("stages")


def _content(plan: Plan) -> dict[str, Any]:
    """Returns what makes two builds the same: settings, sources as they are now, versions."""
    config = dataclasses.asdict(plan.config)
    return {
        "config": {name: value for name, value in config.items() if name not in _ELSEWHERE},
        "overrides": plan.overrides.to_json(),
        "sources": [[place, *_state(place)] for place in plan.places],
        "versions": {name: version(name) for name in ("datatrove", *VERSIONS)},
    }


def _state(place: str) -> list[int]:
    """Returns the number, size and newest time of the files of a place; nothing of others."""
    path = Path(place)
    if not is_there(place):
        return []
    files = [entry for entry in path.rglob("*") if entry.is_file()] if path.is_dir() else [path]
    states = [entry.stat() for entry in files]
    return [
        len(states),
        sum(state.st_size for state in states),
        max((state.st_mtime_ns for state in states), default=0),
    ]
