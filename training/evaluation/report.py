"""What a measurement says: scores of every system, intervals, examples; ``report.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from datasets import Dataset

from tagloop.article import text_of
from tagloop.generation.candidates import ScoredTag
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.selection import answer
from tagloop.tagger.tagger import Tag, Tagger
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.config import EvaluateConfig
from training.data.corpus import Corpus, DataSource
from training.evaluation.measures import SYSTEMS
from training.evaluation.scores import (
    CUT,
    Interval,
    Values,
    answer_scores,
    article_scores,
    bootstrap,
    paired_difference,
    writing_scores,
)
from training.finetune.calibration import Reliability, answers_reliability
from training.json_files import read_json

SCHEMA = 1
PAIRED = ("f1@5", "f1@m")
PAIRS = (("checkpoint", "before"), ("after", "checkpoint"), ("after", "before"))
"""What is compared on the same articles: what fine-tuning, Tagloop and both together add."""
SAMPLES, CONFIDENCE = 1000, 0.95
EXAMPLE_CHARACTERS = 300
VERSIONS = ("torch", "transformers", "ctranslate2", "rouge_score")
Predictions = list[list[Tag]]
Answers = Sequence[Sequence[str]]
"""What a system answers, a list of tags an article."""


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


def report_of(
    config: EvaluateConfig,
    corpus: Corpus,
    tagger: Tagger,
    articles: Dataset,
    ranked: Predictions,
    alone: Mapping[str, Answers],
    command: str,
) -> EvaluationReport:
    """Makes the report of what was predicted.

    Args:
        config: Gives split, examples and seed.
        corpus: Where the articles are from.
        tagger: Tagloop.
        articles: That were tagged.
        ranked: All tags of Tagloop, the surest first.
        alone: Answers of ``checkpoint`` and, where it was measured, ``before``, as written.
        command: What measures again.
    """
    shown = default_answers(ranked, articles, tagger.settings)
    answers = {
        **alone,
        "after": _names(shown),
        "most_frequent": _most_frequent(corpus, len(articles)),
    }
    vocabulary = corpus.train_vocabulary()
    scores = {
        name: score_all(answers[name], articles, vocabulary, {"after": _names(ranked)}.get(name))
        for name in SYSTEMS
        if name in answers
    }
    differences = _differences(scores, config)
    over_base = [pair["measures"] for pair in differences if pair["over"] == "before"]
    return EvaluationReport(
        schema=SCHEMA,
        split=config.split,
        articles=len(articles),
        dataset=corpus.source,
        model=MeasuredModel(repo_id=Path(tagger.model_repo).name, revision=tagger.model_revision),
        engine=tagger.engine,
        systems={name: _figures(rows, config) for name, rows in scores.items()},
        paired=over_base[-1] if over_base else {},
        differences=differences,
        threshold=tagger.settings.threshold,
        calibration=answers_reliability(ranked, articles["tags"]),
        examples=_examples(articles, shown, answers, config.examples),
        bootstrap=Bootstrap(samples=SAMPLES, confidence=CONFIDENCE, seed=config.seed),
        versions={name: version(name) for name in VERSIONS},
        command=command,
    )


def score_all(
    answers: Answers,
    articles: Dataset,
    vocabulary: Vocabulary,
    ranked: Answers | None = None,
) -> list[Values]:
    """Scores every article's answer against the authors' tags: how right it is, how it is written.

    Args:
        answers: The tags of each answer, empty ones of a checkpoint included.
        articles: With ``tags``.
        vocabulary: Of the training tags.
        ranked: All tags, the surest first, where more are known than an answer shows.
    """
    known = frozenset(vocabulary.counts) | frozenset(vocabulary.aliases)
    return [
        answer_scores(all_tags, [tag for tag in tags if tag], row["tags"], text_of(row), known)
        | writing_scores(tags, vocabulary)
        for all_tags, tags, row in zip(ranked or answers, answers, articles, strict=True)
    ]


def _names(predictions: Predictions) -> list[list[str]]:
    return [[tag.tag for tag in tags] for tags in predictions]


def default_answers(
    ranked: Predictions, articles: Dataset, settings: TaggingSettings
) -> Predictions:
    """Returns what Tagloop answers when nobody asks for more or fewer tags, or for surer ones.

    Args:
        ranked: All tags of each article, the surest first.
        articles: Those.
        settings: Content of ``tagging.json``, which says how many tags an answer has.
    """
    return [
        answer(
            [ScoredTag(normal_form(tag.tag), tag.tag, tag.confidence) for tag in tags],
            article,
            settings,
            max_tags=None,
            min_tags=None,
            threshold=None,
        )
        for tags, article in zip(ranked, articles, strict=True)
    ]


def _most_frequent(corpus: Corpus, articles: int) -> list[list[str]]:
    """Gives every article the k most frequent training tags, k chosen on the validation split."""
    top = Vocabulary.from_tag_lists(corpus.splits["train"]["tags"]).tags[:CUT]
    wanted = corpus.splits["validation"]["tags"] or corpus.splits["train"]["tags"]
    scores = [
        sum(article_scores(top[:k], tags)["f1@m"] for tags in wanted)
        for k in range(1, len(top) + 1)
    ]
    best = scores.index(max(scores)) + 1
    return [top[:best]] * articles


def _figures(rows: list[Values], config: EvaluateConfig) -> dict[str, Figure]:
    means = bootstrap(rows, samples=SAMPLES, confidence=CONFIDENCE, seed=config.seed)
    return {name: figure(interval) for name, interval in means.items()}


def _differences(scores: Mapping[str, list[Values]], config: EvaluateConfig) -> list[SystemPair]:
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


def _difference(over: list[Values], of: list[Values], measure: str, seed: int) -> Difference:
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
    articles: Dataset, shown: Predictions, answers: Mapping[str, Answers], count: int
) -> list[Example]:
    """Takes examples evenly over the split, not the prettiest."""
    step = max(len(articles) // max(count, 1), 1)
    before = answers.get("before", [["not measured"]] * len(articles))
    return [
        Example(
            id=articles[index]["id"],
            title=articles[index]["title"] or "",
            text=(articles[index]["text"] or "")[:EXAMPLE_CHARACTERS],
            tags=articles[index]["tags"],
            before=list(before[index]),
            checkpoint=list(answers["checkpoint"][index]),
            after=[cast(ShownTag, tag.to_json()) for tag in shown[index]],
        )
        for index in range(0, len(articles), step)[:count]
    ]
