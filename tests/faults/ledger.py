"""What visitors were told against what the dataset holds: the judge of every trial."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from .writer import ACKNOWLEDGED, KEPT, LEFT, REFUSED


@dataclass(frozen=True)
class Told:
    """The ids that visitors were told something about, in the order of the telling."""

    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, logs: Iterable[Path]) -> Told:
        """Reads the writers' logs.

        Raises:
            ValueError: A line is none of theirs: then nothing in it can be trusted.
        """
        told = cls()
        for log in logs:
            for line in log.read_text().splitlines():
                what, _, value = line.partition(" ")
                if what not in (ACKNOWLEDGED, REFUSED, KEPT, LEFT) or not value:
                    raise ValueError(f"{log.name} has a line that no writer wrote: {line!r}")
                getattr(told, what).append(value)
        return told


@dataclass
class Counts:
    """What came of a scenario; the last four must be 0.

    Attributes:
        trials: How often everything was brought to an end and compared.
        kills: Processes that were killed with -9, the Hub among them.
        acknowledged: Corrections whose visitor was told "saved".
        refused: Whose visitor was told "not saved".
        kept: Whose visitor was told "kept here, not yet on the Hub".
        delivered: Different ids in the dataset.
        lost: Acknowledged, or kept on a disk that lasts, and not in the dataset.
        twice: Rows beyond the first of their id.
        contradicted: Acknowledged and refused.
        rewritten: Files of the dataset that changed or went after they had been written.
    """

    trials: int = 0
    kills: int = 0
    acknowledged: int = 0
    refused: int = 0
    kept: int = 0
    delivered: int = 0
    lost: int = 0
    twice: int = 0
    contradicted: int = 0
    rewritten: int = 0

    @property
    def faultless(self) -> bool:
        """Whether nothing went wrong, and there was something that could have."""
        wrong = self.lost + self.twice + self.contradicted + self.rewritten
        return wrong == 0 and self.acknowledged > 0

    def __add__(self, other: Counts) -> Counts:
        """Sum column by column."""
        names = [column.name for column in fields(self)]
        return Counts(*(getattr(self, name) + getattr(other, name) for name in names))


class StoredIds:
    """The ids in the dataset, read file by file; a file is read once and must never change."""

    def __init__(self, api: HfApi, repo_id: str, cache: Path, folder: str = "data") -> None:
        self._api = api
        self.repo_id = repo_id
        self._cache = cache
        self._folder = folder
        self._ids: dict[str, list[str]] = {}  # file -> its rows' ids
        self._blobs: dict[str, str] = {}
        self._taken: list[str] = []
        self.rewritten: set[str] = set()

    def read(self) -> list[str]:
        """Returns the id of every row that the dataset holds now."""
        found: set[str] = set()
        try:
            tree = list(self._api.list_repo_tree(self.repo_id, recursive=True, repo_type="dataset"))
        except RepositoryNotFoundError:
            tree = []
        for entry in tree:
            if not isinstance(entry, RepoFile) or not entry.path.startswith(f"{self._folder}/"):
                continue
            found.add(entry.path)
            if self._blobs.setdefault(entry.path, entry.blob_id) != entry.blob_id:
                self.rewritten.add(entry.path)
            elif entry.path not in self._ids:
                self._ids[entry.path] = self._read_file(entry.path)
        self.rewritten |= self._blobs.keys() - found
        return [*self._taken, *(row_id for path in found for row_id in self._ids[path])]

    def take_away(self) -> None:
        """Notes that the dataset is deleted now: what it held was delivered all the same."""
        self._taken = self.read()
        self._ids.clear()
        self._blobs.clear()

    def _read_file(self, name: str) -> list[str]:
        path = self._api.hf_hub_download(
            self.repo_id, name, repo_type="dataset", cache_dir=self._cache
        )
        lines = Path(path).read_text(encoding="utf-8").split("\n")
        return [json.loads(line)["id"] for line in lines if line]


def judge(told: Told, stored: list[str], *, kept_counts: bool = True) -> Counts:
    """Compares what was told with what is stored, once everything has been delivered.

    Args:
        told: By the writers.
        stored: The id of every row of the dataset.
        kept_counts: Whether "kept here" promises anything: it does where the disk lasts.
    """
    counted = Counter(stored)
    promised = set(told.acknowledged) | (set(told.kept) if kept_counts else set())
    return Counts(
        acknowledged=len(set(told.acknowledged)),
        refused=len(set(told.refused)),
        kept=len(set(told.kept)),
        delivered=len(counted),
        lost=len(promised - counted.keys()),
        twice=sum(counted.values()) - len(counted),
        contradicted=len(set(told.acknowledged) & set(told.refused)),
    )
