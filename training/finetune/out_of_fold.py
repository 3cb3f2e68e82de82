"""Training articles as ranking would see them had they not been trained on.

Whoever looks a training article up among the training articles finds the article itself. So they
are cut into folds, and what is known of the articles of a fold (their neighbours, which tags there
are and how frequent, how rare a word is, how often a phrase that is named is also given) comes from
the articles of all other folds (cross-fitting; Wolpert, "Stacked generalization", Neural Networks
1992). Only the generator has seen them, where it was fine-tuned: it is surer of them than it will
be of others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from tagloop.ranking.features import CandidateFeatures, Embedder, FeatureExtractor
from tagloop.ranking.neighbours import Neighbours
from tagloop.tagger.tagger import Tagger
from training.console import progress_bar
from training.finetune.fit_neighbours import ReadArticles, index_arrays, tags_of
from training.finetune.ranker_examples import Articles, collect_features

FEW = 1000
MANY_FOLDS, FEW_FOLDS = 20, 5
"""Up to so many articles there are many folds: a small corpus is hardly smaller without one of
them, and to index a large one often would take long."""
MOST_ARTICLES = 2000
"""Of a larger corpus so many are looked at, taken evenly."""
REMEMBERED = 20_000
"""Texts whose vectors are kept: 31 MB of vectors with 384 numbers."""


class RememberingEncoder:
    """Embeds no text twice, unless so many others came since that it was forgotten."""

    def __init__(self, encoder: Embedder, most: int = REMEMBERED) -> None:
        """Begins with no text."""
        self._encoder, self._most = encoder, most
        self._vectors: dict[bytes, np.ndarray] = {}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Returns float32, (texts, dimensions)."""
        asked = {_digest(text): text for text in texts}
        found = {key: self._vectors[key] for key in asked if key in self._vectors}
        new = [key for key in asked if key not in found]
        embedded = self._encoder.embed([asked[key] for key in new])
        found |= dict(zip(new, embedded, strict=True))
        for key in asked:
            self._vectors.pop(key, None)  # what is asked again is no longer the oldest
        self._vectors |= found
        for key in list(islice(self._vectors, max(len(self._vectors) - self._most, 0))):
            del self._vectors[key]
        return np.stack([found[_digest(text)] for text in texts]) if texts else embedded


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def out_of_fold_features(
    tagger: Tagger,
    articles: Articles,
    read: ReadArticles,
    sentence_encoder: Embedder,
    most: int = MOST_ARTICLES,
) -> dict[int, CandidateFeatures]:
    """Returns the candidates of training articles, by the articles of other folds.

    Args:
        tagger: Generates the tags and knows those of all training articles; its ranker is replaced.
        articles: The training articles, with ``tags``.
        read: The same.
        sentence_encoder: Of the same model.
        most: So many articles, taken evenly.

    Returns:
        By the article's place; one without a word has nothing.
    """
    found: dict[int, CandidateFeatures] = {}
    with progress_bar(
        total=min(most, len(articles)), desc="tagging, training", unit="article"
    ) as bar:
        for fold in folds(len(articles), most):
            apart = set(fold)
            others = [place for place in range(len(articles)) if place not in apart]
            if not others:
                return found  # a single article has nothing beside itself
            tags = tags_of(articles, others)
            vocabulary = tagger.vocabulary.of_articles(tags)
            tokens = len(tagger.tokenizer)
            arrays = index_arrays(read.of(others), tags, tokens, vocabulary, sentence_encoder)
            extractor = FeatureExtractor(
                Neighbours(arrays), vocabulary, tagger.tokenizer, sentence_encoder
            )
            rows = {place: articles[place] for place in fold}
            found |= collect_features(tagger, extractor, rows, bar.update)
    return found


def folds(articles: int, most: int = MOST_ARTICLES) -> Iterator[list[int]]:
    """Cuts articles, or so many of them taken evenly, into folds at random: none is in two."""
    places = np.random.default_rng(0).permutation(evenly(articles, most))
    count = MANY_FOLDS if articles <= FEW else FEW_FOLDS
    for first in range(min(count, len(places))):
        yield sorted(places[first::count].tolist())


def evenly(articles: int, most: int = MOST_ARTICLES) -> np.ndarray:
    """Returns the places of all articles, or of so many of them, taken evenly."""
    return np.unique(np.linspace(0, articles - 1, min(articles, most)).astype(int))
