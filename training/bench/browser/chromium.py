"""A headless Chromium of its own profile, and what its processes cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import BrowserContext, Page, sync_playwright

from training.chromium import OPTIONS, find_chromium

PATIENCE = 300_000


@contextmanager
def chromium(profile: Path) -> Iterator[BrowserContext]:
    """Starts one; what pages store stays in the profile."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile), executable_path=find_chromium(), args=OPTIONS
        )
        context.set_default_timeout(PATIENCE)
        yield context
        context.close()


def renderer(profile: Path) -> psutil.Process:
    """Returns the process of the profile's pages that has most memory."""
    found = []
    for process in psutil.process_iter():
        with _gone():
            if "--type=renderer" not in process.cmdline():
                continue
            if any(str(profile) in " ".join(one.cmdline()) for one in process.parents()):
                found.append((process.memory_info().rss, process.pid, process))
    return max(found)[2]


@contextmanager
def _gone() -> Iterator[None]:
    try:
        yield
    except psutil.Error:
        pass


def peak_megabytes(process: psutil.Process) -> float:
    """Returns the greatest resident memory of a process so far."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def cpu_seconds(process: psutil.Process) -> float:
    """Returns the processor time that a process has had, of all its threads."""
    times = process.cpu_times()
    return float(times.user + times.system)


def ask(page: Page, title: str, text: str, **options: Any) -> dict[str, Any]:
    """Asks the page's tagger for an article's tags, or what ``type`` names."""
    request = {"type": "tag", "title": title, "text": text} | options
    found: dict[str, Any] = page.evaluate("(request) => tagger.ask(request)", request)
    return found
