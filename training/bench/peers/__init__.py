"""The systems of the benchmark, each behind the same two calls in a module of its own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from tagloop.errors import UserError
from training.bench.data import Row

RANKED = 10
"""Tags that a system ranks for each article, at the most."""


class ScoredTag(NamedTuple):
    """A tag with the system's own score: only the order and a threshold are made of it."""

    tag: str
    score: float


class Tagged(NamedTuple):
    """One article's result: all ranked tags, the best first, and those that it would be given."""

    ranked: list[ScoredTag]
    kept: list[str]


class System(Protocol):
    """What the benchmark asks of a system."""

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Learns from ``train``, chooses every setting on ``validation`` and returns them."""

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Tags articles by their title and text, in their order."""


MODULES = {
    "most-frequent": "most_frequent:MostFrequent",
    "yake": "yake_peer:Yake",
    "keybert": "keybert_peer:KeyBert",
    "knn": "knn:NearestNeighbours",
    "one-vs-rest": "one_vs_rest:OneVsRest",
    "omikuji": "omikuji_peer:Omikuji",
    "tagloop-ctranslate2": "tagloop_system:CTranslate2Tagloop",
    "tagloop-transformers": "tagloop_system:TransformersTagloop",
}
"""Name of a system to its module and class; imported only when it runs."""
OURS = tuple(name for name in MODULES if name.startswith("tagloop"))


def load_system(name: str) -> System:
    """Makes a system by its name.

    Raises:
        UserError: The name is unknown, or a package that it needs is missing.
    """
    if name not in MODULES:
        raise UserError(f"No system is called {name!r}: take {', '.join(MODULES)}.")
    module, _, class_name = MODULES[name].partition(":")
    try:
        system: System = getattr(import_module(f"{__name__}.{module}"), class_name)()
    except ModuleNotFoundError as error:
        raise UserError(
            f"{name} needs the package {error.name}: pip install -r "
            "training/bench/requirements.txt brings it."
        ) from None
    return system
