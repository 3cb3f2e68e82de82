"""What decides which articles stay and where: 600 bytes of each, so that the articles need not."""

from __future__ import annotations

import sys
import tempfile
import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from training.data.articles import Article, article_id
from training.data.near_duplicates import PERMUTATIONS, signature

DIGEST = 32
"""Bytes of an article's id, a SHA-256 digest."""
_UNDATED = "9999"
"""Comes after every date."""


class Fingerprints:
    """Of articles in reading order: ids, contents and dates in memory, signatures in a file.

    Attributes:
        published: Dates; ``9999`` where there is none.
        corrections: 1 for an article whose tags come from a correction, 0 for others.
        addressed: 1 for an article that has an address, 0 for others.
    """

    def __init__(self) -> None:
        """Makes an empty collection; its file has no name and is gone with the process."""
        self.published: list[str] = []
        self.corrections = bytearray()
        self.addressed = bytearray()
        self._ids = bytearray()
        self._contents = bytearray()
        self._signatures = tempfile.TemporaryFile()
        weakref.finalize(self, self._signatures.close)

    @classmethod
    def of(cls, articles: Iterable[Article]) -> Fingerprints:
        """Takes those of articles."""
        prints = cls()
        for article in articles:
            prints.add(article)
        return prints

    def __len__(self) -> int:
        return len(self.published)

    def add(self, article: Article) -> None:
        """Appends an article's.

        Raises:
            OSError: The disk is full.
        """
        self.published.append(sys.intern(article.published or _UNDATED))
        self.corrections.append(article.origin != "source")
        self.addressed.append(bool(article.url))
        self._ids += bytes.fromhex(article.id)
        self._contents += bytes.fromhex(article_id(article.title, article.text))
        self._signatures.write(signature(article).tobytes())

    def add_table(self, table: pa.Table) -> None:
        """Appends rows of what `table` gave.

        Raises:
            OSError: The disk is full.
        """
        self.published += map(sys.intern, table["published"].to_pylist())
        self.corrections += bytes(table["correction"].to_pylist())
        self.addressed += bytes(table["addressed"].to_pylist())
        self._ids += b"".join(table["id"].to_pylist())
        self._contents += b"".join(table["content"].to_pylist())
        for chunk in table["signature"].chunks:
            self._signatures.write(b"".join(chunk.to_pylist()))

    def table(self) -> pa.Table:
        """Returns all of it, a row an article."""
        return pa.table(
            {
                "published": pa.array(self.published, pa.string()),
                "correction": pa.array(self.corrections, pa.uint8()),
                "addressed": pa.array(self.addressed, pa.uint8()),
                "id": self._column(bytes(self._ids), DIGEST),
                "content": self._column(bytes(self._contents), DIGEST),
                "signature": self._column(self.signatures(), 4 * PERMUTATIONS),
            }
        )

    def _column(self, values: Any, width: int) -> pa.Array:
        kind = pa.binary(width)
        if not len(self):
            return pa.array([], kind)
        return pa.Array.from_buffers(kind, len(self), [None, pa.py_buffer(values)])

    def id(self, index: int) -> str:
        """Returns an article's id."""
        return self._ids[DIGEST * index : DIGEST * (index + 1)].hex()

    @property
    def ids(self) -> NDArray[np.bytes_]:
        """Digests of the addresses, or of the contents where there is none."""
        return np.frombuffer(self._ids, f"S{DIGEST}")

    @property
    def contents(self) -> NDArray[np.bytes_]:
        """Digests of the normalised titles and texts."""
        return np.frombuffer(self._contents, f"S{DIGEST}")

    def signatures(self) -> NDArray[np.uint32]:
        """Returns the signatures: a row an article, in the file that they are in."""
        self._signatures.flush()
        shape = (len(self), PERMUTATIONS)
        if not len(self):
            return np.empty(shape, np.uint32)
        return np.memmap(self._signatures, np.uint32, "r", shape=shape)
