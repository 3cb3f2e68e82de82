"""What a visitor has open is counted, given back, and forgotten once it is nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tagloop.rate_limits import Busy
from tagloop.web.admission import visits as visits_module
from tagloop.web.admission.visits import TURNS, Visits

from ....event_loop import run


def test_requests_take_turns_and_who_leaves_gives_his_up() -> None:
    async def main() -> list[int]:
        visits, order, gate = Visits(), [], asyncio.Event()

        async def request(number: int) -> None:
            with visits.visit("me") as visit:
                async with visits.turn(visit):
                    order.append(number)
                    await gate.wait()

        tasks = [asyncio.create_task(request(number)) for number in range(TURNS + 3)]
        await asyncio.sleep(0)
        assert order == list(range(TURNS))
        tasks[TURNS].cancel()  # while it waits
        tasks[0].cancel()  # while it works
        for _ in range(5):
            await asyncio.sleep(0)
        assert order == [*range(TURNS), TURNS + 1]
        gate.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert len(visits) == 0
        return order

    assert run(main())[-1] == TURNS + 2


def test_a_turn_is_given_back_once() -> None:
    async def main() -> None:
        visits = Visits()
        with visits.visit("me") as visit:
            async with visits.turn(visit) as give_back:
                give_back()
                give_back()
                assert visit.free_turns == TURNS
            assert visit.free_turns == TURNS
        assert len(visits) == 0

    run(main())


def test_too_many_are_refused_with_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits_module, "WAITING_TURNS", 1)
    sentence = r"Busy: you have 2 streams open already; try again in 5 seconds\."

    async def main() -> None:
        visits = Visits()
        with visits.visit("me") as mine, visits.visit("you") as yours:
            with visits.opened(mine, "streams", 2), visits.opened(mine, "streams", 2):
                with pytest.raises(Busy, match=sentence), visits.opened(mine, "streams", 2):
                    pass
                with (
                    pytest.raises(Busy, match="too many streams"),
                    visits.opened(yours, "streams", 2, everybody=2),
                ):
                    pass
                with visits.opened(yours, "streams", 2):
                    pass

            async def wait() -> None:
                async with visits.turn(mine):
                    await asyncio.sleep(9)

            tasks = [asyncio.create_task(wait()) for _ in range(TURNS + 1)]
            await asyncio.sleep(0)
            with pytest.raises(Busy, match="1 requests waiting"):
                await wait()
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        assert len(visits) == 0

    run(main())
