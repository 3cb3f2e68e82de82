"""Timings that can be compared: in one process, by turns, medians of several rounds."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm


@dataclass(frozen=True)
class Job:
    """Something to time.

    Attributes:
        run: Does the work once.
        items: How many items (such as articles) that is.
    """

    run: Callable[[], object]
    items: int


def by_turns(jobs: Mapping[str, Job], rounds: int, title: str) -> dict[str, dict[str, float]]:
    """Times every job once a round, each round beginning with another job.

    Interleaving spreads whatever else slows the machine over all of them. The caller has run each
    job before, so that nothing is timed that happens only once.

    Returns:
        A job's items a second: ``median``, ``low`` and ``high`` over the rounds.
    """
    names = list(jobs)
    rates: dict[str, list[float]] = {name: [] for name in names}
    with tqdm(total=rounds * len(names), desc=title, unit="run") as bar:
        for round_ in range(rounds):
            first = round_ % len(names)
            for name in names[first:] + names[:first]:
                bar.set_postfix_str(name)
                rates[name].append(jobs[name].items / seconds(jobs[name].run))
                bar.update()
    return {name: spread(values) for name, values in rates.items()}


@dataclass(frozen=True)
class Spent:
    """What a command took.

    Attributes:
        wall: Seconds by the clock.
        processor: Seconds of all cores, which other work beside it hardly changes.
        code: Its exit status.
        output: What it printed.
    """

    wall: float
    processor: float
    code: int
    output: str


def command_spent(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Spent:
    """Runs a command in a folder.

    Args:
        command: Its words.
        folder: Where it runs.
        environment: What differs from this process's.
    """
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | dict(environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall, processor, done.returncode, done.stdout)


def seconds(run: Callable[[], object]) -> float:
    """Times one call by the wall clock."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def processor_seconds(run: Callable[[], object]) -> float:
    """Times one call by what all threads of this process compute; other processes do not count."""
    started = time.process_time()
    run()
    return time.process_time() - started


def spread(values: list[float]) -> dict[str, float]:
    """Returns median, least and greatest value to four significant digits."""
    named = {"median": statistics.median(values), "low": min(values), "high": max(values)}
    return {name: significant(value) for name, value in named.items()}


def significant(value: float, digits: int = 4) -> float:
    """Rounds to so many significant digits."""
    return float(f"{value:.{digits}g}")


def machine() -> dict[str, Any]:
    """Says what the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "transformers", "ctranslate2")},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
