"""Indexes the training articles, for a tagger to find neighbours among: ``recall.safetensors``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from scipy import sparse

from tagloop.article import text_of
from tagloop.files import NEIGHBOURS
from tagloop.ranking.features import Embedder
from tagloop.ranking.keyphrases import KnownPhrases, Words, linked_shares
from tagloop.ranking.neighbours import article_ids, to_bytes, weigh
from tagloop.ranking.sentence_encoder import DIMENSIONS
from tagloop.vocabulary.vocabulary import Vocabulary
from training.console import progress_bar

EMBEDDED_AT_ONCE = 256


@dataclass(frozen=True)
class ReadArticles:
    """What the index takes from articles, whatever their tags are.

    Attributes:
        digests: Tells articles from one another, uint64, (articles,).
        ids: Token ids of each one's title and text.
        words: Of each.
        vectors: In 8 bits a number, (articles, dimensions).
    """

    digests: np.ndarray
    ids: list[tuple[list[int], list[int]]]
    words: list[Words]
    vectors: np.ndarray

    def of(self, places: Sequence[int]) -> ReadArticles:
        """Returns the articles at these places."""
        return ReadArticles(
            self.digests[places],
            [self.ids[place] for place in places],
            [self.words[place] for place in places],
            self.vectors[places],
        )


def fit_neighbours(
    articles: Sequence[Mapping[str, Any]],
    tokenizer: Any,
    vocabulary: Vocabulary,
    sentence_encoder: Embedder | None,
    earlier: Mapping[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Makes the arrays of the index.

    Args:
        articles: ``title``, ``text`` and ``tags`` of the training articles.
        tokenizer: Of the model.
        vocabulary: Its tags; what the index calls a tag is a place in ``vocabulary.counts``.
        sentence_encoder: Gives articles and tags their vectors; without, they are all 0, and
            nothing is like anything but by its words.
        earlier: An index by the same sentence encoder; articles that it has need no new vectors.
    """
    read = read_articles(articles, tokenizer, sentence_encoder, earlier)
    tags = [row["tags"] for row in articles]
    return index_arrays(read, tags, len(tokenizer), vocabulary, sentence_encoder)


def read_articles(
    articles: Sequence[Mapping[str, Any]],
    tokenizer: Any,
    sentence_encoder: Embedder | None,
    earlier: Mapping[str, np.ndarray] | None = None,
) -> ReadArticles:
    """Reads articles: tokens, words and vectors; see ``fit_neighbours``."""
    bar = progress_bar(articles, desc="reading articles", unit="article")
    ids = [article_ids(tokenizer, row["title"] or "", row["text"] or "") for row in bar]
    words = [Words.of(row["title"] or "", row["text"] or "") for row in articles]
    texts = [text_of(row).strip() for row in articles]
    digests = np.array([_digest(text) for text in texts], dtype=np.uint64)
    return ReadArticles(
        digests, ids, words, _vectors(texts, digests, sentence_encoder, earlier or {})
    )


def index_arrays(
    read: ReadArticles,
    tags: Sequence[Sequence[str]],
    tokens: int,
    vocabulary: Vocabulary,
    sentence_encoder: Embedder | None,
) -> dict[str, np.ndarray]:
    """Makes the arrays of the index of articles that were read, and their tags.

    Args:
        read: The articles.
        tags: Of each.
        tokens: Size of the tokenizer.
        vocabulary: See ``fit_neighbours``, as for the sentence encoder.
        sentence_encoder: See there.
    """
    idf = _idf(read.ids, tokens)
    rows = [weigh(title, text, idf) for title, text in read.ids]
    known = {form: place for place, form in enumerate(vocabulary.counts)}
    given = [
        {known[form] for form in map(vocabulary.canonical, row) if form in known} for row in tags
    ]
    named = map(KnownPhrases(known).in_article, read.words)
    return {
        "tags": np.array([len(known)]),
        "idf": idf,
        "linked": linked_shares(list(zip(named, given, strict=True)), len(known)),
        "digests": read.digests,
        "vectors": read.vectors,
        "tag_vectors": to_bytes(
            sentence_encoder.embed(list(known)) if sentence_encoder else _zeros(len(known), None)
        ),
        **_arrays("postings", _matrix(rows, tokens).T.tocsr()),
        **_arrays("carried", _carried(given, len(known))),
    }


def _zeros(count: int, sentence_encoder: Embedder | None) -> np.ndarray:
    width = sentence_encoder.embed([]).shape[1] if sentence_encoder else DIMENSIONS
    return np.zeros((count, width), dtype=np.int8)


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8])


def _vectors(
    texts: Sequence[str],
    digests: np.ndarray,
    sentence_encoder: Embedder | None,
    earlier: Mapping[str, np.ndarray],
) -> np.ndarray:
    vectors = _zeros(len(texts), sentence_encoder)
    if sentence_encoder is None:
        return vectors
    places = {digest: place for place, digest in enumerate(earlier.get("digests", ()))}
    had = [place for place, digest in enumerate(digests) if digest in places]
    if had:
        vectors[had] = earlier["vectors"][[places[digests[place]] for place in had]]
    new = set(range(len(texts))).difference(had)
    # Of like length together, so that little is computed on padding.
    order = sorted(new, key=lambda place: len(texts[place]))
    with progress_bar(total=len(order), desc="embedding articles", unit="article") as bar:
        for first in range(0, len(order), EMBEDDED_AT_ONCE):
            chosen = order[first : first + EMBEDDED_AT_ONCE]
            vectors[chosen] = to_bytes(sentence_encoder.embed([texts[place] for place in chosen]))
            bar.update(len(chosen))
    return vectors


def save_neighbours(arrays: Mapping[str, np.ndarray], folder: Path) -> None:
    """Writes the index into a model folder."""
    save_file(dict(arrays), folder / NEIGHBOURS)


def _idf(ids: Sequence[tuple[list[int], list[int]]], size: int) -> np.ndarray:
    """Returns log(articles / articles with the token) + 1; 0 for tokens of a single article."""
    found = np.zeros(size)
    for title, text in ids:
        found[list({*title, *text})] += 1
    idf = np.log(len(ids) / np.maximum(found, 1)) + 1
    idf[found < 2] = 0
    return idf.astype(np.float32)


def _matrix(rows: Sequence[tuple[np.ndarray, np.ndarray]], width: int) -> sparse.csr_array:
    starts = np.concatenate([[0], np.cumsum([len(tokens) for tokens, _ in rows])])
    columns = np.concatenate([tokens for tokens, _ in rows])
    values = np.concatenate([weights for _, weights in rows]).astype(np.float32)
    return sparse.csr_array((values, columns, starts), shape=(len(rows), width))


def _carried(given: Sequence[set[int]], tags: int) -> sparse.csr_array:
    """Returns which article carries which tag: 1 each, (articles, tags)."""
    return _matrix([(np.array(sorted(row), np.int64), np.ones(len(row))) for row in given], tags)


def _arrays(name: str, matrix: sparse.csr_array) -> dict[str, np.ndarray]:
    """Returns a matrix as ``tagloop.ranking.neighbours.Table`` reads it, its values in 8 bits."""
    scale = max(float(matrix.data.max(initial=0.0)), 1e-9) / 255
    width = np.uint16 if matrix.shape[1] <= 2**16 else np.uint32
    return {
        f"{name}.starts": matrix.indptr.astype(np.int64),
        f"{name}.columns": matrix.indices.astype(width),
        f"{name}.values": np.rint(matrix.data / scale).astype(np.uint8),
        f"{name}.scale": np.array([scale], dtype=np.float32),
    }
