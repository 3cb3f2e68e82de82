"""CTranslate2 on this machine's processor: its instructions, and how its cores are shared out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

WORKERS = 2
"""So many batches are computed at once, where there are as many threads: two cores do two batches
in less time than one batch after the other, each on both (``training.bench.speed``)."""
VECTOR_FLAGS = ("avx512f", "avx512cd", "avx512vl", "avx512dq", "avx512bw", "avx512_vnni")
"""What CTranslate2's AVX-512 code needs (its ``cpu_supports_avx512``), and the dot products of
8-bit numbers, which only processors have whose clock does not suffer from such code."""
Item = TypeVar("Item")


@cache
def ctranslate2() -> Any:
    """Returns the module CTranslate2, set to use the best instructions that the processor has.

    Of itself it takes no more than AVX2; AVX-512 must be asked for before its first model is
    loaded (https://github.com/OpenNMT/CTranslate2/pull/1108). Whoever sets ``CT2_FORCE_CPU_ISA`` is
    obeyed.
    """
    if has_wide_vectors():
        os.environ.setdefault("CT2_FORCE_CPU_ISA", "AVX512")
    import ctranslate2 as module

    return module


def has_wide_vectors(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tells whether the processor has ``VECTOR_FLAGS``; False where Linux does not say."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return set(VECTOR_FLAGS) <= set(flags)


def shares(threads: int | None = None) -> dict[str, int]:
    """Shares threads out among workers, as arguments of CTranslate2's classes.

    Args:
        threads: To share out; as many as there are cores when None.
    """
    threads = threads or os.cpu_count() or 1
    workers = min(WORKERS, threads)
    return {"inter_threads": workers, "intra_threads": threads // workers}


def done_by(work: Callable[[Item], object], items: Sequence[Item], workers: int) -> Iterator[Item]:
    """Works on items, so many at once, and gives each as it is done, in their order."""

    def run(item: Item) -> Item:
        work(item)
        return item

    if workers == 1 or len(items) <= 1:
        yield from map(run, items)
    else:
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(run, items)
