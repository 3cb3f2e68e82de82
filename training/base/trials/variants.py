"""The variants of the recipe that ``training.base.trials`` compares, and the examples of each."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from tagloop.vocabulary.vocabulary import normal_form
from training.base.batches import SORTED_EXAMPLES, batches
from training.base.examples import Row, Style, tag_examples
from training.base.trials.neighbours import RowNeighbours, with_hints

SMOOTHING = 0.1
HALF = 0.5
"""Share of the examples that get hints, or the teacher's tags."""


@dataclass(frozen=True)
class Variant:
    """One way to train on; without a change it is the recipe's.

    Attributes:
        says: What is different.
        order: Of an example's tags: author, place, frequency or shuffled.
        smoothing: Label smoothing.
        windows: See ``Style``.
        lone_parts: See ``Style``.
        hints: Whether half of the prompts end in the neighbours' tags.
        taught: Whether half of the answers are the teacher's.
        trained: False for the point of reference.
    """

    says: str
    order: str = "author"
    smoothing: float = 0.0
    windows: bool = True
    lone_parts: bool = True
    hints: bool = False
    taught: bool = False
    trained: bool = True


PLAIN = "plain"
VARIANTS = {
    PLAIN: Variant("the recipe: tags in the author's order"),
    "start": Variant("no further training", trained=False),
    "hints": Variant("half of the prompts end in the nearest articles' tags", hints=True),
    "distilled": Variant("half of the answers are the teacher's", taught=True),
    "smoothing": Variant(f"label smoothing {SMOOTHING}", smoothing=SMOOTHING),
    "by_frequency": Variant("frequent tags first", order="frequency"),
    "by_place": Variant("tags as they first occur in the prompt, others last", order="place"),
    "shuffled": Variant("tags in random order", order="shuffled"),
    "whole_windows": Variant("always the beginning of a text", windows=False),
    "no_dropout_parts": Variant("always title and text", lone_parts=False),
}


class Examples:
    """The examples of one variant.

    What is random in an example depends on its place and the seed alone, so that all variants see
    the same rows, windows and parts as far as their difference lets them.
    """

    def __init__(
        self,
        variant: Variant,
        rows: Sequence[Row],
        tokenizer: Any,
        neighbours: RowNeighbours | None = None,
        *,
        max_tokens: int,
        seed: int,
    ) -> None:
        """Prepares the rows.

        Args:
            variant: What is different.
            rows: One round of the recipe's training rows.
            tokenizer: Of the base.
            neighbours: For variants with hints or a teacher.
            max_tokens: Input tokens of an example at most.
            seed: Of everything random.
        """
        self._variant, self._tokenizer, self._neighbours = variant, tokenizer, neighbours
        self._max_tokens, self._seed = max_tokens, seed
        self._rows = list(rows)
        random.Random(seed).shuffle(self._rows)
        self._counts = Counter(normal_form(tag) for row in set(rows) for tag in row.tags)
        order = {"place": by_place, "frequency": self._by_frequency, "shuffled": shuffled}
        self._style = Style(variant.windows, variant.lone_parts, order.get(variant.order))

    def batches(self, tokens_a_batch: int) -> Iterator[dict[str, torch.Tensor]]:
        """Yields batches without end."""
        while True:
            for first in range(0, len(self._rows), SORTED_EXAMPLES):
                places = range(first, min(first + SORTED_EXAMPLES, len(self._rows)))
                examples = [example for place in places for example in self.of(place)]
                rng = random.Random(f"{self._seed} {first}")
                yield from batches(examples, self._tokenizer, self._max_tokens, rng, tokens_a_batch)

    def of(self, place: int) -> Iterator[tuple[str, str]]:
        """Yields the one (prompt, target) of the row at a place, or none if the recipe skips it."""
        row = self._rows[place]
        other = random.Random(f"{self._seed} {place} other").random() < HALF
        other = other and self._neighbours is not None and row.kind != "textbook"
        if other and self._variant.taught and self._neighbours:
            row = replace(row, tags=tuple(self._neighbours.taught(row)))
        rng = random.Random(f"{self._seed} {place}")
        for prompt, target in tag_examples([row], rng, self._style):
            if other and self._variant.hints and self._neighbours:
                hints = self._neighbours.hints(row)
                prompt = with_hints(prompt, hints, self._tokenizer, self._max_tokens)
            yield prompt, target

    def _by_frequency(self, tags: list[str], prompt: str, rng: random.Random) -> list[str]:
        """Puts tags that more training rows carry first."""
        return by_frequency(tags, self._counts)


def by_frequency(tags: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """Sorts tags by the number of rows that carry them, the most frequent first."""
    return sorted(tags, key=lambda tag: -counts.get(normal_form(tag), 0))


def by_place(tags: list[str], prompt: str, rng: random.Random) -> list[str]:
    """Sorts tags by their first occurrence in the prompt; what does not occur comes last."""
    folded = f" {normal_form(prompt)} "

    def place(tag: str) -> int:
        found = folded.find(f" {normal_form(tag)} ")
        return found if found >= 0 else len(folded)

    return sorted(tags, key=place)


def shuffled(tags: list[str], prompt: str, rng: random.Random) -> list[str]:
    """Puts tags in random order."""
    return rng.sample(tags, len(tags))
