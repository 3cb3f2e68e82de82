"""What visitors have uploaded, how much more each may, and when it goes again."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from tagloop.rate_limits import Busy
from tagloop.service.disk_reserve import RETRY_SECONDS, DiskReserve

MAX_UPLOAD_BYTES = 50_000_000
"""Of one file: what the Batch tab takes."""
VISITOR_BYTES, VISITOR_FILES = 200_000_000, 100
"""Of one visitor that lie on the disk at the same time: thirty tables of a class, or four of the
largest files. A file that the Tag tab reads is gone once it is read."""
ALL_BYTES = 2_000_000_000
"""Of all visitors: a small part of a Space's disk."""
HOUR_BYTES = 1_000_000_000
"""Of one visitor in an hour, whether they still lie there or not."""
HOUR = 3600.0
LEFT_PATTERN = "tmp*"
"""How gradio calls what is on its way; it leaves it behind when the visitor breaks off."""


@dataclass
class _Lying:
    """A file on the disk; the same one of several visitors lies there once."""

    size: int
    visitors: list[str] = field(default_factory=list)


class Uploads:
    """Counts the files that lie on the disk, each as long as it lies there.

    Args:
        folder: Where gradio puts them.
        reserve: What of the disk they may not take.
        clock: Gives seconds.
    """

    def __init__(
        self, folder: Path, reserve: DiskReserve, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder, self.reserve = folder, reserve
        self._clock = clock
        self._lock = Lock()
        self._lying: dict[Path, _Lying] = {}
        self._coming: Counter[str] = Counter()
        self._begun: list[float] = []
        self._hour: OrderedDict[str, list[tuple[float, int]]] = OrderedDict()

    @contextmanager
    def coming(self, visitor: str, expected: int) -> Iterator[None]:
        """Keeps room for an upload in this block.

        Args:
            visitor: Whose it is.
            expected: Bytes.

        Raises:
            Busy: There is none: the visitor, all together or the disk have as much as they may.
        """
        begun = time.time()
        with self._lock:
            self._check(visitor, expected)
            self._coming[visitor] += expected
            self._begun.append(begun)
        try:
            yield
        finally:
            with self._lock:
                self._coming[visitor] -= expected
                self._coming += Counter()  # drops those that have nothing
                self._hour.setdefault(visitor, []).append((self._clock(), expected))
                self._begun.remove(begun)
                self._remove_what_was_left()

    def arrived(self, visitor: str, paths: Sequence[str]) -> None:
        """Notes the files that came of an upload."""
        with self._lock:
            for path in map(Path, paths):
                if path.is_file():
                    lying = self._lying.setdefault(path.resolve(), _Lying(path.stat().st_size))
                    lying.visitors.append(visitor)

    def discard(self, path: Path) -> None:
        """Deletes a file that was read, unless another visitor has uploaded the same one."""
        with self._lock:
            lying = self._lying.get(path.resolve())
            if lying is None:
                return
            lying.visitors.pop()
            if not lying.visitors:
                del self._lying[path.resolve()]
                path.unlink(missing_ok=True)

    def _check(self, visitor: str, expected: int) -> None:
        self._lying = {path: it for path, it in self._lying.items() if path.exists()}
        mine = [it.size for it in self._lying.values() if visitor in it.visitors]
        if len(mine) >= VISITOR_FILES or (
            sum(mine) + self._coming[visitor] + expected > VISITOR_BYTES
        ):
            raise Busy(
                f"You have {sum(mine) / 1e6:,.0f} MB in {len(mine)} files here already, which is "
                "as much as one visitor may: try again in {}.",
                HOUR if mine else 10,
            )
        everybody = sum(it.size for it in self._lying.values()) + self._coming.total()
        if everybody + expected > ALL_BYTES:
            raise Busy("Too many files are here just now: try again in {}.", RETRY_SECONDS)
        self._check_hour(visitor, expected)
        self.reserve.check(self._coming.total() + expected)

    def _check_hour(self, visitor: str, expected: int) -> None:
        now = self._clock()
        for name in list(self._hour):
            self._hour[name] = [it for it in self._hour[name] if now - it[0] < HOUR]
            if not self._hour[name]:
                del self._hour[name]
        mine = self._hour.get(visitor, [])
        if sum(size for _, size in mine) + self._coming[visitor] + expected > HOUR_BYTES:
            wait = HOUR - (now - mine[0][0]) if mine else 10
            raise Busy(
                f"That is more than {HOUR_BYTES // 1_000_000:,} MB of files an hour: try again in "
                "{}.",
                wait,
            )

    def _remove_what_was_left(self) -> None:
        """Deletes what no upload that is on its way can have begun."""
        first = min(self._begun, default=time.time())
        for left in self.folder.glob(LEFT_PATTERN):
            try:
                if left.is_file() and left.stat().st_mtime < first:
                    left.unlink()
            except OSError:
                continue  # it is gone by now
