"""How much one visitor may ask for in a minute or a day, so that none takes it from the others.

For minutes a token bucket a visitor (Turner, "New Directions in Communications", 1986): it fills
at a steady rate, holds a minute's worth, and each request takes out what it costs.
"""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock

from tagloop.errors import UserError

TAGGINGS_A_MINUTE, CORRECTIONS_A_MINUTE = 120, 20
"""Of one visitor: more than a person does by hand, less than keeps two cores busy."""
REQUESTS_AT_ONCE = 32
"""Of one visitor that wait or run: a class behind one address that presses the button together."""
CORRECTIONS_A_DAY = 300
"""Of one account, and of one address."""
MAX_VISITORS = 10_000
"""That are remembered; who has not come for longest is forgotten first, with a full bucket."""
SERVED_VISITORS = 100
"""Whose last turn is remembered: more than wait at any time."""


class Busy(UserError):
    """Somebody has to wait.

    Args:
        sentence: Says why, with ``{}`` for how long: ``5 seconds``, minutes from two on.
        seconds: After which to try again, about.
    """

    def __init__(self, sentence: str, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        number, unit = self.seconds, "second"
        if number >= 120:
            number, unit = math.ceil(number / 60), "minute"
        wait = f"{number} {unit}{'s' if number != 1 else ''}"
        begin, _, end = sentence.rpartition("{}")  # a file's name may have braces, too
        super().__init__(f"{begin}{wait}{end}")


class RateLimit:
    """Counts what visitors ask for.

    Args:
        what: The thing that is counted, for the message: "articles".
        per_minute: How many of them; 0 allows any number.
        clock: Gives seconds.
    """

    def __init__(
        self, what: str, per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._per_minute = per_minute
        self._clock = clock
        self._lock = Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, visitor: str, cost: int = 1) -> None:
        """Counts a visitor's request.

        Raises:
            Busy: The visitor has had as much as is allowed; the message says how long to wait.
        """
        if not self._per_minute:
            return
        with self._lock:
            now = self._clock()
            left, then = self._left.get(visitor, (float(self._per_minute), now))
            left = min(left + (now - then) * self._per_minute / 60, self._per_minute)
            # More than a bucket holds could never be had: it takes the whole bucket.
            wanted = min(cost, self._per_minute)
            if left >= wanted:
                left -= wanted
                short = 0.0
            else:
                short = wanted - left
            self._left[visitor] = left, now
            self._left.move_to_end(visitor)
            if len(self._left) > MAX_VISITORS:
                self._left.popitem(last=False)
        if short:
            seconds = short * 60 / self._per_minute
            raise Busy(
                f"That is more than {self._per_minute} {self._what} a minute: wait {{}} and try "
                "again.",
                seconds,
            )


class DayCap:
    """Counts what each visitor did today (UTC); a restart of the Space begins anew.

    Args:
        what: The thing that is counted, for the message: "corrections".
        per_day: How many of them; 0 allows any number.
        clock: Gives seconds since 1970.
    """

    def __init__(self, what: str, per_day: int, clock: Callable[[], float] = time.time) -> None:
        self._what = what
        self._per_day = per_day
        self._clock = clock
        self._lock = Lock()
        self._day = 0
        self._done: Counter[str] = Counter()

    def take(self, *names: str | None) -> None:
        """Counts one thing for each name of a visitor (account, hashed address); None is no name.

        Raises:
            UserError: One of the names has had its share today; then none is counted.
        """
        if not self._per_day:
            return
        with self._lock:
            day = int(self._clock() // 86400)
            if day != self._day:
                self._day, self._done = day, Counter()
            if any(self._done[name] >= self._per_day for name in names if name):
                raise UserError(
                    f"That is more than {self._per_day} {self._what} a day: come back tomorrow."
                )
            self._done.update(name for name in names if name)


class FairSlots:
    """Slots that visitors work in, one of a visitor at a time, so that none has them all.

    Of those who wait, who was served longest ago is next, whoever came first.

    Args:
        slots: How many work at the same time.
    """

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._changed = Condition()
        self._working: set[str] = set()
        self._waiting: list[str] = []
        self._served: OrderedDict[str, None] = OrderedDict()

    @contextmanager
    def turn(self, visitor: str, keep_waiting: Callable[[], float]) -> Iterator[None]:
        """Waits for a slot, and keeps it for this block.

        Args:
            visitor: Who waits.
            keep_waiting: Called again and again; returns for how many seconds to wait now, and
                ends the waiting with what it raises.
        """
        with self._changed:
            self._waiting.append(visitor)
            try:
                while self._next() != visitor:
                    self._changed.wait(keep_waiting())
                self._free -= 1
                self._working.add(visitor)
            finally:
                self._waiting.remove(visitor)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._working.discard(visitor)
                self._served[visitor] = None
                self._served.move_to_end(visitor)
                if len(self._served) > SERVED_VISITORS:
                    self._served.popitem(last=False)
                self._changed.notify_all()

    def _next(self) -> str | None:
        """Returns whose turn it is; None if nobody's."""
        if not self._free:
            return None
        served = {visitor: place for place, visitor in enumerate(self._served)}
        able = [visitor for visitor in self._waiting if visitor not in self._working]
        return min(able, key=lambda visitor: served.get(visitor, -1), default=None)
