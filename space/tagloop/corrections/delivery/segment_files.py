"""Files of the outbox's folder: which are ours, and how they are opened and written.

The folder may hold anything else too: a backup, what an operating system leaves beside each file, a
directory, a FIFO that would keep whoever opens it waiting. Only regular files under the names that
the journal gives are ours.
"""

import errno
import fcntl
import os
import re
import stat
from hashlib import sha256
from pathlib import Path

SUFFIX = ".jsonl"
NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})_[0-9a-f]{32}\.jsonl", re.ASCII)
"""A segment: the day that it was begun on, and a name that no other has."""
UNFINISHED = re.compile(NAME.pattern.replace(r"\.jsonl", r"(\.(jsonl|txt))?\.new"))
"""What a crash leaves of a file that did not get its name yet: it holds nothing of its own."""
DAMAGED = ".damaged"
"""How names end of lines that an earlier version set aside."""
MAX_FILE_BYTES = 64 * 2**20
"""A segment is a sixteenth of that at most: what is larger is none, and would fill the memory."""


def part_name(segment: str, content: bytes) -> str:
    """Returns the name of a part of a segment: the same part always gets the same one.

    So what is sent twice, because a crash came between, is stored once.
    """
    day, _, _ = segment.partition("_")
    return f"{day}_{sha256(segment.encode() + b'/' + content).hexdigest()[:32]}{SUFFIX}"


def open_regular(path: Path) -> tuple[int, bool]:
    """Opens a regular file without ever waiting for it.

    Returns:
        The descriptor, and whether it can be written to.

    Raises:
        OSError: It is no regular file, or cannot be opened.
    """
    flags = os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor, writable = os.open(path, os.O_RDWR | flags), True
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        descriptor, writable = os.open(path, os.O_RDONLY | flags), False
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file")
    return descriptor, writable


def read_whole(descriptor: int, size: int) -> bytes:
    """Returns the first ``size`` bytes of a file, wherever it was read or written last."""
    content = bytearray()
    while len(content) < size:
        block = os.pread(descriptor, size - len(content), len(content))
        if not block:
            break
        content += block
    return bytes(content)


def write_synced(path: Path, content: bytes) -> int:
    """Replaces a file in one step, so that a crash leaves the old or the new one.

    Returns:
        The new file's descriptor, locked before the file had its name.
    """
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)  # of a crash
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
        fresh.replace(path)
        sync_directory(path.parent)
    except OSError:
        os.close(descriptor)
        fresh.unlink(missing_ok=True)  # a full disk needs the room
        raise
    return descriptor


def sync_directory(directory: Path) -> None:
    """Makes names that were given or taken in a folder outlast a crash."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_named(path: Path, descriptor: int) -> bool:
    """Tells whether an open file still stands under its name."""
    try:
        found, ours = os.lstat(path), os.fstat(descriptor)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)
