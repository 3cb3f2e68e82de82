"""The metric as the evaluate library loads and runs it."""

from __future__ import annotations

from pathlib import Path

import evaluate
import pytest

import training
from training.evaluation.scores import article_scores

FOLDER = Path(training.__file__).parent / "evaluation" / "metrics" / "tag_f1"
PREDICTIONS = [["Python", "SQL"], ["Cooking"], []]
REFERENCES = [["python"], ["Baking", "cooking"], ["Travel"]]
TEXTS = ["Python at work", "Baking for beginners", "A trip"]


@pytest.fixture(scope="module")
def metric() -> evaluate.EvaluationModule:
    return evaluate.load(str(FOLDER))


def test_values_are_the_means_of_the_articles(metric: evaluate.EvaluationModule) -> None:
    values = metric.compute(predictions=PREDICTIONS, references=REFERENCES)
    # F1 of the articles: 2/3, 2/3 and 0; padded: 1/3, 2/7 and 0.
    assert values["f1@m"] == pytest.approx((2 / 3 + 2 / 3) / 3)
    assert values["f1@5"] == pytest.approx((1 / 3 + 2 / 7) / 3)
    assert values["precision@1"] == pytest.approx(2 / 3)
    assert not {"present_f1@m", "unseen_share"} & set(values)


def test_it_agrees_with_the_scores_of_the_report(metric: evaluate.EvaluationModule) -> None:
    values = metric.compute(
        predictions=PREDICTIONS, references=REFERENCES, texts=TEXTS, known=["python", "travel"]
    )
    rows = [
        article_scores(ours, theirs, text, {"python", "travel"})
        for ours, theirs, text in zip(PREDICTIONS, REFERENCES, TEXTS, strict=True)
    ]
    assert set(values) == set(rows[0])
    assert values["present_f1@m"] == pytest.approx((1.0 + 0.0) / 2)  # the third has none present
    assert values["unseen_share"] == pytest.approx((0.5 + 1.0) / 2)  # the third has no tags
    for name in ("f1@5", "f1@m_stemmed", "rouge1", "rougeL"):
        assert values[name] == pytest.approx(sum(row[name] for row in rows) / 3)


def test_it_takes_batches(metric: evaluate.EvaluationModule) -> None:
    for predicted, reference in zip(PREDICTIONS, REFERENCES, strict=True):
        metric.add(prediction=predicted, reference=reference)
    added = metric.compute()
    assert added == metric.compute(predictions=PREDICTIONS, references=REFERENCES)


def test_it_describes_its_inputs(metric: evaluate.EvaluationModule) -> None:
    assert set(metric.features) == {"predictions", "references"}
    for name in ("f1@5", "f1@m", "precision@1", "present_f1@m"):
        assert name in metric.description
