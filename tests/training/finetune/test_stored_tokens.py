"""What the index reads of articles: whole in its file, and hardly anything of it in memory."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from transformers import AutoTokenizer

from tagloop.ranking.keyphrases import Words
from tagloop.ranking.neighbours import article_ids
from tagloop.vocabulary.vocabulary import Vocabulary
from training.config import TrainConfig
from training.data.corpus import load_corpus
from training.finetune.fit_neighbours import fit_neighbours
from training.finetune.preprocess import BUNDLED_BASE, features, load_base, tagging_settings
from training.finetune.stored_tokens import StoredTokens

ARTICLES: list[dict[str, Any]] = [
    {"title": "Der Zug", "text": "Er ist  spät.\n\nSehr \u3000spät."},
    {"title": None, "text": "夜行列车又晚点了"},
    {"title": "half \ud83d a sign", "text": ""},  # half of an emoji
]
TOKENIZER = AutoTokenizer.from_pretrained(BUNDLED_BASE)
WORDS = sorted(word for word in TOKENIZER.get_vocab() if word.isalpha() and word.isascii())


def made_up(count: int) -> list[dict[str, Any]]:
    chance = random.Random(count)
    return [
        {
            "title": "",
            "text": " ".join(chance.choices(WORDS, k=120)),
            "tags": chance.choices(WORDS[:50], k=3),
        }
        for _ in range(count)
    ]


def test_what_was_read_is_given_back(tmp_path: Path) -> None:
    readable = [*ARTICLES[:2], {"title": "A", "text": "B c"}]
    stored = StoredTokens.read(readable, TOKENIZER, tmp_path)
    assert not list(tmp_path.iterdir())  # nothing is left to be published or cleared away
    expected = [article_ids(TOKENIZER, row["title"] or "", row["text"]) for row in readable]
    assert list(stored.ids()) == expected
    assert list(stored.words()) == [Words.of(row["title"] or "", row["text"]) for row in readable]
    both = stored.at([2, 0]).followed_by(stored.at([1]))
    assert list(both.ids()) == [expected[2], expected[0], expected[1]]
    assert len(both) == 3


def test_words_with_half_a_character_are_kept() -> None:
    class Silent:
        def __call__(self, *args: Any, **options: Any) -> Any:
            return type("Encoded", (), {"input_ids": []})

    stored = StoredTokens.read(ARTICLES[2:], Silent())
    assert list(stored.words()) == [Words.of(ARTICLES[2]["title"], "")]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [list, Dataset.from_list])
def test_the_indexs_memory_grows_by_the_index_alone(kind: Any) -> None:
    def peak(count: int) -> tuple[int, int]:
        articles = kind(made_up(count))
        vocabulary = Vocabulary.from_tag_lists(row["tags"] for row in articles)
        tracemalloc.start()
        arrays = fit_neighbours(articles, TOKENIZER, vocabulary, None)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most, sum(array.nbytes for array in arrays.values())

    peak(20)
    (few, small), (many, large) = peak(150), peak(550)
    # As lists, tokens and words took 20 KB of memory an article, the index itself 1 KB.
    assert many - few < 2.5 * (large - small)


def test_tokenized_splits_are_read_from_their_file(
    dataset: Path, tiny_bart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainConfig(base=str(tiny_bart), max_input_tokens=64)
    corpus = load_corpus(str(dataset))
    model, tokenizer, base_id = load_base(config.base)
    settings = tagging_settings(config, corpus, base_id)

    def tokenized(folder: Path | None) -> Dataset:
        return features(corpus, "train", tokenizer, model, settings, config, folder)

    plain, filed = tokenized(None).to_list(), tokenized(tmp_path / "features")
    assert filed.to_list() == plain
    (file,) = filed.cache_files
    assert Path(file["filename"]) == tmp_path / "features" / "train.arrow"
    monkeypatch.setenv("LOCAL_RANK", "1")  # another process of the machine: it tokenizes nothing
    monkeypatch.setattr(type(tokenizer), "__call__", None)
    assert tokenized(tmp_path / "features").to_list() == plain
    assert np.array(filed["length"]).max() <= 64
