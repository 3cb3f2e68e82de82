"""Quality, speed and memory of Tagloop and its peers on the same articles in the same run.

    python -m training.bench.quality --data DATA MORE                  # validation
    python -m training.bench.quality --data DATA MORE --split test     # for the last measurement
    python -m training.bench.quality --data DATA MORE --only knn one-vs-rest

All systems take about three hours on 2 cores, one-vs-rest alone one. One system
at a time, each in a process of its own. A result is kept in
``build/bench/<suite>-<split>/<system>.json`` and made again when the data or the base are others,
or with ``--again``; the tables are of all results that are there, and are summed up in
``training/bench/results/``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tagloop.errors import UserError
from training.bench.data import SUITES, Suite, load_suites
from training.bench.peers import MODULES
from training.bench.quality.results import Result, read_result, result_path
from training.bench.quality.tables import render, summarise
from training.bench.reporting import RESULTS, write_report
from training.command import command
from training.config import option, parse_config


@dataclass
class QualitySettings:
    """Flags of the benchmark."""

    data: list[str] = option([], "folders with the labelled files")
    split: str = option("validation", "validation or test")
    suites: list[str] = option(list(SUITES), "tables")
    only: list[str] = option([], "only these systems")
    again: bool = option(False, "run finished systems again")
    out: str = option("build/bench", "folder of the results")
    summaries: str = option(str(RESULTS), "folder of the summaries")


def run_systems(settings: QualitySettings, suites: list[Suite]) -> list[str]:
    """Runs every system that has no result yet.

    Returns:
        One sentence a system that failed; the others have run all the same.

    Raises:
        UserError: ``--only`` names an unknown system.
    """
    for name in settings.only:
        if name not in MODULES:
            raise UserError(f"No system is called {name!r}: take {', '.join(MODULES)}.")
    failures = []
    for name in settings.only or MODULES:
        missing = [
            suite.name for suite in suites if settings.again or _kept(settings, suite, name) is None
        ]
        if not missing:
            print(f"{name}: has its result already", file=sys.stderr)
            continue
        print(f"{name}: runs on {', '.join(missing)}", file=sys.stderr)
        failure = _run_process(settings, name, missing)
        if failure:
            print(f"error: {failure}", file=sys.stderr)
            failures.append(failure)
    return failures


def _run_process(settings: QualitySettings, name: str, suites: list[str]) -> str:
    """Runs one worker; returns a sentence if it failed, else nothing."""
    command = [
        *(sys.executable, "-m", "training.bench.quality.worker", name),
        *("--data", *settings.data, "--split", settings.split, "--out", settings.out),
        *("--suites", *suites),
    ]
    log = result_path(Path(settings.out), suites[0], settings.split, name).with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true", **os.environ}
    with log.open("w", encoding="utf-8") as output:
        code = subprocess.run(command, env=environment, stdout=output, stderr=output).returncode
    if code == 0:
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1].removeprefix("error: ") if lines else "it said nothing"
    how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
    return f"{name} {how}: {last} (all of it in {log})"


def _kept(settings: QualitySettings, suite: Suite, name: str) -> Result | None:
    path = result_path(Path(settings.out), suite.name, settings.split, name)
    return read_result(path, name, suite)


def report(settings: QualitySettings, suites: list[Suite]) -> None:
    """Prints the tables of all results and writes their summaries."""
    for suite in suites:
        found = [_kept(settings, suite, name) for name in MODULES]
        results = [result for result in found if result is not None]
        if results:
            summary = summarise(results, settings.split)
            path = Path(settings.summaries) / f"{suite.name}-{settings.split}.json"
            print(write_report(path, summary, render), end="\n\n")


@command("interrupted; the same command goes on")
def main(words: list[str]) -> int:
    """Runs the command line."""
    settings = parse_config(QualitySettings, words, "python -m training.bench.quality")
    suites = load_suites(settings.data, settings.suites, settings.split)
    failures = run_systems(settings, suites)
    report(settings, suites)
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
