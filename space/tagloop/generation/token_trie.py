"""A list of token sequences as a tree: which tokens may follow what has been generated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


class TokenTrie:
    """Tags as a model generates them, each with the token that ends it.

    Attributes:
        targets: The sequences in the order given, each once.
        places: Sequence to its place among the targets.
    """

    def __init__(self, targets: Iterable[Sequence[int]]) -> None:
        self.targets = list(dict.fromkeys(map(tuple, targets)))
        self.places = {target: place for place, target in enumerate(self.targets)}
        self._root: dict[int, Any] = {}
        for target in self.targets:
            node = self._root
            for token in target:
                node = node.setdefault(token, {})

    def following(self, generated: Sequence[int]) -> list[int]:
        """Returns the tokens that may follow; none after a whole sequence or what begins none."""
        node = self._root
        for token in generated:
            if token not in node:
                return []
            node = node[token]
        return list(node)

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence; 0 without any."""
        return max(map(len, self.targets), default=0)
