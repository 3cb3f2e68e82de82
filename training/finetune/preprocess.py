"""Before the training loop: the base model, its tokenizer, and articles as token ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from huggingface_hub import HfApi
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, GenerationConfig

from tagloop.errors import UserError
from tagloop.files import TAGGING
from tagloop.generation.plain_decoder import use_plain_decoder
from tagloop.generation.settings import TaggingSettings
from tagloop.vocabulary.vocabulary import join_tags, normal_form
from training.config import BY_FREQUENCY, TrainConfig
from training.data.corpus import Corpus
from training.finetune.sentence_encoders import encoder_name

BUNDLED_BASE = Path(__file__).parents[1] / "base" / "weights"
INSTRUCTION_TEMPLATE = "Generate tags: {title}\n{text}"
"""Prompt for instruction-tuned bases such as FLAN-T5, which are told the task in words."""

REPETITION_PENALTY = 1.1
"""Keeps a model from writing a tag twice (Keskar et al., "CTRL", 2019). On validation articles of
the bundled base 1.1 gave more F1@M than 1.0, 1.2 and forbidden repeats of three tokens. That of a
fine-tuned model is chosen by ``training.finetune.fit_decoding``."""


def load_base(base: str) -> tuple[Any, Any, str]:
    """Loads the model to fine-tune (float32) and its tokenizer, with its own decoder alone.

    Returns:
        Model, tokenizer, and the name that cards give for the base.

    Raises:
        UserError: No seq2seq model can be loaded from there.
    """
    source = base or str(BUNDLED_BASE)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        model = AutoModelForSeq2SeqLM.from_pretrained(source, dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise UserError(
            f"The base {source!r} is no seq2seq model that transformers can load "
            f"({str(error).splitlines()[0]}); take one such as google/flan-t5-small."
        ) from None
    use_plain_decoder(tokenizer)
    return model, tokenizer, base_name(base)


def base_name(base: str) -> str:
    """Returns what cards call a base: an id on the Hub, the name of a folder, or ours."""
    name = base or "tagloop-base"
    return Path(name).name if Path(name).is_dir() else name


def base_fingerprint(base: str) -> str:
    """Returns what tells one base from another: its weights' sha256, or a Hub model's commit."""
    folder = Path(base or BUNDLED_BASE)
    if not folder.is_dir():
        return str(HfApi().model_info(base).sha)
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def tagging_settings(config: TrainConfig, corpus: Corpus, base_id: str) -> TaggingSettings:
    """Returns the ``tagging.json`` of the model to be; with the base's own prompt, if any."""
    source = Path(config.base or BUNDLED_BASE)
    template = config.prompt_template
    if template is None and (source / TAGGING).is_file():
        template = TaggingSettings.load(source).prompt_template
    return TaggingSettings(
        prompt_template=template or INSTRUCTION_TEMPLATE,
        max_input_tokens=config.max_input_tokens,
        max_new_tokens=config.max_new_tokens,
        base_model=base_id,
        dataset=dict(corpus.source),
        sentence_encoder=encoder_name(config.encoder),
    )


def features(
    corpus: Corpus,
    split: str,
    tokenizer: Any,
    model: Any,
    settings: TaggingSettings,
    config: TrainConfig,
) -> Dataset:
    """Tokenizes a split: input_ids, attention_mask, labels and their lengths for grouping.

    An answer has the tags that most training articles carry first, or in their authors' order.
    """
    counts = corpus.train_vocabulary().counts if config.tag_order == BY_FREQUENCY else {}
    # A label that repeats decoder_start_token would be learned as the first token of every output.
    start = model.config.decoder_start_token_id

    def encode(batch: dict[str, list[Any]]) -> dict[str, Any]:
        rows = zip(batch["title"], batch["text"], strict=True)
        prompts = [settings.prompt(title or "", text or "") for title, text in rows]
        features = tokenizer(prompts, truncation=True, max_length=settings.max_input_tokens)
        answers = [by_frequency(tags, counts) for tags in batch["tags"]]
        targets = [join_tags(tags, settings.separator) for tags in answers]
        labels = tokenizer(
            text_target=targets, truncation=True, max_length=settings.max_new_tokens
        ).input_ids
        features["labels"] = [row[1:] if row[0] == start else row for row in labels]
        features["length"] = [len(row) for row in features["input_ids"]]
        return dict(features)

    data = corpus.splits[split]
    if split == "validation" and len(data) > config.eval_limit:
        data = data.shuffle(seed=config.seed).select(range(config.eval_limit))
    return data.map(encode, batched=True, remove_columns=data.column_names, desc=split)


def by_frequency(tags: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """Sorts tags by the number of articles that carry them, the most frequent first.

    Args:
        tags: Those of the same frequency keep their order.
        counts: By normal form.
    """
    return sorted(tags, key=lambda tag: -counts.get(normal_form(tag), 0))


def decoding_defaults(config: GenerationConfig, settings: TaggingSettings) -> GenerationConfig:
    """Returns the model's ``generation_config.json``: plain ``generate(**inputs)`` is right."""
    config.num_beams = 1
    config.do_sample = False
    config.repetition_penalty = REPETITION_PENALTY
    config.sequence_bias = None  # a base's, for the tags of another corpus
    # Not max_new_tokens: generate() warns of a conflict with the default max_length then. The
    # decoder's start token counts, too.
    config.max_new_tokens = None
    config.max_length = settings.max_new_tokens + 1
    return config
