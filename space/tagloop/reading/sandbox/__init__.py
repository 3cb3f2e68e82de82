"""Turns a file that a visitor drops, or the page at an address, into a title and a text.

Each is read in a process of its own (`tagloop.reading.sandbox.process`), which has neither the
Space's memory nor its secrets.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tagloop.errors import UserError
from tagloop.rate_limits import Busy, FairSlots
from tagloop.reading.documents import ENDINGS
from tagloop.service.background import POLL_SECONDS, ReportProgress
from tagloop.service.upload_size import check_upload

MANY = (
    ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".zip", ".xlsx", ".ods", ".xls", ".parquet",
    ".xml", ".rss", ".atom", ".opml",
)  # fmt: skip
"""Files of many articles."""
USUAL_ENDINGS = (".md", ".html", ".rst", ".org", ".txt", ".docx", ".pdf")
MAX_TEXT_BYTES = 5_000_000
MAX_DOCUMENT_BYTES = 25_000_000
"""Documents may hold pictures."""
MAX_SECONDS = 25
MAX_READERS = 2
"""That work at the same time, on a machine of two cores; of one visitor only one."""
BUSY_SECONDS = 10
"""After which a reader is likely to be free: most files take two."""
SHOWN_NAME = 80
FILE, ADDRESS = "file", "address"
"""What the process is told to read."""

PACKAGES = Path(__file__).resolve().parents[3]
_KEPT = ("SPACE_ID", "PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
_readers = FairSlots(MAX_READERS)
_fetchers = FairSlots(MAX_READERS)  # apart, so that slow sites do not keep files waiting


class Article(NamedTuple):
    """What was read.

    Attributes:
        title: May be empty.
        text: Plain text, paragraphs by blank line.
        note: What a visitor should know of it, as a sentence; empty if nothing.
    """

    title: str
    text: str
    note: str = ""


def read_file(
    path: Path, report: ReportProgress = lambda done, total: None, visitor: str = ""
) -> Article:
    """Reads the article in a file.

    Args:
        path: Of one of ``ENDINGS``.
        report: Called again and again meanwhile; what it raises ends the reading.
        visitor: Whose file it is; one visitor's files are read one after the other.

    Raises:
        UserError: The file cannot be read; one sentence says why and what to do.
    """
    name = _shown(path)
    _check_kind_and_size(path, name)
    waiting = _waiting(f"Other files are being read just now: try {name} again in {{}}.", report)
    with _readers.turn(visitor, waiting):
        return _read_apart(name, FILE, str(path.resolve()), report)


def read_address(
    address: str, report: ReportProgress = lambda done, total: None, visitor: str = ""
) -> Article:
    """Reads the article in the page at an address.

    What is fetched, and what is not, says `tagloop.reading.fetch.page`; ``report`` and ``visitor``
    as for a file.

    Raises:
        UserError: The page cannot be fetched or read, or must not be; one sentence says why.
    """
    from tagloop.reading.fetch.page import check_address, shown  # files need no HTTP client

    url = check_address(address)
    waiting = _waiting("Other pages are being fetched just now: try again in {}.", report)
    with _fetchers.turn(visitor, waiting):
        return _read_apart(shown(url), ADDRESS, str(url), report)


def _waiting(busy: str, report: ReportProgress) -> Callable[[], float]:
    """Returns what keeps somebody waiting as long as he listens, and not too long."""
    deadline = time.monotonic() + MAX_SECONDS

    def keep_waiting() -> float:
        report(0, 0)
        if time.monotonic() > deadline:
            raise Busy(busy, BUSY_SECONDS)
        return POLL_SECONDS

    return keep_waiting


def _check_kind_and_size(path: Path, name: str) -> None:
    ending = path.suffix.lower()
    if ending == ".doc":
        raise UserError(f"{name} is an old Word file: save it as .docx and try again.")
    if ending in MANY:
        raise UserError(f"{name} is a file of many articles: give it to the Batch tab.")
    if ending not in ENDINGS:
        raise UserError(
            f"{name} is none of {', '.join(USUAL_ENDINGS)} or the like: convert it, or paste its "
            "text."
        )
    limit = MAX_DOCUMENT_BYTES if ending in (".docx", ".pdf") else MAX_TEXT_BYTES
    check_upload(path, name, limit, "Paste its text instead.")


def _read_apart(name: str, kind: str, place: str, report: ReportProgress) -> Article:
    process = subprocess.Popen(
        [sys.executable, "-m", "tagloop.reading.sandbox.process", kind, place, name],
        env=environment(),
        cwd=PACKAGES,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            answer = json.loads(_answer(process, report))
        except (TimeoutError, ValueError) as error:  # it was stopped before it could answer
            raise _too_long(name) from error
        finally:
            process.kill()
    if "problem" in answer:
        raise UserError(answer["problem"])
    return Article(**answer)


def _answer(process: subprocess.Popen[bytes], report: ReportProgress) -> bytes:
    deadline = time.monotonic() + MAX_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        report(0, 0)
        try:
            return process.communicate(timeout=min(left, POLL_SECONDS))[0]
        except subprocess.TimeoutExpired:
            continue
    raise TimeoutError


def environment() -> dict[str, str]:
    """Returns what Python needs in the process, and none of the Space's secrets."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    places = [str(PACKAGES), *filter(None, sys.path)]
    return kept | {"PYTHONPATH": os.pathsep.join(places), "PYTHONIOENCODING": "utf-8"}


def _too_long(name: str) -> UserError:
    return UserError(
        f"{name} takes too long or too much memory to be read: paste its text instead."
    )


def _shown(path: Path) -> str:
    name = "".join(character for character in path.name if character.isprintable())
    return name if len(name) <= SHOWN_NAME else f"{name[: SHOWN_NAME - 10]}…{name[-9:]}"
