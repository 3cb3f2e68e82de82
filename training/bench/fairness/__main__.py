"""The slowest answer another visitor saw while one visitor did his worst.

    python -m training.bench.fairness                      # 2 minutes on 2 cores
    python -m training.bench.fairness --quick              # tries the command out
    python -m training.bench.fairness --space OLD/space    # of another state of the code

Starts the Space as it is on the bundled base, or on a given model. A visitor from 127.0.0.3 loads
the page, has an article tagged, a file read and a small table tagged, again and again, first alone
and then while a visitor from 127.0.0.2 does all that `training.bench.fairness.attack` knows. The
goal is that no answer takes a second more than the slowest alone.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx2

from tagloop.service.examples import load_examples
from tagloop.web.settings import SPACE_FOLDER
from training.bench.fairness.page import (
    PATIENCE_SECONDS,
    Events,
    Refused,
    call,
    client,
    form,
    join,
    new_session,
    tag_body,
    upload,
)
from training.bench.reporting import QuickSettings, benchmark
from training.bench.tables import markdown_table
from training.bench.timing import machine
from training.config import option
from training.demo.space_process import SpaceProcess
from training.finetune.ctranslate2_conversion import convert
from training.finetune.preprocess import BUNDLED_BASE

ATTACKER, VISITOR = "127.0.0.2", "127.0.0.3"
PATHS = ("/", "/config", "/theme.css", "/gradio_api/info")
"""What of a page comes from the Space's own work."""
STOP_SECONDS = PATIENCE_SECONDS + 60
SMALL_TABLE = b"title,text\nBread,Sourdough rises slowly and needs a warm kitchen.\n"
SMALL_FILE = b"# Sleep\n\nA dark room and a fixed hour help people who sleep badly.\n"


@dataclass
class FairnessSettings(QuickSettings):
    """Flags of the benchmark."""

    report: ClassVar[str] = "fairness"
    space: str = option(str(SPACE_FOLDER), "folder with the Space's code")
    model: str = option("", "tagger, a folder or an id; the bundled base when left out")
    alone: float = option(20.0, "seconds of the visitor alone")
    seconds: float = option(60.0, "of the attack")

    def __post_init__(self) -> None:
        """Shortens a try."""
        if self.quick:
            self.alone, self.seconds = 2.0, 3.0


@dataclass
class Answers:
    """What a visitor saw: seconds of each kind of request, and those that got no answer."""

    waits: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)

    def summary(self) -> dict[str, dict[str, Any]]:
        """Returns the slowest and the median of each kind."""
        return {
            kind: {
                "requests": len(waits),
                "without_answer": len(self.failed.get(kind, [])),
                "reasons": sorted(set(self.failed.get(kind, [])))[:3],
                "median_seconds": round(statistics.median(waits), 3),
                "slowest_seconds": round(max(waits), 3),
            }
            for kind, waits in self.waits.items()
        }


