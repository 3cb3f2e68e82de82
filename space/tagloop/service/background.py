"""Work that somebody watches: it tells how far it is, and it ends when nobody waits any more."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock
from typing import Generic, TypeVar

LOOK_SECONDS = 0.25
Result = TypeVar("Result")
Tell = Callable[[int, int], None]


class Stopped(Exception):
    """Raised inside the work, at its next step, when it is to end."""


@dataclass
class Progress(Generic[Result]):
    """How far the work is.

    Attributes:
        done: Steps.
        total: Of so many; 0 before that is known.
        result: What the work gave, once it is done.
    """

    done: int = 0
    total: int = 0
    result: Result | None = None


def watch(
    work: Callable[[Tell], Result], seconds: float = LOOK_SECONDS
) -> Generator[Progress[Result], None, None]:
    """Does some work in a thread of its own and returns, so often, how far it is.

    Whoever stops listening (closes this generator) ends the work: a thread cannot be stopped, so
    this waits for the step that it is in, and nothing of it runs on behind those who come next.

    Args:
        work: Calls what it is given with (done, total) before each of its steps.
        seconds: Between two looks.

    Yields:
        The same ``Progress`` again and again; the last one has the result.

    Raises:
        Exception: Whatever the work raises.
    """
    progress: Progress[Result] = Progress()
    stop = Event()

    def tell(done: int, total: int) -> None:
        progress.done, progress.total = done, total
        if stop.is_set():
            raise Stopped

    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(work, tell)
        try:
            while not wait([doing], seconds).done:
                yield progress
        finally:
            stop.set()
    progress.result = doing.result()
    yield progress


class StopSign(Event):
    """Set when what runs is to end.

    Attributes:
        empties: Whether what was there before goes as well.
    """

    empties = False


class StopSigns:
    """What visitors have running, by their sessions, so that they can cancel it.

    gradio's own ``cancels`` is not used: it ends events one after the other and waits for each, so
    that it also meets what a quick visitor has begun meanwhile.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._signs: dict[str, list[StopSign]] = {}

    @contextmanager
    def of(self, session: str) -> Iterator[StopSign]:
        """Yields a sign that is set if the session's visitor cancels what runs in this block."""
        sign = StopSign()
        with self._lock:
            self._signs.setdefault(session, []).append(sign)
        try:
            yield sign
        finally:
            with self._lock:
                self._signs[session].remove(sign)
                if not self._signs[session]:
                    del self._signs[session]

    def set(self, session: str, *, empties: bool = False) -> None:
        """Cancels what a session has running now, and with ``empties`` leave nothing of it."""
        with self._lock:
            for sign in self._signs.get(session, ()):
                sign.empties = empties
                sign.set()
