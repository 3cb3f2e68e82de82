"""What a measurement says: scores of every system, intervals, examples; ``report.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from datasets import Dataset

from tagloop.article import text_of
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tag, Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.config import EvaluateConfig
from training.data.corpus import Corpus, DataSource
from training.evaluation.scores import (
    CUT,
    Interval,
    Values,
    answer_scores,
    article_scores,
    bootstrap,
    paired_difference,
)
from training.finetune.calibration import Reliability, answers_reliability
from training.json_files import read_json

SCHEMA = 1
SAMPLES, CONFIDENCE = 1000, 0.95
EXAMPLE_CHARACTERS = 300
VERSIONS = ("torch", "transformers", "ctranslate2", "rouge_score")
Predictions = list[list[Tag]]


class Figure(TypedDict):
    """A measure's mean and its bootstrap interval, 0..1."""

    value: float
    low: float
    high: float


class Difference(TypedDict):
    """The mean of after - before on the same articles, and its bootstrap interval."""

    difference: float
    low: float
    high: float


class MeasuredModel(TypedDict):
    """Which model it is about."""

    repo_id: str
    revision: str | None


class ShownTag(TypedDict):
    """A tag as the Space's answers have it."""

    tag: str
    confidence: float
    present: bool
    evidence: NotRequired[dict[str, Any]]


class Example(TypedDict):
    """An article with its author's tags and those of two systems."""

    id: str
    title: str
    text: str
    tags: list[str]
    before: list[str]
    after: list[ShownTag]


class Bootstrap(TypedDict):
    """How the intervals were made."""

    samples: int
    confidence: float
    seed: int


class EvaluationReport(TypedDict):
    """The content of ``report.json``; reports of the first models have no ``calibration``.

    Attributes:
        systems: ``after`` (the model), ``before`` and ``most_frequent``, by measure.
        paired: Measure to after - before.
        threshold: Confidence from which on tags are shown.
        calibration: Of all tags of ``after``.
        command: What measures again.
    """

    schema: int
    split: str
    articles: int
    dataset: DataSource
    model: MeasuredModel
    engine: str
    systems: dict[str, dict[str, Figure]]
    paired: dict[str, Difference]
    threshold: NotRequired[float]
    calibration: NotRequired[Reliability]
    examples: list[Example]
    bootstrap: Bootstrap
    versions: dict[str, str]
    command: str


def read_report(path: Path) -> EvaluationReport:
    """Reads the report of this or an earlier version.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds no JSON object.
    """
    return cast(EvaluationReport, read_json(path))


def report_of(
    config: EvaluateConfig,
    corpus: Corpus,
    tagger: Tagger,
    articles: Dataset,
    ranked: Mapping[str, Predictions],
    command: str,
) -> EvaluationReport:
    """Makes the report of what was predicted.

    Args:
        config: Gives split, examples and seed.
        corpus: Where the articles are from.
        tagger: What generated ``after``.
        articles: That were tagged.
        ranked: All tags, the surest first, by ``after`` and, where it was measured, ``before``.
        command: What measures again.
    """
    ranked = {**ranked, "most_frequent": _most_frequent(corpus, len(articles))}
    predictions = ranked | {
        "after": [confident_tags(tags, tagger.settings) for tags in ranked["after"]]
    }
    vocabulary = Vocabulary.from_tag_lists(corpus.splits["train"]["tags"])
    scores = {
        name: score_all(lists, articles, vocabulary, ranked[name])
        for name, lists in predictions.items()
    }
    return EvaluationReport(
        schema=SCHEMA,
        split=config.split,
        articles=len(articles),
        dataset=corpus.source,
        model=MeasuredModel(repo_id=Path(tagger.model_repo).name, revision=tagger.model_revision),
        engine=tagger.engine,
        systems={name: _figures(rows, config) for name, rows in scores.items()},
        paired=_paired(scores, config),
        threshold=tagger.settings.threshold,
        calibration=answers_reliability(ranked["after"], articles["tags"]),
        examples=_examples(articles, predictions, config.examples),
        bootstrap=Bootstrap(samples=SAMPLES, confidence=CONFIDENCE, seed=config.seed),
        versions={name: version(name) for name in VERSIONS},
        command=command,
    )


