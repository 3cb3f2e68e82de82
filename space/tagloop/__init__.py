"""Article tagging and corrections: what the Space runs and what training shares with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagloop.tagger.tagger import Tagger

__all__ = ["Tagger"]


def __getattr__(name: str) -> Any:
    """Imports the model stack when somebody asks for it."""
    if name == "Tagger":
        from tagloop.tagger.tagger import Tagger

        return Tagger
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
