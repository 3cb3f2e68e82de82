"""The model in use and the candidate on the same articles: what the gate decides by.

Two sets, neither of them ever trained on: the test articles of the sources, which stay the same
from one retrain to the next, and the corrections that the hash put into validation and test.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from datasets import Dataset, concatenate_datasets

from tagloop.inside.before import base_of
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.config import EvaluateConfig
from training.data.corpus import Corpus
from training.evaluation.evaluation import predict
from training.evaluation.report import CONFIDENCE, SAMPLES, Predictions, kept, report_of, score_all
from training.evaluation.scores import Interval, Values, bootstrap, chance_better, paired_difference

MEASURES = ("f1@m", "f1@5")
"""The first decides."""
SEED = 20


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
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Measures both models on both sets.

    Args:
        current: Model folder in use.
        candidate: The retrained one's.
        corpus: The merged dataset.

    Returns:
        ``frozen_test`` and ``held_out`` with the number of articles and, by measure, ``before``,
        ``after`` and ``difference`` (candidate - current, with the bootstrap's share of resamples
        above 0); and the candidate's ``report.json``, measured on the frozen test.

    Raises:
        UserError: A model cannot be loaded.
    """
    taggers = [Tagger.from_pretrained(str(folder)) for folder in (current, candidate)]
    words = Vocabulary.from_tag_lists(corpus.splits["train"]["tags"])
    sets = {"frozen_test": frozen_test(corpus), "held_out": held_out_corrections(corpus)}
    compared: dict[str, Any] = {}
    ranked: Predictions = []
    for name, articles in sets.items():
        shown = name.replace("_", " ")
        predictions = [
            predict(tagger, articles, f"{shown}, {who}") if len(articles) else []
            for tagger, who in zip(taggers, ("current", "candidate"), strict=True)
        ]
        rows = [
            score_all([kept(tags, tagger.settings) for tags in lists], articles, words, lists)
            for tagger, lists in zip(taggers, predictions, strict=True)
        ]
        compared[name] = {"articles": len(articles), "measures": paired(*rows)}
        ranked = predictions[1] if name == "frozen_test" else ranked
    return compared, _report(taggers[1], corpus, sets["frozen_test"], ranked, current)


def paired(before: list[Values], after: list[Values]) -> dict[str, Any]:
    """Compares two models' scores of the same articles; nothing of no article."""
    if not before:
        return {}
    options: dict[str, Any] = {"samples": SAMPLES, "confidence": CONFIDENCE, "seed": SEED}
    means = [bootstrap(rows, **options) for rows in (before, after)]
    found = {}
    for measure in MEASURES:
        change = paired_difference(before, after, measure, **options)
        chance = chance_better(before, after, measure, samples=SAMPLES, seed=SEED)
        found[measure] = {
            "before": _rounded(means[0][measure]),
            "after": _rounded(means[1][measure]),
            "difference": _rounded(change) | {"chance_better": round(chance, 4)},
        }
    return found


def _rounded(interval: Interval) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(interval).items()}


def _report(
    candidate: Tagger, corpus: Corpus, articles: Dataset, ranked: Predictions, current: Path
) -> dict[str, Any]:
    """Makes the candidate's report.json, what its card and the About tab show."""
    config = EvaluateConfig(split="test", seed=SEED)
    lists = {"after": ranked}
    base = base_of(str(current), None, candidate.settings.base_model or "")
    if base and len(articles):
        lists["before"] = predict(base, articles, "frozen test, before fine-tuning")
    report = report_of(config, corpus, candidate, articles, lists)
    return report | {"command": "python -m training.evaluation --model MODEL --dataset DATASET"}
