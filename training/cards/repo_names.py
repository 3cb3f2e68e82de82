"""What the repositories of one project are called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """The four repositories of one project."""

    dataset: str
    model: str
    space: str
    corrections: str

    @classmethod
    def of(cls, namespace: str, name: str) -> Names:
        """Returns ``{namespace}/{name}`` for the Space; the others end with what they hold."""
        stem = f"{namespace}/{name}"
        return cls(f"{stem}-articles", f"{stem}-tagger", stem, f"{stem}-corrections")

    @property
    def code(self) -> str:
        """Where the code is that a webhook retrains with, if there is one."""
        return f"{self.space}-retrain"

    @property
    def static_space(self) -> str:
        """The Space that runs in a visitor's browser, if there is one."""
        return f"{self.space}-static"

    @property
    def suggestions(self) -> str:
        """The public dataset that the static Space's visitors open pull requests on."""
        return f"{self.space}-suggestions"
