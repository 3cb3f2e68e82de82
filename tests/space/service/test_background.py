"""Background tasks: reported as they go, and over when nobody waits any more."""

import time
from collections.abc import Callable
from threading import Event

import pytest

from tagloop.errors import UserError
from tagloop.service.background import ReportProgress, run_in_background


def steps(seen: list[int], go_on: Callable[[int], object]) -> Callable[[ReportProgress], str]:
    def task(report: ReportProgress) -> str:
        for step in range(4):
            report(step, 4)
            seen.append(step)
            go_on(step)
        return "done"

    return task


def test_quick_work_gives_its_result_at_once() -> None:
    [progress] = run_in_background(steps([], lambda _: None), seconds=5)
    assert (progress.result, progress.done, progress.total) == ("done", 3, 4)


def test_slow_work_tells_how_far_it_is() -> None:
    told = [
        (it.done, it.result)
        for it in run_in_background(steps([], lambda _: time.sleep(0.05)), 0.01)
    ]
    assert told == sorted(told, key=lambda it: it[0])
    assert {done for done, _ in told} >= {0, 1, 2, 3}
    assert told[-1] == (3, "done") and all(result is None for _, result in told[:-1])


def test_closing_ends_the_work_at_its_next_step() -> None:
    seen: list[int] = []
    first = Event()
    running = run_in_background(steps(seen, lambda _: first.wait(5)), 0.01)
    assert next(running).result is None
    first.set()
    running.close()
    count = len(seen)
    assert count < 4
    time.sleep(0.05)
    assert len(seen) == count, "it goes on in the background"


def test_what_the_work_raises_is_raised() -> None:
    def task(report: ReportProgress) -> str:
        raise UserError("Too long.")

    with pytest.raises(UserError, match=r"Too long\."):
        list(run_in_background(task))
