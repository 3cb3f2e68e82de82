"""What is kept of one system on one suite, and what is committed of all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TypedDict

from training.bench.data import Suite
from training.bench.means import Interval
from training.bench.peers import OF_BASE
from training.evaluation.scores import Values

WEIGHTS = Path(__file__).parents[2] / "base" / "weights"


class KindResult(TypedDict):
    """A system's answers for one kind of article, scored; ``parts`` has each article's."""

    articles: int
    articles_per_second: float
    parts: list[str]
    scores: list[Values]


class Result(TypedDict):
    """A system's result on a suite; peaks in MB of 10^6 bytes."""

    system: str
    suite: str
    fingerprint: str
    settings: dict[str, Any]
    fit_seconds: float
    fit_peak_mb: int
    kinds: dict[str, KindResult]
    tagging_peak_mb: int


class Difference(TypedDict):
    """One of Tagloop's systems minus one peer, on the same articles or sources."""

    part: str
    measure: str
    ours: str
    peer: str
    difference: Interval
    intervals_overlap: bool


class Summary(TypedDict):
    """What is committed of one suite, ``results/SUITE-SPLIT.json``; a system's scores are means."""

    suite: str
    split: str
    systems: dict[str, Any]
    differences: list[Difference]


def result_path(out: Path, suite: str, split: str, system: str) -> Path:
    """Returns where a system's result on a suite is kept."""
    return out / f"{suite}-{split}" / f"{system}.json"


def read_result(path: Path, name: str, suite: Suite) -> Result | None:
    """Reads a system's result, if there is one, of these data and this base."""
    if not path.is_file():
        return None
    result: Result = json.loads(path.read_text(encoding="utf-8"))
    return result if result["fingerprint"] == fingerprint(name, suite) else None


def write_result(path: Path, result: Result) -> None:
    """Writes a result, whole or not at all: an interrupted run is taken up again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    part.rename(path)


def fingerprint(name: str, suite: Suite) -> str:
    """Returns a digest of what a result is of: the data and, where it is of the base, that."""
    if name not in OF_BASE:
        return suite.fingerprint
    return hashlib.sha256((suite.fingerprint + base_digest()).encode("ascii")).hexdigest()[:16]


def base_digest() -> str:
    """Returns a digest of the bundled base's files but its card."""
    digest = hashlib.sha256()
    for path in sorted(WEIGHTS.glob("*")):
        if path.suffix != ".md":
            digest.update(path.read_bytes())
    return digest.hexdigest()
