"""Visitors are told apart by an address that they cannot choose."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tagloop.errors import UserError
from tagloop.web.visitors import (
    SEAL,
    Caller,
    TrustedProxies,
    read_address,
    visitor_of,
    visitor_of_scope,
)

HUB = {"SPACE_ID": "me/space"}
SHARED = {"GRADIO_SHARE": "True"}


def asked_by(host: str, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimpleNamespace(headers=named, client=SimpleNamespace(host=host))


def sealed(caller: Caller, *others: tuple[bytes, bytes]) -> dict[str, Any]:
    scope: dict[str, Any] = {"type": "http", "headers": list(others), "client": ("10.9.9.9", 1)}
    caller.seal(scope)
    return scope


def carried(scope: dict[str, Any]) -> Any:
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    return SimpleNamespace(headers=headers, client=SimpleNamespace(host=scope["client"][0]))


@pytest.mark.parametrize(
    ("listed", "environment", "peer", "forwarded", "visitor"),
    [
        # Nobody in between: what a caller says of itself counts for nothing.
        (None, {}, "127.0.0.1", ["1.2.3.4"], "127.0.0.1"),
        (None, {}, "203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
        ("none", HUB, "10.0.0.1", ["1.2.3.4"], "10.0.0.1"),
        ("none", SHARED, "127.0.0.1", ["1.2.3.4"], "127.0.0.1"),
        # The Hub: its proxy wrote the last address, and may have others of its own before it.
        (None, HUB, "10.1.1.1", ["9.9.9.9, 1.2.3.4"], "1.2.3.4"),
        (None, HUB, "10.1.1.1", ["9.9.9.9, 1.2.3.4, 10.2.2.2"], "1.2.3.4"),
        (None, HUB, "10.1.1.1", ["9.9.9.9", "1.2.3.4"], "1.2.3.4"),
        (None, HUB, "10.1.1.1", ["192.168.0.7, 1.2.3.4"], "1.2.3.4"),
        (None, HUB, "10.1.1.1", [], "10.1.1.1"),
        # A share link: only the tunnel's end, which is on this machine.
        (None, SHARED, "127.0.0.1", ["9.9.9.9, 1.2.3.4"], "1.2.3.4"),
        (None, SHARED, "127.0.0.1", ["9.9.9.9, 1.2.3.4, 172.17.0.1"], "1.2.3.4"),
        (None, SHARED, "192.168.1.7", ["1.2.3.4"], "192.168.1.7"),
        (
            None,
            {**SHARED, "GRADIO_SERVER_NAME": "192.168.1.7"},
            "192.168.1.7",
            ["1.2.3.4"],
            "1.2.3.4",
        ),
        (None, {**SHARED, "GRADIO_SERVER_NAME": "0.0.0.0"}, "127.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        # Proxies that the owner names, one behind the other.
        ("127.0.0.1", {}, "127.0.0.1", ["9.9.9.9, 1.2.3.4"], "1.2.3.4"),
        ("127.0.0.1", {}, "203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
        ("127.0.0.1, 10.0.0.0/8", {}, "127.0.0.1", ["9.9.9.9, 1.2.3.4, 10.3.3.3"], "1.2.3.4"),
        ("10.0.0.5", HUB, "10.0.0.6", ["1.2.3.4"], "10.0.0.6"),
        ("::1", {}, "::1", ["2001:db8:1:2::5"], "2001:db8:1:2::/64"),
        # As proxies write addresses.
        ("::1", {}, "::1", ["[2001:db8:1:2::5]:443"], "2001:db8:1:2::/64"),
        ("127.0.0.1", {}, "::ffff:127.0.0.1", ["1.2.3.4:5678"], "1.2.3.4"),
        ("127.0.0.1", {}, "127.0.0.1", ["::ffff:1.2.3.4"], "1.2.3.4"),
        ("127.0.0.1", {}, "127.0.0.1", ["9.9.9.9, 1.2.3.4, , "], "1.2.3.4"),
        ("fe80::1", {}, "fe80::1%eth0", ["1.2.3.4"], "1.2.3.4"),
        # What is no address ends the way: nobody chooses a name of their own with it.
        ("127.0.0.1", {}, "127.0.0.1", ["1.2.3.4, unknown"], "127.0.0.1"),
        ("127.0.0.1", {}, "127.0.0.1", ["1.2.3.4, me, 127.0.0.1"], "127.0.0.1"),
        ("127.0.0.1", {}, "127.0.0.1", ["1.2.3.4, [::1"], "127.0.0.1"),
        ("127.0.0.1", {}, "127.0.0.1", ["1.2.3.4, " + "1" * 100_000], "127.0.0.1"),
        # All that came are proxies: the first of them is who asked.
        ("127.0.0.1,10.0.0.0/8", {}, "127.0.0.1", ["10.1.1.1"], "10.1.1.1"),
    ],
)
def test_the_address_is_what_the_nearest_trusted_proxies_say(
    listed: str | None, environment: dict[str, str], peer: str, forwarded: list[str], visitor: str
) -> None:
    assert TrustedProxies.of_space(listed, environment).visitor(peer, forwarded) == visitor


def test_an_ipv6_visitor_is_a_network_that_one_has_whole() -> None:
    assert visitor_of(asked_by("2001:db8:1:2::1")) == visitor_of(asked_by("2001:db8:1:2:9::5"))
    assert visitor_of(asked_by("2001:db8:1:2::1")) != visitor_of(asked_by("2001:db8:1:3::1"))
    assert visitor_of(asked_by("::ffff:10.1.1.1")) == "10.1.1.1"


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "1.2.3.4.5", "[1.2.3.4", "::1]", "1.2.3.4:x", "%"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert read_address(text) is None


def test_without_the_front_door_no_header_counts() -> None:
    said = {"x_forwarded_for": "1.2.3.4", "x_tagloop_visitor": f"{'0' * 64} own 1.2.3.4"}
    assert visitor_of(asked_by("10.1.1.1", **said)) == "10.1.1.1"
    scope = {"headers": [(SEAL.encode(), b"own 1.2.3.4")], "client": ("10.1.1.1", 1)}
    assert visitor_of_scope(scope) == "10.1.1.1"
    assert visitor_of_scope({"headers": [], "client": None}) == ""
    assert visitor_of(None) == ""


def test_a_sealed_visitor_travels_with_the_request() -> None:
    forged = (SEAL.encode(), b"own 6.6.6.6")
    scope = sealed(Caller("1.2.3.4", other_site=False), forged)
    assert visitor_of_scope(scope) == visitor_of(carried(scope)) == "1.2.3.4"
    again = sealed(Caller("5.6.7.8", other_site=False), *scope["headers"])
    assert visitor_of_scope(again) == "5.6.7.8"


def test_pages_of_other_sites_may_ask_for_tags_alone() -> None:
    scope = sealed(Caller("1.2.3.4", other_site=True))
    assert visitor_of_scope(scope) == visitor_of(carried(scope), from_any_site=True) == "1.2.3.4"
    with pytest.raises(UserError, match="not taken from a page of another site"):
        visitor_of(carried(scope))


@pytest.mark.parametrize("listed", ["nginx", "10.0.0.1/8", "127.0.0.1,", "1"])
def test_a_proxy_that_is_none_is_the_owners_mistake(listed: str) -> None:
    with pytest.raises(UserError, match="TAGLOOP_TRUSTED_PROXIES must be addresses or networks"):
        TrustedProxies.of_space(listed, {})
