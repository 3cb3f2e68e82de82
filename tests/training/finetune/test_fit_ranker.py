"""Ranking: fitted on a corpus near the shipped weights, and what it is worth on unseen articles."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagloop.errors import UserError
from tagloop.ranking.features import COLUMNS, FEATURES
from tagloop.ranking.ranker import Weights
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.finetune import fit_ranker
from training.finetune.ctranslate2_conversion import convert
from training.finetune.fit_ranker import ENOUGH, choose_weights, fit_ranking
from training.finetune.out_of_fold import evenly
from training.finetune.preprocess import BUNDLED_BASE
from training.finetune.ranker_examples import Candidates, joined
from training.finetune.ranker_weights import log_loss
from training.finetune.training_log import RankingFit

from ..tiny_models import starter_articles

TRAIN, VALIDATION = 144, 48


@pytest.fixture(scope="module")
def splits() -> dict[str, list[dict[str, Any]]]:
    articles = starter_articles()
    # The files are sorted by domain: every split gets some of each.
    mixed = [articles[index] for start in range(16) for index in range(start, len(articles), 16)]
    short = [article | {"text": article["text"][:500]} for article in mixed]
    return {
        "train": short[:TRAIN],
        "validation": short[TRAIN : TRAIN + VALIDATION],
        "test": short[TRAIN + VALIDATION :],
    }


@pytest.fixture(scope="module")
def plain(
    splits: dict[str, list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = shutil.copytree(BUNDLED_BASE, tmp_path_factory.mktemp("ranking") / "plain")
    vocabulary = Vocabulary.from_tag_lists([row["tags"] for row in splits["train"]])
    (folder / "tags.json").write_text(json.dumps(vocabulary.to_json()), encoding="utf-8")
    (folder / "ranking.json").unlink()
    convert(folder)
    return folder


@pytest.fixture(scope="module")
def fitted(plain: Path, splits: dict[str, list[dict[str, Any]]]) -> tuple[Path, RankingFit]:
    folder = shutil.copytree(plain, plain.parent / "fitted")
    return folder, fit_ranking(folder, splits["train"], splits["validation"], untaught=folder)


def mean_f1(tagger: Tagger, articles: list[dict[str, Any]]) -> float:
    scores = []
    for tags, row in zip(tagger.tag_batch(articles), articles, strict=True):
        ours = {normal_form(tag.tag) for tag in tags}
        theirs = set(map(normal_form, row["tags"]))
        scores.append(2 * len(ours & theirs) / (len(ours) + len(theirs)))
    return sum(scores) / len(scores)


def test_the_fit_is_reported(fitted: tuple[Path, dict[str, Any]]) -> None:
    _, report = fitted
    assert report["articles"] == VALIDATION
    assert report["training_articles"] == TRAIN
    assert report["weights"] == "fitted"
    assert report["calibration"]["ece"] < 0.15


def test_what_was_learned_is_what_an_answer_does(
    fitted: tuple[Path, dict[str, Any]], splits: dict[str, list[dict[str, Any]]]
) -> None:
    folder, report = fitted
    tagger = Tagger.from_pretrained(folder)
    settings = tagger.settings
    habit = (settings.min_tags, settings.max_tags, settings.threshold)
    assert habit == tuple(report[name] for name in ("min_tags", "max_tags", "threshold"))
    for tags in tagger.tag_batch(splits["test"][:8]):
        assert settings.min_tags <= len(tags) <= settings.max_tags
        assert all(tag.confidence >= settings.threshold for tag in tags[settings.min_tags :])


def test_ranking_is_worth_much_on_unseen_articles(
    plain: Path, fitted: tuple[Path, dict[str, Any]], splits: dict[str, list[dict[str, Any]]]
) -> None:
    without = mean_f1(Tagger.from_pretrained(plain), splits["test"])
    ranked = mean_f1(Tagger.from_pretrained(fitted[0]), splits["test"])
    assert ranked > without + 0.03


def test_surer_tags_are_right_more_often(
    fitted: tuple[Path, dict[str, Any]], splits: dict[str, list[dict[str, Any]]]
) -> None:
    right: list[float] = []
    wrong: list[float] = []
    tagger = Tagger.from_pretrained(fitted[0])
    for tags, row in zip(tagger.tag_batch(splits["test"]), splits["test"], strict=True):
        theirs = set(map(normal_form, row["tags"]))
        assert [tag.confidence for tag in tags] == sorted(
            (tag.confidence for tag in tags), reverse=True
        )
        for tag in tags:
            (right if normal_form(tag.tag) in theirs else wrong).append(tag.confidence)
    assert np.mean(right) > np.mean(wrong) + 0.05


def test_both_engines_rank_alike(
    fitted: tuple[Path, dict[str, Any]], splits: dict[str, list[dict[str, Any]]]
) -> None:
    articles = splits["test"][:16]
    pairs = [
        Tagger.from_pretrained(fitted[0], engine=engine).tag_batch(articles)
        for engine in ("transformers", "ctranslate2")
    ]
    same = [one[0].tag == other[0].tag for one, other in zip(*pairs, strict=True) if one and other]
    assert sum(same) >= 13


def test_without_articles_to_learn_from_the_bundled_weights_are_taken(
    plain: Path, splits: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    folder = shutil.copytree(plain, tmp_path / "few")
    report = fit_ranking(folder, splits["train"][:8], splits["validation"][:3])
    assert (report["weights"], report["training_articles"]) == ("bundled", 8)
    bundled, loaded = Weights.load(BUNDLED_BASE), Weights.load(folder)
    assert bundled and loaded and loaded.columns == pytest.approx(bundled.columns)
    assert Tagger.from_pretrained(folder).tag(splits["test"][0]["text"])


def test_a_large_validation_split_is_enough_and_not_read_to_its_end(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(plain, tmp_path / "large")
    numbers = range(ENOUGH + 40)
    rows = [{"title": f"{number} boats", "text": "", "tags": ["Boats"]} for number in numbers]
    monkeypatch.setattr(fit_ranker, "evenly", lambda count: evenly(count, ENOUGH))
    report = fit_ranking(folder, rows[:4], rows)
    assert (report["articles"], report["training_articles"]) == (ENOUGH, 0)


def test_a_memory_of_another_vocabulary_is_refused(
    fitted: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder = shutil.copytree(fitted[0], tmp_path / "other")
    other = Vocabulary.from_tag_lists([["One"], ["Two"]]).to_json()
    (folder / "tags.json").write_text(json.dumps(other), encoding="utf-8")
    with pytest.raises(UserError, match="both must come from one training"):
        Tagger.from_pretrained(folder)


def test_a_broken_ranking_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ranking.json").write_text('{"schema": 2, "weights": {}, "bias": 0}')
    with pytest.raises(UserError, match=r"ranking\.json: not a valid"):
        Weights.load(tmp_path)


NEAR, WRITTEN = FEATURES.index("near"), FEATURES.index("written")
PRIOR = Weights.load(BUNDLED_BASE)
assert PRIOR is not None


def made(articles: int, sign: float, seed: int, tags: int = 2) -> Candidates:
    """Articles with ten candidates each; those that neighbours carry (or do not) are right."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(articles * 10, len(COLUMNS))) * 0.1
    right = np.tile(np.arange(10) < tags, articles)
    features[:, NEAR] = 0.3 + sign * np.where(right, 0.3, -0.3) + rng.normal(size=len(right)) * 0.1
    article = np.repeat(np.arange(articles), 10)
    return Candidates(features, right, article, np.full(articles, tags))


