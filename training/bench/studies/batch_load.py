"""What a large file on the Batch tab costs: how long visitors wait beside it, and its memory.

    python -m training.bench.studies.batch_load --model MODEL            # 10,000 rows: half an hour
    python -m training.bench.studies.batch_load --model MODEL --quick    # tries the command out

One process does what the Space does: it tags a CSV file as the Batch tab does, and meanwhile single
articles one after the other, as a visitor with short pauses would. The articles are the Space's own
examples, over and over.
"""

from __future__ import annotations

import csv
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from threading import Thread
from typing import Any

from tagloop.batch.run import BatchState, tag_file
from tagloop.errors import UserError
from tagloop.service.examples import Example, load_examples
from tagloop.service.service import TaggingService
from tagloop.tagger.options import Options
from tagloop.tagger.tagger import Tagger
from tagloop.web.settings import SPACE_FOLDER
from training.bench.peak import forget_peak, peak_megabytes
from training.bench.reporting import Report, finish, report_file
from training.config import command_line, parse_config

PAUSE_SECONDS = 0.5
"""Between two articles of the visitor."""
ALONE = 30
"""Articles that the visitor has tagged before the batch begins."""


@dataclass
class BatchLoadSettings:
    """Flags of the benchmark."""

    model: str = field(default="", metadata={"help": "tagger: folder, or id on the Hub"})
    rows: int = field(default=10_000, metadata={"help": "of the file"})
    words: int = field(default=200, metadata={"help": "of a row's text, at most"})
    quick: bool = field(default=False, metadata={"help": "a few rows"})
    output: str = field(
        default="",
        metadata={"help": "JSON; default batch_load.json in results/, build/ if --quick"},
    )


def write_rows(path: Path, examples: Sequence[Example], rows: int, words: int) -> None:
    """Writes the file of the batch."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "title", "text"])
        for number, example in enumerate(islice(cycle(examples), rows)):
            text = " ".join(example.text.split()[:words])
            writer.writerow([number, example.title, text])


class Batch:
    """The file's way through the Batch tab, in a thread of its own."""

    def __init__(self, service: TaggingService, path: Path, folder: Path) -> None:
        self.state: BatchState | None = None
        self.thread = Thread(target=self._run, args=(service, path, folder))

    def _run(self, service: TaggingService, path: Path, folder: Path) -> None:
        for state in tag_file(service, path, folder, Options()):
            self.state = state


def visit(service: TaggingService, example: Example) -> float:
    """Returns the seconds that one article takes."""
    began = time.perf_counter()
    service.tag(example.title, example.text)
    return time.perf_counter() - began


def waits(seconds: Sequence[float]) -> dict[str, float]:
    """Returns the median and the 95th percentile, in milliseconds, and of how many."""
    ordered = sorted(seconds)
    return {
        "articles": len(ordered),
        "median_ms": round(1000 * statistics.median(ordered), 1),
        "p95_ms": round(1000 * ordered[int(0.95 * (len(ordered) - 1))], 1),
    }


def run(settings: BatchLoadSettings, command: str) -> Report:
    """Measures.

    Raises:
        UserError: The tagger cannot be had, or a row could not be tagged.
    """
    if not settings.model:
        raise UserError("--model is missing: give a tagger's folder, or its id on the Hub.")
    service = TaggingService(Tagger.from_pretrained(settings.model))
    examples = load_examples(SPACE_FOLDER / "examples")
    coming = cycle(examples)
    visit(service, examples[0])
    alone = [visit(service, next(coming)) for _ in range(ALONE)]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "rows.csv"
        write_rows(path, examples, settings.rows, settings.words)
        forget_peak()
        before = peak_megabytes()
        batch = Batch(service, path, Path(name))
        batch.thread.start()
        beside = []
        while batch.thread.is_alive():
            beside.append(visit(service, next(coming)))
            batch.thread.join(PAUSE_SECONDS)
        peak = peak_megabytes()
    state = batch.state
    if state is None or state.tagged != settings.rows:
        raise UserError("The batch did not tag every row: see what it says above.")
    return {
        "command": command,
        "rows": settings.rows,
        "words": settings.words,
        "rows_a_second": round(state.rate, 2),
        "memory_before_mb": round(before, 1),
        "memory_peak_mb": round(peak, 1),
        "visitor": {"alone": waits(alone), "beside_the_batch": waits(beside)},
        "machine": _machine(),
    }


def _machine() -> dict[str, Any]:
    from training.bench.timing import machine  # torch: after the memory has been read

    return machine()


def table(report: Report) -> str:
    """Renders the report for a terminal."""
    lines = [
        f"{report['rows']:,} rows of {report['words']} words: {report['rows_a_second']} a second; "
        f"memory {report['memory_before_mb']} MB before, {report['memory_peak_mb']} MB at most"
    ]
    for name, row in report["visitor"].items():
        lines.append(
            f"a visitor {name.replace('_', ' ')}: median {row['median_ms']} ms, "
            f"p95 {row['p95_ms']} ms ({row['articles']} articles)"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    words = list(sys.argv[1:] if argv is None else argv)
    module = "training.bench.studies.batch_load"

    def measured() -> tuple[Report, Path]:
        settings = parse_config(BatchLoadSettings, words, f"python -m {module}")
        if settings.quick:
            settings.rows, settings.words = 24, 40
        report = run(settings, command_line(module, words))
        return report, report_file(settings.output, "batch_load.json", settings.quick)

    return finish(measured, table)


if __name__ == "__main__":
    sys.exit(main())