def score_all(
    predictions: Sequence[Sequence[Tag]],
    articles: Dataset,
    vocabulary: Vocabulary,
    ranked: Sequence[Sequence[Tag]] | None = None,
) -> list[Values]:
    """Scores every article's tags against the authors'; see ``answer_scores``.

    Args:
        predictions: The tags that an answer shows.
        articles: With ``tags``.
        vocabulary: The training tags.
        ranked: All tags, the surest first; the predictions when None.
    """
    rows = zip(ranked or predictions, predictions, articles, strict=True)
    known = frozenset(vocabulary.counts) | frozenset(vocabulary.aliases)
    return [
        answer_scores(_names(all_tags), _names(shown), row["tags"], text_of(row), known)
        for all_tags, shown, row in rows
    ]


def _names(tags: Sequence[Tag]) -> list[str]:
    return [tag.tag for tag in tags]


def confident_tags(tags: Sequence[Tag], settings: TaggingSettings) -> list[Tag]:
    """Returns the tags that reach the threshold, the surest in any case.

    What visitors see has ``min_tags``; a measure over all generated tags asks what the tagger
    believes in.
    """
    sure = [tag for tag in tags if tag.confidence >= settings.threshold]
    return sure or list(tags[:1])


def _most_frequent(corpus: Corpus, articles: int) -> Predictions:
    """Gives every article the k most frequent training tags, k chosen on the validation split."""
    top = Vocabulary.from_tag_lists(corpus.splits["train"]["tags"]).tags[:CUT]
    wanted = corpus.splits["validation"]["tags"] or corpus.splits["train"]["tags"]
    scores = [
        sum(article_scores(top[:k], tags)["f1@m"] for tags in wanted)
        for k in range(1, len(top) + 1)
    ]
    best = scores.index(max(scores)) + 1
    return [[Tag(tag, 1.0, False) for tag in top[:best]]] * articles


def _figures(rows: list[Values], config: EvaluateConfig) -> dict[str, Figure]:
    means = bootstrap(rows, samples=SAMPLES, confidence=CONFIDENCE, seed=config.seed)
    return {name: figure(interval) for name, interval in means.items()}


def _paired(scores: Mapping[str, list[Values]], config: EvaluateConfig) -> dict[str, Difference]:
    if "before" not in scores:
        return {}
    paired: dict[str, Difference] = {}
    for measure in ("f1@5", "f1@m"):
        change = figure(
            paired_difference(
                scores["before"],
                scores["after"],
                measure,
                samples=SAMPLES,
                confidence=CONFIDENCE,
                seed=config.seed,
            )
        )
        paired[measure] = Difference(
            difference=change["value"], low=change["low"], high=change["high"]
        )
    return paired


def figure(interval: Interval) -> Figure:
    """Returns an interval as reports have it, with four digits."""
    return Figure(
        value=round(interval.value, 4), low=round(interval.low, 4), high=round(interval.high, 4)
    )


def _examples(
    articles: Dataset, predictions: Mapping[str, Predictions], count: int
) -> list[Example]:
    """Takes examples evenly over the split, not the prettiest."""
    step = max(len(articles) // max(count, 1), 1)
    before = "before" in predictions
    return [
        Example(
            id=articles[index]["id"],
            title=articles[index]["title"] or "",
            text=(articles[index]["text"] or "")[:EXAMPLE_CHARACTERS],
            tags=articles[index]["tags"],
            before=_names(predictions["before"][index]) if before else ["not measured"],
            after=[cast(ShownTag, tag.to_json()) for tag in predictions["after"][index]],
        )
        for index in range(0, len(articles), step)[:count]
    ]
