"""A client and a fresh repository for the tests of the Hub."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from huggingface_hub import HfApi

from training.hub import EmbeddedHub


@pytest.fixture
def api(hub: EmbeddedHub) -> HfApi:
    """Returns a client that writes."""
    return HfApi()


@pytest.fixture
def repo(api: HfApi) -> str:
    """Returns the id of a new model repository."""
    return api.create_repo(f"repo-{uuid.uuid4().hex[:8]}").repo_id


@pytest.fixture(scope="session", autouse=True)
def no_crash_in_the_log(hub: EmbeddedHub) -> Iterator[None]:
    """Fails where any request of the whole run, however hostile, met an error of our own."""
    yield
    assert "Traceback" not in (hub.root / "hub.log").read_text()
