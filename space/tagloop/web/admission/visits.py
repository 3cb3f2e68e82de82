"""What each visitor has open just now: turns, streams, uploads, bytes; nothing of who has nothing.

Used in the server's event loop alone.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from tagloop.rate_limits import Busy

TURNS = 2
"""Requests of one visitor in work at the same time. The server has one thread for most of them, so
more would not be done sooner; but each could keep another visitor's waiting."""
WAITING_TURNS = 500
"""Requests of one visitor that wait for a turn: thirty pages that load together."""
STREAMS = 100
"""Of one visitor that are open: each open page has two."""
AGENT_CALLS = 8
"""Of one visitor at the same time, and three times as many of all: each holds one of the server's
40 threads until the tags are there."""
UPLOADS = 4
"""Of one visitor on their way at the same time."""
BODY_BYTES = 64_000_000
"""Of one visitor's requests that are on their way, or in work: three of the largest."""


@dataclass
class Visit:
    """What one visitor has open.

    Attributes:
        opened: By kind, how many: ``streams``, ``pages`` (streams that a page keeps open),
            ``agent calls``, ``uploads`` and ``bodies``.
        body_bytes: Bytes of bodies that came so far.
        waiting: Requests that wait for a turn.
    """

    opened: dict[str, int] = field(default_factory=dict)
    body_bytes: int = 0
    waiting: int = 0
    free_turns: int = TURNS
    next_turns: OrderedDict[asyncio.Future[None], None] = field(default_factory=OrderedDict)

    @property
    def idle(self) -> bool:
        """Tells whether there is nothing to remember."""
        return not (
            any(self.opened.values()) or self.body_bytes or self.waiting or self.free_turns < TURNS
        )


class Visits:
    """The visits by visitor; one that has nothing open is forgotten.

    Args:
        limited: Whether there are limits.
    """

    def __init__(self, limited: bool = True) -> None:
        self._limited = limited
        self._visits: dict[str, Visit] = {}

    def __len__(self) -> int:
        """Returns how many visitors have something open."""
        return len(self._visits)

    @contextmanager
    def visit(self, visitor: str) -> Iterator[Visit]:
        """Yields a visitor's visit."""
        visit = self._visits.setdefault(visitor, Visit())
        try:
            yield visit
        finally:
            if visit.idle:
                self._visits.pop(visitor, None)

    @contextmanager
    def opened(self, visit: Visit, kind: str, limit: int, everybody: int = 0) -> Iterator[None]:
        """Counts something that is open in this block.

        Args:
            visit: The visitor's.
            kind: What it is, as the sentence calls it.
            limit: Of one visitor.
            everybody: Of all; 0 for any number.

        Raises:
            Busy: There are too many.
        """
        mine = visit.opened.get(kind, 0)
        if self._limited and mine >= limit:
            raise Busy(f"Busy: you have {mine} {kind} open already; try again in {{}}.", 5)
        if self._limited and everybody:
            total = sum(other.opened.get(kind, 0) for other in self._visits.values())
            if total >= everybody:
                raise Busy(f"Busy: too many {kind} are open just now; try again in {{}}.", 5)
        visit.opened[kind] = mine + 1
        try:
            yield
        finally:
            visit.opened[kind] -= 1
            if not visit.opened[kind]:
                del visit.opened[kind]

    @asynccontextmanager
    async def turn(self, visit: Visit) -> AsyncIterator[Callable[[], None]]:
        """Waits for a turn; yields what gives it back before the block ends.

        Raises:
            Busy: Too many of the visitor's requests wait already.
        """
        if self._limited:
            await self._wait(visit)
        given_back = not self._limited

        def give_back() -> None:
            nonlocal given_back
            if not given_back:
                given_back = True
                _hand_on(visit)

        try:
            yield give_back
        finally:
            give_back()

    async def _wait(self, visit: Visit) -> None:
        if visit.free_turns:
            visit.free_turns -= 1
            return
        if visit.waiting >= WAITING_TURNS:
            raise Busy(f"Busy: you have {visit.waiting} requests waiting; try again in {{}}.", 5)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        visit.next_turns[mine] = None
        visit.waiting += 1
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                _hand_on(visit)
            raise
        finally:
            visit.waiting -= 1
            visit.next_turns.pop(mine, None)


def _hand_on(visit: Visit) -> None:
    while visit.next_turns:
        following, _ = visit.next_turns.popitem(last=False)
        if not following.done():
            following.set_result(None)
            return
    visit.free_turns += 1
