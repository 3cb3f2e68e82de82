"""Article in, tags with confidence out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagloop.tagger.tagger import Tagger

__all__ = ["Tagger"]


def __getattr__(name: str) -> Any:
    """Imports the model stack when somebody asks for the Tagger, not with its neighbours."""
    if name == "Tagger":
        from tagloop.tagger.tagger import Tagger

        return Tagger
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
