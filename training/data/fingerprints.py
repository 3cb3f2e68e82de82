"""What decides which articles stay and where: 600 bytes of each, so that the articles need not."""

from __future__ import annotations

import sys
import tempfile
import weakref
from collections.abc import Iterable

import numpy as np
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
