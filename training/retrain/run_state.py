"""One retrain's folder: what it started from, and a marker for each step that is done.

``<work>/<key>/run.json`` pins the three commits and the settings that decide; ``<step>.json`` is
written when a step has ended, so a run that was killed at any moment goes on with the first step
that has no marker. ``outcome.json`` ends a run. Nothing in the folder is needed afterwards.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from training.json_files import read_json, write_json
from training.process_lock import process_lock
from training.retrain.config import Settings

KEY_CHARACTERS = 12
LAST = "outcome"
Result = TypeVar("Result", bound=Mapping[str, object])


@dataclass(frozen=True)
class Start:
    """What a run starts from.

    Attributes:
        model: Commit of the model in use.
        dataset: Commit of its dataset.
        corrections: Commit of its corrections.
        settings: Those that decide what comes out.
        date: Day of the start, ISO 8601, UTC: it stands in the changelog.
    """

    model: str
    dataset: str
    corrections: str
    settings: Settings
    date: str

    @property
    def key(self) -> str:
        """Name of the run's folder; the same start gives the same."""
        parts = [self.model, self.dataset, self.corrections, self.settings]
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:KEY_CHARACTERS]


class Run:
    """The folder of one run."""

    def __init__(self, folder: Path, start: Start) -> None:
        """Names the folder and what the run starts from."""
        self.folder, self.start = folder, start

    @classmethod
    def begin(cls, work: Path, start: Start) -> Run:
        """Makes the folder of a new run; an ended run of the same start starts again."""
        run = cls(work / start.key, start)
        shutil.rmtree(run.folder, ignore_errors=True)
        run.folder.mkdir(parents=True)
        write_json(run.folder / "run.json", vars(start))
        return run

    @classmethod
    def unfinished(cls, work: Path, model: str, dataset: str, settings: Settings) -> Run | None:
        """Finds a run to go on with: same settings, not ended, and nobody else was there since.

        Once a step of its own may have moved the dataset or the model, that step itself tells its
        own commit from somebody else's.

        Args:
            work: Folder of all runs.
            model: Commit that the model is at now.
            dataset: Commit that the dataset is at now.
            settings: Those that decide.
        """
        for path in sorted(work.glob("*/run.json")):
            run = cls(path.parent, Start(**read_json(path)))
            if run.done(LAST) or run.start.settings != settings:
                continue
            moved_model = run.start.model != model and not run.done("decision")
            moved_dataset = run.start.dataset != dataset and not run.done("merge")
            if not (moved_model or moved_dataset):
                return run
        return None

    def done(self, step: str) -> bool:
        """Tells whether a step has ended."""
        return (self.folder / f"{step}.json").is_file()

    def step(self, name: str, make: Callable[[], Result]) -> Result:
        """Runs a step unless it has ended; returns its result, as its marker has it."""
        path = self.folder / f"{name}.json"
        if not self.done(name):
            write_json(path, make())
        return cast(Result, read_json(path))

    def end(self, outcome: Mapping[str, object]) -> None:
        """Ends the run and removes what is large."""
        write_json(self.folder / f"{LAST}.json", outcome)
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)


def only_one_here(work: Path) -> AbstractContextManager[None]:
    """Keeps two runs with one folder apart; the Hub's lock would know both as its own.

    Entering raises a `UserError` where another process has the folder.
    """
    return process_lock(
        work / "in-use",
        lambda holder: (
            f"A retrain runs on this machine already (process {holder}): wait for its end."
        ),
    )
