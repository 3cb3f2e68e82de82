"""What a measurement says: scores of every system, intervals, examples; ``report.json``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from datasets import Dataset

from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.config import EvaluateConfig
from training.data.corpus import Corpus, DataSource
from training.evaluation.measures import SYSTEMS
from training.evaluation.measuring import Measured, MeasuredTagloop, Measuring
from training.evaluation.scores import (
    CUT,
    ArticleScores,
    Interval,
    article_scores,
    bootstrap,
    paired_difference,
)
from training.finetune.calibration import Reliability
from training.json_files import read_json

SCHEMA = 1
PAIRED = ("f1@5", "f1@m")
PAIRS = (("checkpoint", "before"), ("after", "checkpoint"), ("after", "before"))
"""What is compared on the same articles: what fine-tuning, Tagloop and both together add."""
SAMPLES, CONFIDENCE = 1000, 0.95
EXAMPLE_CHARACTERS = 300
VERSIONS = ("torch", "transformers", "ctranslate2", "rouge_score")


class Figure(TypedDict):
    """A measure's mean and its bootstrap interval, 0..1."""

    value: float
    low: float
    high: float


class Difference(TypedDict):
    """The mean of one system minus another on the same articles, and its bootstrap interval."""

    difference: float
    low: float
    high: float


class SystemPair(TypedDict):
    """What one system (``of``) is ahead of another (``over``), by measure."""

    of: str
    over: str
    measures: dict[str, Difference]


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
    """An article with its author's tags and those of the systems; see `EvaluationReport`."""

    id: str
    title: str
    text: str
    tags: list[str]
    before: list[str]
    checkpoint: NotRequired[list[str]]
    after: list[ShownTag]


class Bootstrap(TypedDict):
    """How the intervals were made."""

    samples: int
    confidence: float
    seed: int


class EvaluationReport(TypedDict):
    """The content of ``report.json``.

    Two systems live in a model's folder, and both are in it: ``checkpoint`` is the checkpoint
    alone, as the card's snippet runs it; ``after`` is Tagloop, the checkpoint with neighbours and
    ranker. Reports of earlier versions have no ``checkpoint``, those of the first models no
    ``calibration``, either.

    Attributes:
        systems: ``before`` (the base alone, run as the checkpoint is; Tagloop's engine ran it in
            reports without ``checkpoint``; left out where it cannot be had), ``checkpoint``,
            ``after`` and ``most_frequent``, by measure.
        paired: Measure to after - before.
        differences: Of the pairs of systems that are measured.
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
    differences: NotRequired[list[SystemPair]]
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


def differences_of(report: EvaluationReport) -> list[SystemPair]:
    """Returns the pairs of systems that a report of this or an earlier version compares."""
    paired = report["paired"]
    earlier = [SystemPair(of="after", over="before", measures=paired)] if paired else []
    return report.get("differences", earlier)


def example_places(articles: int, count: int) -> range:
    """Returns which articles of a split are examples: taken evenly, not the prettiest."""
    return range(0, articles, max(articles // max(count, 1), 1))[:count]


def report_of(
    config: EvaluateConfig,
    corpus: Corpus,
    tagger: Tagger,
    measuring: Measuring,
    after: MeasuredTagloop,
    alone: Mapping[str, Measured],
    command: str,
) -> EvaluationReport:
    """Makes the report of what was measured.

    Args:
        config: Gives split, examples and seed.
        corpus: Where the articles are from.
        tagger: Tagloop.
        measuring: The articles, with the examples of ``example_places``.
        after: Tagloop's answers.
        alone: Those of ``checkpoint`` and, where it was measured, ``before``.
        command: What measures again.
    """
    most_frequent = measuring.same_answer(_most_frequent(corpus))
    measured = {**alone, "after": after, "most_frequent": most_frequent}
    scores = {name: measured[name].scores for name in SYSTEMS if name in measured}
    differences = _differences(scores, config)
    over_base = [pair["measures"] for pair in differences if pair["over"] == "before"]
    return EvaluationReport(
        schema=SCHEMA,
        split=config.split,
        articles=len(measuring.articles),
        dataset=corpus.source,
        model=MeasuredModel(repo_id=Path(tagger.model_repo).name, revision=tagger.model_revision),
        engine=tagger.engine,
        systems={name: _figures(rows, config) for name, rows in scores.items()},
        paired=over_base[-1] if over_base else {},
        differences=differences,
        threshold=tagger.settings.threshold,
        calibration=after.calibration,
        examples=_examples(measuring.articles, after, alone, config.examples),
        bootstrap=Bootstrap(samples=SAMPLES, confidence=CONFIDENCE, seed=config.seed),
        versions={name: version(name) for name in VERSIONS},
        command=command,
    )


def _most_frequent(corpus: Corpus) -> list[str]:
    """Returns the k most frequent training tags, k chosen on the validation split."""
    top = Vocabulary.from_tag_lists(corpus.splits["train"]["tags"]).tags[:CUT]
    wanted = corpus.splits["validation"]["tags"] or corpus.splits["train"]["tags"]
    scores = [
        sum(article_scores(top[:k], tags)["f1@m"] for tags in wanted)
        for k in range(1, len(top) + 1)
    ]
    best = scores.index(max(scores)) + 1
    return top[:best]


def _figures(rows: ArticleScores, config: EvaluateConfig) -> dict[str, Figure]:
    means = bootstrap(rows, samples=SAMPLES, confidence=CONFIDENCE, seed=config.seed)
    return {name: figure(interval) for name, interval in means.items()}


def _differences(scores: Mapping[str, ArticleScores], config: EvaluateConfig) -> list[SystemPair]:
    return [
        SystemPair(
            of=of,
            over=over,
            measures={
                measure: _difference(scores[over], scores[of], measure, config.seed)
                for measure in PAIRED
            },
        )
        for of, over in PAIRS
        if of in scores and over in scores
    ]


def _difference(over: ArticleScores, of: ArticleScores, measure: str, seed: int) -> Difference:
    change = figure(
        paired_difference(over, of, measure, samples=SAMPLES, confidence=CONFIDENCE, seed=seed)
    )
    return Difference(difference=change["value"], low=change["low"], high=change["high"])


def figure(interval: Interval) -> Figure:
    """Returns an interval as reports have it, with four digits."""
    return Figure(
        value=round(interval.value, 4), low=round(interval.low, 4), high=round(interval.high, 4)
    )


def _examples(
    articles: Dataset, after: MeasuredTagloop, alone: Mapping[str, Measured], count: int
) -> list[Example]:
    before = alone["before"].answers if "before" in alone else {}
    return [
        Example(
            id=articles[place]["id"],
            title=articles[place]["title"] or "",
            text=(articles[place]["text"] or "")[:EXAMPLE_CHARACTERS],
            tags=articles[place]["tags"],
            before=before.get(place, ["not measured"]),
            checkpoint=alone["checkpoint"].answers[place],
            after=[cast(ShownTag, tag.to_json()) for tag in after.tags[place]],
        )
        for place in example_places(len(articles), count)
    ]
