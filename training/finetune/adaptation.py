"""Teaches a tagger corrections without forgetting what it knows: the training part of a retrain.

Three things learn, each as far as it can without harm (``training.bench.loop`` measures them):

* the neighbours take the corrected articles in at once: a correction lends its tags to the next
  article like it, and an article unlike it notices nothing;
* the vocabulary takes their new tags in;
* the decoder is trained on the corrected articles mixed with old ones, each pass with others
  (replay: Robins, "Catastrophic forgetting, rehearsal and pseudorehearsal", Connection Science
  1995), over an encoder that stays as it is; its weights become the mean of most steps' (see
  ``averaging``), which forgets half as much.

The weights of the ranking stay, too: they say how far generated tags and those of neighbours can
be trusted, not which tags there are.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict, concatenate_datasets
from safetensors.numpy import load_file
from transformers import (
    DataCollatorForSeq2Seq,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    set_seed,
)

from tagloop.errors import UserError
from tagloop.files import BEFORE, NEIGHBOURS, RANKING, SENTENCE_ENCODER, TAGS, TRAINING_LOG
from tagloop.generation.settings import TaggingSettings
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.model_folder import load_vocabulary
from tagloop.vocabulary.vocabulary import Vocabulary
from training.config import TrainConfig, option
from training.data.corpus import Corpus
from training.finetune.averaged_training import AveragedSteps
from training.finetune.checkpoints import last_checkpoint
from training.finetune.ctranslate2_conversion import convert
from training.finetune.display_forms import save_display_forms
from training.finetune.distributed import on_one_gpu
from training.finetune.emissions import emissions_in
from training.finetune.fit_decoding import PlainDecoding, biases_with, tag_tokens
from training.finetune.fit_neighbours import fit_neighbours, save_neighbours
from training.finetune.fit_ranker import fit_ranking
from training.finetune.frozen_encoder import FrozenEncoderTrainer
from training.finetune.glibc import keep_freed_memory
from training.finetune.precision import only_cpu, use_bf16
from training.finetune.preprocess import (
    REPETITION_PENALTY,
    decoding_defaults,
    features,
    features_folder,
    load_base,
)
from training.finetune.trainer_progress import show_progress
from training.finetune.training_log import (
    Adaptation,
    RankingFit,
    TrainingLog,
    read_log,
    training_log,
)
from training.json_files import write_json

CHECKPOINT_SHARE = 0.1
"""A checkpoint is kept after this share of the steps."""


@dataclass
class AdaptConfig:
    """How a tagger learns corrections."""

    passes: int = option(4, "Times that each correction is read.")
    replay: float = option(3.0, "Old articles for each corrected one, in every pass.")
    learning_rate: float = option(3e-4, "Peak rate of AdamW.")
    batch_size: int = option(16, "Articles a step.")
    averaged_from: float = option(0.25, "The weights' mean begins after this share of the steps.")
    train_encoder: bool = option(False, "Train all weights, not the decoder alone.")
    seed: int = option(20, "Seed of everything random.")
    precision: str = option("auto", "auto (bf16 where it is faster), bf16 or fp32.")

    def __post_init__(self) -> None:
        """Refuses what no training can run with.

        Raises:
            UserError: A number is out of its range.
        """
        if not 0 <= self.averaged_from <= 1:
            raise UserError(f"--averaged_from {self.averaged_from:g}: take 0 to 1, 1 for no mean.")
        if self.passes < 0 or self.replay < 0:
            raise UserError("--passes and --replay cannot be below 0.")
        if self.batch_size < 1:
            raise UserError(f"--batch_size {self.batch_size}: take a number above 0.")


def adapt(
    current: Path,
    corpus: Corpus,
    new_ids: Collection[str],
    output: Path,
    config: AdaptConfig,
) -> TrainingLog:
    """Makes a candidate's whole model folder from the current one's and the merged corpus.

    A call with the output of one that was cut off goes on from its last checkpoint.

    Args:
        current: Model folder of the tagger in use; nothing in it is changed.
        corpus: With the corrections in its splits; only ``train`` is learned from.
        new_ids: Ids of the rows that are to be learned; those of other splits are left out.
        output: Folder to write.
        config: How.

    Returns:
        Its training log, with the part ``adaptation``.

    Raises:
        UserError: The current model cannot be loaded.
    """
    done = output / TRAINING_LOG
    if done.is_file():
        return read_log(done)
    known = load_vocabulary(current)
    vocabulary = corpus.train_vocabulary()
    new_tags = [vocabulary.display(form) for form in vocabulary.counts if form not in known.counts]
    lessons = lessons_of(corpus.splits["train"], new_ids, config)
    with emissions_in(output / "checkpoints") as emitted:
        log = teach(current, corpus, lessons, output, config)
        _save_vocabulary(current, vocabulary, output)
        _save_neighbours(current, corpus, vocabulary, output)
        log["ranking"] = _ranking(current, corpus, output)
        if emissions := emitted():
            log["emissions"] = emissions
    wanted = set(new_ids)
    learned = len({row_id for row_id in corpus.splits["train"]["id"] if row_id in wanted})
    replayed = len(lessons) - learned * config.passes
    log["adaptation"] = Adaptation(
        corrections=learned,
        passes=config.passes,
        replayed=replayed,
        replay_ratio=round(replayed / max(learned * config.passes, 1), 2),
        new_tags=sorted(new_tags, key=str.casefold),
    )
    shutil.rmtree(output / "checkpoints", ignore_errors=True)
    write_json(done, log)  # last: a folder with a log is a finished one
    return log


def lessons_of(train: Dataset, new_ids: Collection[str], config: AdaptConfig) -> Dataset:
    """Returns what the decoder reads: in every pass the new rows and a fresh sample of old ones."""
    wanted = set(new_ids)
    new = [place for place, row_id in enumerate(train["id"]) if row_id in wanted]
    old = [place for place, row_id in enumerate(train["id"]) if row_id not in wanted]
    count = min(len(old), round(config.replay * len(new)))
    rng = random.Random(config.seed)
    passes = [train.select(new + rng.sample(old, count)) for _ in range(config.passes)]
    return concatenate_datasets(passes) if passes and new else train.select([])


def teach(
    current: Path,
    corpus: Corpus,
    lessons: Dataset,
    output: Path,
    config: AdaptConfig,
    trainer_type: type[Seq2SeqTrainer] | None = None,
) -> TrainingLog:
    """Trains on the lessons and writes weights, tokenizer and settings; without, weights stay.

    Args:
        current: Model folder to start from.
        corpus: Named as the data of the new model.
        lessons: See ``lessons_of``.
        output: Folder to write.
        config: How.
        trainer_type: What trains; the default is right for what the settings freeze.

    Returns:
        As ``training.finetune.training_log.training_log``.
    """
    keep_freed_memory()
    set_seed(config.seed)
    model, tokenizer, _ = load_base(str(current))
    settings = replace(TaggingSettings.load(current), dataset=dict(corpus.source))
    before = _log_of(current)
    output.mkdir(parents=True, exist_ok=True)
    settings.save(output)
    like = _as_training(current, settings, before, config)
    with_lessons = DatasetDict({**corpus.splits, "lessons": lessons})
    checkpoints = output / "checkpoints"
    taught = replace(corpus, splits=with_lessons)
    folder = features_folder(checkpoints)
    data = features(taught, "lessons", tokenizer, model, settings, like, folder)
    if not config.train_encoder:
        model.get_encoder().requires_grad_(False)
    _keep_decoding(model, tokenizer, settings, data)
    usual = Seq2SeqTrainer if config.train_encoder else FrozenEncoderTrainer
    trainer = (trainer_type or usual)(
        model=model,
        args=_arguments(config, checkpoints),
        train_dataset=data,
        data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
        processing_class=tokenizer,
    )
    trainer.add_callback(AveragedSteps(config.averaged_from))
    show_progress(trainer)
    started = time.monotonic()
    if len(data):
        last = last_checkpoint(checkpoints)
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    trainer.save_model(str(output))
    tokenizer.save_pretrained(output)
    (output / "training_args.bin").unlink(missing_ok=True)  # a pickle, which nobody needs
    splits = {"train": data, "validation": corpus.splits["validation"]}
    log = training_log(like, corpus, trainer, settings, splits, time.monotonic() - started)
    chosen = before.get("chosen", {})
    if kept := {name: chosen[name] for name in PlainDecoding().to_json() if name in chosen}:
        log["chosen"] = kept
    return log


def _as_training(
    current: Path, settings: TaggingSettings, before: Mapping[str, Any], config: AdaptConfig
) -> TrainConfig:
    """Returns the settings of a training that would do the same, for its features and its log."""
    return TrainConfig(
        base=str(current),
        max_input_tokens=settings.max_input_tokens,
        max_new_tokens=settings.max_new_tokens,
        epochs=max(config.passes, 1),
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        freeze_encoder=not config.train_encoder,
        seed=config.seed,
        precision=config.precision,
        # What was trained before there was a choice has learned the authors' order.
        tag_order=str(before.get("hyperparameters", {}).get("tag_order", "author")),
    )


def _log_of(folder: Path) -> TrainingLog | dict[str, Any]:
    path = folder / TRAINING_LOG
    return read_log(path) if path.is_file() else {}


def _keep_decoding(model: Any, tokenizer: Any, settings: TaggingSettings, data: Dataset) -> None:
    """Decodes as was chosen when the model was fine-tuned; the tokens of new tags are among it."""
    penalty, biases = (
        getattr(model.generation_config, name) for name in ("repetition_penalty", "sequence_bias")
    )
    model.generation_config = decoding_defaults(model.generation_config, settings)
    model.generation_config.repetition_penalty = penalty or REPETITION_PENALTY
    model.generation_config.sequence_bias = biases_with(biases, tag_tokens(data, tokenizer))


def _arguments(config: AdaptConfig, checkpoints: Path) -> Seq2SeqTrainingArguments:
    # One epoch: the lessons hold every pass already.
    arguments = Seq2SeqTrainingArguments(
        output_dir=str(checkpoints),
        num_train_epochs=1,
        per_device_train_batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        weight_decay=0.01,
        warmup_steps=0.06,
        lr_scheduler_type="linear",
        train_sampling_strategy="group_by_length",
        bf16=use_bf16(config.precision),
        use_cpu=only_cpu(),
        save_strategy="steps",
        save_steps=CHECKPOINT_SHARE,
        save_total_limit=1,
        logging_steps=CHECKPOINT_SHARE,
        report_to="none",
        seed=config.seed,
        data_seed=config.seed,
        average_tokens_across_devices=False,  # as in a training
        optim="adamw_torch_fused",
    )
    return on_one_gpu(arguments)


def _save_vocabulary(current: Path, vocabulary: Vocabulary, output: Path) -> None:
    """Writes the tags, how they are spelled, the conversion; takes over what depends on none."""
    write_json(output / TAGS, vocabulary.to_json())
    save_display_forms(output, vocabulary)
    convert(output)
    for name in (SENTENCE_ENCODER, BEFORE):
        if (current / name).is_dir():
            shutil.copytree(current / name, output / name, dirs_exist_ok=True)


def _save_neighbours(current: Path, corpus: Corpus, vocabulary: Vocabulary, output: Path) -> None:
    """Indexes the train split anew: what has left it is forgotten."""
    sentence_encoder = SentenceEncoder.load(output)
    if sentence_encoder is None:
        return
    path = current / NEIGHBOURS
    earlier = load_file(path) if path.is_file() else None
    _, tokenizer, _ = load_base(str(output))
    train = corpus.splits["train"]
    arrays = fit_neighbours(train, tokenizer, vocabulary, sentence_encoder, earlier, scratch=output)
    save_neighbours(arrays, output)


def _ranking(current: Path, corpus: Corpus, output: Path) -> RankingFit:
    """Takes over the ranking's weights; a model that has none yet gets some.

    Returns:
        The log's part on ranking.
    """
    if (current / RANKING).is_file() and (output / NEIGHBOURS).is_file():
        shutil.copyfile(current / RANKING, output / RANKING)
        path = current / TRAINING_LOG
        return read_log(path).get("ranking", {}) if path.is_file() else {}
    return fit_ranking(output, corpus.splits["train"], corpus.splits["validation"])
