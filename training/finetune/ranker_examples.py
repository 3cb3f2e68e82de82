"""The candidates of many articles, right and wrong: what the ranking is fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Keeps each article's pool, by the article's ``index``, instead of ranking it.

    Attributes:
        pools: As ranking sees the articles.
    """

    def __init__(self, extractor: FeatureExtractor) -> None:
        self._extractor = extractor
        self.pools: dict[int, CandidateFeatures] = {}

    def rank(
        self, generated: Sequence[Generated], required: Mapping[str, str] | None = None
    ) -> list[list[ScoredTag]]:
        """Pools the articles' candidates; ranks none."""
        pools = self._extractor.extract(generated, required)
        pairs = zip(generated, pools, strict=True)
        self.pools |= {one.article["index"]: pool for one, pool in pairs}
        return [[] for _ in generated]


def collect(tagger: Tagger, extractor: FeatureExtractor, articles: Articles) -> Candidates:
    """Tags articles and pools their candidates.

    Args:
        tagger: Writes; its ranker is replaced.
        extractor: Of the same model.
        articles: With ``tags``.
    """
    collector = FeatureCollector(extractor)
    tagger.ranker = collector
    rows = [
        {"title": row["title"], "text": row["text"], "index": index}
        for index, row in enumerate(articles)
    ]
    with progress_bar(total=len(rows), desc="tagging, validation", unit="article") as bar:
        tagger.tag_batch(rows, progress=bar.update)
    return candidates_of(collector.pools, articles, tagger.vocabulary)


def candidates_of(
    pools: Mapping[int, CandidateFeatures], articles: Articles, vocabulary: Vocabulary
) -> Candidates:
    """Joins the pools of articles and tells which candidates their authors gave.

    Args:
        pools: By the article's index; an article without a word has none.
        articles: With ``tags``.
        vocabulary: Of the model.
    """
    features, right, article, wanted = [], [], [], []
    for index, row in enumerate(articles):
        theirs = {vocabulary.canonical(tag) for tag in row["tags"]}
        wanted.append(len(theirs))
        if index in pools:
            pool = pools[index]
            features.append(pool.features)
            right += [form in theirs for form in pool.displays]
            article += [index] * len(pool.displays)
    return Candidates(
        np.concatenate(features) if features else np.zeros((0, len(COLUMNS))),
        np.array(right, dtype=bool),
        np.array(article, dtype=np.int64),
        np.array(wanted, dtype=np.int64),
    )
