"""One system's run in a process of its own; started by ``training.bench.quality``.

    python -m training.bench.quality.worker knn --data DATA --split validation --suites in-domain

It imports nothing heavy itself, so that the memory of a system is that system's.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from training.bench.data import MEASURED_SPLITS, SUITES, load_suites
from training.bench.peers import load_system
from training.bench.quality.measuring import measure_system
from training.bench.quality.results import result_path, write_result
from training.command import command


def run(name: str, data: Sequence[str], split: str, suites: list[str], out: Path) -> None:
    """Measures one system and writes its results.

    Raises:
        UserError: The data, the system or a package that it needs is missing.
    """
    system = load_system(name)
    for result in measure_system(name, system, load_suites(data, suites, split)):
        write_result(result_path(out, result["suite"], split, name), result)


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.bench.quality.worker")
    parser.add_argument("system")
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--split", choices=MEASURED_SPLITS, default=MEASURED_SPLITS[0])
    parser.add_argument("--suites", nargs="+", choices=SUITES, default=list(SUITES))
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    values = parser.parse_args(words)
    run(values.system, values.data, values.split, values.suites, values.out)


if __name__ == "__main__":
    raise SystemExit(main())
