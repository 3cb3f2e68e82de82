"""The index of training articles: what neighbours lend, and the sums that it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer, ByT5Tokenizer

from tagloop.ranking.neighbours import (
    Neighbours,
    NeighbourTags,
    Table,
    article_ids,
    cosines,
    from_bytes,
    to_bytes,
    weigh,
)
from tagloop.ranking.sentence_encoder import DIMENSIONS, SentenceEncoder
from tagloop.vocabulary.vocabulary import Vocabulary
from training.finetune.fit_neighbours import fit_neighbours, save_neighbours
from training.finetune.preprocess import BUNDLED_BASE

ARTICLES = [
    {"title": "Sourdough", "text": "Bread needs flour, water, salt and time.", "tags": ["Bread"]},
    {"title": "Rye", "text": "Rye flour makes dark bread with water.", "tags": ["Bread", "Rye"]},
    {"title": "Chess", "text": "A queen moves in every direction.", "tags": ["Chess"]},
    {"title": "Openings", "text": "The queen stays home in a good opening.", "tags": ["Chess"]},
]


@pytest.fixture(scope="module")
def neighbours(
    sentence_encoder: SentenceEncoder, tmp_path_factory: pytest.TempPathFactory
) -> Neighbours:
    folder = tmp_path_factory.mktemp("neighbours")
    vocabulary = Vocabulary.from_tag_lists([row["tags"] for row in ARTICLES])
    save_neighbours(fit_neighbours(ARTICLES, TOKENIZER, vocabulary, sentence_encoder), folder)
    loaded = Neighbours.load(folder)
    assert loaded is not None
    return loaded


TOKENIZER = AutoTokenizer.from_pretrained(BUNDLED_BASE)


def ids(text: str) -> list[int]:
    return list(TOKENIZER(text, add_special_tokens=False).input_ids)


NAMES = list(Vocabulary.from_tag_lists([row["tags"] for row in ARTICLES]).counts)
NOWHERE = np.zeros(DIMENSIONS, dtype=np.float32)


def look_up(
    neighbours: Neighbours, title: list[int], text: list[int], vector: np.ndarray = NOWHERE
) -> NeighbourTags:
    return neighbours.of([(title, text)], vector[None])[0]


def test_an_article_like_others_is_lent_their_tags(neighbours: Neighbours) -> None:
    names = NAMES
    found = look_up(neighbours, ids("Flour"), ids("water makes bread"))
    assert names[int(np.argmax(found.near))] == "bread"
    assert found.near[names.index("bread")] == pytest.approx(1.0)
    assert found.near[names.index("chess")] == 0
    assert 0 < found.near[names.index("rye")] < 1


def test_an_article_of_unknown_words_is_lent_nothing(neighbours: Neighbours) -> None:
    found = look_up(neighbours, [], ids("Zyzzyva quux"))
    assert not found.near.any() and not found.wide.any()


def test_an_empty_article_is_lent_nothing(neighbours: Neighbours) -> None:
    assert not look_up(neighbours, [], []).near.any()


def test_an_article_on_a_subject_is_lent_its_tags_without_a_common_word(
    neighbours: Neighbours, sentence_encoder: SentenceEncoder
) -> None:
    found = look_up(
        neighbours, [], [], sentence_encoder.embed(["Bishops and knights attack the king"])[0]
    )
    assert not found.near.any()
    assert NAMES[int(np.argmax(found.by_vector))] == "chess"
    assert NAMES[int(np.argmax(found.alike))] == "chess"


def test_a_script_that_the_encoder_cannot_read_is_still_found_by_its_words(
    sentence_encoder: SentenceEncoder,
) -> None:
    # Amharic and Khmer: to the encoder all is one unknown word after the other.
    articles: list[dict[str, Any]] = [
        {"title": "ዳቦ", "text": "ዱቄት፣ ውሃ እና ጨው።", "tags": ["ዳቦ"]},
        {"title": "ባህር", "text": "ጀልባ እና ዓሣ በወደብ።", "tags": ["ጉዞ"]},
        {"title": "នំប៉័ង", "text": "ម្សៅ ទឹក និងអំបិល។", "tags": ["អាហារ"]},
    ] * 3
    vocabulary = Vocabulary.from_tag_lists([article["tags"] for article in articles])
    tokenizer = ByT5Tokenizer()
    found = Neighbours(fit_neighbours(articles, tokenizer, vocabulary, sentence_encoder))
    for article in articles[:3]:
        ids = article_ids(tokenizer, article["title"], article["text"])
        (near,) = found.of([ids], sentence_encoder.embed([article["text"]]))
        wanted = list(vocabulary.counts).index(vocabulary.canonical(article["tags"][0]))
        assert int(near.near.argmax()) == wanted
        for values in (near.by_vector, near.alike, near.wide, np.array(near.familiarity)):
            assert np.isfinite(values).all()


def test_vectors_survive_eight_bits(sentence_encoder: SentenceEncoder) -> None:
    vectors = sentence_encoder.embed(["Sourdough", "Chess"])
    assert (from_bytes(to_bytes(vectors)) * vectors).sum(axis=1).min() > 0.999


def test_a_folder_without_memory_has_none(tmp_path: Path) -> None:
    assert Neighbours.load(tmp_path) is None


def test_the_file_holds_no_text(tmp_path: Path, sentence_encoder: SentenceEncoder) -> None:
    vocabulary = Vocabulary.from_tag_lists([row["tags"] for row in ARTICLES])
    save_neighbours(fit_neighbours(ARTICLES, TOKENIZER, vocabulary, sentence_encoder), tmp_path)
    content = (tmp_path / "recall.safetensors").read_bytes().lower()
    assert not any(word in content for word in (b"flour", b"queen", b"direction"))


def test_a_table_sums_its_rows() -> None:
    # Rows: {0: 1, 2: 2}, {}, {2: 4}.
    table = Table(np.array([0, 2, 2, 3]), np.array([0, 2, 2]), np.array([1.0, 2.0, 4.0]))
    rows, weights = np.array([0, 1, 2]), np.array([10.0, 5.0, 0.5])
    assert table.weighted_sum(rows, weights, 4).tolist() == [10.0, 0.0, 22.0, 0.0]
    assert table.sum_of_long_rows(rows, weights, 4).tolist() == [10.0, 0.0, 22.0, 0.0]


def test_a_table_of_bytes_sums_them_in_units_of_its_scale() -> None:
    columns, values = np.array([0, 2, 2], np.uint16), np.array([255, 1, 255], np.uint8)
    table = Table(np.array([0, 2, 2, 3]), columns, values, scale=0.5)
    rows, weights = np.array([0, 2]), np.array([2.0, 1.0])
    expected = [255.0, 0.0, 128.5]
    assert table.weighted_sum(rows, weights, 3).tolist() == expected
    assert table.sum_of_long_rows(rows, weights, 3).tolist() == expected


def test_blocks_of_vectors_give_what_all_at_once_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagloop.ranking.neighbours.BLOCK", 7)
    rounded = np.random.default_rng(0).integers(-127, 128, (20, 384)).astype(np.int8)
    vectors = np.random.default_rng(1).normal(size=(3, 384)).astype(np.float32)
    assert cosines(rounded, vectors) == pytest.approx(from_bytes(rounded) @ vectors.T, abs=1e-4)


def test_weights_have_length_one_and_leave_out_what_does_not_count() -> None:
    idf = np.array([0.0, 1.0, 2.0])
    tokens, weights = weigh([1], [0, 2, 2, 2], idf)
    assert tokens.tolist() == [1, 2]
    # (1 + ln 2) * 1 for the title's word, which counts twice; (1 + ln 3) * 2.
    raw = np.array([1 + np.log(2), (1 + np.log(3)) * 2])
    assert weights == pytest.approx(raw / np.linalg.norm(raw))


def test_articles_of_an_earlier_index_are_not_embedded_again(
    sentence_encoder: SentenceEncoder,
) -> None:
    class Counting:
        def __init__(self) -> None:
            self.texts: list[str] = []

        def embed(self, texts: list[str]) -> np.ndarray:
            self.texts += texts
            return sentence_encoder.embed(texts)

    vocabulary = Vocabulary.from_tag_lists([row["tags"] for row in ARTICLES])
    earlier = fit_neighbours(ARTICLES[:3], TOKENIZER, vocabulary, sentence_encoder)
    counting = Counting()
    again = fit_neighbours(ARTICLES[::-1], TOKENIZER, vocabulary, counting, earlier)  # type: ignore[arg-type]
    assert counting.texts == ["Openings\nThe queen stays home in a good opening.", *NAMES]
    fresh = fit_neighbours(ARTICLES[::-1], TOKENIZER, vocabulary, sentence_encoder)
    assert {name: array.tolist() for name, array in again.items()} == {
        name: array.tolist() for name, array in fresh.items()
    }
