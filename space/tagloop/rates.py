"""How much one visitor may ask for in a minute, so that one cannot take the Space from the others.

A token bucket a visitor (Turner, "New Directions in Communications", 1986): it fills at a steady
rate, holds a minute's worth, and each request takes out what it costs.
"""

from __future__ import annotations

import math
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from tagloop.errors import UserError

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
        """Count a visitor's request.

        Raises:
            UserError: It is more than the visitor may have now; the message says when it is not.
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


def visitor_of(request: Any) -> str:
    """Tell visitors apart: by their address.

    On a Space of the Hub all requests come from its proxy, which puts the visitor's address last
    in ``X-Forwarded-For``; elsewhere that header is only what a visitor says.

    Args:
        request: A ``gr.Request``, or None for a call from within.
    """
    if request is None:
        return ""
    forwarded = str(request.headers.get("x-forwarded-for") or "")
    if os.environ.get("SPACE_ID") and forwarded:
        return forwarded.rpartition(",")[2].strip()
    return str(request.client.host) if request.client else ""
