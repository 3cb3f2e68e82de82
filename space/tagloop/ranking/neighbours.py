"""The index of the training articles: whose tags an article's nearest neighbours lend it.

A generator forgets; its training articles do not. An article is compared with every training
article twice, by its words (the model's own tokens, weighted by TF-IDF) and by its subject (the
vectors of ``tagloop.ranking.sentence_encoder``), and the nearest lend their tags (k nearest
neighbours, Yang, "Expert Network", SIGIR 1994). The index is a few arrays in one safetensors file
and holds no text: of an article only the numbers of its distinct tokens and a vector of 8-bit
numbers remain. Published models have it as ``recall.safetensors``, whose arrays keep their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tagloop.files import NEIGHBOURS
from tagloop.generation.safetensors_file import stored_tensors

TITLE_WEIGHT = 2.0
"""A word of the title counts as so many of the text."""
MAX_TITLE_TOKENS = 64
MAX_TEXT_TOKENS = 1024
"""More of a text is not compared: on validation articles 512 were nearly as good."""
NEAR, WIDE = 20, 100
"""So many articles lend their tags: few are right for articles that have twins in the corpus, many
for short ones (on validation, 20 gave the best F1@5 of 10, 20, 100, 500 for articles, 100 for
titles)."""
SHARPNESS, VECTOR_SHARPNESS = 3, 8
"""A neighbour's weight is its similarity to this power: by words, and by vectors, which are all
more alike."""
FAMILIAR = 5
"""How familiar an article is, is the mean similarity of so many nearest vectors."""
BLOCK = 8192
"""Vectors that are floats at a time: 12 MB of those with 384 numbers."""
BYTE_SCALE = 400.0
"""Numbers of a vector of length 1 with 384 of them hardly ever exceed 127 / 400."""


@dataclass(frozen=True)
class Table:
    """A sparse matrix by rows: of row r the columns and values stand from starts[r] to starts[r+1].

    Attributes:
        starts: intp, what numpy counts with: in a browser it has 32 bits; (rows + 1,).
        columns: Unsigned integers, those of a row distinct, (entries,).
        values: Numbers, in units of ``scale``, (entries,).
        scale: What a value of 1 stands for.
    """

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    scale: float = 1.0

    def weighted_sum(self, rows: np.ndarray, weights: np.ndarray, width: int) -> np.ndarray:
        """Returns the sum of short rows, each times its weight: float64, (width,)."""
        first, last = self.starts[rows], self.starts[rows + 1]
        counts = last - first
        # The places of all entries of the rows, one after another.
        jumps = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        places = np.arange(int(counts.sum())) + jumps
        values = self.values[places] * np.repeat(weights * self.scale, counts)
        columns = self.columns[places].astype(np.intp)
        return np.bincount(columns, weights=values, minlength=width)

    def sum_of_long_rows(self, rows: np.ndarray, weights: np.ndarray, width: int) -> np.ndarray:
        """Returns the same of rows that are long, one after another: less time and memory."""
        total = np.zeros(width)
        for row, weight in zip(rows.tolist(), weights.tolist(), strict=True):
            entries = slice(self.starts[row], self.starts[row + 1])
            total[self.columns[entries]] += self.values[entries] * (weight * self.scale)
        return total


@dataclass(frozen=True)
class NeighbourTags:
    """What an article's neighbours carry; arrays have a number a tag of the vocabulary, (tags,).

    Attributes:
        near: Share (0..1) of the ``NEAR`` nearest articles by words that carry the tag.
        wide: The same of the ``WIDE`` nearest.
        by_vector: The same of the ``NEAR`` nearest by vector.
        by_vector_wide: The same of the ``WIDE`` nearest by vector.
        alike: Cosine between the article's vector and that of the tag itself.
        familiarity: Mean cosine of the ``FAMILIAR`` nearest by vector.
    """

    near: np.ndarray
    wide: np.ndarray
    by_vector: np.ndarray
    by_vector_wide: np.ndarray
    alike: np.ndarray
    familiarity: float


class Neighbours:
    """The index: the training articles' tokens, vectors and tags, for look-up.

    Attributes:
        tags: Number of tags; a tag is its place in the vocabulary's counts.
        idf: Rarity of every token, float32, (tokens,).
        linked: Share of the articles naming a tag whose authors gave it, float32, (tags,).
        dimensions: Numbers of a vector.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes the arrays that ``training.finetune.fit_neighbours`` makes."""
        self.tags = int(arrays["tags"][0])
        self._articles = len(arrays["carried.starts"]) - 1
        self.idf = arrays["idf"]
        self.linked = arrays["linked"]
        self._postings = _table(arrays, "postings")
        self._carried = _table(arrays, "carried")
        self._vectors = arrays["vectors"]
        self.dimensions = self._vectors.shape[1]
        self._tag_vectors = arrays["tag_vectors"]

    @classmethod
    def load(cls, folder: Path) -> Neighbours | None:
        """Reads a model folder's index; None where it has none."""
        if not (folder / NEIGHBOURS).is_file():
            return None
        tensors = stored_tensors(folder / NEIGHBOURS)
        return cls({name: tensor.read() for name, tensor in tensors.items()})

    def of(
        self, articles: Sequence[tuple[Sequence[int], Sequence[int]]], vectors: np.ndarray
    ) -> list[NeighbourTags]:
        """Looks articles up, together: to read all vectors takes longer than to multiply them.

        Args:
            articles: Token ids of each title and text, without special tokens.
            vectors: The articles', of length 1; float32, (articles, dimensions).
        """
        by_vector, alike = cosines(self._vectors, vectors), cosines(self._tag_vectors, vectors)
        found = []
        for place, (title, text) in enumerate(articles):
            tokens, weights = weigh(title, text, self.idf)
            near = self._postings.sum_of_long_rows(tokens, weights, self._articles)
            found.append(self._neighbour_tags(near, by_vector[:, place], alike[:, place]))
        return found

    def _neighbour_tags(
        self, near: np.ndarray, by_vector: np.ndarray, alike: np.ndarray
    ) -> NeighbourTags:
        count = min(FAMILIAR, self._articles)
        return NeighbourTags(
            self._lent(near, NEAR, SHARPNESS),
            self._lent(near, WIDE, SHARPNESS),
            self._lent(by_vector, NEAR, VECTOR_SHARPNESS),
            self._lent(by_vector, WIDE, VECTOR_SHARPNESS),
            alike,
            float(np.partition(by_vector, -count)[-count:].mean()),
        )

    def _lent(self, alike: np.ndarray, count: int, sharpness: int) -> np.ndarray:
        count = min(count, self._articles)
        nearest = np.argpartition(-alike, count - 1)[:count]
        weights = np.maximum(alike[nearest], 0.0) ** sharpness
        total = float(weights.sum())
        return self._carried.weighted_sum(nearest, weights / (total or 1.0), self.tags)


