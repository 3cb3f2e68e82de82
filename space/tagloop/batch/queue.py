"""Who waits with a file and who is being served: two batches at a time, one of a visitor."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import OrderedDict
from pathlib import Path
from threading import Event, Lock

BATCHES = 2
"""At the same time, of different visitors: who has a short file need not wait an hour for another's
long one."""
KEPT_SECONDS = 3600
"""A batch that was announced and never came is forgotten, and a folder that was left is removed."""
_FOLDERS = "tagloop-batch-"


class BatchQueue:
    """Knows the batches by their visitors' sessions."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._batches: OrderedDict[str, tuple[Event, float, str]] = OrderedDict()

    def announce(self, session: str, visitor: str = "") -> int:
        """Queues a batch, in place of one of the same session; returns how many are before it."""
        with self._lock:
            now = time.monotonic()
            for old, (_, since, _) in list(self._batches.items()):
                if now - since > KEPT_SECONDS:
                    del self._batches[old]
            self._batches.pop(session, None)
            others = [other for _, _, other in self._batches.values()]
            self._batches[session] = (Event(), now, visitor)
            # Visitors come by turns: before this one are those of its own, and one of each other.
            before = others.count(visitor), len({*others} - {visitor}) + 1 - BATCHES
            return max(before)

    def cancel(self, session: str) -> None:
        """Lets a session's batch stop before its next rows, or never begin."""
        with self._lock:
            if session in self._batches:
                self._batches[session][0].set()

    def cancel_flag(self, session: str, visitor: str = "") -> Event:
        """Returns what ``cancel`` sets for the batch that is announced."""
        with self._lock:
            return self._batches.setdefault(session, (Event(), time.monotonic(), visitor))[0]

    def leave(self, session: str, flag: Event) -> None:
        """Notes that the batch with this flag is over."""
        with self._lock:
            if session in self._batches and self._batches[session][0] is flag:
                del self._batches[session]


def result_folder() -> Path:
    """Makes a folder for one result that nobody else can guess or, on this machine, read.

    Folders that a batch left behind because it was killed go at this occasion.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*"):
        try:
            if time.time() - left.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue  # another batch was faster
    return Path(tempfile.mkdtemp(prefix=_FOLDERS))
