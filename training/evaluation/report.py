"""What a measurement says: scores of every system, intervals, examples; ``report.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from datasets import Dataset

from tagloop.article import text_of
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tag, Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.config import EvaluateConfig
from training.data.corpus import Corpus
from training.evaluation.calibration import answers_reliability
from training.evaluation.scores import (
    CUT,
    Interval,
    Values,
    answer_scores,
    article_scores,
    bootstrap,
    paired_difference,
)

SAMPLES, CONFIDENCE = 1000, 0.95
EXAMPLE_CHARACTERS = 300
VERSIONS = ("torch", "transformers", "ctranslate2", "rouge_score")
Predictions = list[list[Tag]]


def report_of(
    config: EvaluateConfig,
    corpus: Corpus,
    tagger: Tagger,
    articles: Dataset,
    ranked: Mapping[str, Predictions],
) -> dict[str, Any]:
    """Makes the report of what was predicted.

    Args:
        config: Gives split, examples and seed.
        corpus: Where the articles are from.
        tagger: What wrote ``after``.
        articles: That were tagged.
        ranked: All tags, the surest first, by ``after`` and, where it was measured, ``before``.
    """
    ranked = {**ranked, "most_frequent": _most_frequent(corpus, len(articles))}
    predictions = ranked | {"after": [kept(tags, tagger.settings) for tags in ranked["after"]]}
    vocabulary = Vocabulary.from_tag_lists(corpus.splits["train"]["tags"])
    scores = {
        name: score_all(lists, articles, vocabulary, ranked[name])
        for name, lists in predictions.items()
    }
    return {
        "schema": 1,
        "split": config.split,
        "articles": len(articles),
        "dataset": corpus.source,
        "model": {"repo_id": Path(tagger.model_repo).name, "revision": tagger.model_revision},
        "engine": tagger.engine,
        "systems": {name: _rounded(_intervals(rows, config)) for name, rows in scores.items()},
        "paired": _paired(scores, config),
        "threshold": tagger.settings.threshold,
        "calibration": answers_reliability(ranked["after"], articles["tags"]),
        "examples": _examples(articles, predictions, config.examples),
        "bootstrap": {"samples": SAMPLES, "confidence": CONFIDENCE, "seed": config.seed},
        "versions": {name: version(name) for name in VERSIONS},
    }


def score_all(
    predictions: Sequence[Sequence[Tag]],
    articles: Dataset,
    vocabulary: Vocabulary,
    ranked: Sequence[Sequence[Tag]] | None = None,
) -> list[Values]:
    """Scores every article's tags against the authors'; see ``answer_scores``.

    Args:
        predictions: The tags that an answer keeps.
        articles: With ``tags``.
        vocabulary: The training tags.
        ranked: All tags, the surest first; the predictions when None.
    """
    rows = zip(ranked or predictions, predictions, articles, strict=True)
    known = frozenset(vocabulary.counts) | frozenset(vocabulary.aliases)
    return [
        answer_scores(_names(all_tags), _names(kept), row["tags"], text_of(row), known)
        for all_tags, kept, row in rows
    ]


def _names(tags: Sequence[Tag]) -> list[str]:
    return [tag.tag for tag in tags]


def kept(tags: Sequence[Tag], settings: TaggingSettings) -> list[Tag]:
    """Keeps the tags that reach the threshold, the surest in any case.

    What visitors see has ``min_tags``; a measure over all written tags asks what the tagger
    believes in.
    """
    sure = [tag for tag in tags if tag.confidence >= settings.threshold]
    return sure or list(tags[:1])


def _most_frequent(corpus: Corpus, articles: int) -> Predictions:
    """Returns every article the k most frequent training tags, k chosen on the validation split."""
    top = Vocabulary.from_tag_lists(corpus.splits["train"]["tags"]).tags[:CUT]
    wanted = corpus.splits["validation"]["tags"] or corpus.splits["train"]["tags"]
    scores = [
        sum(article_scores(top[:k], tags)["f1@m"] for tags in wanted)
        for k in range(1, len(top) + 1)
    ]
    best = scores.index(max(scores)) + 1
    return [[Tag(tag, 1.0, False) for tag in top[:best]]] * articles


def _intervals(rows: list[Values], config: EvaluateConfig) -> dict[str, Interval]:
    return bootstrap(rows, samples=SAMPLES, confidence=CONFIDENCE, seed=config.seed)


def _paired(
    scores: Mapping[str, list[Values]], config: EvaluateConfig
) -> dict[str, dict[str, float]]:
    paired: dict[str, dict[str, float]] = {}
    if "before" not in scores:
        return paired
    for measure in ("f1@5", "f1@m"):
        interval = paired_difference(
            scores["before"],
            scores["after"],
            measure,
            samples=SAMPLES,
            confidence=CONFIDENCE,
            seed=config.seed,
        )
        rounded = {name: round(value, 4) for name, value in asdict(interval).items()}
        paired[measure] = {"difference": rounded.pop("value")} | rounded
    return paired


def _rounded(intervals: Mapping[str, Interval]) -> dict[str, dict[str, float]]:
    return {
        name: {part: round(value, 4) for part, value in asdict(interval).items()}
        for name, interval in intervals.items()
    }


def _examples(
    articles: Dataset, predictions: Mapping[str, Predictions], count: int
) -> list[dict[str, Any]]:
    """Takes examples evenly over the split, not the prettiest."""
    step = max(len(articles) // max(count, 1), 1)
    before = "before" in predictions
    return [
        {
            "id": articles[index]["id"],
            "title": articles[index]["title"] or "",
            "text": (articles[index]["text"] or "")[:EXAMPLE_CHARACTERS],
            "tags": articles[index]["tags"],
            "before": _names(predictions["before"][index]) if before else ["not measured"],
            "after": [tag.to_json() for tag in predictions["after"][index]],
        }
        for index in range(0, len(articles), step)[:count]
    ]
