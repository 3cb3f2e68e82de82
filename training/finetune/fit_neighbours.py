"""Indexes the training articles, for a tagger to find neighbours among: ``recall.safetensors``."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from safetensors.numpy import save_file

from tagloop.article import text_of
from tagloop.files import NEIGHBOURS
from tagloop.ranking.features import Embedder
from tagloop.ranking.keyphrases import KnownPhrases, linked_shares
from tagloop.ranking.neighbours import to_bytes, weigh
from tagloop.ranking.sentence_encoder import DIMENSIONS
from tagloop.vocabulary.vocabulary import Vocabulary
from training.console import progress_bar
from training.finetune.stored_tokens import StoredTokens

EMBEDDED_AT_ONCE = 256


@dataclass(frozen=True)
class ReadArticles:
    """What the index takes from articles, whatever their tags are.

    Attributes:
        digests: Tells articles from one another, uint64, (articles,).
        tokens: Token ids and words of each one's title and text.
        vectors: In 8 bits a number, (articles, dimensions).
    """

    digests: np.ndarray
    tokens: StoredTokens
    vectors: np.ndarray

    def of(self, places: Sequence[int]) -> ReadArticles:
        """Returns the articles at these places."""
        return ReadArticles(self.digests[places], self.tokens.at(places), self.vectors[places])


def fit_neighbours(
    articles: Sequence[Mapping[str, Any]],
    tokenizer: Any,
    vocabulary: Vocabulary,
    sentence_encoder: Embedder | None,
    earlier: Mapping[str, np.ndarray] | None = None,
    scratch: Path | None = None,
) -> dict[str, np.ndarray]:
    """Makes the arrays of the index.

    Args:
        articles: ``title``, ``text`` and ``tags`` of the training articles.
        tokenizer: Of the model.
        vocabulary: Its tags; what the index calls a tag is a place in ``vocabulary.counts``.
        sentence_encoder: Gives articles and tags their vectors; without, they are all 0, and
            nothing is like anything but by its words.
        earlier: An index by the same sentence encoder; articles that it has need no new vectors.
        scratch: Folder for what is too much for memory; the system's by default.
    """
    read = read_articles(articles, tokenizer, sentence_encoder, earlier, scratch)
    tags = tags_of(articles)
    return index_arrays(read, tags, len(tokenizer), vocabulary, sentence_encoder)


def tags_of(
    articles: Sequence[Mapping[str, Any]], places: Sequence[int] | None = None
) -> Iterable[Sequence[str]]:
    """Returns the tags of articles, or of those at some places, without reading their texts."""
    if isinstance(articles, Dataset):
        chosen: Iterable[Sequence[str]] = (articles if places is None else articles.select(places))[
            "tags"
        ]
        return chosen
    return [
        articles[place]["tags"] for place in (range(len(articles)) if places is None else places)
    ]


def read_articles(
    articles: Sequence[Mapping[str, Any]],
    tokenizer: Any,
    sentence_encoder: Embedder | None,
    earlier: Mapping[str, np.ndarray] | None = None,
    scratch: Path | None = None,
) -> ReadArticles:
    """Reads articles: tokens, words and vectors; see ``fit_neighbours``."""
    digests, lengths = np.zeros(len(articles), np.uint64), np.zeros(len(articles), np.int64)

    def one_by_one() -> Iterator[Mapping[str, Any]]:
        bar = progress_bar(articles, desc="reading articles", unit="article")
        for place, article in enumerate(bar):
            text = text_of(article).strip()
            digests[place], lengths[place] = _digest(text), len(text)
            yield article

    tokens = StoredTokens.read(one_by_one(), tokenizer, scratch)
    vectors = _vectors(articles, lengths, digests, sentence_encoder, earlier or {})
    return ReadArticles(digests, tokens, vectors)


def index_arrays(
    read: ReadArticles,
    tags: Iterable[Sequence[str]],
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
    found = _articles_by_token(read.tokens.ids(), tokens)
    idf = _idf(found, len(read.tokens))
    known = {form: place for place, form in enumerate(vocabulary.counts)}
    starts, carried = _carried(tags, vocabulary, known)
    given = (set(carried[first:last].tolist()) for first, last in pairwise(starts.tolist()))
    named = map(KnownPhrases(known).in_article, read.tokens.words())
    return {
        "tags": np.array([len(known)]),
        "idf": idf,
        "linked": linked_shares(zip(named, given, strict=True), len(known)),
        "digests": read.digests,
        "vectors": read.vectors,
        "tag_vectors": to_bytes(
            sentence_encoder.embed(list(known)) if sentence_encoder else _zeros(len(known), None)
        ),
        **_table("postings", *_postings(read.tokens, idf, found)),
        **_table("carried", starts, carried, np.ones(len(carried), np.float32)),
    }


def _zeros(count: int, sentence_encoder: Embedder | None) -> np.ndarray:
    width = sentence_encoder.embed([]).shape[1] if sentence_encoder else DIMENSIONS
    return np.zeros((count, width), dtype=np.int8)


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8])


def _vectors(
    articles: Sequence[Mapping[str, Any]],
    lengths: np.ndarray,
    digests: np.ndarray,
    sentence_encoder: Embedder | None,
    earlier: Mapping[str, np.ndarray],
) -> np.ndarray:
    vectors = _zeros(len(articles), sentence_encoder)
    if sentence_encoder is None:
        return vectors
    places = {digest: place for place, digest in enumerate(earlier.get("digests", ()))}
    had = np.array([digest in places for digest in digests], dtype=bool)
    if had.any():
        vectors[had] = earlier["vectors"][[places[digest] for digest in digests[had]]]
    (new,) = np.nonzero(~had)
    # Of like length together, so that little is computed on padding.
    order = new[np.argsort(lengths[new], kind="stable")].tolist()
    with progress_bar(total=len(order), desc="embedding articles", unit="article") as bar:
        for first in range(0, len(order), EMBEDDED_AT_ONCE):
            chosen = order[first : first + EMBEDDED_AT_ONCE]
            texts = [text_of(articles[place]).strip() for place in chosen]
            vectors[chosen] = to_bytes(sentence_encoder.embed(texts))
            bar.update(len(chosen))
    return vectors


def save_neighbours(arrays: Mapping[str, np.ndarray], folder: Path) -> None:
    """Writes the index into a model folder."""
    save_file(dict(arrays), folder / NEIGHBOURS)


def _articles_by_token(ids: Iterable[tuple[list[int], list[int]]], size: int) -> np.ndarray:
    found = np.zeros(size, np.int64)
    for title, text in ids:
        found[list({*title, *text})] += 1
    return found


def _idf(found: np.ndarray, articles: int) -> np.ndarray:
    """Returns log(articles / articles with the token) + 1; 0 for tokens of a single article."""
    idf = np.where(found < 2, 0.0, np.log(articles / np.maximum(found, 1)) + 1)
    return idf.astype(np.float32)


def _postings(
    read: StoredTokens, idf: np.ndarray, found: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the articles of each token and its weight in each, as a `Table`'s three parts.

    Args:
        read: The articles.
        idf: Of each token.
        found: Number of articles with each token.
    """
    starts = np.concatenate([[0], np.cumsum(np.where(idf > 0, found, 0))])
    articles = np.empty(starts[-1], _narrowest(len(read)))
    values = np.empty(starts[-1], np.float32)
    ends = starts[:-1].copy()
    for article, (title, text) in enumerate(read.ids()):
        tokens, weights = weigh(title, text, idf)
        articles[ends[tokens]], values[ends[tokens]] = article, weights
        ends[tokens] += 1
    return starts, articles, values


def _carried(
    tags: Iterable[Sequence[str]], vocabulary: Vocabulary, known: Mapping[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the tags of each article: where each one's start, and the tags."""
    starts, carried = array("q", [0]), array("I")
    for row in tags:
        forms = map(vocabulary.canonical, row)
        carried.extend(sorted({known[form] for form in forms if form in known}))
        starts.append(len(carried))
    return np.array(starts, np.int64), np.array(carried, _narrowest(len(known)))


def _narrowest(count: int) -> type[np.unsignedinteger]:
    return np.uint16 if count <= 2**16 else np.uint32


def _table(
    name: str, starts: np.ndarray, columns: np.ndarray, values: np.ndarray
) -> dict[str, np.ndarray]:
    """Returns a matrix as ``tagloop.ranking.neighbours.Table`` reads it, its values in 8 bits.

    The values are overwritten.
    """
    scale = max(float(values.max(initial=0.0)), 1e-9) / 255
    np.rint(np.divide(values, scale, out=values), out=values)
    return {
        f"{name}.starts": starts,
        f"{name}.columns": columns,
        f"{name}.values": values.astype(np.uint8),
        f"{name}.scale": np.array([scale], dtype=np.float32),
    }
