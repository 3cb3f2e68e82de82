"""The systems of the benchmark, each behind the same two calls in a module of its own."""

from __future__ import annotations

from importlib import import_module

from tagloop.errors import UserError
from training.bench.system import System

MODULES = {
    "most-frequent": "most_frequent:MostFrequent",
    "yake": "yake_peer:Yake",
    "keybert": "keybert_peer:KeyBert",
    "knn": "knn:NearestNeighbours",
    "one-vs-rest": "one_vs_rest:OneVsRest",
    "omikuji": "omikuji_peer:Omikuji",
    "checkpoint": "checkpoint_system:CheckpointAlone",
    "tagloop-ctranslate2": "tagloop_system:CTranslate2Tagloop",
    "tagloop-transformers": "tagloop_system:TransformersTagloop",
}
"""Name of a system to its module and class; imported only when it runs."""
OURS = tuple(name for name in MODULES if name.startswith("tagloop"))
OF_BASE = ("checkpoint", *OURS)
"""Systems whose results are of the bundled base."""


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
