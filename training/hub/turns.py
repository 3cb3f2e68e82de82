"""Whose turn it is: one caller's requests never take all threads, so that no other one waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from starlette.concurrency import run_in_threadpool

AT_ONCE = 2
"""Requests of one caller that are worked on at once, of the 40 threads there are: Python runs
one at a time, so that each of them slows what others ask. Further ones wait, and only they."""


class Turns:
    """Gives threads to callers; used on the event loop alone."""

    def __init__(self) -> None:
        """Starts with nobody."""
        # Kept alive by the requests that hold or await it.
        self._places: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def work(self, caller: str, function: Callable[..., Any], *given: Any) -> Any:
        """Runs a function in a thread once it is the caller's turn, and returns its result."""
        places = self._places.setdefault(caller, asyncio.Semaphore(AT_ONCE))
        async with places:
            return await run_in_threadpool(partial(function, *given))
