"""Training articles as ranking would see them had they not been trained on.

Whoever looks a training article up among the training articles finds the article itself. So they
are cut into folds, and what is known of the articles of a fold (their neighbours, which tags there
are and how frequent, how rare a word is, how often a phrase that is named is also given) comes from
the articles of all other folds (cross-fitting; Wolpert, "Stacked generalization", Neural Networks
1992). Only the generator has seen them, where it was fine-tuned: it is surer of them than it will
be of others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tagloop.ranking.features import CandidateFeatures, Embedder, FeatureExtractor
from tagloop.ranking.neighbours import Neighbours
from tagloop.tagger.tagger import Tagger
from training.console import progress_bar
from training.finetune.fit_neighbours import ReadArticles, index_arrays
from training.finetune.ranker_examples import Articles, collect_features

FEW = 1000
MANY_FOLDS, FEW_FOLDS = 20, 5
"""Up to so many articles there are many folds: a small corpus is hardly smaller without one of
them, and to index a large one often would take long."""
MOST_ARTICLES = 2000
"""Of a larger corpus so many are looked at, taken evenly."""


class RememberingEncoder:
    """Embeds no text twice."""

    def __init__(self, encoder: Embedder) -> None:
        """Begins with no text."""
        self._encoder = encoder
        self._vectors: dict[str, np.ndarray] = {}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Returns float32, (texts, dimensions)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        self._vectors |= dict(zip(new, self._encoder.embed(new), strict=True))
        found = [self._vectors[text] for text in texts]
        return np.stack(found) if found else self._encoder.embed([])


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
            tags = [articles[place]["tags"] for place in others]
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
    places = np.unique(np.linspace(0, articles - 1, min(articles, most)).astype(int))
    places = np.random.default_rng(0).permutation(places)
    count = MANY_FOLDS if articles <= FEW else FEW_FOLDS
    for first in range(min(count, len(places))):
        yield sorted(places[first::count].tolist())
