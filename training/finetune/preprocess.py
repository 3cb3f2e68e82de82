"""Before the training loop: the base model, its tokenizer, and articles as token ids."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from huggingface_hub import HfApi
from safetensors import SafetensorError
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, GenerationConfig
from transformers.utils import cached_file

from tagloop.errors import UserError
from tagloop.files import TAGGING
from tagloop.generation.plain_decoder import use_plain_decoder
from tagloop.generation.settings import TaggingSettings
from tagloop.vocabulary.vocabulary import Vocabulary, join_tags
from training import processes
from training.config import BY_FREQUENCY, TrainConfig
from training.data.corpus import Corpus
from training.finetune.bundled_base import BUNDLED_BASE as BUNDLED_BASE
from training.finetune.sentence_encoders import encoder_name

INSTRUCTION_TEMPLATE = "Generate tags: {title}\n{text}"
"""Prompt for instruction-tuned bases such as FLAN-T5, which are told the task in words."""

DECODED_TOKENS = (
    *("bos_token_id", "pad_token_id", "eos_token_id", "decoder_start_token_id"),
    *("forced_bos_token_id", "forced_eos_token_id"),
)
"""Settings of decoding that belong to a model's vocabulary, not to its task."""
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
    except (OSError, ValueError, SafetensorError) as error:
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


def base_fingerprint(base: str, revision: str | None = None) -> str:
    """Returns what tells one base from another: its weights' sha256, or a Hub model's commit.

    Args:
        base: As ``TrainConfig.base``.
        revision: The commit of a model that has been loaded; else the Hub is asked.
    """
    folder = Path(base or BUNDLED_BASE)
    if not folder.is_dir():
        return revision or str(HfApi().model_info(base).sha)
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def tagging_settings(config: TrainConfig, corpus: Corpus, base_id: str) -> TaggingSettings:
    """Returns the ``tagging.json`` of the model to be; with the base's own prompt, if any."""
    template = config.prompt_template
    if template is None and (source := _tagging_folder(config.base or str(BUNDLED_BASE))):
        template = TaggingSettings.load(source).prompt_template
    return TaggingSettings(
        prompt_template=template or INSTRUCTION_TEMPLATE,
        max_input_tokens=config.max_input_tokens,
        max_new_tokens=config.max_new_tokens,
        base_model=base_id,
        dataset=dict(corpus.source),
        sentence_encoder=encoder_name(config.encoder),
    )


def _tagging_folder(base: str) -> Path | None:
    """Returns the folder with a base's ``tagging.json``, if it is a tagger."""
    path = cached_file(
        base,
        TAGGING,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    return Path(path).parent if path else None


def features_folder(checkpoints: Path) -> Path:
    """Returns where the tokens of a training are, below its checkpoints; a machine has its own."""
    return checkpoints / f"features-{processes.machine()}"


def features(
    corpus: Corpus,
    split: str,
    tokenizer: Any,
    model: Any,
    settings: TaggingSettings,
    config: TrainConfig,
    folder: Path | None = None,
) -> Dataset:
    """Tokenizes a split: input_ids, attention_mask, labels and their lengths for grouping.

    An answer has the tags that most training articles carry first, or in their authors' order.

    Args:
        corpus: Has the split.
        split: Its name; of a validation split at most ``config.eval_limit`` articles are taken.
        tokenizer: Of the model.
        model: Sequence-to-sequence.
        settings: Content of ``tagging.json``.
        config: Of the training.
        folder: For a file of the split's tokens, of which memory holds what is being read. Of a
            machine's processes the first one writes it, the others read it. Without a folder
            ``datasets`` finds a place for it.
    """
    file = folder / f"{split}.arrow" if folder else None
    if file and not processes.is_first_here() and len(corpus.splits[split]):
        return Dataset.from_file(str(file))
    vocabulary = corpus.train_vocabulary() if config.tag_order == BY_FREQUENCY else None
    # A label that repeats decoder_start_token would be learned as the first token of every output.
    start = model.config.decoder_start_token_id

    def encode(batch: dict[str, list[Any]]) -> dict[str, Any]:
        rows = zip(batch["title"], batch["text"], strict=True)
        prompts = [settings.prompt(title or "", text or "") for title, text in rows]
        features = tokenizer(prompts, truncation=True, max_length=settings.max_input_tokens)
        answers = batch["tags"]
        if vocabulary:
            answers = [by_frequency(tags, vocabulary) for tags in answers]
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
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
    return data.map(
        encode,
        batched=True,
        remove_columns=data.column_names,
        desc=split,
        cache_file_name=str(file) if file else None,
        load_from_cache_file=None if file is None else False,
    )


def by_frequency(tags: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """Sorts tags by the number of articles that carry them, the most frequent first.

    Those of the same frequency keep their order.
    """
    return sorted(tags, key=lambda tag: -vocabulary.counts.get(vocabulary.canonical(tag), 0))


def decoding_defaults(config: GenerationConfig, settings: TaggingSettings) -> GenerationConfig:
    """Returns the model's ``generation_config.json``: plain ``generate(**inputs)`` is right."""
    # How a base decodes is for its own task: beams, a least length, biases of other tags.
    return GenerationConfig(
        **{name: getattr(config, name) for name in DECODED_TOKENS},
        num_beams=1,
        do_sample=False,
        repetition_penalty=REPETITION_PENALTY,
        # Not max_new_tokens: generate() warns of a conflict with the default max_length then. The
        # decoder's start token counts, too.
        max_length=settings.max_new_tokens + 1,
    )
