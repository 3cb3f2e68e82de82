"""Rows that cannot be delivered, kept whole beside the outbox until its owner decides.

A file here holds lines as they were, under a name that the outbox would give it; a text of the same
name says why they are here, since when, and what to do. Nothing here is ever deleted, and whoever
moves a file back into the outbox's folder has it sent again.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tagloop.corrections.delivery.segment_files import MAX_FILE_BYTES, NAME, write_synced

FOLDER = "quarantine"
REASON = ".txt"


class Quarantine:
    """A folder of lines that were set aside; made with the first of them.

    Args:
        outbox: The folder that they come from, and that this one stands in.
    """

    def __init__(self, outbox: Path) -> None:
        self.directory = outbox / FOLDER
        self._outbox = outbox
        self._files: dict[str, tuple[int, int, int]] = {}  # name -> size, time, rows

    @property
    def rows(self) -> int:
        """How many lines lie here, as `look` last saw them."""
        return sum(rows for _, _, rows in self._files.values())

    @property
    def bytes_used(self) -> int:
        """How much room they take."""
        return sum(size for size, _, _ in self._files.values())

    def keep(self, name: str, lines: bytes, reason: str) -> Path:
        """Keeps lines, fsynced, and returns their file; the same ones again are kept once.

        Args:
            name: The file's; the outbox takes it back under this one.
            lines: As they were, each with its end.
            reason: Why they cannot be delivered, as one clause.

        Raises:
            OSError: There is no room, or the folder cannot be made.
        """
        self.directory.mkdir(mode=0o700, exist_ok=True)
        path = self.directory / name
        now = datetime.now(UTC).isoformat(timespec="seconds")
        text = (
            f"Set aside on {now}: {reason}\n"
            f"Mend what is wrong with {name}, then move it into {self._outbox} : it is sent again, "
            "by a running Space within a minute. If nothing is wrong with it, move it as it is.\n"
        )
        os.close(write_synced(path.with_suffix(REASON), text.encode()))
        os.close(write_synced(path, lines))
        self.look()
        return path

    def look(self) -> None:
        """Counts what lies here: the owner takes files out while we run."""
        found: dict[str, tuple[int, int, int]] = {}
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.directory) as entries:
            for entry in entries:
                if not NAME.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                    continue
                with suppress(OSError):  # taken out in this very moment
                    status = entry.stat(follow_symlinks=False)
                    known = self._files.get(entry.name)
                    size, time = status.st_size, status.st_mtime_ns
                    if known is None or known[:2] != (size, time):
                        known = (size, time, _count_lines(Path(entry.path), size))
                    found[entry.name] = known
        self._files = found


def _count_lines(path: Path, size: int) -> int:
    return path.read_bytes().count(b"\n") if size <= MAX_FILE_BYTES else 1
