"""An article's candidates: where they come from, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from transformers import AutoTokenizer

from tagloop.ranking.features import COLUMNS, FEATURES, LEAST, Pool, Pooler
from tagloop.ranking.neighbours import Recall
from tagloop.ranking.sentence_encoder import Embedder
from tagloop.vocabulary.vocabulary import Vocabulary
from training.finetune.fit_neighbours import fit_recall
from training.finetune.preprocess import BUNDLED_BASE

from .test_neighbours import ARTICLES

ARTICLE = {
    "title": "Sourdough at home",
    "text": "Sourdough needs flour and water. A sourdough starter is bread to be. Rye helps.",
}


@pytest.fixture(scope="module")
def pooler(embedder: Embedder) -> Pooler:
    # Words of two articles in four are not rare.
    others = [{"title": f"Tax form {i}", "text": "", "tags": ["Tax"]} for i in range(40)]
    articles = [*ARTICLES, *others]
    vocabulary = Vocabulary.from_tag_lists([row["tags"] for row in articles])
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED_BASE)
    recall = Recall(fit_recall(articles, tokenizer, vocabulary, embedder))
    return Pooler(recall, vocabulary, tokenizer, embedder)


def pooled(
    pooler: Pooler, article: Mapping[str, str | None], also: Mapping[str, str] | None = None
) -> Pool:
    return pooler.pool([article], [[]], [[]], also)[0]


def column(pool: Pool, name: str) -> dict[str, float]:
    values = pool.features[:, COLUMNS.index(name)].tolist()
    return dict(zip(pool.displays, values, strict=True))


def test_memory_and_words_name_candidates(pooler: Pooler) -> None:
    pool = pooled(pooler, ARTICLE)
    assert {"bread", "rye", "sourdough"} <= set(pool.displays)
    assert pool.features.shape == (len(pool.displays), len(COLUMNS))
    assert np.isfinite(pool.features).all()
    assert column(pool, "near")["bread"] > column(pool, "near")["chess"]
    assert column(pool, "kin")["bread"] > 0
    assert column(pool, "mentions")["rye"] == pytest.approx(np.log(2))
    assert column(pool, "in_title")["sourdough"] == column(pool, "present")["rye"] == 1
    assert column(pool, "salience")["sourdough"] > 0 == column(pool, "salience")["bread"]
    assert set(column(pool, "begun").values()) == {LEAST}


def test_what_no_training_article_had_is_compared_with_the_article_too(pooler: Pooler) -> None:
    alike = column(pooled(pooler, ARTICLE), "alike")
    assert alike["sourdough"] > alike["bread"] > alike.get("chess", -1)


def test_every_feature_counts_by_length_and_familiarity(pooler: Pooler) -> None:
    long = pooled(pooler, ARTICLE)
    features = len(FEATURES)
    plain, by_length, by_familiarity = (
        long.features[:, start : start + features] for start in (0, features, 2 * features)
    )
    length, familiarity = long.features[:, -2:].T
    assert by_length == pytest.approx(plain * length[:, None])
    assert by_familiarity == pytest.approx(plain * familiarity[:, None])
    short = pooled(pooler, {"title": "Rye", "text": ""})
    assert short.features[0, -2] < length[0]


def test_familiar_is_what_is_like_the_corpus(pooler: Pooler) -> None:
    known, stranger = (
        pooled(pooler, {"title": title, "text": ""}).features[0, -1]
        for title in ("Tax form 7", "Volcanoes of Iceland")
    )
    assert known > stranger + 1


def test_wanted_tags_are_among_the_candidates(pooler: Pooler) -> None:
    pool = pooled(pooler, ARTICLE, {"opera": "Opera"})
    assert pool.displays["opera"] == "Opera"
    assert column(pool, "count_log")["opera"] == 0


def test_an_article_without_words_has_features_all_the_same(pooler: Pooler) -> None:
    pool = pooled(pooler, {"title": None, "text": ""})
    assert np.isfinite(pool.features).all()


def test_articles_pooled_together_are_as_each_alone(pooler: Pooler) -> None:
    articles = [ARTICLE, {"title": "Queen's gambit", "text": "A gambit on move two."}]
    together = pooler.pool(articles, [[], []], [[], []])
    for article, pool in zip(articles, together, strict=True):
        alone = pooled(pooler, article)
        assert pool.displays == alone.displays
        assert pool.features == pytest.approx(alone.features, abs=0.02)
    assert pooler.pool([], [], []) == []
