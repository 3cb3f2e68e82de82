"""What one visitor may ask for in a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tagloop import rate_limits as rates
from tagloop.corrections import pseudonyms
from tagloop.errors import UserError
from tagloop.rate_limits import Busy, DayCap, FairSlots, RateLimit


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_at_once_and_then_a_steady_rate() -> None:
    clock = Clock()
    limit = RateLimit("articles", 30, clock)
    for _ in range(30):
        limit.take("me")
    with pytest.raises(UserError, match="more than 30 articles a minute: wait 2 seconds"):
        limit.take("me")
    limit.take("you")  # others are not kept waiting
    clock.now += 2
    limit.take("me")
    with pytest.raises(UserError):
        limit.take("me")
    clock.now += 3600
    for _ in range(30):  # an hour's pause is worth no more than a minute
        limit.take("me")
    with pytest.raises(UserError):
        limit.take("me")


def test_what_is_refused_costs_nothing() -> None:
    clock = Clock()
    limit = RateLimit("articles", 60, clock)
    limit.take("me", 50)
    for _ in range(5):
        with pytest.raises(UserError, match="wait 40 seconds"):
            limit.take("me", 50)
    limit.take("me", 10)


def test_more_than_a_minutes_worth_can_still_be_had_once() -> None:
    clock = Clock()
    limit = RateLimit("articles", 10, clock)
    limit.take("me", 64)
    with pytest.raises(UserError, match="wait 6 seconds"):
        limit.take("me")


def test_nought_is_no_limit() -> None:
    limit = RateLimit("articles", 0)
    for _ in range(1000):
        limit.take("me", 1000)


def test_strangers_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MAX_VISITORS", 3)
    limit = RateLimit("articles", 5, Clock())
    for visitor in range(10):
        limit.take(str(visitor))
    assert len(limit._left) == 3


def test_a_day_has_so_many_and_no_more_for_each_name() -> None:
    clock = Clock()
    cap = DayCap("corrections", 2, clock)
    cap.take("account ann", "a1")
    cap.take("account ann", "a2")
    with pytest.raises(UserError, match="more than 2 corrections a day: come back tomorrow"):
        cap.take("account ann", "a3")
    cap.take(None, "a3")  # what was refused was not counted
    cap.take("account bob", "a3")
    with pytest.raises(UserError):
        cap.take(None, "a3")  # the address alone
    clock.now += 86_400
    cap.take("account ann", "a3")


def test_a_day_without_a_cap_has_any_number() -> None:
    cap = DayCap("corrections", 0)
    for _ in range(1000):
        cap.take("a1")


def test_a_pseudonym_tells_apart_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "one")
    pseudonyms._key.cache_clear()
    names = [pseudonyms.pseudonym(address) for address in ("10.1.1.1", "10.1.1.2", "10.1.1.1")]
    assert names[0] == names[2] != names[1]
    assert names[0] is not None and len(names[0]) == 16
    pseudonyms._key.cache_clear()
    assert pseudonyms.pseudonym("10.1.1.1") == names[0]  # a restart makes no other person
    monkeypatch.setenv("HF_TOKEN", "two")
    pseudonyms._key.cache_clear()
    assert pseudonyms.pseudonym("10.1.1.1") != names[0]  # the hash has a key
    assert pseudonyms.pseudonym("") is None
    pseudonyms._key.cache_clear()


def test_busy_says_when_to_come_back() -> None:
    for seconds, said in ((0.2, "1 second"), (5, "5 seconds"), (119.5, "2 minutes"), (601, "11")):
        assert said in str(Busy("Busy: try again in {}.", seconds))
    assert str(Busy("Try {a}{}.md again in {}.", 5)) == "Try {a}{}.md again in 5 seconds."


def never_mind() -> float:
    return 0.01


def test_one_visitor_never_has_both_slots_and_turns_go_round() -> None:
    slots = FairSlots(2)
    order: list[str] = []
    gates: dict[str, threading.Event] = {}

    def work(visitor: str, name: str) -> None:
        with slots.turn(visitor, never_mind):
            order.append(name)
            gates[name].wait(5)

    def begin(visitor: str, name: str) -> threading.Thread:
        gates[name] = threading.Event()
        thread = threading.Thread(target=work, args=(visitor, name))
        thread.start()
        return thread

    threads = [begin("a", "a1")]
    wait_until(lambda: order == ["a1"])
    threads += [begin("a", "a2"), begin("b", "b1")]
    wait_until(lambda: len(order) == 2)
    assert order == ["a1", "b1"]
    threads.append(begin("c", "c1"))
    wait_until(lambda: slots._waiting == ["a", "c"])
    gates["a1"].set()
    wait_until(lambda: len(order) == 3)
    assert order[-1] == "c1"  # a waited first, but was served already
    for gate in gates.values():
        gate.set()
    for thread in threads:
        thread.join(5)
    assert order[-1] == "a2" and (slots._free, slots._working, slots._waiting) == (2, set(), [])


def test_who_gives_up_leaves_nothing_behind() -> None:
    def gone() -> float:
        raise UserError("gone")

    slots = FairSlots(1)
    with slots.turn("a", never_mind):
        with pytest.raises(UserError, match="gone"), slots.turn("b", gone):
            pass
    with slots.turn("b", gone):
        assert slots._waiting == []


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come to that")
