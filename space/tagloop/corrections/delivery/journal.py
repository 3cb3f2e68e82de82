"""Rows on the local disk that wait for delivery: the durable half of the outbox.

One process appends to one open file, a *segment*; `Journal.seal` closes it, and from then on its
bytes never change. So a segment can be uploaded any number of times under its own name and is
stored once. A row counts as written when `Journal.append` returns: then it is fsynced.

A segment is locked (`flock`) by the process that writes it until it is removed, and the kernel
drops the lock with the process, however it ends. So what is not locked was left behind, and belongs
to whoever locks it first: two processes that share a folder never deliver the same segment.
"""

import fcntl
import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from tagloop.errors import UserError

logger = logging.getLogger(__name__)

SUFFIX = ".jsonl"
MAX_SEGMENT_BYTES = 4 * 2**20
"""Then a new one begins: files of a dataset stay small enough to be read one by one."""


class Journal:
    """A folder of JSON Lines segments. Not thread-safe: its owner holds a lock around it.

    Args:
        directory: The folder; made when missing. Two processes may share it.
        max_bytes: `append` refuses what would take the folder beyond this size.

    Raises:
        UserError: The folder cannot be made.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self.directory = directory
        self.max_bytes = max_bytes
        self._descriptor: int | None = None
        self._size = 0
        self._path = directory  # of the open segment
        self._closed = False
        self._held: dict[Path, int] = {}  # sealed segments of ours -> the descriptor that locks
        try:
            directory.mkdir(parents=True, exist_ok=True)
            _sync_directory(directory.parent)
        except OSError as error:
            raise UserError(
                f"The outbox folder {directory} cannot be made ({error.strerror}): set "
                "TAGLOOP_OUTBOX to a folder that can be written to."
            ) from error

    @property
    def segment(self) -> Path | None:
        """The segment that is being written, if one is."""
        return None if self._descriptor is None else self._path

    def append(self, row: Mapping[str, Any]) -> Path:
        """Writes one row and returns the segment that holds it, fsynced.

        Raises:
            UserError: The disk or the folder's allowance is full; nothing was kept.
        """
        line = json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        try:
            if self.bytes_used() + len(line) > self.max_bytes:
                raise UserError(
                    "Not saved: too many corrections are waiting for the Hub already. "
                    "Please try again later."
                )
            if self._size and self._size + len(line) > MAX_SEGMENT_BYTES:
                self.seal()
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
        """Ends the open segment; from now on it is among `sealed`."""
        if self._descriptor is not None:
            self._held[self._path] = self._descriptor
            self._descriptor, self._size = None, 0

    def sealed(self, limit: int) -> list[Path]:
        """Returns up to ``limit`` segments that nobody writes any more, oldest first.

        They are ours, or were left behind by a process that ended: those become ours.
        """
        found: list[Path] = []
        for path in sorted(self.directory.glob(f"*{SUFFIX}"), key=lambda path: path.name):
            if len(found) == limit or self._closed:
                break
            if path != self.segment and (path in self._held or self._claim(path)):
                found.append(path)
        return found

    def owns(self, path: Path) -> bool:
        """Tells whether this journal wrote a segment, or took it over."""
        return path in self._held or path == self.segment

    def remove(self, path: Path) -> None:
        """Deletes a sealed segment that was delivered."""
        path.unlink(missing_ok=True)  # before the lock goes, so that nobody else takes it
        self._let_go(path)

    def close(self) -> None:
        """Gives all segments back, and takes none again: whoever opens the folder next has them."""
        self._closed = True
        self.seal()
        for path in list(self._held):
            self._let_go(path)

    def _let_go(self, path: Path) -> None:
        descriptor = self._held.pop(path, None)
        if descriptor is not None:
            os.close(descriptor)

    def bytes_used(self) -> int:
        """Returns the size of everything that waits in the folder."""
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
            fresh.unlink(missing_ok=True)
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
            # Take back the part that was written; whoever takes the segment over looks again.
            try:
                os.ftruncate(self._descriptor, self._size)
            finally:
                os.close(self._descriptor)
                self._descriptor, self._size = None, 0
            raise
        self._size += len(line)

    def _claim(self, path: Path) -> bool:
        """Locks a segment that was left behind and mends it; False if it is another's, or empty."""
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_nlink:  # else it was delivered in this very moment
                descriptor = _mended(path, descriptor)
                if os.fstat(descriptor).st_size:
                    self._held[path] = descriptor
                    return True
                path.unlink()
        except BlockingIOError:
            pass
        except OSError as error:  # such as a full disk: the segment waits for better times
            logger.error("Outbox segment %s cannot be mended: %s", path.name, error.strerror)
        os.close(descriptor)
        return False


def _mended(path: Path, descriptor: int) -> int:
    """Cuts a torn last line off and sets damaged lines aside; returns the locked descriptor.

    A line can only be torn or damaged by a crash or a failing disk before its fsync returned, so
    nobody was told that it was saved; damaged lines are kept all the same.
    """
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        logger.warning(
            "Outbox segment %s: a torn line of %d bytes cut", path.name, len(content) - len(whole)
        )
        os.ftruncate(descriptor, len(whole))  # in place: a full disk has room for that
        os.fsync(descriptor)
    lines = whole.split(b"\n")[:-1]
    damaged = [line for line in lines if not _is_row(line)]
    if not damaged:
        return descriptor
    logger.warning("Outbox segment %s: %d unreadable lines set aside", path.name, len(damaged))
    os.close(_write_synced(path.with_suffix(".damaged"), damaged))
    fresh = _write_synced(path, [line for line in lines if _is_row(line)])
    os.close(descriptor)
    return fresh


def read_segment(path: Path) -> list[dict[str, Any]]:
    """Returns the rows of a sealed segment."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def _is_row(line: bytes) -> bool:
    try:
        row = json.loads(line)
    except ValueError:
        return False
    return isinstance(row, dict) and isinstance(row.get("id"), str)


def _write_synced(path: Path, lines: list[bytes]) -> int:
    """Replaces a file in one step, so that a crash leaves the old or the new one.

    Returns:
        The new file's descriptor, locked before the file had its name.
    """
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(b"".join(line + b"\n" for line in lines))
        os.fsync(descriptor)
        fresh.replace(path)
        _sync_directory(path.parent)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
