"""The model in use and the candidate on the same articles: what the gate decides by.

Two sets, neither of them ever trained on: the test articles of the sources, which stay the same
from one retrain to the next, and the corrections that the hash put into validation and test.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datasets import Dataset, concatenate_datasets

from tagloop.inside.before import base_of
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.cards.changelog import Change, ComparedSet, ComparedSets, MeasuredChange
from training.config import EvaluateConfig
from training.data.corpus import Corpus
from training.evaluation.evaluation import predict
from training.evaluation.report import (
    CONFIDENCE,
    SAMPLES,
    EvaluationReport,
    Predictions,
    confident_tags,
    figure,
    report_of,
    score_all,
)
from training.evaluation.scores import Values, bootstrap, chance_better, paired_difference

MEASURES = ("f1@m", "f1@5")
"""The first decides."""
SEED = 20
COMMAND = "python -m training.evaluation --model MODEL --dataset DATASET"


def frozen_test(corpus: Corpus) -> Dataset:
    """Returns the test articles of the sources."""
    return _of_origin(corpus.splits["test"], "source")


def held_out_corrections(corpus: Corpus) -> Dataset:
    """Returns the corrections that no training learns from."""
    parts = [_of_origin(corpus.splits[split], "correction") for split in ("validation", "test")]
    return concatenate_datasets(parts)


def _of_origin(split: Dataset, origin: str) -> Dataset:
    return split.select([place for place, row in enumerate(split["origin"]) if row == origin])


def compare(
    current: Path, candidate: Path, corpus: Corpus
) -> tuple[ComparedSets, EvaluationReport]:
    """Measures both models on both sets.

    Returns:
        The current model (before) and the candidate (after) on both sets, and the candidate's
        ``report.json``, measured on the frozen test.

    Raises:
        UserError: A model cannot be loaded.
    """
    taggers = [Tagger.from_pretrained(str(folder)) for folder in (current, candidate)]
    words = Vocabulary.from_tag_lists(corpus.splits["train"]["tags"])
    test = frozen_test(corpus)
    on_test, ranked = _on(test, "frozen test", taggers, words)
    on_held_out, _ = _on(held_out_corrections(corpus), "held out", taggers, words)
    compared = ComparedSets(frozen_test=on_test, held_out=on_held_out)
    return compared, _report(taggers[1], corpus, test, ranked, current)


def _on(
    articles: Dataset, shown: str, taggers: Sequence[Tagger], words: Vocabulary
) -> tuple[ComparedSet, Predictions]:
    """Measures the model in use and the candidate on a set; also returns what the latter says."""
    predictions = [
        predict(tagger, articles, f"{shown}, {who}") if len(articles) else []
        for tagger, who in zip(taggers, ("current", "candidate"), strict=True)
    ]
    rows = [
        score_all([confident_tags(tags, tagger.settings) for tags in lists], articles, words, lists)
        for tagger, lists in zip(taggers, predictions, strict=True)
    ]
    return ComparedSet(articles=len(articles), measures=paired(*rows)), predictions[1]


def paired(before: list[Values], after: list[Values]) -> dict[str, MeasuredChange]:
    """Compares two models' scores of the same articles; nothing of no article."""
    if not before:
        return {}
    means = [
        bootstrap(rows, samples=SAMPLES, confidence=CONFIDENCE, seed=SEED)
        for rows in (before, after)
    ]
    return {
        measure: MeasuredChange(
            before=figure(means[0][measure]),
            after=figure(means[1][measure]),
            difference=_change(before, after, measure),
        )
        for measure in MEASURES
    }


def _change(before: list[Values], after: list[Values], measure: str) -> Change:
    interval = figure(
        paired_difference(before, after, measure, samples=SAMPLES, confidence=CONFIDENCE, seed=SEED)
    )
    chance = chance_better(before, after, measure, samples=SAMPLES, seed=SEED)
    return Change(
        value=interval["value"],
        low=interval["low"],
        high=interval["high"],
        chance_better=round(chance, 4),
    )


def _report(
    candidate: Tagger, corpus: Corpus, articles: Dataset, ranked: Predictions, current: Path
) -> EvaluationReport:
    """Makes the candidate's report.json, what its card and the About tab show."""
    config = EvaluateConfig(split="test", seed=SEED)
    lists = {"after": ranked}
    base = base_of(str(current), None, candidate.settings.base_model or "")
    if base and len(articles):
        lists["before"] = predict(base, articles, "frozen test, before fine-tuning")
    return report_of(config, corpus, candidate, articles, lists, COMMAND)
