"""The end of a benchmark's command line: where its report goes, and a mistake in one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from training.json_files import write_json

RESULTS = Path(__file__).parent / "results"
QUICK = Path("build") / "bench"
"""Reports of ``--quick`` are no results."""
Report = dict[str, Any]


def report_file(output: str, name: str, quick: bool) -> Path:
    """Returns where a report goes: what a person named, or ``name`` among the results."""
    return Path(output or (QUICK if quick else RESULTS) / name)


def finish(measure: Callable[[], tuple[Report, Path]], table: Callable[[Report], str]) -> int:
    """Measures, writes the report and prints its table.

    Args:
        measure: Gives the report and its file.
        table: Renders the report.

    Returns:
        Exit status: 2 for a user's mistake.
    """
    try:
        report, output = measure()
        output.parent.mkdir(parents=True, exist_ok=True)
        write_json(output, report)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table(report))
    return 0
