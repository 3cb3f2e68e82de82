"""How the C library keeps memory that training frees at every step."""

from __future__ import annotations

import ctypes
import platform

M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_MAX = -4
KEEP = 2**31 - 1
GROW = 2**28


def keep_freed_memory() -> bool:
    """Tells glibc to keep freed memory instead of giving it back and faulting it in again.

    Training on a CPU frees and allocates its activations at every step; a third of the page
    faults remain. Does nothing where the C library is not glibc.

    Source: mallopt(3).

    Returns:
        Whether the settings were taken.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, KEEP), (M_TOP_PAD, GROW))
    return all(mallopt(name, value) == 1 for name, value in settings)
