"""Rows on the local disk that wait for delivery: the durable half of the outbox.

One process appends to one open file, a *segment*; `Journal.seal` closes it, and from then on its
rows never change. So a segment can be uploaded any number of times under its own name and is
stored once. A row counts as written when `Journal.append` returns: then it is fsynced.

A segment is locked (`flock`) by the process that writes it until it is finished, and the kernel
drops the lock with the process, however it ends. So what is not locked was left behind, and belongs
to whoever locks it first: two processes that share a folder never deliver the same segment. The
descriptor that locks it also reads it: if somebody removes the file, its rows are still here, and
are written anew.

A blank line cuts a segment into *parts*. That is how a refused segment is searched for the row
that is not wanted: `Journal.cut` puts the line there in one step, each part has a name that follows
from its content, and a segment that was cut is never sent whole again. So a crash at any moment
leaves only what may be sent once more under the same name.
"""

import errno
import fcntl
import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from tagloop.corrections.delivery.quarantine import FOLDER, Quarantine
from tagloop.corrections.delivery.segment_files import (
    DAMAGED,
    MAX_FILE_BYTES,
    NAME,
    SUFFIX,
    UNFINISHED,
    is_named,
    open_regular,
    part_name,
    read_whole,
    sync_directory,
    write_synced,
)
from tagloop.corrections.rows import MAX_ROW_BYTES, read_row
from tagloop.errors import UserError
from tagloop.files import REVIEWS, WITHDRAWALS

logger = logging.getLogger(__name__)

MAX_SEGMENT_BYTES = 4 * 2**20
"""Then a new one begins: files of a dataset stay small enough to be read one by one."""
NEIGHBOURS = frozenset({FOLDER, REVIEWS, WITHDRAWALS})
"""Folders that stand in an outbox's own: the quarantine, and a Space's other outboxes."""
NAMED_STRAYS = 5  # in the log
Check = Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True)
class Part:
    """Rows of a segment that are uploaded together, under a name that is theirs for ever.

    Attributes:
        segment: Where they wait.
        name: Of the file that they become.
        content: Their lines.
    """

    segment: Path
    name: str
    content: bytes

    @cached_property
    def lines(self) -> list[bytes]:
        """The rows as they stand there, each with its end."""
        return [line + b"\n" for line in self.content.split(b"\n")[:-1]]

    @cached_property
    def ids(self) -> list[str]:
        """The rows' ids."""
        return [str(read_row(line)["id"]) for line in self.lines]


@dataclass
class _Segment:
    path: Path
    descriptor: int
    size: int = 0  # what stands beyond was not written whole, and is nobody's
    finished: set[str] = field(default_factory=set)  # names of parts
    spent: bool = False  # all parts are, but the disk does not let the file go

    def parts(self) -> list[Part]:
        content = read_whole(self.descriptor, self.size)
        if b"\n\n" not in content and not content.startswith(b"\n"):
            return [Part(self.path, self.path.name, content)]
        texts = [text.strip(b"\n") + b"\n" for text in content.split(b"\n\n") if text.strip(b"\n")]
        parts = [Part(self.path, part_name(self.path.name, text), text) for text in texts]
        return [part for part in parts if part.name not in self.finished]


