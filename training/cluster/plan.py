"""What work in parts is: which rank has which places, and where all that they make is kept.

A rank has places that stand side by side, so what the ranks give, one after the other, is in the
order in which one machine would have read it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from tagloop.errors import UserError
from tagloop.reading.settings import setting_name
from training.cluster.work_folder import WorkFolder

MOST_RANKS = 1_000
"""A Slurm array takes no more jobs by default; with more places a rank has several."""
PLAN, DONE = "plan.json", "done.json"
PlaceT = TypeVar("PlaceT")


@dataclass(frozen=True, kw_only=True)
class Plan(ABC, Generic[PlaceT]):
    """Work in parts.

    Attributes:
        places: What is read; each means the same on every machine.
        work_dir: Where the parts leave things to one another.
    """

    places: tuple[PlaceT, ...]
    work_dir: str

    @abstractmethod
    def content(self) -> dict[str, Any]:
        """Returns what makes two of them the same: settings, places as they are now, versions."""

    @cached_property
    def folder(self) -> WorkFolder:
        """Returns the folder of all that ranks leave to one another."""
        return WorkFolder(f"{self.work_dir}/parts")

    def logs(self, stage: str) -> str:
        """Returns the folder of a stage's logs and of the marks of its finished ranks."""
        return f"{self.work_dir}/stages/{stage}"

    @property
    def ranks(self) -> int:
        """Returns how many ranks read places."""
        return min(len(self.places), MOST_RANKS)

    def numbers_of(self, rank: int) -> range:
        """Returns which of the places a rank has."""
        begin, end = (len(self.places) * at // self.ranks for at in (rank, rank + 1))
        return range(begin, end)

    def places_of(self, rank: int) -> tuple[PlaceT, ...]:
        """Returns the places of a rank."""
        return tuple(self.places[number] for number in self.numbers_of(rank))

    def begin(self) -> bool:
        """Makes the work folder ready, and tells whether it has finished parts of this same work.

        Raises:
            UserError: The folder holds something else.
        """
        folder = WorkFolder(self.work_dir)
        if folder.files.is_local():
            Path(self.work_dir).mkdir(parents=True, exist_ok=True)
        content = self.content()
        if folder.exists(PLAN):
            if not folder.exists(DONE) and folder.read_json(PLAN) == content:
                return True
            self._clear(logs=True)
            folder.remove(DONE)
        elif folder.names():
            raise UserError(
                f"{self.work_dir}: the folder holds something else than parts of such work; empty "
                f"it, or choose another by {setting_name('work_dir')}."
            )
        folder.write_json(PLAN, content)
        return False

    def finish(self) -> None:
        """Notes that the result is written, and removes the parts; the logs stay."""
        WorkFolder(self.work_dir).write_json(DONE, {})
        self._clear(logs=False)

    def _clear(self, *, logs: bool) -> None:
        folder = WorkFolder(self.work_dir)
        folder.remove("parts")
        if logs:
            folder.remove("stages")

    def __getstate__(self) -> dict[str, Any]:
        # Without an open file system: another machine opens its own.
        return {name: value for name, value in self.__dict__.items() if name != "folder"}


def state_of(path: Path) -> list[int]:
    """Returns the number, size and newest time of the files of a file or folder."""
    files = [entry for entry in path.rglob("*") if entry.is_file()] if path.is_dir() else [path]
    states = [entry.stat() for entry in files]
    return [
        len(states),
        sum(state.st_size for state in states),
        max((state.st_mtime_ns for state in states), default=0),
    ]
