"""One embedded Hub for all tests, known to every client before any of them is imported."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from training.hub import EmbeddedHub

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    PORT = probe.getsockname()[1]
ROOT = Path(tempfile.mkdtemp(prefix="tagloop-tests-"))
atexit.register(shutil.rmtree, ROOT, ignore_errors=True)
HUB = EmbeddedHub(ROOT / "hub", port=PORT)
# Clients read these at import: a real account's token or cache must never meet a test.
os.environ.update(HUB.client_env(ROOT / "home"))


LONGEST = ("test_demo.py", "test_tag_tab.py", "test_retrain.py", "test_train.py", "test_publish.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets the longest files come first, so that short ones fill what is left of both cores."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(scope="session")
def hub() -> Iterator[EmbeddedHub]:
    """Yields the running Hub; `HfApi()` and all other clients in this process talk to it."""
    with HUB:
        yield HUB


@pytest.fixture(scope="session")
def hub_namespace(hub: EmbeddedHub) -> str:
    """Returns the user whose token the clients use, and whose namespace they may write to."""
    return hub.user
