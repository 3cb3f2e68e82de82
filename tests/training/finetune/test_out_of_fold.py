"""Training articles as if they had not been trained on: nothing of an article comes from itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagloop.ranking.features import FEATURES, CandidateFeatures
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.finetune.ctranslate2_conversion import convert, convert_sentence_encoder
from training.finetune.fit_neighbours import read_articles
from training.finetune.out_of_fold import (
    FEW,
    FEW_FOLDS,
    MANY_FOLDS,
    RememberingEncoder,
    folds,
    out_of_fold_features,
)
from training.finetune.preprocess import BUNDLED_BASE

ARTICLES: list[dict[str, Any]] = [
    {"title": "Sourdough", "text": "Bread needs flour, water and time.", "tags": ["Bread"]},
    {"title": "Rye", "text": "Rye flour makes dark bread.", "tags": ["Bread", "Rye flour"]},
    {"title": "Openings", "text": "A queen stays home.", "tags": ["Chess"]},
    {"title": "Endings", "text": "The king walks, the queen waits.", "tags": ["Chess"]},
    {"title": "", "text": " ", "tags": ["Nothing"]},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = shutil.copytree(BUNDLED_BASE, tmp_path_factory.mktemp("out_of_fold") / "model")
    vocabulary = Vocabulary.from_tag_lists([row["tags"] for row in ARTICLES])
    (path / "tags.json").write_text(json.dumps(vocabulary.to_json()), encoding="utf-8")
    convert(path)
    convert_sentence_encoder(path)
    return path


def features_of(folder: Path) -> dict[int, CandidateFeatures]:
    encoder = SentenceEncoder.load(folder)
    assert encoder is not None
    tagger, remembering = Tagger.from_pretrained(folder), RememberingEncoder(encoder)
    read = read_articles(ARTICLES, tagger.tokenizer, remembering)
    return out_of_fold_features(tagger, ARTICLES, read, remembering)


def test_an_article_lends_itself_nothing(folder: Path) -> None:
    found = features_of(folder)
    assert sorted(found) == [0, 1, 2, 3]  # an article without a word has no candidates

    def value(place: int, form: str, name: str) -> float:
        of = found[place]
        return float(of.features[list(of.displays).index(form), FEATURES.index(name)])

    # Of two articles with the tag the other one alone counts, and lends it in full.
    assert value(0, "bread", "count_log") == pytest.approx(np.log1p(1))
    assert value(0, "bread", "kin") > 0.3
    # A tag that nobody else has is no known tag, though the text names it.
    assert "rye flour" not in found[1].displays
    assert value(1, "bread", "linked_log") == pytest.approx(np.log(1.5 / 11 + 0.003))


@pytest.mark.parametrize(
    ("articles", "most", "count"),
    [(7, 10, 7), (FEW, 2000, MANY_FOLDS), (FEW + 1, 100, FEW_FOLDS), (0, 10, 0), (1, 10, 1)],
)
def test_each_article_is_in_one_fold(articles: int, most: int, count: int) -> None:
    found = list(folds(articles, most))
    places = [place for fold in found for place in fold]
    assert len(found) == count
    assert len(places) == len(set(places)) == min(articles, most)
    # Evenly: from the corpus's end as from its beginning.
    assert not articles or max(places) == articles - 1 or articles == 1


def test_no_text_is_embedded_twice() -> None:
    seen: list[str] = []

    class Counting:
        def embed(self, texts: list[str]) -> np.ndarray:
            seen.extend(texts)
            return np.array([[float(len(text))] for text in texts]).reshape(len(texts), 1)

    encoder = RememberingEncoder(Counting())  # type: ignore[arg-type]
    assert encoder.embed(["a", "bb", "a"]).tolist() == [[1.0], [2.0], [1.0]]
    assert encoder.embed(["bb", "ccc"]).tolist() == [[2.0], [3.0]]
    assert encoder.embed([]).shape == (0, 1)
    assert seen == ["a", "bb", "ccc"]


def test_what_is_remembered_is_bounded() -> None:
    seen: list[str] = []

    class Counting:
        def embed(self, texts: list[str]) -> np.ndarray:
            seen.extend(texts)
            return np.array([[float(len(text))] for text in texts]).reshape(len(texts), 1)

    encoder = RememberingEncoder(Counting(), most=2)  # type: ignore[arg-type]
    assert encoder.embed(["a", "bb", "ccc"]).tolist() == [[1.0], [2.0], [3.0]]
    assert encoder.embed(["bb"]).tolist() == [[2.0]]  # the oldest alone is forgotten
    assert encoder.embed(["dddd", "bb", "ccc"]).tolist() == [[4.0], [2.0], [3.0]]
    assert seen == ["a", "bb", "ccc", "dddd"]
    encoder.embed(["a"])
    assert seen[4:] == ["a"]