class Visitor:
    """Somebody who uses the page in an ordinary way, a request of each kind after the other."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._examples = load_examples(SPACE_FOLDER / "examples")
        with client(url, VISITOR) as visitor:
            self._events = Events(visitor.get("/config").json())

    def stay(self, seconds: float) -> Answers:
        """Asks for each kind of answer, one kind beside the other, for so many seconds."""
        answers = Answers()
        until = time.monotonic() + seconds
        kinds: dict[str, tuple[float, Callable[[httpx2.Client, int], object]]] = {
            "page": (1.0, self._load),
            "tag": (1.0, self._tag),
            "file": (5.0, self._file),
            "batch": (5.0, self._batch),
        }
        threads = [
            threading.Thread(target=self._repeat, args=(answers, kind, every, act, until))
            for kind, (every, act) in kinds.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def _repeat(
        self,
        answers: Answers,
        kind: str,
        every: float,
        act: Callable[[httpx2.Client, int], object],
        until: float,
    ) -> None:
        turn = 0
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                with client(self._url, VISITOR) as visitor:  # as somebody who has just come
                    act(visitor, turn)
            except (httpx2.HTTPError, Refused) as error:
                reason = f"{type(error).__name__}: {error}"[:200]
                answers.failed.setdefault(kind, []).append(reason)
            spent = time.monotonic() - began
            answers.waits.setdefault(kind, []).append(spent)
            turn += 1
            time.sleep(max(0.0, every - spent))

    def _load(self, visitor: httpx2.Client, turn: int) -> None:
        for path in PATHS:
            answer = visitor.get(path)
            if answer.status_code != 200:
                raise Refused(f"{path}: {answer.text}")

    def _tag(self, visitor: httpx2.Client, turn: int) -> None:
        example = self._examples[turn % len(self._examples)]
        call(visitor, "tag", tag_body(example.text))

    def _file(self, visitor: httpx2.Client, turn: int) -> None:
        self._opened(visitor, self._events.file, "a.md", SMALL_FILE, [])

    def _batch(self, visitor: httpx2.Client, turn: int) -> None:
        self._opened(visitor, self._events.batch, "a.csv", SMALL_TABLE, [5, 0.1])

    def _opened(
        self, visitor: httpx2.Client, event: int, name: str, content: bytes, rest: list[Any]
    ) -> None:
        session = new_session()
        with visitor.stream("GET", f"/gradio_api/heartbeat/{session}") as page:
            if page.status_code != 200:
                raise Refused(f"heartbeat {page.status_code}")
            join(visitor, event, [upload(visitor, name, form(name, content)), *rest], session)


def run(settings: FairnessSettings) -> dict[str, Any]:
    """Measures alone, then under attack.

    Raises:
        UserError: The Space does not start.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = settings.model or str(_base(folder / "model"))
        (folder / "uploads").mkdir()
        environment = os.environ | {
            "MODEL_REPO": model,
            "HF_HUB_OFFLINE": "1",
            "TAGLOOP_OUTBOX": str(folder / "outbox"),
            "GRADIO_TEMP_DIR": str(folder / "uploads"),
            "PYTHONPATH": settings.space,
        }
        with SpaceProcess(Path(settings.space), folder / "space.log", environment) as space:
            visitor = Visitor(space.url)
            visitor.stay(1.0)  # what happens only once
            alone = visitor.stay(settings.alone)
            command = [sys.executable, "-m", "training.bench.fairness.attack"]
            words = [space.url, ATTACKER, str(settings.seconds)]
            attack = subprocess.Popen([*command, *words], stdout=subprocess.PIPE)
            time.sleep(2.0)  # its imports, and its first requests
            attacked = visitor.stay(settings.seconds)
            counts = json.loads(attack.communicate(timeout=STOP_SECONDS)[0])
            peak = space.peak_mb
            disk = sum(path.stat().st_size for path in (folder / "uploads").rglob("*"))
    return {
        "machine": machine(),
        "seconds": settings.seconds,
        "alone": alone.summary(),
        "attacked": attacked.summary(),
        "attack": counts,
        "peak_mb": round(peak, 1),
        "uploads_mb": round(disk / 1e6, 1),
    }


def _base(folder: Path) -> Path:
    """Makes what the Space runs of the bundled base."""
    shutil.copytree(BUNDLED_BASE, folder)
    convert(folder)
    return folder


def table(report: Mapping[str, Any]) -> str:
    """Renders the report as Markdown."""
    here = report["machine"]
    lines = [
        [
            kind,
            f"{alone['median_seconds']:.2f}",
            f"{alone['slowest_seconds']:.2f}",
            f"{attacked['median_seconds']:.2f}",
            f"{attacked['slowest_seconds']:.2f}",
            f"{attacked['slowest_seconds'] - alone['slowest_seconds']:+.2f}",
            f"{attacked['without_answer']} of {attacked['requests']}",
        ]
        for kind, alone in report["alone"].items()
        if (attacked := report["attacked"].get(kind))
    ]
    heads = [
        "request",
        "alone: median s",
        "slowest s",
        "attacked: median s",
        "slowest s",
        "more s",
        "without answer",
    ]
    kinds = [
        [kind, *(f"{counts.get(what, 0):,}" for what in ("answered", "refused", "lost"))]
        for kind, counts in sorted(report["attack"].items())
    ]
    return (
        f"{here['processor']}, {here['cores']} cores; one visitor does his worst for "
        f"{report['seconds']:g} s\n\n{markdown_table(heads, lines)}\n\n"
        f"What he asked for (the Space's peak {report['peak_mb']:,.0f} MB, uploads left on the "
        f"disk {report['uploads_mb']:,.0f} MB)\n\n"
        f"{markdown_table(['request', 'answered', 'refused', 'lost'], kinds)}"
    )


main = benchmark("training.bench.fairness", FairnessSettings, run, table)

if __name__ == "__main__":
    raise SystemExit(main())
