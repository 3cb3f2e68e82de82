"""Near-duplicates among any number of articles: MinHash signatures, LSH over arrays.

Signatures are datasketch's. Its ``MinHashLSH`` keeps several KB of Python objects an article; here
the buckets that hold one article alone, nearly all of them, are never made.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

from tagloop.text.words import UNSPACED, has_unspaced
from training.data.articles import Article

SHINGLE_WORDS = 5
"""Word 5-grams, as Lee et al., "Deduplicating Training Data Makes Language Models Better"
(ACL 2022), section 4.2, take them."""
THRESHOLD = 0.7
"""Jaccard similarity from which two articles are near-duplicates: the value of The Stack
(Kocetkov et al., 2022), lower than Lee et al.'s 0.8, since a copy that goes unnoticed here would
be a test article in the training data, while a false match costs nothing but freedom of split."""
BANDS, BAND_ROWS = 25, 5
"""LSH bands of MinHash (Leskovec et al., "Mining of Massive Datasets", chapter 3): a pair at the
threshold becomes a candidate with probability 1 - (1 - 0.7^5)^25 = 0.99."""
PERMUTATIONS = BANDS * BAND_ROWS
SEED = 1

METHOD = (
    f"MinHash LSH over word {SHINGLE_WORDS}-grams of title and text, "
    f"{PERMUTATIONS} permutations, {BANDS} bands of {BAND_ROWS}"
)
_WORD = re.compile(r"\w+")
_UNSPACED_WORD = re.compile(rf"[^\W{UNSPACED}]+|[{UNSPACED}]")
_CHUNK = 65_536
"""Signatures read at a time."""
# CRC-32 is ten times as fast as the default SHA-1, and MinHash mixes its bits again.
_EMPTY = MinHash(PERMUTATIONS, seed=SEED, hashfunc=zlib.crc32)
# Multilinear hashing of a band's values (Lemire and Kaser, "Strongly universal string hashing is
# fast", The Computer Journal 57, 2014); where two bands meet by chance, the articles are compared.
_FACTORS = 2 * np.random.default_rng(SEED).integers(2**63, size=BAND_ROWS, dtype=np.uint64) + 1


def shingles(article: Article) -> set[bytes]:
    """Returns the word 5-grams of title and text; one shingle when there are fewer words.

    Where most words are of scripts without blanks between them, each of their letters is a word.
    """
    content = f"{article.title}\n{article.text}".casefold()
    words = _WORD.findall(content)
    if has_unspaced(content):
        # A quotation in an English article leaves its shingles, and so its split, as they were.
        units = _UNSPACED_WORD.findall(content)
        words = units if len(units) > 2 * len(words) else words
    count = max(1, len(words) - SHINGLE_WORDS + 1)
    return {" ".join(words[start : start + SHINGLE_WORDS]).encode() for start in range(count)}


def signature(article: Article) -> NDArray[np.uint32]:
    """Returns the MinHash values of an article's shingles, ``PERMUTATIONS`` of 32 bits."""
    sketch = _EMPTY.copy()
    sketch.update_batch(shingles(article))
    values: NDArray[np.uint32] = sketch.hashvalues
    return values


class NearDuplicates:
    """Finds for one article after the other those before it that are `THRESHOLD` similar."""

    def __init__(self, signatures: NDArray[np.uint32]) -> None:
        """Sorts all articles into buckets, and forgets those that hold one article.

        Args:
            signatures: A row an article, ``PERMUTATIONS`` values.
        """
        self._signatures = signatures
        self._starts, self._buckets = _shared_buckets(signatures)
        self._added: dict[int, list[int]] = {}
        self._places: dict[int, int] = {}

    def find(self, index: int) -> list[int]:
        """Lists an article's near-duplicates among those added, the first added first."""
        candidates = {
            other for bucket in self._buckets_of(index) for other in self._added.get(bucket, ())
        }
        if not candidates:
            return []
        ordered = sorted(candidates, key=self._places.__getitem__)
        equal = self._signatures[ordered] == self._signatures[index]
        alike = np.count_nonzero(equal, axis=1) / PERMUTATIONS >= THRESHOLD
        return [other for other, near in zip(ordered, alike, strict=True) if near]

    def add(self, index: int) -> None:
        """Adds an article, for those after it to find."""
        buckets = self._buckets_of(index)
        if buckets:
            self._places[index] = len(self._places)
        for bucket in buckets:
            self._added.setdefault(bucket, []).append(index)

    def _buckets_of(self, index: int) -> list[int]:
        buckets: list[int] = self._buckets[self._starts[index] : self._starts[index + 1]].tolist()
        return buckets


def _shared_buckets(
    signatures: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the buckets of each article that hold others, too.

    Returns:
        Where each article's begin in the second array, and one more; numbers of buckets.
    """
    articles, buckets = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    first = 0
    for keys in _band_keys(signatures):
        _, bucket, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        shared = np.flatnonzero(sizes[bucket] > 1)
        articles.append(shared)
        buckets.append(bucket[shared] + first)
        first += len(sizes)
    flat = np.concatenate(articles)
    order = np.argsort(flat, kind="stable")
    counts = np.bincount(flat, minlength=len(signatures))
    return np.concatenate([[0], np.cumsum(counts)]), np.concatenate(buckets)[order]


def _band_keys(signatures: NDArray[np.uint32]) -> Iterator[NDArray[np.uint64]]:
    """Yields for each band one hash an article."""
    for start in range(0, PERMUTATIONS, BAND_ROWS):
        keys = np.empty(len(signatures), np.uint64)
        for at in range(0, len(signatures), _CHUNK):
            band = signatures[at : at + _CHUNK, start : start + BAND_ROWS].astype(np.uint64)
            keys[at : at + _CHUNK] = (band * _FACTORS).sum(axis=1)
        yield keys
