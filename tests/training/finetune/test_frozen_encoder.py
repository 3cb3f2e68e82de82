"""The frozen encoder's cache: the same loss as without it, and each article is read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    BlenderbotSmallConfig,
    BlenderbotSmallForConditionalGeneration,
    Seq2SeqTrainingArguments,
)

from training.finetune import train
from training.finetune.frozen_encoder import (
    EncoderCache,
    FrozenEncoderTrainer,
    freeze_lower_layers,
)

TEXTS = ["A bank writes a chatbot.", "Bread, twice as cheap when it is frozen at once.", "Rent."]
TAGS = ["banking", "food, bread", "housing"]


@pytest.fixture(params=["tiny_bart", "tiny_t5"])
def base(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(request.param)
    return folder


def batch_of(base: Path, texts: list[str]) -> dict[str, torch.Tensor]:
    inputs = AutoTokenizer.from_pretrained(base)(texts, padding=True, return_tensors="pt")
    return {"input_ids": inputs.input_ids, "attention_mask": inputs.attention_mask}


class Calls:
    """Counts the rows that an encoder is given."""

    def __init__(self, encoder: torch.nn.Module) -> None:
        self.rows = 0
        encoder.register_forward_pre_hook(self.note, with_kwargs=True)

    def note(self, module: torch.nn.Module, args: Any, options: dict[str, Any]) -> None:
        assert not module.training
        self.rows += len(options["input_ids"])


def test_the_loss_is_the_same_and_each_article_is_read_once(base: Path) -> None:
    model = AutoModelForSeq2SeqLM.from_pretrained(base)
    labels = AutoTokenizer.from_pretrained(base)(TAGS, padding=True, return_tensors="pt").input_ids
    cache, calls = EncoderCache(model.get_encoder()), Calls(model.get_encoder())
    batch = batch_of(base, TEXTS)
    model.eval()
    plain = model(**batch, labels=labels).loss.item()
    calls.rows = 0
    for round_ in range(3):
        model.train()
        states = cache.states(**batch)
        model.eval()
        cached = model(**batch, labels=labels, encoder_outputs=(states,)).loss.item()
        assert cached == pytest.approx(plain, rel=1e-3)
        assert (calls.rows, cache.hits) == (3, 3 * round_)


def test_other_company_and_other_padding_find_the_same_states(base: Path) -> None:
    model = AutoModelForSeq2SeqLM.from_pretrained(base)
    cache, calls = EncoderCache(model.get_encoder()), Calls(model.get_encoder())
    together = cache.states(**batch_of(base, TEXTS[:2]))
    alone = cache.states(**batch_of(base, TEXTS[:1]))
    new_and_old = cache.states(**batch_of(base, [TEXTS[2], TEXTS[0]]))
    assert calls.rows == 3
    length = alone.shape[1]
    assert torch.equal(together[0, :length], alone[0])
    assert torch.equal(new_and_old[1, :length], alone[0])
    assert not together[0, length:].any()


def test_a_full_cache_encodes_the_rest_anew(base: Path) -> None:
    model = AutoModelForSeq2SeqLM.from_pretrained(base)
    roomy = EncoderCache(model.get_encoder())
    expected = roomy.states(**batch_of(base, TEXTS))
    full = EncoderCache(model.get_encoder(), limit=roomy.used - 1)
    for _ in range(2):
        assert torch.allclose(full.states(**batch_of(base, TEXTS)), expected, atol=2e-3)
    assert full.hits == 2
    assert full.used < roomy.used


def test_what_the_cache_has_no_room_for_is_said(base: Path) -> None:
    encoder = AutoModelForSeq2SeqLM.from_pretrained(base).get_encoder()
    lengths = [100] * 40  # of 10 values in 2 bytes each: 80 KB
    assert EncoderCache(encoder, limit=80_000).sentence(lengths, 10) == ""
    said = EncoderCache(encoder, limit=20_000).sentence(lengths, 10)
    assert "about 10 of 40 articles" in said


def test_processes_of_a_machine_share_the_caches_memory(
    tiny_bart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limit() -> int:
        model = AutoModelForSeq2SeqLM.from_pretrained(tiny_bart)
        model.get_encoder().requires_grad_(False)
        arguments = Seq2SeqTrainingArguments(str(tmp_path), use_cpu=True, report_to="none")
        return FrozenEncoderTrainer(model=model, args=arguments).cache._limit

    alone = limit()
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert limit() == alone // 4


def test_training_leaves_the_encoder_alone_and_reads_each_article_once(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    trainers: list[FrozenEncoderTrainer] = []

    class Noted(FrozenEncoderTrainer):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            trainers.append(self)

    monkeypatch.setattr(train, "FrozenEncoderTrainer", Noted)
    flags = ["--dataset", str(dataset), "--base", str(base), "--output_dir", "model"]
    flags += ["--epochs", "3", "--batch_size", "4", "--max_input_tokens", "64"]
    flags += ["--max_new_tokens", "12", "--learning_rate", "3e-3", "--precision", "fp32"]
    assert train.main([*flags, "--freeze_encoder"]) == 0
    assert trainers[0].cache.hits == 2 * 12  # three epochs of a dozen articles
    before = AutoModelForSeq2SeqLM.from_pretrained(base).state_dict()
    after = AutoModelForSeq2SeqLM.from_pretrained("model").state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and not any("encoder." in name or "shared" in name for name in changed)


@pytest.mark.parametrize("layers", [0, 1])
def test_with_bf16_what_learns_computes_in_it(layers: int, tiny_bart: Path, tmp_path: Path) -> None:
    model = AutoModelForSeq2SeqLM.from_pretrained(tiny_bart)
    if layers:
        assert freeze_lower_layers(model, layers)
    else:
        model.get_encoder().requires_grad_(False)
    kinds: dict[str, torch.dtype] = {}

    def note(name: str) -> Any:
        return lambda module, args, output: kinds.__setitem__(name, output.dtype)

    model.get_encoder().layers[-1].fc1.register_forward_hook(note("encoder"))
    model.get_decoder().layers[-1].fc1.register_forward_hook(note("decoder"))
    arguments = Seq2SeqTrainingArguments(str(tmp_path), bf16=True, use_cpu=True, report_to="none")
    trainer = FrozenEncoderTrainer(model=model, args=arguments)
    labels = AutoTokenizer.from_pretrained(tiny_bart)(TAGS, padding=True, return_tensors="pt")
    batch = {**batch_of(tiny_bart, TEXTS), "labels": labels.input_ids}
    wrapped = trainer.accelerator.prepare_model(model.train())
    assert trainer.compute_loss(wrapped, batch).requires_grad
    # What is frozen is read once, as exactly as it will be read later on.
    encoder = torch.bfloat16 if layers else torch.float32
    assert kinds == {"encoder": encoder, "decoder": torch.bfloat16}


def test_encoders_that_only_look_alike_are_not_cut() -> None:
    config = BlenderbotSmallConfig(
        vocab_size=30, d_model=8, encoder_layers=2, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2,
    )  # fmt: skip
    assert not freeze_lower_layers(BlenderbotSmallForConditionalGeneration(config), 1)
