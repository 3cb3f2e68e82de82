"""The measures, against values worked out by hand, and how sure their means are."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest
from rouge_score.rouge_scorer import RougeScorer

from tagloop.vocabulary.vocabulary import Vocabulary
from training.evaluation import scores
from training.evaluation.scores import (
    ArticleScores,
    Interval,
    article_scores,
    bootstrap,
    paired_difference,
    writing_scores,
)

TEXT = "Why neural networks dream. They are trained with gradient descent on U.S. servers."


@pytest.mark.parametrize(
    ("predicted", "reference", "padded", "full", "first"),
    [
        # hits, precision of 5, precision of all, recall: F1 = 2pr / (p + r)
        (["a", "b"], ["a", "b"], 2 * 0.4 * 1 / 1.4, 1.0, 1.0),
        (["a"], ["a", "b", "c", "d"], 2 * 0.2 * 0.25 / 0.45, 2 * 1 * 0.25 / 1.25, 1.0),
        (["x", "a"], ["a"], 2 * 0.2 * 1 / 1.2, 2 * 0.5 * 1 / 1.5, 0.0),
        (["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "e"], 1.0, 1.0, 1.0),
        # The sixth tag is beyond the cut of f1@5, not of f1@m.
        (["v", "w", "x", "y", "z", "a"], ["a"], 0.0, 2 * (1 / 6) * 1 / (7 / 6), 0.0),
        (["x"], ["a"], 0.0, 0.0, 0.0),
        ([], ["a"], 0.0, 0.0, 0.0),
        (["a"], [], 0.0, 0.0, 0.0),
        ([], [], 0.0, 0.0, 0.0),
        (["!!!", "a"], ["a"], 2 * 0.2 * 1 / 1.2, 1.0, 1.0),  # what is no tag counts for nothing
    ],
)
def test_f1_and_precision(
    predicted: list[str], reference: list[str], padded: float, full: float, first: float
) -> None:
    values = article_scores(predicted, reference)
    assert values["f1@5"] == pytest.approx(padded)
    assert values["f1@m"] == pytest.approx(full)
    assert values["precision@1"] == first


def test_comparison_is_by_normal_form_and_without_repeats() -> None:
    values = article_scores(
        ["machine learning", "Machine-Learning", "MACHINE LEARNING", "c + +"],
        ["Machine Learning", "machine-learning", "C++"],
    )
    assert values["f1@m"] == 1.0
    assert article_scores(["c"], ["C++"])["f1@m"] == 0.0


@pytest.mark.parametrize(
    ("answer", "repeated", "empty", "spelled"),
    [
        (["JavaScript", "Machine Learning"], 0, 0, 1.0),
        (["javascript", "Machine Learning", "something new"], 0, 0, 0.5),
        (["machine learning", "Machine-Learning", "c + +"], 1, 0, 0.0),
        (["C++", "", "JavaScript"], 0, 1, 1.0),
        (["JavaScript", "-"], 0, 1, 1.0),  # what has no word is no tag
        (["", ""], 0, 1, math.nan),
        (["something new"], 0, 0, math.nan),
        ([], 0, 0, math.nan),
    ],
)
def test_how_an_answer_is_written(
    answer: list[str], repeated: int, empty: int, spelled: float
) -> None:
    vocabulary = Vocabulary.from_tag_lists([["JavaScript", "Machine Learning", "C++"]])
    values = writing_scores(answer, vocabulary)
    assert (values["repeated_tags"], values["empty_slots"]) == (repeated, empty)
    assert values["spelled"] == pytest.approx(spelled, nan_ok=True)


def test_stemmed_forgives_endings_and_nothing_else() -> None:
    values = article_scores(["Running", "startup"], ["run", "Startups"])
    assert values["f1@m"] == 0.0
    assert values["f1@m_stemmed"] == 1.0
    # Two tags with one stem are one tag.
    assert article_scores(["runs", "running"], ["run"])["f1@m_stemmed"] == 1.0
    assert article_scores(["walking"], ["run"])["f1@m_stemmed"] == 0.0


GERMAN = "Der Nachtzug hatte wieder eine Stunde Verspätung, und niemand wunderte sich darüber."
RUSSIAN = "Ночной поезд опять опоздал на час, и никто на перроне этому не удивился."
CHINESE = "夜行列车又晚点了一个小时，站台上没有人感到惊讶，我们用纸杯喝咖啡。"


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [("Häuser", "Haus", GERMAN), ("поезда", "поезд", RUSSIAN), ("programming", "program", CHINESE)],
)
def test_stems_are_those_of_the_article_s_language(one: str, other: str, text: str) -> None:
    assert article_scores([one], [other], text)["f1@m_stemmed"] == 1.0


def test_rouge_reads_other_alphabets() -> None:
    values = article_scores(["夜行列车", "поезда"], ["夜行列车", "поезд"], RUSSIAN)
    assert values["rouge1"] == values["rougeL"] == 1.0
    assert article_scores(["夜车"], ["夜行列车"], CHINESE)["rouge1"] == pytest.approx(2 / 3)


def test_present_and_absent_are_scored_apart() -> None:
    values = article_scores(
        ["Neural Networks", "AI", "Deep Learning"],
        ["neural-networks", "Gradient Descent", "AI"],
        TEXT,
    )
    # Present: one of one right, one of two found. Absent: one of two right, one of one found.
    assert values["present_f1@m"] == pytest.approx(2 * 1 * 0.5 / 1.5)
    assert values["absent_f1@m"] == pytest.approx(2 * 0.5 * 1 / 1.5)


def test_an_article_without_tags_of_a_sort_is_left_out_of_that_mean() -> None:
    present_only = article_scores(["U.S."], ["u. s."], TEXT)
    assert present_only["present_f1@m"] == 1.0
    assert math.isnan(present_only["absent_f1@m"])
    absent_only = article_scores(["U.S."], ["AI"], TEXT)
    assert math.isnan(absent_only["present_f1@m"])
    assert absent_only["absent_f1@m"] == 0.0
    means = bootstrap([present_only, absent_only])
    assert means["present_f1@m"].value == 1.0
    assert means["absent_f1@m"].value == 0.0
    assert means["f1@m"].value == 0.5


def test_texts_and_training_tags_are_optional() -> None:
    values = article_scores(["a"], ["a"])
    assert not {"present_f1@m", "absent_f1@m", "unseen_share"} & set(values)


@pytest.mark.parametrize(
    ("predicted", "share"), [(["New One", "a"], 0.5), (["A"], 0.0), (["x", "y"], 1.0)]
)
def test_unseen_share(predicted: list[str], share: float) -> None:
    assert article_scores(predicted, ["a"], known={"a", "b"})["unseen_share"] == share


def test_unseen_share_of_no_tags_is_no_number() -> None:
    assert math.isnan(article_scores([], ["a"], known={"a"})["unseen_share"])


@pytest.mark.parametrize(
    ("predicted", "reference"),
    [
        (["machine learning", "Python"], ["Python", "deep learning", "AI"]),
        (["Running shoes"], ["run", "shoe"]),
        (["a"], ["b"]),
        ([], ["b"]),
    ],
)
def test_rouge_is_the_packages(predicted: list[str], reference: list[str]) -> None:
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    wanted = scorer.score(target=", ".join(reference), prediction=", ".join(predicted))
    values = article_scores(predicted, reference)
    for name, score in wanted.items():
        assert values[name] == pytest.approx(score.fmeasure)


def test_rouge_by_hand() -> None:
    values = article_scores(["machine learning", "python"], ["machine learning", "data"])
    assert values["rouge1"] == pytest.approx(2 / 3)  # two of three words, both ways
    assert values["rouge2"] == pytest.approx(1 / 2)
    assert values["rougeL"] == pytest.approx(2 / 3)


def rows_of(values: np.ndarray) -> list[dict[str, float]]:
    return [{"f1@m": float(value)} for value in values]


def test_the_interval_holds_the_mean_and_shrinks_with_articles() -> None:
    rng = np.random.default_rng(2)
    widths = []
    for count in (20, 200, 2000):
        values = rng.beta(2, 3, size=count)
        interval = bootstrap(rows_of(values))["f1@m"]
        assert interval.value == pytest.approx(values.mean())
        assert interval.low < interval.value < interval.high
        widths.append(interval.high - interval.low)
    # By the square root of the number: about 3.16 at each step.
    assert 2 < widths[0] / widths[1] < 5
    assert 2 < widths[1] / widths[2] < 5


def test_the_interval_has_the_width_that_theory_gives() -> None:
    values = np.random.default_rng(3).normal(0.5, 0.1, size=400)
    interval = bootstrap(rows_of(values), samples=4000)["f1@m"]
    half = 1.96 * values.std() / math.sqrt(400)
    assert interval.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.1 * half)
    wide = bootstrap(rows_of(values), confidence=0.99)["f1@m"]
    assert wide.low < interval.low and interval.high < wide.high


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(200):
        interval = bootstrap(rows_of(rng.uniform(size=60)), samples=300)["f1@m"]
        hits += interval.low <= 0.5 <= interval.high
    assert 178 <= hits <= 200  # 95 % of 200 is 190; four standard deviations are 12


def test_the_bootstrap_is_repeatable_and_its_seed_matters() -> None:
    rows = rows_of(np.random.default_rng(5).uniform(size=30))
    assert bootstrap(rows, seed=1) == bootstrap(rows, seed=1)
    assert bootstrap(rows, seed=1) != bootstrap(rows, seed=2)


def test_means_of_nothing() -> None:
    assert bootstrap([]) == {}
    nothing = bootstrap([{"absent_f1@m": float("nan")}])["absent_f1@m"]
    assert asdict(nothing) == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_paired_difference_has_the_sign_of_after_minus_before() -> None:
    rng = np.random.default_rng(6)
    before = rng.uniform(0, 0.5, size=100)
    gain = rng.uniform(0.05, 0.15, size=100)
    interval = paired_difference(rows_of(before), rows_of(before + gain), "f1@m")
    assert interval.value == pytest.approx(gain.mean())
    assert 0.05 < interval.low < interval.value < interval.high < 0.15
    # Paired: far narrower than the scores themselves scatter.
    single = bootstrap(rows_of(before))["f1@m"]
    assert interval.high - interval.low < 0.5 * (single.high - single.low)
    turned = paired_difference(rows_of(before + gain), rows_of(before), "f1@m")
    assert turned.value == pytest.approx(-interval.value)
    same = paired_difference(rows_of(before), rows_of(before), "f1@m")
    assert same == Interval(0.0, 0.0, 0.0)


def test_a_pair_with_a_missing_side_is_left_out() -> None:
    before = rows_of(np.array([0.1, float("nan"), 0.3]))
    after = rows_of(np.array([0.2, 0.9, float("nan")]))
    assert paired_difference(before, after, "f1@m").value == pytest.approx(0.1)


def test_scores_kept_as_numbers_are_the_same_scores() -> None:
    rows = [article_scores(tags, ["a", "b"], "a b") for tags in (["a"], ["b", "c"], [], ["x"])]
    kept = ArticleScores()
    assert (len(kept), bootstrap(kept)) == (0, {})
    for row in rows:
        kept.append(row)
    assert len(kept) == 4
    assert bootstrap(kept, seed=3) == bootstrap(rows, seed=3)
    changed = paired_difference(kept, rows[::-1], "f1@m", seed=3)
    assert changed == paired_difference(rows, rows[::-1], "f1@m", seed=3)


def test_a_bootstrap_in_parts_draws_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"f1": value} for value in np.random.default_rng(1).random(50).tolist()]
    whole = bootstrap(rows, samples=40, seed=7)
    for at_once in (1, 51, 777):
        monkeypatch.setattr(scores, "DRAWN_AT_ONCE", at_once)
        assert bootstrap(rows, samples=40, seed=7) == whole
