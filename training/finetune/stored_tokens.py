"""What the index of neighbours reads of articles, in a file: memory holds a few of them at a time.

Token ids and words of 120 words an article took 20 KB of memory as lists; a million such articles
would not fit into that of most machines.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset, Features, List, Value, concatenate_datasets

from tagloop.ranking.keyphrases import Words
from tagloop.ranking.neighbours import article_ids

Article = Mapping[str, Any]
COLUMNS = Features(
    {
        "title_ids": List(Value("uint32")),
        "text_ids": List(Value("uint32")),
        # Bytes, not text: lists of articles may hold halves of characters, which Arrow refuses.
        "title_words": Value("binary"),
        "text_words": Value("binary"),
    }
)


class StoredTokens:
    """Token ids and words of articles, in their order."""

    def __init__(self, rows: Dataset) -> None:
        """Takes rows of ``COLUMNS``."""
        self._rows = rows

    @classmethod
    def read(
        cls, articles: Iterable[Article], tokenizer: Any, scratch: Path | None = None
    ) -> StoredTokens:
        """Reads articles once.

        Args:
            articles: ``title`` and ``text`` of each.
            tokenizer: Of the model.
            scratch: Folder for the file, which is taken out of it at once and lasts as long as
                it is read; the system's for temporary files by default.
        """

        def rows() -> Iterator[dict[str, Any]]:
            for article in articles:
                title, text = article["title"] or "", article["text"] or ""
                words = Words.of(title, text)
                joined = (" ".join(part) for part in (words.title, words.text))
                parts = [*article_ids(tokenizer, title, text), *map(_to_bytes, joined)]
                yield dict(zip(COLUMNS, parts, strict=True))

        with tempfile.TemporaryDirectory(".part", dir=scratch) as place:  # never published
            # Named, so that nobody hashes what the generator holds.
            return cls(Dataset.from_generator(rows, COLUMNS, place, fingerprint="tokens"))

    def __len__(self) -> int:
        return len(self._rows)

    def at(self, places: Sequence[int]) -> StoredTokens:
        """Returns those of some articles."""
        return StoredTokens(self._rows.select(places))

    def followed_by(self, others: StoredTokens) -> StoredTokens:
        """Returns these and others behind them."""
        return StoredTokens(concatenate_datasets([self._rows, others._rows]))

    def ids(self) -> Iterator[tuple[list[int], list[int]]]:
        """Yields each article's token ids, of its title and of its text."""
        for row in self._rows.select_columns(["title_ids", "text_ids"]):
            yield row["title_ids"], row["text_ids"]

    def words(self) -> Iterator[Words]:
        """Yields each article's words."""
        for row in self._rows.select_columns(["title_words", "text_words"]):
            title, text = map(_from_bytes, row.values())
            yield Words(title.split(), text.split())


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _from_bytes(written: bytes) -> str:
    return written.decode("utf-8", "surrogatepass")
