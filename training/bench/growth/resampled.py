"""Articles of any length and number, made of the sentences of real ones."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from training.base.examples import Row, read_rows

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
LEAST_WORDS, MOST_WORDS = 5, 40
"""Of a sentence: headings and lists that lost their breaks are neither."""


class Resampler:
    """Makes articles of sentences drawn at random: no two alike, words as frequent as in life."""

    def __init__(self, rows: list[Row], seed: int) -> None:
        self._random = random.Random(seed)
        self._rows = rows
        self._sentences = [
            sentence
            for row in rows
            for sentence in SENTENCE_END.split(row.text.replace("\n", " "))
            if LEAST_WORDS <= len(sentence.split()) <= MOST_WORDS
        ]

    @classmethod
    def of_train_split(cls, data: Sequence[str], seed: int = 20) -> Resampler:
        """Takes the labelled articles of the recipe's data.

        Raises:
            UserError: The file is missing or has no sentences.
        """
        rows = [row for row in read_rows(data, "articles") if row.split == "train" and row.tags]
        made = cls(rows, seed)
        if not made._sentences:
            raise UserError(f"{', '.join(data)}: no labelled article to take sentences from.")
        return made

    def article(self, words: int) -> dict[str, Any]:
        """Returns ``title``, ``text`` of exactly so many words, and a real article's ``tags``."""
        drawn: list[str] = []
        count = 0
        while count < words:
            sentence = self._random.choice(self._sentences).split()
            drawn.append(" ".join(sentence[: words - count]))
            count += len(sentence)
        parts = [" ".join(drawn[first : first + 5]) for first in range(0, len(drawn), 5)]
        row = self._random.choice(self._rows)
        title = " ".join(self._random.choice(self._sentences).split()[:8])
        return {"title": title, "text": "\n\n".join(parts), "tags": list(row.tags)}

    def write(self, path: Path, rows: int, words: int) -> None:
        """Writes so many articles as JSON Lines."""
        with path.open("w", encoding="utf-8") as file:
            file.writelines(self._lines(rows, words))

    def _lines(self, rows: int, words: int) -> Iterator[str]:
        for _ in range(rows):
            yield json.dumps(self.article(words), ensure_ascii=False) + "\n"
