"""How the Space bears many visitors at once, on both engines: requests a second and waiting times.

    python -m training.bench.load --data DATA                  # 4 minutes on 2 cores
    python -m training.bench.load --data DATA --quick          # tries the command out

Starts the Space as it is, on what publishing makes of the bundled base, and again on the same model
without its conversion, which transformers runs. Visitors call ``/tag`` over HTTP, each one article
after the other without a pause; the memory is the Space's own.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import httpx2

from tagloop.files import CTRANSLATE2
from tagloop.web.settings import SPACE_FOLDER
from training.bench.data import Row, load_suites
from training.bench.peers.tagloop_system import prepare_model
from training.bench.reporting import QuickSettings, benchmark
from training.bench.tables import markdown_table
from training.bench.timing import machine
from training.config import option
from training.demo.space_process import SpaceProcess
from training.finetune.preprocess import BUNDLED_BASE

ENGINES = ("ctranslate2", "transformers")
PATIENCE_SECONDS = 120.0
"""A request that takes longer has failed."""


@dataclass
class LoadSettings(QuickSettings):
    """Flags of the benchmark."""

    report: ClassVar[str] = "load"
    weights: str = option(str(BUNDLED_BASE), "model folder to publish")
    visitors: int = option(32, "at the same time")
    seconds: float = option(60.0, "for which they come")
    alone: int = option(20, "articles of a visitor without others")

    def __post_init__(self) -> None:
        """Shortens a try."""
        if self.quick:
            self.visitors, self.seconds, self.alone = 3, 1.0, 3


def visit(url: str, rows: Sequence[Row], until: float) -> tuple[list[float], list[str]]:
    """Has articles tagged one after the other until a time.

    Returns:
        Seconds of each answer, and what went wrong.
    """
    waits, problems = [], []
    with httpx2.Client(base_url=url, timeout=PATIENCE_SECONDS) as client:
        place = 0
        while time.perf_counter() < until:
            row = rows[place % len(rows)]
            place += 1
            began = time.perf_counter()
            try:
                answer = _tagged(client, row)
            except httpx2.HTTPError as error:
                answer = type(error).__name__
            if answer:
                problems.append(answer)
            else:
                waits.append(time.perf_counter() - began)
    return waits, problems


def _tagged(client: httpx2.Client, row: Row) -> str:
    """Has one article tagged; returns what went wrong, or nothing."""
    data = [row.title, row.text, None, None, None, None, None, False]
    call = client.post("/gradio_api/call/tag", json={"data": data})
    if call.status_code != 200:
        return f"status {call.status_code}"
    events = client.get(f"/gradio_api/call/tag/{call.json()['event_id']}").text
    if "event: complete" not in events:
        return "no tags"
    [answer] = json.loads(events.rpartition("data: ")[2])
    return "" if answer["tags"] else "no tags"


def measure(space: SpaceProcess, rows: Sequence[Row], settings: LoadSettings) -> dict[str, Any]:
    """Sends all visitors at once."""
    alone = [wait for row in rows[: settings.alone] for wait in visit_once(space.url, row)]
    until = time.perf_counter() + settings.seconds
    began = time.perf_counter()
    shares = [rows[first :: settings.visitors] or rows for first in range(settings.visitors)]
    with ThreadPoolExecutor(settings.visitors) as pool:
        found = list(pool.map(lambda share: visit(space.url, share, until), shares))
    spent = time.perf_counter() - began
    waits = sorted(wait for part, _ in found for wait in part)
    problems = [problem for _, part in found for problem in part]
    return {
        "start_seconds": round(space.start_seconds, 2),
        "alone_ms": round(1000 * statistics.median(alone)),
        "answers": len(waits),
        "errors": len(problems),
        "kinds_of_errors": sorted(set(problems)),
        "answers_a_second": round(len(waits) / spent, 2),
        "median_seconds": round(statistics.median(waits), 3) if waits else None,
        "p95_seconds": round(waits[int(0.95 * (len(waits) - 1))], 3) if waits else None,
        "peak_mb": round(space.peak_mb, 1),
    }


def visit_once(url: str, row: Row) -> list[float]:
    """Returns the seconds that one article takes while nobody else is there."""
    with httpx2.Client(base_url=url, timeout=PATIENCE_SECONDS) as client:
        began = time.perf_counter()
        return [] if _tagged(client, row) else [time.perf_counter() - began]


def run(settings: LoadSettings) -> dict[str, Any]:
    """Measures both engines.

    Raises:
        UserError: The data are missing, or the Space does not start.
    """
    suite = load_suites(settings.data, ["in-domain"], "validation")[0]
    rows = [row for row in suite.validation if row.text]
    engines = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = folder / "model"
        prepare_model(model, suite.train, suite.validation, Path(settings.weights))
        for engine in ENGINES:
            if engine == "transformers":
                shutil.rmtree(model / CTRANSLATE2)
            environment = os.environ | {
                "MODEL_REPO": str(model),
                "TAGLOOP_TAGGINGS_A_MINUTE": "0",  # all visitors have one address here
                "TAGLOOP_REQUESTS_AT_ONCE": "0",
                "HF_HUB_OFFLINE": "1",
            }
            with SpaceProcess(SPACE_FOLDER, folder / "space.log", environment) as space:
                engines[engine] = measure(space, rows, settings)
    return {
        "machine": machine(),
        "visitors": settings.visitors,
        "seconds": settings.seconds,
        "engines": engines,
    }


def table(report: Mapping[str, Any]) -> str:
    """Renders the report as Markdown."""
    heads = {
        "start_seconds": "start s",
        "alone_ms": "alone ms",
        "answers": "answers",
        "errors": "errors",
        "answers_a_second": "a second",
        "median_seconds": "median s",
        "p95_seconds": "p95 s",
        "peak_mb": "peak MB",
    }
    here = report["machine"]
    lines = [
        [engine, *(str(row[name]) for name in heads)] for engine, row in report["engines"].items()
    ]
    return (
        f"{here['processor']}, {here['cores']} cores; {report['visitors']} visitors for "
        f"{report['seconds']:g} s\n\n{markdown_table(['engine', *heads.values()], lines)}"
    )


main = benchmark("training.bench.load", LoadSettings, run, table)

if __name__ == "__main__":
    raise SystemExit(main())
