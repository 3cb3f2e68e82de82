"""One embedded Hub for all tests, known to every client before any of them is imported."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from training.hub import EmbeddedHub

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    PORT = probe.getsockname()[1]
ROOT = Path(tempfile.mkdtemp(prefix="tagloop-tests-"))
atexit.register(shutil.rmtree, ROOT, ignore_errors=True)
HUB = EmbeddedHub(ROOT / "hub", port=PORT, run_jobs=True)
# Clients read these at import: a real account's token or cache must never meet a test.
os.environ.update(HUB.client_env(ROOT / "home"))
# What tests start compiles a module once, not anew in each process, whatever the environment says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


LONGEST = [
    f"test_{name}.py"
    for name in (
        "tag_tab",
        "static_page",
        "train",
        "retrain",
        "publish",
        "adaptation",
        "fit_ranker",
        "static",
        "static_corrections",
        "review_tab",
        "explore_tab",
        "reload",
        "sign_in",
        "admission",
        "front_door",
        "cluster",
        "build",
        "faults",
    )
]
TOGETHER = {
    f"tests/browser/test_{name}.py": shared
    for shared, names in {
        "one Space": (
            *("tag_tab", "accessibility", "api", "batch_tab", "hardening", "inside_tab"),
            *("integrations", "languages", "links", "selectors"),
        ),
        "one static Space": ("static_page", "static_space"),
    }.items()
    for name in names
}
"""Files that share a tagger, a Space and a browser: other workers need not start these as well."""


BENCHES = [Path(__file__).parent / "training" / name for name in ("bench", "base")]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets the longest files come first, so that short ones fill what is left of all cores."""
    for item in items:
        if any(folder in item.path.parents for folder in BENCHES):
            item.add_marker("bench")
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spares the garbage collector what all tests have imported, a gigabyte, again and again."""
    gc.collect()
    gc.freeze()


class WholeFiles(LoadFileScheduling):  # type: ignore[misc]
    """Gives a worker whole files, and all of those that share a Space."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return TOGETHER.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeFiles:
    """Returns what deals the tests out."""
    return WholeFiles(config, log)


@pytest.fixture(scope="session")
def hub() -> Iterator[EmbeddedHub]:
    """Yields the running Hub; `HfApi()` and all other clients in this process talk to it."""
    with HUB:
        yield HUB


@pytest.fixture(scope="session")
def hub_namespace(hub: EmbeddedHub) -> str:
    """Returns the user whose token the clients use, and whose namespace they may write to."""
    return hub.user