NOBODY = made(0, 1, 0)


def nowhere(of: Candidates) -> np.ndarray:
    return np.zeros(len(of.right), dtype=bool)


def test_few_articles_hold_to_the_prior_and_many_leave_it() -> None:
    """Of twelve articles no corpus is made; 400 say that neighbours are wrong here, and are heard.

    Between them the weights move as far as there is evidence.
    """
    moved = []
    for articles in (12, 24, 400):
        of = made(articles, -1, 1)
        columns = choose_weights(of, nowhere(of)).weights.columns
        moved.append(float(np.abs(columns - PRIOR.columns).max()))  # type: ignore[union-attr]
    assert moved[0] == 0 < moved[1] < moved[2]
    other = made(200, -1, 2)
    assert PRIOR is not None
    before = log_loss(PRIOR.probabilities(other.features), other.right)
    of = made(400, -1, 1)
    fitted = choose_weights(of, nowhere(of))
    assert log_loss(fitted.weights.probabilities(other.features), other.right) < before / 4


def test_chances_are_of_weights_that_have_not_seen_the_article() -> None:
    of = made(60, 1, 3)
    # Labels without any reason: who has seen them looks better than half right.
    at_random = np.random.default_rng(4).permutation(of.right)
    noise = Candidates(np.zeros_like(of.features), at_random, of.article, of.wanted)
    noise.features[:, :] = np.random.default_rng(5).normal(size=of.features.shape)
    fitted = choose_weights(noise, nowhere(noise))
    rate = np.full(len(noise.right), noise.right.mean())
    assert log_loss(fitted.chances, noise.right) >= log_loss(rate, noise.right) - 0.002


def test_training_articles_that_mislead_are_left_out() -> None:
    """A base that has learned the training articles is sure of what says nothing elsewhere."""
    train, validation = made(60, -1, 6), made(100, 1, 7)
    both = joined(train, validation)
    known = both.article >= 60
    fitted = choose_weights(both, known)
    other = made(100, 1, 8)
    alone = choose_weights(validation, nowhere(validation) | True)
    losses = [
        log_loss(of.weights.probabilities(other.features), other.right) for of in (fitted, alone)
    ]
    assert losses[0] < losses[1] + 0.01


def test_a_part_that_answers_surely_better_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the prior so strong that no corpus can move it, neighbours alone would be better."""
    wrong = Weights(-50 * np.eye(len(COLUMNS))[NEAR], 0.0)
    monkeypatch.setattr("training.finetune.fit_ranker.Weights.load", lambda folder: wrong)
    monkeypatch.setattr("training.finetune.fit_ranker.STRENGTHS", (1e9,))
    of = made(80, 1, 9)
    fitted = choose_weights(of, nowhere(of))
    assert fitted.name == "neighbours"
    assert not fitted.weights.columns[WRITTEN]
    assert fitted.weights.columns[NEAR] > 0


def test_one_validation_article_is_no_fold(recwarn: pytest.WarningsRecorder) -> None:
    both = joined(made(30, 1, 10), made(1, 1, 11))
    fitted = choose_weights(both, both.article >= 30)
    assert np.isfinite(fitted.chances).all()
    assert not [warning for warning in recwarn if warning.category is RuntimeWarning]
