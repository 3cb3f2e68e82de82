"""How long the work for one visitor may take, after which it ends with a sentence.

A thread cannot be stopped from outside, so the work asks by itself between its steps. That is
enough as long as every step is short: no loop over a text takes longer than in proportion to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tagloop.errors import UserError

MAX_SECONDS = 30.0
"""Of one article: what reads the longest one to its end takes a few on two cores, alone."""
MAX_BATCH_SECONDS = 120.0
"""Of the articles of one call."""


class TooSlow(UserError):
    """The work took longer than it may; the message says what to do."""


class Deadline:
    """Ends work that takes too long.

    Args:
        what: The thing that is worked on, for the message: "This article".
        seconds: From now.
        clock: Gives seconds.
    """

    def __init__(
        self,
        what: str = "This article",
        seconds: float = MAX_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def check(self) -> None:
        """Lets the work go on.

        Raises:
            TooSlow: It has had its time.
        """
        if self._clock() > self._end:
            raise TooSlow(
                f"{self._what} took more than {self._seconds:.0f} seconds and was stopped: shorten "
                "the text, give fewer allowed tags, or try again when less is going on here."
            )


def unlimited() -> None:
    """Lets the work go on for as long as it takes."""
