"""How much one visitor may ask for in a minute or a day, so that none takes it from the others.

For minutes a token bucket a visitor (Turner, "New Directions in Communications", 1986): it fills
at a steady rate, holds a minute's worth, and each request takes out what it costs.
"""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from threading import Lock

from tagloop.errors import UserError

TAGGINGS_A_MINUTE, CORRECTIONS_A_MINUTE = 120, 20
"""Of one visitor: more than a person does by hand, less than keeps two cores busy."""
CORRECTIONS_A_DAY = 300
"""Of one account, and of one address."""
MAX_VISITORS = 10_000
"""That are remembered; who has not come for longest is forgotten first, with a full bucket."""


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
            UserError: The visitor has had as much as is allowed; the message says how long to wait.
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
            seconds = math.ceil(short * 60 / self._per_minute)
            raise UserError(
                f"That is more than {self._per_minute} {self._what} a minute: wait "
                f"{seconds} second{'s' if seconds != 1 else ''} and try again."
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
