"""Tags of a list that no article taught: what is known of them, and what becomes of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagloop.allowlist.allowed_tags import EMBEDDED_AT_ONCE, AllowedTags
from tagloop.allowlist.zero_shot import (
    FEATURES,
    WEIGHTS,
    TagWords,
    probabilities,
    standing_out,
    zero_shot_features,
)
from tagloop.files import SENTENCE_ENCODER
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary

from ..article import Article
from .test_allowlist import FixedRanker, names

ARTICLE: Article = {
    "title": "Sourdough from your own oven",
    "text": "Flour, water and salt: how to bake loaves with a crust at home.",
}
LIST = [
    *("Tax Law", "Submarines", "Football", "Astronomy", "Baking", "Elections", "Gardening"),
    *("Poetry", "Databases", "Trains", "Opera", "Chess", "Volcanoes", "Fashion", "Banking"),
]


@pytest.fixture
def untaught(float32_tagger: Tagger, sentence_encoder: SentenceEncoder) -> Tagger:
    """Returns a tagger that knows the sentence encoder and one tag."""
    return Tagger(
        float32_tagger.generator,
        float32_tagger.tokenizer,
        float32_tagger.settings,
        Vocabulary.from_tag_lists([["Bread"]]),
        embeddings=float32_tagger.allowlist.embeddings,
        sentence_encoder=sentence_encoder,
    )


def test_what_a_tag_means_finds_it_without_its_word(untaught: Tagger) -> None:
    tags = untaught.tag(**ARTICLE, allowed_tags=LIST)
    assert tags[0].tag == "Baking" and not tags[0].present
    assert tags[0].confidence > 0.2
    assert "Banking" not in names(tags)


def test_a_list_of_nothing_that_fits_has_no_answer(untaught: Tagger) -> None:
    for strange in (["Tax Law"], ["Tax Law", "Zeppelin Rides", "Submarines"], LIST[:4]):
        assert untaught.tag(**ARTICLE, allowed_tags=strange) == []


def test_a_ranker_keeps_what_it_knows_beside_what_it_does_not(untaught: Tagger) -> None:
    untaught.ranker = FixedRanker({"bread": 0.61, "baking": 0.99})
    found = untaught.tag(**ARTICLE, allowed_tags=["BREAD", *LIST], threshold=0.0, max_tags=99)
    confidences = {tag.tag: tag.confidence for tag in found}
    untaught.ranker = None
    alone = untaught.tag(**ARTICLE, allowed_tags=["BREAD", *LIST], threshold=0.0, max_tags=99)
    without = {tag.tag: tag.confidence for tag in alone}
    assert confidences.pop("BREAD") == 0.61 != without.pop("BREAD")
    assert confidences == without


def test_articles_without_title_or_text_have_tags_too(untaught: Tagger) -> None:
    options: dict[str, Any] = {"allowed_tags": LIST, "min_tags": 1}
    assert untaught.tag("", ARTICLE["title"], **options)[0].tag == "Baking"
    assert untaught.tag(ARTICLE["text"], "", **options)[0].tag == "Baking"


def test_the_list_gets_its_vectors_once_and_can_be_interrupted(
    untaught: Tagger, sentence_encoder: SentenceEncoder
) -> None:
    many = [f"subject {number}" for number in range(2 * EMBEDDED_AT_ONCE + 1)]
    allowed = AllowedTags(many, untaught.tokenizer, untaught.vocabulary, untaught.settings)
    with pytest.raises(TimeoutError):
        allowed.vectors(sentence_encoder, _raise)
    checks: list[int] = []
    vectors = allowed.vectors(sentence_encoder, lambda: checks.append(1))
    assert len(checks) == 3 and len(vectors) == len(many)
    assert allowed.vectors(sentence_encoder, _raise) is vectors
    assert vectors[-1] == pytest.approx(sentence_encoder.embed(many[-1:])[0], abs=1e-2)


def _raise() -> None:
    raise TimeoutError


def test_a_folder_brings_its_sentence_encoder(
    model_dir: Path, sentence_encoder_dir: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(model_dir, tmp_path / "model")
    shutil.copytree(sentence_encoder_dir / SENTENCE_ENCODER, folder / SENTENCE_ENCODER)
    tagger = Tagger.from_pretrained(folder, engine="ctranslate2", threads=1)
    assert tagger.ranker is None
    assert tagger.tag(**ARTICLE, allowed_tags=LIST)[0].tag == "Baking"


def test_words_are_sought_whole_and_by_their_stems() -> None:
    words = TagWords(["Web Servers", "C++", "Gardens", "爬虫"])
    title, text = "A server in the garden", "Written in C++, 写的爬虫"
    present, in_title, stems = words.in_article(title, text)
    assert present.tolist() == [0, 1, 0, 1]
    assert in_title.tolist() == [0, 0, 0, 0]
    assert stems.tolist() == [0.5, 1, 1, 1]


def test_short_lists_tell_little_of_what_stands_out() -> None:
    cosines = np.array([0.5, *[0.1] * 9])
    long = np.array([0.5, *[0.1] * 299])
    assert standing_out(long)[0] > standing_out(cosines)[0] > standing_out(cosines[:1])[0] > 1
    assert standing_out(cosines + 0.1)[0] < standing_out(cosines)[0] + 1


@pytest.mark.parametrize("name", [name for name in FEATURES if name != "list_length"])
def test_everything_that_speaks_for_a_tag_makes_it_likelier(name: str) -> None:
    assert WEIGHTS[FEATURES.index(name)] > 0


def test_features_stand_in_their_order() -> None:
    cosines, near = np.array([0.1, 0.3]), np.array([0.4, 0.5])
    words = [np.array([0.0, 1.0]), np.array([0.0, 0.0]), np.array([0.5, 1.0])]
    found = zero_shot_features(cosines, cosines[::-1], near, words, {1: -0.5})
    row = dict(zip(FEATURES, found[1], strict=True))
    assert row["stands_out"] > row["title_stands_out"]
    assert [row[name] for name in ("near", "present", "in_title", "stems", "generated")] == [
        *(0.5, 1.0, 0.0, 1.0, 1.0)
    ]
    assert row["list_length"] == pytest.approx(np.log(20))
    assert probabilities(found)[1] > probabilities(found)[0]
