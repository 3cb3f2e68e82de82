"""Records on the local disk that wait for delivery: the durable half of the outbox.

One process appends to one open file, a *segment*; `Journal.seal` closes it, and from then on its
bytes never change. So a segment can be uploaded any number of times under its own name and is
stored once. A record counts as written when `Journal.append` returns: then it is fsynced.

A segment being written is locked (`flock`), and the kernel drops the lock with the process,
however it ends. What is not locked was left behind and belongs to whoever finds it.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from tagloop.errors import UserError

logger = logging.getLogger(__name__)

SUFFIX = ".jsonl"


class Journal:
    """A folder of JSON Lines segments. Not thread-safe: its owner holds a lock around it.

    Args:
        directory: The folder; made when missing. Two processes may share it.
        max_bytes: `append` refuses what would take the folder beyond this size.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self.directory = directory
        self.max_bytes = max_bytes
        self._descriptor: int | None = None
        self._size = 0
        self._path = directory  # of the open segment
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def segment(self) -> Path | None:
        """The segment that is being written, if one is."""
        return None if self._descriptor is None else self._path

    def append(self, record: Mapping[str, Any]) -> Path:
        """Write one record and return the segment that holds it, fsynced.

        Raises:
            UserError: The disk or the folder's allowance is full; nothing was kept.
        """
        line = json.dumps(record, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        if self.bytes_used() + len(line) > self.max_bytes:
            raise UserError(
                "Not saved: too many corrections are waiting for the Hub already. "
                "Please try again later."
            )
        try:
            if self._descriptor is None:
                self._open()
            self._write(line)
        except OSError as error:
            logger.error("Cannot write to the outbox %s: %s", self.directory.name, error.strerror)
            raise UserError(
                f"Not saved: the server cannot write to its disk ({error.strerror}). "
                "Please try again later."
            ) from error
        return self._path

    def seal(self) -> None:
        """Close the open segment; from now on it is among `sealed`."""
        if self._descriptor is not None:
            os.close(self._descriptor)  # gives the lock back
            self._descriptor = None

    def sealed(self) -> list[Path]:
        """Return the segments that no process writes any more, oldest first."""
        paths = sorted(self.directory.glob(f"*{SUFFIX}"), key=lambda path: path.name)
        found = []
        for path in paths:
            with _claimed(path) as claimed:
                if claimed and self._mended(path):
                    found.append(path)
        return found

    def bytes_used(self) -> int:
        """Return the size of everything that waits in the folder."""
        total = 0
        for entry in os.scandir(self.directory):
            with suppress(FileNotFoundError):  # another process has just delivered it
                total += entry.stat().st_size
        return total

    def _open(self) -> None:
        name = f"{datetime.now(UTC):%Y-%m-%d}_{uuid4().hex}"
        fresh = self.directory / f"{name}.new"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            # Locked before it has the name that others look for.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._path = fresh.rename(self.directory / f"{name}{SUFFIX}")
            _sync_directory(self.directory)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor, self._size = descriptor, 0

    def _write(self, line: bytes) -> None:
        assert self._descriptor is not None
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
        except OSError:
            # Take the part that was written back; if even that fails, leave this segment alone.
            try:
                os.ftruncate(self._descriptor, self._size)
            finally:
                self.seal()
            raise
        self._size += len(line)

    def _mended(self, path: Path) -> bool:
        """Cut a torn last line off and set damaged lines aside; False if nothing is left.

        A line can only be torn or damaged by a crash or a failing disk before its fsync
        returned, so nobody was told that it was saved; damaged lines are kept all the same.
        """
        lines = path.read_bytes().split(b"\n")
        torn = lines.pop()
        damaged = [line for line in lines if not _is_record(line)]
        if damaged or torn:
            good = [line for line in lines if _is_record(line)]
            logger.warning(
                "Outbox segment %s: %d unreadable lines set aside, %d bytes of a torn line cut",
                path.name,
                len(damaged),
                len(torn),
            )
            if damaged:
                _write_synced(path.with_suffix(".damaged"), b"\n".join(damaged) + b"\n")
            _write_synced(path, b"".join(line + b"\n" for line in good))
            lines = good
        if not lines:
            path.unlink()
        return bool(lines)


def read_segment(path: Path) -> list[dict[str, Any]]:
    """Return the records of a sealed segment."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


@contextmanager
def _claimed(path: Path) -> Iterator[bool]:
    """Hold a segment's lock for a moment; False where another process has it or removed it."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield path.exists()
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _write_synced(path: Path, content: bytes) -> None:
    """Replace a file in one step, so that a crash leaves the old or the new one."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
