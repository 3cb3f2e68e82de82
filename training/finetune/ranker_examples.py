"""The candidates of many articles, right and wrong: what the ranking is fitted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagloop.generation.candidates import Generated, ScoredTag
from tagloop.ranking.features import COLUMNS, CandidateFeatures, FeatureExtractor
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.console import progress_bar

Articles = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Candidates:
    """All candidates of some articles.

    Attributes:
        features: (candidates, columns), as ``tagloop.ranking.features.CandidateFeatures`` has them.
        right: Whether the article's author gave the tag, (candidates,).
        article: Index of the candidate's article, (candidates,).
        wanted: Number of the author's tags, (articles,).
    """

    features: np.ndarray
    right: np.ndarray
    article: np.ndarray
    wanted: np.ndarray


class FeatureCollector:
    """Collects the features of each article's candidates instead of ranking them.

    Attributes:
        by_article: What ranking sees of each article, by the article's ``index``.
    """

    def __init__(self, extractor: FeatureExtractor) -> None:
        """Begins with no article."""
        self._extractor = extractor
        self.by_article: dict[int, CandidateFeatures] = {}

    def rank(
        self, generated: Sequence[Generated], required: Mapping[str, str] | None = None
    ) -> list[list[ScoredTag]]:
        """Collects the features of the articles' candidates; ranks none."""
        found = self._extractor.extract(generated, required)
        pairs = zip(generated, found, strict=True)
        self.by_article |= {one.article["index"]: of for one, of in pairs}
        return [[] for _ in generated]


def collect(tagger: Tagger, extractor: FeatureExtractor, articles: Articles) -> Candidates:
    """Tags articles and collects their candidates.

    Args:
        tagger: Generates the tags; its ranker is replaced.
        extractor: Of the same model.
        articles: With ``tags``.
    """
    with progress_bar(total=len(articles), desc="tagging, validation", unit="article") as bar:
        found = collect_features(tagger, extractor, dict(enumerate(articles)), bar.update)
    return candidates_of(found, articles, tagger.vocabulary)


def collect_features(
    tagger: Tagger,
    extractor: FeatureExtractor,
    articles: Mapping[int, Mapping[str, Any]],
    progress: Callable[[int], object] | None = None,
) -> dict[int, CandidateFeatures]:
    """Tags articles and returns what ranking sees of each; one without a word has nothing.

    Args:
        tagger: Generates the tags; its ranker is replaced.
        extractor: Of the same model.
        articles: By any number.
        progress: Called with the number of articles that each batch has done.
    """
    collector = FeatureCollector(extractor)
    tagger.ranker = collector
    rows = [
        {"title": row["title"], "text": row["text"], "index": index}
        for index, row in articles.items()
    ]
    tagger.tag_batch(rows, progress=progress)
    return collector.by_article


def candidates_of(
    by_article: Mapping[int, CandidateFeatures], articles: Articles, vocabulary: Vocabulary
) -> Candidates:
    """Joins the candidates of articles and tells which of them their authors gave.

    Args:
        by_article: Their features by the article's index; an article without a word has none.
        articles: With ``tags``.
        vocabulary: Of the model.
    """
    features, right, article, wanted = [], [], [], []
    for index, row in enumerate(articles):
        theirs = {vocabulary.canonical(tag) for tag in row["tags"]}
        wanted.append(len(theirs))
        if index in by_article:
            found = by_article[index]
            features.append(found.features)
            right += [form in theirs for form in found.displays]
            article += [index] * len(found.displays)
    return Candidates(
        np.concatenate(features) if features else np.zeros((0, len(COLUMNS))),
        np.array(right, dtype=bool),
        np.array(article, dtype=np.int64),
        np.array(wanted, dtype=np.int64),
    )


def joined(*parts: Candidates) -> Candidates:
    """Returns the candidates of all parts, their articles numbered on."""
    counts = [len(part.wanted) for part in parts]
    firsts = np.cumsum([0, *counts[:-1]])
    return Candidates(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.article + first for part, first in zip(parts, firsts, strict=True)]),
        np.concatenate([part.wanted for part in parts]),
    )
