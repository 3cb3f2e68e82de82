"""The most memory that a process has had, and where the count begins.

Imports nothing heavy: a process that is measured pays for what it loads.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")
RESET_PEAK = "5"
"""Written to ``clear_refs`` it sets VmHWM back to what is in use now (proc(5))."""


def peak_megabytes() -> float:
    """Returns the most memory that this process has had (resident set), in MB of 10^6 bytes.

    Source: VmHWM of /proc/self/status (proc(5)); where there is none, getrusage's maximum.
    """
    if STATUS.is_file():
        lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        for line in lines:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    import resource

    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e6


def forget_peak() -> None:
    """Starts the count anew; where this is forbidden, the peak stays that of the whole process."""
    with contextlib.suppress(OSError):
        CLEAR.write_text(RESET_PEAK, encoding="ascii")
