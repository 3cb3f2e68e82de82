"""No request to any declared address is answered by 500, however it is made.

``make fuzz`` searches longer, and elsewhere each time.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .profiles import every_time
from .search import open_search, search_requests
from .wire import Ask, Tally, Wire

EXAMPLES = 4
"""Of each address."""


@pytest.mark.slow
def test_no_request_is_answered_by_500(tmp_path: Path) -> None:
    with open_search(tmp_path) as search:
        search_requests(search, every_time(EXAMPLES))
        tally = search.scene.tally
        tried = {route for route, _ in tally.answers}
        assert {route.path for route in search.routes} <= {name.split(" ")[-1] for name in tried}
        assert tally.failures == 0
        kinds = {kind for _, kind in tally.answers}
        assert {"2xx", "4xx"} <= kinds, "requests that are all refused prove little"
        assert "Traceback" not in (search.scene.hub.root / "hub.log").read_text()


def test_an_answer_that_is_500_or_missing_is_seen(tmp_path: Path) -> None:
    """A server that breaks on purpose: a search that passes it proves nothing."""
    import socket
    import threading

    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for reply in (b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", b"", b""):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(reply)

    threading.Thread(target=serve, daemon=True).start()
    tally = Tally()
    wire = Wire(listener.getsockname()[1], tally)
    assert wire.send(Ask("x", "GET", b"/")).status == 500
    wire.close()
    assert wire.send(Ask("x", "GET", b"/")).status == 0
    assert tally.failures == 2
    listener.close()
