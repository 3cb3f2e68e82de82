"""Connections that say nothing: no request ever comes of them, so that only their age tells."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

HEAD_SECONDS = 15.0
"""In which the head of a request has to be there."""
SILENT_CONNECTIONS = 64
"""Of one address at the same time that never had a request; the oldest are closed first. A proxy
opens a connection for a request that it has."""
LOOK_SECONDS = 2.0


class Silence:
    """Closes connections on which no request is on its way, and none comes.

    uvicorn waits for ever for the head of a connection's first request.
    """

    def __init__(self) -> None:
        self._since: dict[Any, tuple[float, Any]] = {}

    async def watch(self, server: Any) -> None:
        """Looks again and again until it is cancelled.

        Args:
            server: The `uvicorn.Server`.
        """
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look(server.server_state.connections, time.monotonic())

    def look(self, connections: Iterable[Any], now: float) -> None:
        """Closes what is silent for too long, or one of too many.

        Args:
            connections: The protocols of uvicorn's HTTP/1.1.
            now: Seconds.
        """
        silent = {}
        for connection in connections:
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete:
                # Silent since another answer: counted anew.
                since, after = self._since.get(connection, (now, cycle))
                silent[connection] = (since if after is cycle else now, cycle)
        self._since = silent
        of_address: Counter[Any] = Counter()
        newest_first = sorted(silent, key=lambda connection: silent[connection][0], reverse=True)
        for connection in newest_first:
            address = (connection.client or ("",))[0]
            of_address[address] += connection.cycle is None
            if now - silent[connection][0] > HEAD_SECONDS or (
                of_address[address] > SILENT_CONNECTIONS
            ):
                connection.transport.abort()
                del self._since[connection]
