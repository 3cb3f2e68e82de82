"""MiniLM's weights in a BART shape: the untrained start of the bundled base.

The encoder of all-MiniLM-L6-v2 is a BERT; its post-norm layers map exactly onto BART's encoder.
The decoder starts from encoder layers, its cross-attention from their self-attention, as in
"Leveraging Pre-trained Checkpoints for Sequence Generation Tasks" (Rothe et al., TACL 2020).
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import BartConfig, BartForConditionalGeneration, BertTokenizer

from tagloop.errors import UserError
from tagloop.files import WEIGHTS
from training.finetune.minilm_package import minilm_folder

DECODER_FROM = (0, 5)
"""Encoder layers that the decoder's layers start from: the first and the last."""
POSITION_OFFSET = 2
"""BART's position table has two unused rows in front."""
CONVERTER_EXTRAS = {
    "normalize_before": False,
    "normalize_embedding": True,
    "static_position_embeddings": False,
    "add_final_layer_norm": False,
}
"""Configuration that CTranslate2's BART converter reads and transformers ignores."""
LAYER_PARTS = {
    "attention.self.query": "self_attn.q_proj",
    "attention.self.key": "self_attn.k_proj",
    "attention.self.value": "self_attn.v_proj",
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "self_attn_layer_norm",
    "intermediate.dense": "fc1",
    "output.dense": "fc2",
    "output.LayerNorm": "final_layer_norm",
}
"""BERT layer part to BART layer part."""


def base_config(tokenizer: BertTokenizer) -> BartConfig:
    """Returns MiniLM's sizes as a BART configuration: 6 and 2 layers, d_model 384."""
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=384,
        encoder_layers=6,
        decoder_layers=len(DECODER_FROM),
        encoder_attention_heads=12,
        decoder_attention_heads=12,
        encoder_ffn_dim=1536,
        decoder_ffn_dim=1536,
        max_position_embeddings=512,
        activation_function="gelu",
        dropout=0.1,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.cls_token_id,
        forced_eos_token_id=tokenizer.sep_token_id,
        scale_embedding=False,
        tie_word_embeddings=True,
    )
    config.update(CONVERTER_EXTRAS)
    return config


def base_tokenizer(folder: Path) -> BertTokenizer:
    """Loads MiniLM's WordPiece tokenizer with the special tokens that a seq2seq model needs.

    It gives no ``token_type_ids``, which BART does not take, and its file's fixed truncation and
    padding to 128 tokens are off.
    """
    tokenizer: BertTokenizer = BertTokenizer.from_pretrained(
        folder,
        bos_token="[CLS]",
        eos_token="[SEP]",
        model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
    )
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.init_kwargs.pop("max_length", None)
    return tokenizer


def untrained_base() -> tuple[BartForConditionalGeneration, BertTokenizer]:
    """Builds the model that the recipe starts from.

    Returns:
        The model (27.5 M parameters, float32) and its tokenizer.

    Raises:
        UserError: See ``minilm_folder``.
    """
    folder = minilm_folder()
    tokenizer = base_tokenizer(folder)
    model = BartForConditionalGeneration(base_config(tokenizer))
    bert = load_file(folder / WEIGHTS)
    bert = {name.removeprefix("bert."): tensor for name, tensor in bert.items()}
    state = _embeddings(bert)
    for layer in range(len(model.model.encoder.layers)):
        state |= _layer(bert, layer, f"encoder.layers.{layer}")
    for layer, source in enumerate(DECODER_FROM):
        target = f"decoder.layers.{layer}"
        copied = _layer(bert, source, target)
        cross = {
            name.replace("self_attn", "encoder_attn"): tensor.clone()
            for name, tensor in copied.items()
            if "self_attn" in name
        }
        state |= copied | cross
    missing, unexpected = model.model.load_state_dict(state, strict=False)
    if unexpected or any("embed_tokens" not in name for name in missing):
        raise UserError(f"MiniLM does not fit BART: missing {missing}, unexpected {unexpected}.")
    return model, tokenizer


def _embeddings(bert: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    words = bert["embeddings.word_embeddings.weight"]
    # BERT adds the token-type-0 row to every position; BART has no token types, so it goes here.
    places = bert["embeddings.position_embeddings.weight"]
    places = places + bert["embeddings.token_type_embeddings.weight"][0]
    unused = torch.zeros(POSITION_OFFSET, places.shape[1])
    state = {"shared.weight": words}
    for side in ("encoder", "decoder"):
        state[f"{side}.embed_positions.weight"] = torch.cat([unused, places]).clone()
        for part in ("weight", "bias"):
            norm = bert[f"embeddings.LayerNorm.{part}"]
            state[f"{side}.layernorm_embedding.{part}"] = norm.clone()
    return state


def _layer(bert: dict[str, torch.Tensor], source: int, target: str) -> dict[str, torch.Tensor]:
    return {
        f"{target}.{theirs}.{part}": bert[f"encoder.layer.{source}.{ours}.{part}"].clone()
        for ours, theirs in LAYER_PARTS.items()
        for part in ("weight", "bias")
    }
