from __future__ import annotations

from typing import Any

import pytest
from transformers import AutoTokenizer, ByT5Tokenizer

from tagloop.generation.token_places import tokens_with_places
from training.finetune.preprocess import BUNDLED_BASE

TEXT = "Zug 夜行列车, поезд 🚂."


@pytest.fixture(scope="module", params=["pieces", "bytes"])
def tokenizer(request: pytest.FixtureRequest) -> Any:
    if request.param == "bytes":
        return ByT5Tokenizer()
    return AutoTokenizer.from_pretrained(BUNDLED_BASE)


def test_tokens_stand_where_their_characters_do(tokenizer: Any) -> None:
    ids, places = tokens_with_places(tokenizer, TEXT)
    assert ids == list(tokenizer(TEXT).input_ids)
    held = [TEXT[begin:end] for begin, end in places if begin < end]
    assert "".join(dict.fromkeys(held)).startswith("Zug"[: len(held[0])])
    assert places[-1] == (0, 0)  # the end token
    assert max(end for _, end in places) == len(TEXT)
    for id, (begin, end) in zip(ids, places, strict=True):
        if begin < end and TEXT[begin:end].isascii():
            assert tokenizer.decode([id]).replace("##", "") in TEXT[begin:end].lower() + "Z"


def test_a_cut_text_has_places_as_far_as_it_is_read(tokenizer: Any) -> None:
    ids, places = tokens_with_places(tokenizer, TEXT, truncation=True, max_length=6)
    assert len(ids) == len(places) == 6
    assert 0 < max(end for _, end in places) < len(TEXT)
