"""Makes a real tagger in seconds: a very small BART that knows the Space's examples by heart."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import WordLevelTrainer
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GenerationConfig,
    PreTrainedTokenizerFast,
)

from tagloop.generation.settings import TaggingSettings
from tagloop.service.examples import load_examples
from tagloop.vocabulary.vocabulary import Vocabulary
from tagloop.web.settings import SPACE_FOLDER
from training.finetune.ctranslate2_conversion import convert

# One list an example, in their order. "Customer Service" and others stand in their texts.
TAGS = [
    ["Chatbots", "Banking", "Customer Service", "Conversational AI"],
    ["Python", "Programming", "Big Data"],
    ["Baking", "Sourdough", "Food"],
    ["Mental Health", "Sleep", "Anxiety"],
    ["Investing", "Personal Finance", "Index Funds"],
    ["Remote Work", "Leadership", "Productivity"],
    ["Travel", "Trains", "Europe"],
    ["Education", "Teaching", "Learning"],
    ["Astronomy", "Space", "Science"],
    ["Running", "Fitness", "Marathon"],
    ["Cybersecurity", "Passwords", "Technology"],
    ["Climate Change", "Cities", "Trees"],
]
STEPS = 150


def make_tiny_tagger(folder: Path) -> Path:
    """Trains the model, and writes it into ``folder`` as Tagloop publishes one."""
    torch.manual_seed(7)
    examples = load_examples(SPACE_FOLDER / "examples")
    settings = TaggingSettings(max_input_tokens=120, max_new_tokens=24, base_model="none")
    prompts = [settings.prompt(example.title, example.text) for example in examples]
    targets = [", ".join(tags).lower() for tags in TAGS]
    tokenizer = _tokenizer([*prompts, *targets])
    model = _model(tokenizer)
    inputs = tokenizer(prompts, padding=True, truncation=True, max_length=120, return_tensors="pt")
    labels = tokenizer(targets, padding=True, return_tensors="pt").input_ids
    labels[labels == tokenizer.pad_token_id] = -100
    optimizer = torch.optim.AdamW(model.parameters(), 5e-3)
    for _ in range(STEPS):
        loss = model(**inputs, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert loss.item() < 0.1, "the tiny tagger has not learned its examples"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    settings.save(folder)
    convert(folder)
    (folder / "tags.json").write_text(json.dumps(Vocabulary.from_tag_lists(TAGS * 3).to_json()))
    (folder / "report.json").write_text(json.dumps(REPORT))
    return folder


def _tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(texts, WordLevelTrainer(special_tokens=special))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        bos_token="[CLS]",
        eos_token="[SEP]",
    )


def _model(tokenizer: PreTrainedTokenizerFast) -> BartForConditionalGeneration:
    ids = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0, "decoder_start_token_id": 2}
    shape = {f"{part}_layers": 1 for part in ("encoder", "decoder")}
    shape |= {f"{part}_attention_heads": 2 for part in ("encoder", "decoder")}
    shape |= {f"{part}_ffn_dim": 128 for part in ("encoder", "decoder")}
    # CTranslate2's converter reads these; transformers does not know them.
    extra = {"normalize_before": False, "normalize_embedding": True}
    extra |= {"static_position_embeddings": False, "add_final_layer_norm": False}
    config = BartConfig.from_dict(
        {
            "vocab_size": len(tokenizer),
            "d_model": 64,
            "max_position_embeddings": 128,
            "dropout": 0.0,
            "forced_eos_token_id": None,
            **shape,
            **ids,
            **extra,
        }
    )
    model = BartForConditionalGeneration(config)
    model.generation_config = GenerationConfig(num_beams=1, max_new_tokens=24, **ids)
    return model


def _interval(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


REPORT = {
    "schema": 1,
    "split": "test",
    "articles": 412,
    "systems": {
        "before": {"f1@m": _interval(0.06), "precision@1": _interval(0.08)},
        "checkpoint": {"f1@m": _interval(0.32), "precision@1": _interval(0.44)},
        "after": {"f1@m": _interval(0.41), "precision@1": _interval(0.55)},
        "most_frequent": {"f1@m": _interval(0.09), "precision@1": _interval(0.12)},
    },
}
