"""An article's candidates: where they come from, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from transformers import AutoTokenizer

from tagloop.generation.candidates import Generated
from tagloop.ranking.features import COLUMNS, FEATURES, LEAST, CandidateFeatures, FeatureExtractor
from tagloop.ranking.neighbours import Neighbours
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.vocabulary.vocabulary import Vocabulary
from training.finetune.fit_neighbours import fit_neighbours
from training.finetune.preprocess import BUNDLED_BASE

from .test_neighbours import ARTICLES

ARTICLE = {
    "title": "Sourdough at home",
    "text": "Sourdough needs flour and water. A sourdough starter is bread to be. Rye helps.",
}


@pytest.fixture(scope="module")
def extractor(sentence_encoder: SentenceEncoder) -> FeatureExtractor:
    # Words of two articles in four are not rare.
    others = [{"title": f"Tax form {i}", "text": "", "tags": ["Tax"]} for i in range(40)]
    articles = [*ARTICLES, *others]
    vocabulary = Vocabulary.from_tag_lists([row["tags"] for row in articles])
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED_BASE)
    neighbours = Neighbours(fit_neighbours(articles, tokenizer, vocabulary, sentence_encoder))
    return FeatureExtractor(neighbours, vocabulary, tokenizer, sentence_encoder)


def without_output(article: Mapping[str, str | None]) -> Generated:
    """Returns an article for which the model generated nothing."""
    return Generated(article, [], [], [])


def features_of(
    extractor: FeatureExtractor,
    article: Mapping[str, str | None],
    required: Mapping[str, str] | None = None,
) -> CandidateFeatures:
    return extractor.extract([without_output(article)], required)[0]


def column(found: CandidateFeatures, name: str) -> dict[str, float]:
    values = found.features[:, COLUMNS.index(name)].tolist()
    return dict(zip(found.displays, values, strict=True))


def test_neighbours_and_words_name_candidates(extractor: FeatureExtractor) -> None:
    found = features_of(extractor, ARTICLE)
    assert {"bread", "rye", "sourdough"} <= set(found.displays)
    assert found.features.shape == (len(found.displays), len(COLUMNS))
    assert np.isfinite(found.features).all()
    assert column(found, "near")["bread"] > column(found, "near")["chess"]
    assert column(found, "kin")["bread"] > 0
    assert column(found, "mentions")["rye"] == pytest.approx(np.log(2))
    assert column(found, "in_title")["sourdough"] == column(found, "present")["rye"] == 1
    assert column(found, "salience")["sourdough"] > 0 == column(found, "salience")["bread"]
    assert set(column(found, "begun").values()) == {LEAST}


def test_what_no_training_article_had_is_compared_with_the_article_too(
    extractor: FeatureExtractor,
) -> None:
    alike = column(features_of(extractor, ARTICLE), "alike")
    assert alike["sourdough"] > alike["bread"] > alike.get("chess", -1)


def test_every_feature_counts_by_length_and_familiarity(extractor: FeatureExtractor) -> None:
    long = features_of(extractor, ARTICLE)
    features = len(FEATURES)
    plain, by_length, by_familiarity = (
        long.features[:, start : start + features] for start in (0, features, 2 * features)
    )
    length, familiarity = long.features[:, -2:].T
    assert by_length == pytest.approx(plain * length[:, None])
    assert by_familiarity == pytest.approx(plain * familiarity[:, None])
    short = features_of(extractor, {"title": "Rye", "text": ""})
    assert short.features[0, -2] < length[0]


def test_familiar_is_what_is_like_the_corpus(extractor: FeatureExtractor) -> None:
    known, stranger = (
        features_of(extractor, {"title": title, "text": ""}).features[0, -1]
        for title in ("Tax form 7", "Volcanoes of Iceland")
    )
    assert known > stranger + 1


def test_wanted_tags_are_among_the_candidates(extractor: FeatureExtractor) -> None:
    found = features_of(extractor, ARTICLE, {"opera": "Opera"})
    assert found.displays["opera"] == "Opera"
    assert column(found, "count_log")["opera"] == 0


def test_an_article_without_words_has_features_all_the_same(extractor: FeatureExtractor) -> None:
    found = features_of(extractor, {"title": None, "text": ""})
    assert np.isfinite(found.features).all()


def test_articles_features_of_together_are_as_each_alone(extractor: FeatureExtractor) -> None:
    articles = [ARTICLE, {"title": "Queen's gambit", "text": "A gambit on move two."}]
    together = extractor.extract([without_output(article) for article in articles])
    for article, found in zip(articles, together, strict=True):
        alone = features_of(extractor, article)
        assert found.displays == alone.displays
        assert found.features == pytest.approx(alone.features, abs=0.02)
    assert extractor.extract([]) == []
