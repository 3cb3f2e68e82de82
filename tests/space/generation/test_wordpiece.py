"""BERT's tokenizer in Python, against `tokenizers` itself: on every character, and on a mess."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloop.generation.wordpiece import WordPieceTokenizer
from tagloop.tagger.model_folder import load_tokenizer
from training.finetune.preprocess import BUNDLED_BASE

SURROGATES = range(0xD800, 0xE000)


@pytest.fixture(scope="module")
def ours() -> WordPieceTokenizer:
    return WordPieceTokenizer.load(BUNDLED_BASE / "tokenizer.json")


@pytest.fixture(scope="module")
def theirs() -> Any:
    return load_tokenizer(BUNDLED_BASE)


def assert_same(ours: WordPieceTokenizer, theirs: Any, text: str, **options: Any) -> None:
    expected = theirs(text, return_offsets_mapping=True, **options)
    found = ours(text, return_offsets_mapping=True, **options)
    assert found.input_ids == list(expected.input_ids), text
    assert found.offset_mapping == [tuple(place) for place in expected.offset_mapping], text


def test_every_character_is_read_as_tokenizers_reads_it(
    ours: WordPieceTokenizer, theirs: Any
) -> None:
    # Planes 4 to 13 hold no character, and of those for private use one is like another.
    codes = [*range(0x40000), *range(0xE0000, 0xE1000), *range(0x40000, 0x110000, 97)]
    some = [code for code in codes if code not in SURROGATES]
    texts = [
        "".join(f"a{chr(code)}b " for code in some[at : at + 64]) for at in range(0, len(some), 64)
    ]
    for text in texts:
        expected, found = theirs.backend_tokenizer.encode(text), ours(text)
        assert found.input_ids == expected.ids, text
        assert found.offset_mapping == expected.offsets, text


@given(text=st.text(st.sampled_from("aBç é́İſﬁ漢か한 \t\n\u200b’.,'!#[SEP]-") | st.characters()))
def test_any_text_is_read_as_tokenizers_reads_it(
    ours: WordPieceTokenizer, theirs: Any, text: str
) -> None:
    text = "".join(char for char in text if ord(char) not in SURROGATES)
    assert_same(ours, theirs, text)
    assert_same(ours, theirs, text, add_special_tokens=False, truncation=True, max_length=5)
    assert_same(ours, theirs, f"[CLS] {text}[MASK]", truncation=True, max_length=9)


@given(ids=st.lists(st.integers(0, 30_521), max_size=12))
def test_tokens_are_written_as_tokenizers_writes_them(
    ours: WordPieceTokenizer, theirs: Any, ids: list[int]
) -> None:
    assert ours.decode(ids) == theirs.decode(ids)


def test_it_has_what_a_tagger_asks_of_a_tokenizer(ours: WordPieceTokenizer, theirs: Any) -> None:
    assert set(ours.all_special_ids) == set(theirs.all_special_ids)
    for name in ("unk_token_id", "eos_token_id", "is_fast"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert ours.get_vocab() == theirs.get_vocab()
    assert ours(["one", "two three"]).input_ids == theirs(["one", "two three"]).input_ids
    assert ours.convert_ids_to_tokens(2003) == theirs.convert_ids_to_tokens(2003)


def test_another_tokenizer_is_refused(ours: WordPieceTokenizer) -> None:
    content = json.loads((BUNDLED_BASE / "tokenizer.json").read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="not the tokenizer of an uncased BERT"):
        WordPieceTokenizer(content | {"normalizer": {"type": "NFC"}})