def to_bytes(vectors: np.ndarray) -> np.ndarray:
    """Rounds vectors of length 1 to 8 bits a number, int8."""
    return np.rint(np.clip(vectors * BYTE_SCALE, -127, 127)).astype(np.int8)


def from_bytes(rounded: np.ndarray) -> np.ndarray:
    """Returns the vectors again, float32."""
    return rounded.astype(np.float32) / BYTE_SCALE


def cosines(rounded: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Multiplies vectors of 8 bits by others, a block at a time: all as floats would be 4 times.

    Returns:
        float32, (rounded vectors, other vectors).
    """
    found = np.empty((len(rounded), len(vectors)), np.float32)
    for start in range(0, len(rounded), BLOCK):
        found[start : start + BLOCK] = from_bytes(rounded[start : start + BLOCK]) @ vectors.T
    return found


def _table(arrays: Mapping[str, np.ndarray], name: str) -> Table:
    scale = arrays.get(f"{name}.scale", [1.0])[0]  # of values of 8 bits
    starts, columns, values = (arrays[f"{name}.{part}"] for part in ("starts", "columns", "values"))
    return Table(starts.astype(np.intp), columns, values, float(scale))


def weigh(
    title_ids: Sequence[int], text_ids: Sequence[int], idf: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighs an article's tokens: sublinear term frequency times inverse document frequency.

    Source: Salton & Buckley, "Term-weighting approaches in automatic text retrieval" (1988).

    Args:
        title_ids: Token ids.
        text_ids: Token ids.
        idf: Of every token of the tokenizer, 0 for one that does not count, (vocabulary,).

    Returns:
        Distinct tokens and their weights; the weights' squares sum to 1.
    """
    title, text = title_ids[:MAX_TITLE_TOKENS], text_ids[:MAX_TEXT_TOKENS]
    ids = np.asarray([*title, *text], dtype=np.int64)
    shares = np.concatenate([np.full(len(title), TITLE_WEIGHT), np.ones(len(text))])
    tokens, where = np.unique(ids, return_inverse=True)
    counts = np.bincount(where, weights=shares, minlength=len(tokens))
    weights = (1 + np.log(np.maximum(counts, 1.0))) * idf[tokens]
    tokens, weights = tokens[weights > 0], weights[weights > 0]
    return tokens, weights / max(float(np.sqrt((weights**2).sum())), 1e-9)


def article_ids(tokenizer: Any, title: str, text: str) -> tuple[list[int], list[int]]:
    """Tokenizes an article for look-up."""

    def ids(part: str, limit: int) -> list[int]:
        # The characters are cut first: a book would be tokenized whole for its first page.
        part = part[: limit * 8]
        encoded = tokenizer(part, add_special_tokens=False, truncation=True, max_length=limit)
        return list(encoded.input_ids)

    return ids(title, MAX_TITLE_TOKENS), ids(text, MAX_TEXT_TOKENS)
