"""Do corrections make the next model better, and does it forget? The loop, simulated.

    python -m training.bench.loop --data DATA                    # on the test split
    python -m training.bench.loop --data DATA --split validation # to choose by
    python -m training.bench.loop --data DATA --only methods     # ways to learn 100 corrections

A blog that the tagger has never seen is corrected, k articles of it, to its authors' tags; a share
of the corrections is bad; a retrain learns them; the candidate is measured on other articles of
that blog and on the old test, and passes the gate or not. Each round's result is kept in
``build/bench/loop-<split>/``, so an interrupted run goes on; the summary goes to
``training/bench/results/loop-<split>.json`` and ``loop.png``. The current model is made in
``build/bench/loop-current`` the first time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tqdm.auto import tqdm

from tagloop.errors import UserError
from training.bench.loop.methods import METHODS, NEIGHBOURS, RETRAIN
from training.bench.loop.results import RoundResult
from training.bench.loop.scenario import Scenario
from training.bench.loop.simulation import Round, Simulation
from training.bench.loop.summary import loop_chart, render, summarise, table
from training.bench.reporting import RESULTS, write_report
from training.command import command
from training.config import command_line, option, parse_config
from training.json_files import write_json

COUNTS = (50, 100, 200, 400)
SEEDS = (1, 2, 3)
BAD = (0.1, 0.3)
GENTLE = (RETRAIN, NEIGHBOURS, "half the rate", "half the passes", "half way to the new weights")


def _rounds() -> dict[str, list[Round]]:
    """Returns the rounds of each part, those that matter most first."""
    return {
        "neighbours": [Round(k, seed=s) for s, k in product(SEEDS, COUNTS)],
        "retrain": [Round(k, learns=RETRAIN, seed=s) for s, k in product(SEEDS, COUNTS)],
        "old articles": [Round(k, choice="old", seed=s) for s, k in product(SEEDS, COUNTS)],
        "bad": [
            Round(k, bad=bad, review=review, seed=s)
            for s, k, bad, review in product(SEEDS, COUNTS, BAD, (False, True))
        ],
        "choice": [
            Round(k, choice=how, seed=s)
            for s, k, how in product(SEEDS, COUNTS, ("uncertainty", "diversity"))
        ],
        "bad retrain": [
            Round(100, bad=0.3, review=review, learns=RETRAIN, seed=s)
            for s, review in product(SEEDS, (True, False))
        ],
        "methods": [Round(100, learns=method) for method in METHODS],
        "many": [Round(400, learns=method) for method in GENTLE],
    }


@dataclass
class LoopSettings:
    """Flags of the simulation."""

    data: list[str] = option([], "folders with the labelled files")
    split: str = option("test", "validation or test")
    only: list[str] = option([], "only these parts")
    out: str = option("build/bench", "folder of the results")
    summaries: str = option(str(RESULTS), "folder of the summary")
    current: str = option("build/bench/loop-current", "the tagger in use")
    summary: bool = option(False, "only sum up what is there")


def run(settings: LoopSettings, folder: Path) -> None:
    """Runs the rounds that have no result yet.

    Raises:
        UserError: A part is unknown, or the data are missing.
    """
    parts = _rounds()
    for name in settings.only:
        if name not in parts:
            raise UserError(f"No part is called {name!r}: take {', '.join(parts)}.")
    rounds = [one for name in settings.only or parts for one in parts[name]]
    missing = [one for one in rounds if not (folder / f"{one.name}.json").is_file()]
    if not missing:
        return
    scenario = Scenario.load(settings.data, settings.split, Path(settings.current))
    simulation = Simulation(scenario)
    for one in tqdm(missing, desc="rounds", unit="round"):
        write_json(folder / f"{one.name}.json", simulation.run(one))


def read_results(folder: Path) -> list[RoundResult]:
    """Reads all results that are there."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


@command("interrupted; the same command goes on")
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(LoopSettings, words, "python -m training.bench.loop")
    folder = Path(settings.out) / f"loop-{settings.split}"
    folder.mkdir(parents=True, exist_ok=True)
    if not settings.summary:
        run(settings, folder)
    shown_as = command_line("training.bench.loop", ["--data", "DATA", "--split", settings.split])
    summary = summarise(read_results(folder), settings.split, shown_as)
    write_report(Path(settings.summaries) / f"loop-{settings.split}.json", summary, table)
    if settings.split == "test":
        loop_chart(summary, Path(settings.summaries) / "loop.png")
    print(render(summary))


if __name__ == "__main__":
    raise SystemExit(main())
