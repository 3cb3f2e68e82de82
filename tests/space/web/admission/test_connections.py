"""Connections without a request are closed; those with one are not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tagloop.web.admission.connections import HEAD_SECONDS, SILENT_CONNECTIONS, Silence


class Connection:
    """What uvicorn knows of one."""

    def __init__(self, address: str = "10.0.0.1", cycle: Any = None) -> None:
        self.client, self.cycle, self.closed = (address, 1), cycle, False
        self.transport = SimpleNamespace(abort=self.close)

    def close(self) -> None:
        self.closed = True


def test_half_a_head_has_its_time() -> None:
    silence = Silence()
    half, working = Connection(), Connection(cycle=SimpleNamespace(response_complete=False))
    kept = Connection(cycle=SimpleNamespace(response_complete=True))
    all_of_them = [half, working, kept]
    silence.look(all_of_them, 100)
    silence.look(all_of_them, 100 + HEAD_SECONDS)
    assert not any(one.closed for one in all_of_them)
    kept.cycle = SimpleNamespace(response_complete=True)  # it had another answer meanwhile
    silence.look(all_of_them, 101 + HEAD_SECONDS)
    assert [one.closed for one in all_of_them] == [True, False, False]
    silence.look([working, kept], 102 + 2 * HEAD_SECONDS)
    assert kept.closed and not working.closed


def test_one_address_has_so_many_and_another_is_not_touched() -> None:
    silence = Silence()
    many = [Connection() for _ in range(SILENT_CONNECTIONS + 5)]
    other = Connection("10.0.0.2")
    silence.look([*many, other], 100)
    assert sum(one.closed for one in many) == 5 and not other.closed
