"""Background tasks that report how far they are, and that end when nobody waits any more."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock
from typing import Generic, TypeVar

POLL_SECONDS = 0.25
Result = TypeVar("Result")
ReportProgress = Callable[[int, int], None]
"""Called by a task with (done, total) before each of its steps."""


class Stopped(Exception):
    """Raised inside a task, at its next step, when it is to end."""


@dataclass
class Progress(Generic[Result]):
    """How far a task is.

    Attributes:
        done: Steps.
        total: Of so many; 0 before that is known.
        result: What the task gave, once it is done.
    """

    done: int = 0
    total: int = 0
    result: Result | None = None


def run_in_background(
    task: Callable[[ReportProgress], Result], seconds: float = POLL_SECONDS
) -> Generator[Progress[Result], None, None]:
    """Runs a task in a thread of its own and yields, so often, how far it is.

    Whoever stops listening (closes this generator) ends the task: a thread cannot be stopped, so
    this waits for the step that it is in, and nothing of it runs on behind those who come next.

    Args:
        task: Calls what it is given with (done, total) before each of its steps.
        seconds: Between two looks.

    Yields:
        The same ``Progress`` again and again; the last one has the result.

    Raises:
        Exception: Whatever the task raises.
    """
    progress: Progress[Result] = Progress()
    stop = Event()

    def report(done: int, total: int) -> None:
        progress.done, progress.total = done, total
        if stop.is_set():
            raise Stopped

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(task, report)
        try:
            while not wait([running], seconds).done:
                yield progress
        finally:
            stop.set()
    progress.result = running.result()
    yield progress


class CancelFlag(Event):
    """Set when what runs is to end.

    Attributes:
        clears: Whether what was there before goes as well.
    """

    clears = False


class Cancellations:
    """What visitors have running, by their sessions, so that they can cancel it.

    gradio's own ``cancels`` is not used: it ends events one after the other and waits for each, so
    that it also meets what a quick visitor has begun meanwhile.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._flags: dict[str, list[CancelFlag]] = {}

    @contextmanager
    def flag(self, session: str) -> Iterator[CancelFlag]:
        """Yields a flag that is set if the session's visitor cancels what runs in this block."""
        flag = CancelFlag()
        with self._lock:
            self._flags.setdefault(session, []).append(flag)
        try:
            yield flag
        finally:
            with self._lock:
                self._flags[session].remove(flag)
                if not self._flags[session]:
                    del self._flags[session]

    def cancel(self, session: str, *, clear: bool = False) -> None:
        """Cancels what a session has running now; with ``clear`` nothing of it is left."""
        with self._lock:
            for flag in self._flags.get(session, ()):
                flag.clears = clear
                flag.set()
