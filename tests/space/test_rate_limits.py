"""What one visitor may ask for in a minute."""

from __future__ import annotations

import pytest

from tagloop import rate_limits as rates
from tagloop.corrections import pseudonyms
from tagloop.errors import UserError
from tagloop.rate_limits import DayCap, RateLimit


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
