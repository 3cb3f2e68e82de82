"""The unmodified `transformers` library: a tiny model goes up and comes back."""

from __future__ import annotations

import torch
from huggingface_hub import HfApi
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    BartConfig,
    BartForConditionalGeneration,
    PreTrainedTokenizerFast,
)


def test_push_and_load(api: HfApi) -> None:
    words = {word: number for number, word in enumerate(["<pad>", "<s>", "</s>", "<unk>", "tag"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    config = BartConfig(
        vocab_size=len(words),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
        forced_eos_token_id=2,
    )
    model = BartForConditionalGeneration(config).eval()
    model.push_to_hub("demo/tiny", private=True)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).push_to_hub("demo/tiny")
    again = AutoModelForSeq2SeqLM.from_pretrained("demo/tiny").eval()
    inputs = AutoTokenizer.from_pretrained("demo/tiny")("tag other", return_tensors="pt")
    assert inputs["input_ids"].tolist() == [[4, 3]]
    with torch.no_grad():
        ours = model(input_ids=inputs["input_ids"], decoder_input_ids=inputs["input_ids"]).logits
        theirs = again(input_ids=inputs["input_ids"], decoder_input_ids=inputs["input_ids"]).logits
    assert torch.equal(ours, theirs)
    info = api.model_info("demo/tiny")
    assert info.config is not None and info.config["model_type"] == "bart"
