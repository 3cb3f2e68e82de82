"""The README's table of calls against the client's own addresses and the routes of this Hub."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from huggingface_hub import HfApi

import training.hub
from training.hub import EmbeddedHub
from training.hub.app import API

from .plain_http import HTTP

README = Path(training.hub.__file__).with_name("README.md").read_text(encoding="utf-8")
ADDRESS = re.compile(r'f"\{self\.endpoint\}(/(?:api|buckets|papers|uploads)\b[^"]*)"')
DOCSTRING = re.compile(r'"""[\s\S]*?"""')
PLACES = {
    r"\{(repo_type|api_prefix|src_repo_type)\}": "model",
    r"\{(repo_id|from_id|collection_slug|bucket_id)\}": "demo/name",
    r"\{[^{}]*\}": "x",
}


def calls() -> dict[str, list[str]]:
    """Returns the public calls of the client with the addresses in each, filled in by anything."""
    found = {}
    for name, member in vars(HfApi).items():
        if name.startswith("_") or not callable(member):
            continue
        source = DOCSTRING.sub("", inspect.getsource(inspect.unwrap(member)))
        addresses = []
        for address in ADDRESS.findall(source):
            for place, value in PLACES.items():
                address = re.sub(place, value, address)
            addresses.append(
                address.replace("/modelss/", "/models/").replace("/model/", "/models/")
            )
        if addresses:
            found[name] = addresses
    return found


def table() -> tuple[set[str], set[str]]:
    """Returns the calls that the README says are answered, and those that are refused."""
    rows = README.split("## Calls of the client")[1].split("\n## ")[0].splitlines()
    columns = [row.strip("|").split("|") for row in rows if row.startswith("| ")][1:]
    answered, refused = (
        {name for row in columns for name in re.findall(r"`(\w+)`", row[place])} for place in (1, 2)
    )
    return answered, refused


def test_every_call_stands_in_the_table_once() -> None:
    answered, refused = table()
    assert not answered & refused
    assert answered | refused == set(calls())


def test_what_is_answered_has_a_route() -> None:
    routes = [route for module in API for route in module.ROUTES]
    answered, _ = table()
    for name in answered:
        addresses = calls()[name]
        assert any(route.path_regex.match(one) for route in routes for one in addresses), name


@pytest.mark.parametrize("name", sorted(table()[1]))
def test_what_is_refused_is_said_to_be(hub: EmbeddedHub, name: str) -> None:
    headers = {"Authorization": f"Bearer {hub.token}"}
    for address in calls()[name]:
        for method in ("GET", "POST"):
            answer = HTTP.request(method, hub.endpoint + address, headers=headers)
            assert 400 <= answer.status_code < 500, (method, address)


def test_the_environment_of_clients_is_given_everywhere(hub: EmbeddedHub) -> None:
    from training.hub import __main__ as command

    for text in (README, Path(command.__file__).read_text(encoding="utf-8")):
        assert re.search(r"HF_ENDPOINT=\S+ HF_HUB_DISABLE_XET=1", text)
