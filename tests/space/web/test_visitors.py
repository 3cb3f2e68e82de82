"""Visitors are told apart by an address that they cannot choose."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tagloop.web.visitors import visitor_of


def asked_by(host: str, forwarded: str | None = None) -> Any:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return SimpleNamespace(headers=headers, client=SimpleNamespace(host=host))


def test_a_visitor_is_an_address_and_cannot_choose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert visitor_of(asked_by("10.1.1.1", "1.2.3.4")) == "10.1.1.1"
    monkeypatch.setenv("SPACE_ID", "me/space")
    assert visitor_of(asked_by("10.1.1.1", "made up, 1.2.3.4")) == "1.2.3.4"
    assert visitor_of(asked_by("10.1.1.1")) == "10.1.1.1"
    assert visitor_of(None) == ""


def test_an_ipv6_visitor_is_a_network_that_one_has_whole() -> None:
    assert visitor_of(asked_by("2001:db8:1:2::1")) == visitor_of(asked_by("2001:db8:1:2:9::5"))
    assert visitor_of(asked_by("2001:db8:1:2::1")) != visitor_of(asked_by("2001:db8:1:3::1"))
    assert visitor_of(asked_by("::ffff:10.1.1.1")) == "10.1.1.1"
