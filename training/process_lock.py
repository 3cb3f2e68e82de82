"""A lock file that one process of a machine holds, until it lets go or ends in whatever way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from tagloop.errors import UserError


@contextmanager
def process_lock(
    path: Path, refusal: Callable[[str], str], holder: str | None = None
) -> Iterator[None]:
    """Holds a lock file, in which the holder says who it is.

    Args:
        path: The file; its folder is made if missing.
        refusal: Makes the sentence for whoever comes second of what names the first.
        holder: What names this process; its number and the time by default.

    Raises:
        UserError: Another process holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        named = path.read_text(encoding="utf-8").strip() or "unknown"
        raise UserError(refusal(named)) from None
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        path.write_text(holder or f"{os.getpid()}, since {since}", encoding="utf-8")
        yield
    finally:
        lock.release()
