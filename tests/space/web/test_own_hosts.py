"""The Space answers to its own names, and knows its own pages."""

from __future__ import annotations

import pytest

from tagloop.errors import UserError
from tagloop.web.own_hosts import OwnHosts

HUB = {"SPACE_ID": "me/tags", "SPACE_HOST": "me-tags.hf.space, tags.example.org"}


def answers(host: str, listed: str | None = None, **environment: str) -> bool:
    return OwnHosts.of_space(listed, environment).answers_to(host)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:7860", "localhost.:7860", "a.localhost", "127.0.0.1:7860",
     "[::1]:7860", "192.168.1.4:7860", "[fe80::1]", "0.0.0.0:80"],
)  # fmt: skip
def test_addresses_and_this_machine_are_always_answered(host: str) -> None:
    assert answers(host)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "localhost.evil.example", "127.0.0.1.evil.example",
     "me@localhost", "localhost/", "", "localhost:x", "[::1", "local host", "x" * 10_000,
     "me-tags.hf.space", "0x7f.1", "localhost, evil.example"],
)  # fmt: skip
def test_no_other_name_is_answered(host: str) -> None:
    assert not answers(host)


def test_names_come_from_where_the_space_runs_and_from_its_owner() -> None:
    assert answers("me-tags.hf.space", **HUB)
    assert answers("tags.example.org", **HUB)
    assert answers("renamed.hf.space", **HUB)
    assert not answers("evil.example", **HUB)
    assert answers("what.ever", SPACE_ID="me/tags")  # a Hub that does not name the Space
    assert answers("box:7860", GRADIO_SERVER_NAME="box")
    assert answers("example.org", GRADIO_ROOT_PATH="https://example.org/tags")
    assert answers("Tags.Example.org:443", "blog.example.org, tags.example.org")
    assert not answers("sub.tags.example.org", "tags.example.org")


def test_a_share_link_is_known_once_it_is_there() -> None:
    link: list[str] = []
    hosts = OwnHosts.of_space(None, {}, lambda: link[0] if link else None)
    assert not hosts.answers_to("0a1b.gradio.live")
    link.append("https://0a1b.gradio.live")
    assert hosts.answers_to("0a1b.gradio.live") and hosts.is_public("0a1b.gradio.live")
    assert not hosts.answers_to("other.gradio.live") and not hosts.is_public("localhost:7860")


@pytest.mark.parametrize(
    "listed", ["https://a.example", "a.example/x", "a.example:443", "*.a.example"]
)
def test_a_name_that_is_none_is_the_owners_mistake(listed: str) -> None:
    with pytest.raises(UserError, match="TAGLOOP_HOSTS must be host names"):
        OwnHosts.of_space(listed, {})


@pytest.mark.parametrize(
    ("headers", "other"),
    [
        ({}, False),  # a program
        ({"origin": "http://localhost:7860"}, False),
        ({"origin": "http://localhost:7860", "sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "http://localhost:3000"}, True),
        ({"origin": "http://localhost:3000", "sec-fetch-site": "same-site"}, True),
        ({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, True),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, True),
        ({"origin": ""}, True),
        ({"origin": "http://[::1"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        # Behind a proxy that asks by another name than its visitors did.
        ({"origin": "https://tags.example.org"}, False),
        ({"origin": "https://elsewhere.example", "sec-fetch-site": "same-origin"}, False),
    ],
)
def test_pages_of_other_sites_are_told_from_the_spaces_own_and_from_programs(
    headers: dict[str, str], other: bool
) -> None:
    at = {"GRADIO_SERVER_NAME": "localhost", "GRADIO_ROOT_PATH": "http://localhost:7860/tags"}
    hosts = OwnHosts.of_space("tags.example.org", at)
    assert hosts.is_other_site({"host": "localhost:7860", **headers}) is other


def test_a_default_port_makes_no_other_site() -> None:
    hosts = OwnHosts.of_space(None, {})
    assert not hosts.is_other_site({"host": "10.0.0.4", "origin": "http://10.0.0.4:80"})
    assert not hosts.is_other_site({"host": "10.0.0.4:443", "origin": "https://10.0.0.4"})
