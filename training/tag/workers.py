"""Parts of a source tagged one after the other, or by several processes at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from tagloop.batch.rows import Row
from tagloop.errors import UserError
from tagloop.tagger.tagger import Tagger
from training.tag.tagging import Work, tag_part

Part = tuple[Path, list[Row]]
"""A file to write, and the rows whose tags go into it."""
AHEAD = 2
"""Parts that wait for a process, or are with it: so many rows are in memory, however many come."""


def tag_parts(
    parts: Iterable[Part], work: Work, workers: int, progress: Callable[[int], object]
) -> None:
    """Tags all parts; no model is loaded if there are none.

    Args:
        parts: Made as they are asked for.
        work: How.
        workers: Processes; 1 is this one.
        progress: Told how many more rows are tagged.

    Raises:
        UserError: An option is wrong, or a process is gone.
    """
    if workers > 1:
        _in_processes(parts, work, workers, progress)
        return
    tagger: Tagger | None = None
    for path, rows in parts:
        tagger = tagger or work.load()
        tag_part(tagger, rows, path, work, progress)


def _in_processes(
    parts: Iterable[Part], work: Work, workers: int, progress: Callable[[int], object]
) -> None:
    work = replace(work, threads=max((os.cpu_count() or 1) // workers, 1))
    with _pool(workers, work) as pool:
        pending: set[Future[int]] = set()
        for path, rows in parts:
            pending.add(pool.submit(_tag_part, rows, path))
            if len(pending) >= AHEAD * workers:
                pending = _some_done(pending, progress)
        while pending:
            pending = _some_done(pending, progress)


def _some_done(pending: set[Future[int]], progress: Callable[[int], object]) -> set[Future[int]]:
    """Waits for a part, at least; returns those that are not done."""
    done, rest = wait(pending, return_when=FIRST_COMPLETED)
    for future in done:
        progress(future.result())
    return rest


@contextmanager
def _pool(workers: int, work: Work) -> Iterator[ProcessPoolExecutor]:
    # Copies of this process would share the threads' locks of the libraries.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (work,))
    try:
        yield pool
    except BrokenProcessPool:
        raise UserError(
            "A process that tags is gone, perhaps for want of memory; take fewer --workers. What "
            "is tagged is kept, and the same command goes on."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)  # parts that are begun are finished


# What follows runs in the processes.


class _Process:
    """What a process keeps from part to part."""

    tagger: Tagger
    work: Work


def _begin(work: Work) -> None:
    # The terminal interrupts all at once; the first process tells the others when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = str(work.threads)  # PyTorch reads it when it is imported
    _Process.work, _Process.tagger = work, work.load()


def _end_with_parent() -> None:
    """Ends this process when the first one is killed: nobody would ever tell it to."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _tag_part(rows: list[Row], path: Path) -> int:
    tag_part(_Process.tagger, rows, path, _Process.work)
    return len(rows)
