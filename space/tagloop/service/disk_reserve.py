"""The room on the disk that visitors' files may not take, so that corrections can be saved."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from tagloop.rate_limits import Busy

DISK_RESERVE_MB = 1_000
"""A million corrections of a page of text, or the uploads that may be on their way at one time
several times over."""
RETRY_SECONDS = 600
"""Uploads are looked through so often, and those that are an hour old are deleted."""


class DiskShort(Busy):
    """Everybody has to wait until files were deleted."""


class DiskReserve:
    """Says when a disk is too full for a visitor's file.

    Args:
        folders: On the disks that matter; one that is not there yet counts where it will be.
        megabytes: That stay free; 0 uses the disks up.
        usage: As `shutil.disk_usage`.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        megabytes: int = DISK_RESERVE_MB,
        usage: Callable[[Path], shutil._ntuple_diskusage] | None = None,
    ) -> None:
        self._folders = folders
        self._bytes = megabytes * 1_000_000
        self._usage = usage or shutil.disk_usage

    def check(self, expected: int = 0) -> None:
        """Looks whether there is room for so many bytes more.

        Raises:
            DiskShort: There is not.
        """
        if not self._bytes:
            return
        if any(self._free(folder) - expected < self._bytes for folder in self._folders):
            raise DiskShort("The Space is short of disk: try again in {}.", RETRY_SECONDS)

    def _free(self, folder: Path) -> int:
        there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
        return int(self._usage(there).free)
