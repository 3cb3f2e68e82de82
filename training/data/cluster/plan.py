"""What a build of many parts does."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tagloop.vocabulary.aliases import Overrides
from training.cluster.plan import Plan, state_of
from training.config import BuildConfig
from training.data.report_of_build import VERSIONS
from training.data.sources import pinned
from training.data.sources.locations import is_there, locations
from training.data.tag_overrides import read_overrides

MOST_SORTERS = 32
"""Ranks that sort out near-duplicates: each reads a file of every rank before."""
_ELSEWHERE = ("executor", "workers", "executor_settings", "work_dir", "verbose")
"""Settings that say where a build runs and not what it makes."""


@dataclass(frozen=True, kw_only=True)
class BuildPlan(Plan[str]):
    """A build in parts; its places are files by their whole path and Hub datasets at a commit.

    Attributes:
        config: What a person said.
        overrides: What a person decided about tags.
    """

    config: BuildConfig
    overrides: Overrides

    @property
    def sorters(self) -> int:
        """Returns how many ranks sort out near-duplicates."""
        return min(self.ranks, MOST_SORTERS)

    def content(self) -> dict[str, Any]:
        """Returns what makes two builds the same: settings, sources as they are now, versions."""
        config = dataclasses.asdict(self.config)
        return {
            "config": {name: value for name, value in config.items() if name not in _ELSEWHERE},
            "overrides": self.overrides.to_json(),
            "sources": [
                [place, *(state_of(Path(place)) if is_there(place) else ())]
                for place in self.places
            ],
            "versions": {name: version(name) for name in ("datatrove", *VERSIONS)},
        }


def make_plan(config: BuildConfig, work_dir: str) -> BuildPlan:
    """Looks for the sources and says who reads which.

    Raises:
        UserError: A file of settings is broken, or there is no such Hub dataset.
    """
    overrides = read_overrides(Path(config.tag_overrides)) if config.tag_overrides else Overrides()
    previous = config.previous and pinned(config.previous)
    return BuildPlan(
        places=tuple(map(pinned, locations(config.source))),
        work_dir=work_dir,
        config=replace(config, previous=previous),
        overrides=overrides,
    )
