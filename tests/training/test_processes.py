"""Of several processes the first speaks, and only a training can be in several."""

from __future__ import annotations

import threading
import time

import pytest

from tagloop.errors import UserError
from training import processes
from training.command import command


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Makes this the second of two processes; returns how long it has waited for the first."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    waited: list[float] = []
    sleep, here = time.sleep, threading.get_ident()
    monkeypatch.setattr(
        "time.sleep",
        lambda seconds: (waited.append if threading.get_ident() == here else sleep)(seconds),
    )
    return waited


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, (1, 1, True, True, 0)),
        (
            {"WORLD_SIZE": "4", "RANK": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2"}
            | {"GROUP_RANK": "1"},
            (4, 2, False, True, 1),
        ),
        (  # mpirun's names
            {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1"}
            | {"OMPI_COMM_WORLD_LOCAL_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "1"},
            (2, 2, False, False, 0),
        ),
        ({"WORLD_SIZE": "", "RANK": ""}, (1, 1, True, True, 0)),
    ],
)
def test_launchers_say_which_process_this_is(
    told: dict[str, str], found: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    asked = (processes.count, processes.count_here, processes.is_first, processes.is_first_here)
    assert (*(ask() for ask in asked), processes.machine()) == found


def test_a_command_for_one_process_is_refused_in_several(
    second: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[bool] = []

    @command()
    def alone(words: list[str]) -> None:
        done.append(True)

    assert alone([]) == 2 and not done
    assert "2 processes were started" in capsys.readouterr().err
    assert second == [processes.GRACE]  # in which the first one says so and ends both


def test_the_others_let_the_first_speak(
    second: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(error: BaseException) -> int:
        @command("stopped", several=True)
        def main(words: list[str]) -> None:
            raise error

        return main([])

    assert run(UserError("Wrong.")) == 2 and len(second) == 1
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())
    assert len(second) == 2
    assert run(KeyboardInterrupt()) == 130 and len(second) == 2
    assert "stopped" not in capsys.readouterr().err