class Journal:
    """A folder of JSON Lines segments. Not thread-safe: its owner holds a lock around it.

    Args:
        directory: The folder; made when missing. Two processes may share it.
        max_bytes: `append` refuses what would take the folder beyond this size.
        check: Raises `UserError` for what is a row, but none that belongs here.

    Raises:
        UserError: The folder cannot be made or read.
    """

    def __init__(self, directory: Path, max_bytes: int, check: Check | None = None) -> None:
        self.directory = directory
        self.max_bytes = max_bytes
        self.quarantine = Quarantine(directory)
        self.strays: frozenset[str] = frozenset()
        self._check = check
        self._open: _Segment | None = None
        self._held: dict[Path, _Segment] = {}  # sealed ones of ours
        self._closed = False
        self._said: set[str] = set()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            sync_directory(directory.parent)
            os.scandir(directory).close()
        except OSError as error:
            raise UserError(
                f"The outbox folder {directory} cannot be made or read ({error.strerror}): set "
                "TAGLOOP_OUTBOX to a folder that can be written to."
            ) from error
        self.quarantine.look()
        if rows := self.quarantine.rows:
            logger.error(
                "Outbox: rows in quarantine: %d, in %s; the text beside each file says why, and "
                "how to send it again",
                rows,
                self.quarantine.directory,
            )

    @property
    def segment(self) -> Path | None:
        """The segment that is being written, if one is."""
        return None if self._open is None else self._open.path

    def append(self, row: Mapping[str, Any]) -> Path:
        """Writes one row and returns the segment that holds it, fsynced.

        Raises:
            UserError: The row is none that can be read again, or the disk or the folder's allowance
                is full; nothing was kept.
        """
        line = _line_of(row)
        if problem := self._problem(line[:-1]):
            raise UserError(f"Not saved: {problem}")
        try:
            is_new = self._make_folder()
            sizes = self._sizes()
            if is_new or any(path.name not in sizes for path in self._held):
                self._keep_named()
            used = self.quarantine.bytes_used + sum(sizes.values())
            if used + len(line) > self.max_bytes:
                raise UserError(
                    "Not saved: too many corrections are waiting for the Hub already. "
                    "Please try again later."
                )
            if self._open is not None and self._open.size + len(line) > MAX_SEGMENT_BYTES:
                self.seal()
            return self._write(self._open or self._begin(), line)
        except OSError as error:
            logger.error("Cannot write to the outbox %s: %s", self.directory.name, error.strerror)
            raise UserError(
                f"Not saved: the server cannot write to its disk ({error.strerror}). "
                "Please try again later."
            ) from error

    def seal(self) -> None:
        """Ends the open segment; from now on it is among `sealed`."""
        segment, self._open = self._open, None
        if segment is None:
            return
        self._held[segment.path] = segment
        if not segment.size:
            self._drop(segment)

    def sealed(self, limit: int) -> list[Path]:
        """Returns up to ``limit`` segments that nobody writes any more, oldest first.

        They are ours, or were left behind by a process that ended: those become ours.
        """
        self._keep_named()
        self.quarantine.look()
        names = {path.name for path in self._held} | self._look()
        found: list[Path] = []
        for path in (self.directory / name for name in sorted(names)):
            if len(found) == limit or self._closed:
                break
            held = self._held.get(path)
            if held is not None and held.spent:
                self._drop(held)
            elif path != self.segment and (held is not None or self._claim(path)):
                found.append(path)
        return found

    def holds(self, path: Path) -> bool:
        """Tells whether a segment is ours and still there."""
        return path in self._held or path == self.segment

    def parts(self, path: Path) -> list[Part]:
        """Returns what of a sealed segment is still to be delivered; at least one part."""
        return self._held[path].parts()

    def cut(self, part: Part) -> list[Part]:
        """Cuts a part in two, on the disk, and returns both.

        Raises:
            OSError: The disk does not take it; the part is as it was.
        """
        if (segment := self._held.get(part.segment)) is None:
            raise OSError(errno.EBADF, "the outbox is closed")
        half = len(part.lines) // 2
        halves = [b"".join(part.lines[:half]), b"".join(part.lines[half:])]
        texts: list[bytes] = []
        for other in segment.parts():
            texts += halves if other.name == part.name else [other.content]
        self._rewrite(segment, b"\n" + b"\n".join(texts))
        return [Part(part.segment, part_name(part.segment.name, text), text) for text in halves]

    def set_aside(self, part: Part, reason: str) -> Path:
        """Puts a part into quarantine; returns the file that keeps it.

        Raises:
            OSError: The disk does not take it; the part waits on.
        """
        if part.segment not in self._held:
            raise OSError(errno.EBADF, "the outbox is closed")
        kept = self.quarantine.keep(part.name, part.content, reason)
        self.finish(part)
        return kept

    def finish(self, part: Part) -> None:
        """Takes note that a part was delivered or set aside; with the last one the file goes."""
        if (segment := self._held.get(part.segment)) is None:
            return  # closed meanwhile: whoever opens the folder next sends it under the same name
        segment.finished.add(part.name)
        if all(one.name in segment.finished for one in segment.parts()):
            self._drop(segment)

    def close(self) -> None:
        """Gives all segments back, and takes none again: whoever opens the folder next has them."""
        self._closed = True
        self.seal()
        for segment in list(self._held.values()):
            self._let_go(segment)

    def bytes_used(self) -> int:
        """Returns the size of everything of ours in the folder."""
        return self.quarantine.bytes_used + sum(self._sizes().values())

    # Writing --------------------------------------------------------------------------------------

    def _begin(self) -> _Segment:
        name = f"{datetime.now(UTC):%Y-%m-%d}_{uuid4().hex}"
        fresh = self.directory / f"{name}.new"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND
        descriptor = os.open(fresh, flags, 0o600)
        try:
            # Locked before it has the name that others look for.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path = fresh.rename(self.directory / f"{name}{SUFFIX}")
            sync_directory(self.directory)
        except OSError:
            os.close(descriptor)
            fresh.unlink(missing_ok=True)
            raise
        self._open = _Segment(path, descriptor)
        return self._open

    def _write(self, segment: _Segment, line: bytes) -> Path:
        before = segment.size
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(segment.descriptor, view) :]
            os.fsync(segment.descriptor)
            segment.size = before + len(line)
            if not is_named(segment.path, segment.descriptor):  # its folder was removed
                self._write_anew(segment)
        except OSError:
            # Take back the part that was written. If the disk does not even do that, it stands
            # beyond the segment's size, and the next process that finds it looks again.
            segment.size = before
            with suppress(OSError):
                os.ftruncate(segment.descriptor, before)
            self.seal()
            raise
        return segment.path

    def _rewrite(self, segment: _Segment, content: bytes) -> None:
        descriptor = write_synced(segment.path, content)
        os.close(segment.descriptor)
        segment.descriptor, segment.size = descriptor, len(content)

    # The folder -----------------------------------------------------------------------------------

    def _sizes(self) -> dict[str, int]:
        """Returns the bytes of each segment in the folder, by name."""
        sizes = {}
        with os.scandir(self.directory) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # another process has just delivered it
                    if _is_segment(entry):
                        sizes[entry.name] = entry.stat(follow_symlinks=False).st_size
        return sizes

    def _make_folder(self) -> bool:
        """Makes the folder again if somebody has removed it; tells whether that was so."""
        if self.directory.is_dir():
            return False
        self.directory.mkdir(parents=True, exist_ok=True)
        sync_directory(self.directory.parent)
        logger.error("The outbox folder %s was removed: made anew", self.directory)
        return True

    def _keep_named(self) -> None:
        """Writes anew what somebody has removed while we hold it, so that a crash keeps it too."""
        if self._open is not None and not is_named(self._open.path, self._open.descriptor):
            self.seal()
        for segment in list(self._held.values()):
            if is_named(segment.path, segment.descriptor):
                continue
            if segment.spent:
                self._let_go(segment)
                continue
            try:
                self._write_anew(segment)
            except OSError as error:
                self._say(
                    "Waiting rows were removed from the outbox %s, and cannot be written anew "
                    "(%s): they are in memory alone until the Hub has them",
                    self.directory,
                    error.strerror,
                )

    def _write_anew(self, segment: _Segment) -> None:
        self._make_folder()
        self._rewrite(segment, read_whole(segment.descriptor, segment.size))
        logger.error(
            "Outbox: somebody has removed the waiting rows %s: written anew", segment.path.name
        )

    def _look(self) -> set[str]:
        """Returns the names of segments in the folder; what is not ours is counted and left."""
        ours, strays = set(), set()
        try:
            with os.scandir(self.directory) as entries:
                for entry in entries:
                    if _is_segment(entry):
                        ours.add(entry.name)
                    elif not _is_expected(entry):
                        strays.add(entry.name)
        except OSError as error:
            self._say("The outbox folder %s cannot be read: %s", self.directory, error.strerror)
        if strays - self.strays:
            shown = ", ".join(repr(name) for name in sorted(strays)[:NAMED_STRAYS])
            more = f" and {len(strays) - NAMED_STRAYS} more" if len(strays) > NAMED_STRAYS else ""
            logger.warning(
                "Outbox: not ours and left alone in %s: %s%s", self.directory, shown, more
            )
        self.strays = frozenset(strays)
        return ours

    def _claim(self, path: Path) -> bool:
        """Locks a segment that was left behind and mends it; False if it is another's, or empty."""
        try:
            descriptor, writable = open_regular(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._say("Outbox segment %s cannot be opened: %s", path.name, error.strerror)
            return False
        segment = _Segment(path, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_named(path, descriptor):  # else it was delivered in this very moment
                self._mend(segment, writable)
                self._held[path] = segment
                if segment.size:
                    return True
                self._drop(segment)
                return False
        except BlockingIOError:
            pass
        except OSError as error:  # such as a full disk: the segment waits for better times
            self._say("Outbox segment %s cannot be mended: %s", path.name, error.strerror)
        os.close(segment.descriptor)
        return False

    def _mend(self, segment: _Segment, writable: bool) -> None:
        """Sets aside what is no row, and cuts a torn last line off.

        A line can only be torn by a crash before its fsync returned, so nobody was told that it
        was saved. What is damaged came otherwise, and is kept.
        """
        descriptor, name = segment.descriptor, segment.path.name
        content = read_whole(descriptor, os.fstat(descriptor).st_size)
        *lines, torn = content.split(b"\n")
        problems = {line: problem for line in lines if line and (problem := self._problem(line))}
        segment.size = whole = len(content) - len(torn)
        if (torn or problems) and not writable:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if torn and self._problem(torn) is None:  # all of it is there but its end
            os.pwrite(descriptor, b"\n", len(content))
            os.fsync(descriptor)
            segment.size = len(content) + 1
            lines.append(torn)
        elif torn:
            with suppress(OSError):  # no room: it was promised to nobody
                self._keep_lines(name, torn + b"\n", "a line torn by a crash, promised to nobody.")
            os.ftruncate(descriptor, whole)  # in place: a full disk has room for that
            os.fsync(descriptor)
        if problems:
            bad = b"".join(line + b"\n" for line in lines if line.strip() and line in problems)
            if bad:
                self._keep_lines(name, bad, next(iter(problems.values())))
            kept = b"".join(line + b"\n" for line in lines if line not in problems)
            self._rewrite(segment, kept if kept.strip() else b"")
        elif not any(lines):
            segment.size = 0

    def _keep_lines(self, segment: str, lines: bytes, reason: str) -> None:
        kept = self.quarantine.keep(part_name(segment, lines), lines, reason)
        logger.error(
            "Outbox segment %s: not rows, kept in quarantine: %d (%s) See %s",
            segment,
            lines.count(b"\n"),
            reason,
            kept.with_suffix(".txt"),
        )

    def _problem(self, line: bytes) -> str | None:
        """Returns why a line is no row that could be delivered; None if it is one."""
        try:
            row = read_row(line)
            if not isinstance(row.get("id"), str) or not row["id"]:
                return "a row without an id."
            if self._check is not None:
                self._check(row)
        except UserError as error:
            return str(error)[:300]
        return None

    def _drop(self, segment: _Segment) -> None:
        """Deletes a segment that holds nothing any more, now or as soon as the disk allows."""
        try:
            segment.path.unlink(missing_ok=True)  # before the lock goes: nobody else takes it
        except OSError as error:
            segment.spent = True
            self._say("Outbox segment %s cannot be deleted: %s", segment.path.name, error.strerror)
            return
        self._let_go(segment)

    def _let_go(self, segment: _Segment) -> None:
        self._held.pop(segment.path, None)
        os.close(segment.descriptor)

    def _say(self, sentence: str, *values: object) -> None:
        """Logs what will be true at the next look, too, once."""
        said = sentence % values
        if said not in self._said:
            self._said.add(said)
            logger.error("%s", said)


def _line_of(row: Mapping[str, Any]) -> bytes:
    try:
        line = json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except (ValueError, RecursionError):
        raise UserError(
            "Not saved: it holds half a surrogate pair, a number that is none, or is nested too "
            "deeply."
        ) from None
    if len(line) > MAX_ROW_BYTES:
        raise UserError(
            f"Not saved: it takes {len(line):,} bytes; the limit is {MAX_ROW_BYTES:,}. Shorten it."
        )
    return line


def _is_segment(entry: "os.DirEntry[str]") -> bool:
    if not NAME.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
        return False
    with suppress(OSError):  # gone in this very moment
        return entry.stat(follow_symlinks=False).st_size <= MAX_FILE_BYTES
    return False


def _is_expected(entry: "os.DirEntry[str]") -> bool:
    if entry.name in NEIGHBOURS:
        return entry.is_dir(follow_symlinks=False)
    by_product = UNFINISHED.fullmatch(entry.name) or entry.name.endswith(DAMAGED)
    return bool(by_product) and entry.is_file(follow_symlinks=False)
