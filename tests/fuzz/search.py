"""The searches for an input that is answered by 500: properties that hypothesis tries to break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, seed, settings
from hypothesis import strategies as st
from starlette.routing import Route

from training.hub.names import PREFIXES

from .routes import request_of
from .scene import Scene, declared_routes, open_scene
from .stories import Step, check, play, steps
from .wire import Ask, Tally

RENEW = 300
"""Requests after which the repositories are made anew, so that none grows without end."""
UNDONE = ("/repos/", "/settings", "/super-squash/", "/merge")
"""Addresses after whose success something may be missing."""


@dataclass
class Search:
    """What the searches of one Hub share."""

    scene: Scene
    routes: list[Route]
    sent: int = 0
    after: Callable[[], object] = field(default=lambda: None)


@contextmanager
def open_search(folder: Path) -> Iterator[Search]:
    """Starts a Hub under that folder and finds out what it declares."""
    (folder / "declared").mkdir()
    with open_scene(folder, Tally()) as scene:
        yield Search(scene, declared_routes(folder / "declared"))


def search_requests(search: Search, how: settings, start: int = 0) -> None:
    """Tries requests to every declared address, as many examples of each as the settings say.

    Raises:
        AssertionError: An answer was 500, missing, or slow.
    """

    def holds(asks: list[Ask]) -> None:
        for ask in asks:
            answer = search.scene.wire.send(ask)
            search.sent += 1
            if answer.status == 0 and not ask.is_sound:
                continue
            check(answer, repr(ask))
            if answer.status < 300 and any(part in ask.route for part in UNDONE):
                search.scene.restore()
        if search.sent > RENEW:
            search.sent = 0
            for kind in PREFIXES:
                body = {"name": "fuzz", "type": kind.removesuffix("s")}
                search.scene.call("DELETE", "/api/repos/delete", body)
            search.scene.restore()
        search.scene.tally.inputs["requests"] += len(asks)
        search.after()

    for number, route in enumerate(search.routes):
        some = st.lists(request_of(search.scene, route), min_size=1, max_size=3)
        seed(start * len(search.routes) + number)(how(given(some)(holds)))()


def search_stories(search: Search, how: settings, start: int = 0) -> None:
    """Tries sequences of changes, and then every page that shows what became of them.

    Raises:
        AssertionError: An answer was 500, missing, or slow, or a list was broken.
    """
    search.scene.restore()

    def holds(kind: str, story: list[Step]) -> None:
        play(search.scene, kind, story)
        search.scene.tally.inputs["stories"] += 1
        search.after()

    story = st.lists(steps(), min_size=1, max_size=8)
    seed(start)(how(given(st.sampled_from(sorted(PREFIXES)), story)(holds)))()
