"""What one visitor may ask for in a minute."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tagloop import rates
from tagloop.errors import UserError
from tagloop.rates import RateLimit, visitor_of


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


def asked_by(host: str, forwarded: str | None = None) -> SimpleNamespace:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return SimpleNamespace(headers=headers, client=SimpleNamespace(host=host))


def test_a_visitor_is_an_address_and_cannot_choose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert visitor_of(asked_by("10.1.1.1", "1.2.3.4")) == "10.1.1.1"
    monkeypatch.setenv("SPACE_ID", "me/space")
    assert visitor_of(asked_by("10.1.1.1", "made up, 1.2.3.4")) == "1.2.3.4"
    assert visitor_of(asked_by("10.1.1.1")) == "10.1.1.1"
    assert visitor_of(None) == ""
