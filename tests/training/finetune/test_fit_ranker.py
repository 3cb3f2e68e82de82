"""Ranking: fitted on validation articles, and what it is worth on articles that nobody has seen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagloop.errors import UserError
from tagloop.ranking.features import COLUMNS
from tagloop.ranking.ranker import Weights
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.finetune.ctranslate2_conversion import convert
from training.finetune.fit_ranker import best_threshold, fit_ranking
from training.finetune.preprocess import BUNDLED_BASE
from training.finetune.ranker_examples import Candidates
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
    return folder, fit_ranking(folder, splits["train"], splits["validation"])


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
    assert report["weights"] in ("fitted", "bundled")
    assert 0 < report["threshold"] < 0.7
    assert report["calibration"]["ece"] < 0.15


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


def test_few_validation_articles_take_the_bundled_weights(
    plain: Path, splits: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    folder = shutil.copytree(plain, tmp_path / "few")
    report = fit_ranking(folder, splits["train"][:24], splits["validation"][:3])
    assert report["weights"] == "bundled"
    bundled = Weights.load(BUNDLED_BASE)
    loaded = Weights.load(folder)
    assert bundled and loaded and loaded.columns == pytest.approx(bundled.columns)
    assert Tagger.from_pretrained(folder).tag(splits["test"][0]["text"])


def test_without_validation_articles_there_is_still_a_ranking(
    plain: Path, splits: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    folder = shutil.copytree(plain, tmp_path / "none")
    assert fit_ranking(folder, splits["train"][:24], [])["weights"] == "bundled"
    assert Tagger.from_pretrained(folder).tag(splits["test"][0]["text"])


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


def test_the_threshold_is_the_one_with_the_best_f1() -> None:
    # Two articles with two tags each: the first two candidates of each are right.
    chances = np.array([0.9, 0.5, 0.3, 0.9, 0.5, 0.3])
    candidates = Candidates(
        np.zeros((6, len(COLUMNS))),
        np.array([True, True, False] * 2),
        np.array([0, 0, 0, 1, 1, 1]),
        np.array([2, 2]),
    )
    threshold, f1 = best_threshold(candidates, chances)
    assert 0.3 < threshold <= 0.5
    assert f1 == 1.0
