"""Fine-tunes any seq2seq model into a tag generator, in eight steps from the task to the check.

    python -m training.train --dataset build/tagloop/dataset             # on the bundled base
    python -m training.train --dataset me/blog-articles --base google/flan-t5-small
    python -m training.train --resume                                    # after an interruption
    torchrun --nproc_per_node 4 -m training.train --dataset me/blog-articles     # on four GPUs

Writes the model folder (default ``build/<name>/model``): stock transformers files, tagging.json,
tags.json, training_log.json, the int8 conversion, and what the ranking needs: neighbours
(recall.safetensors, embedding) and weights (ranking.json).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
from datasets import Dataset
from transformers import (
    DataCollatorForSeq2Seq,
    EarlyStoppingCallback,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    set_seed,
)
from transformers.trainer_utils import EvalPrediction

from tagloop.errors import UserError
from tagloop.files import TAGS, TRAINING_LOG
from tagloop.generation.settings import TaggingSettings
from tagloop.vocabulary.vocabulary import parse_tags
from training import console, processes
from training.command import command
from training.config import TrainConfig, parse_config
from training.data.corpus import Corpus, load_corpus
from training.finetune.averaged_training import AveragedTrainer
from training.finetune.base_languages import foreign_warnings, sampled_languages
from training.finetune.checkpoints import last_checkpoint
from training.finetune.ctranslate2_conversion import (
    check_convertible,
    convert,
    convert_sentence_encoder,
)
from training.finetune.display_forms import save_display_forms
from training.finetune.distributed import (
    StepTrainer,
    first_here,
    idle_gpus,
    joined,
    on_one_gpu,
    part,
    share_of,
)
from training.finetune.emissions import emissions_in
from training.finetune.fit_decoding import fit_decoding
from training.finetune.fit_ranker import fit_ranking
from training.finetune.frozen_encoder import FrozenEncoderTrainer, freeze_lower_layers
from training.finetune.glibc import keep_freed_memory
from training.finetune.precision import only_cpu, use_bf16
from training.finetune.preprocess import (
    decoding_defaults,
    features,
    features_folder,
    load_base,
    tagging_settings,
)
from training.finetune.schedule import USUAL_EPOCHS, Schedule, schedule_of
from training.finetune.sentence_encoders import encoder_folder
from training.finetune.trainer_progress import show_progress
from training.finetune.training_log import Emissions, TrainingLog, training_log
from training.json_files import write_json

METRIC = Path(__file__).parents[1] / "evaluation" / "metrics" / "tag_f1"
LOG_SHARE = 0.04
"""The loss is logged after this share of the steps: a curve for a dozen articles, too."""


def train(config: TrainConfig, corpus: Corpus, say: Callable[[str], object] = print) -> Path:
    """Fine-tunes a tag generator, telling at each of the steps what it is about.

    Args:
        config: The settings.
        corpus: What it learns from, and is validated on.
        say: Tells a person which step begins.

    Returns:
        The model folder.

    Raises:
        UserError: The base or the encoder cannot be taken, or there is nothing to resume.
    """
    keep_freed_memory()
    output = Path(config.output_dir or f"build/{config.name}/model")
    set_seed(config.seed)

    def step(number: int, text: str) -> None:
        say(f"[{number}/8] {text}")

    step(1, f"the task: an article in, its tags out, as text ({config.name})")
    step(2, f"the dataset: {corpus.repo_id}, {_sizes(corpus)}")
    # What is wrong with anything is said now, not after the training, and before a file is touched.
    model, tokenizer, base_id = first_here(partial(_base, config))
    schedule = _freeze(model, config, len(corpus.splits["train"]))
    checkpoints = output / "checkpoints"
    arguments = training_arguments(
        config, schedule, checkpoints, has_validation=bool(len(corpus.splits["validation"]))
    )
    checkpoint = first_here(partial(_checkpoint, checkpoints, config.resume))
    settings = tagging_settings(config, corpus, base_id)
    step(3, f"preprocess: {settings.prompt_template!r} to at most {config.max_input_tokens} tokens")
    folder = features_folder(checkpoints)
    splits = _tokenized(corpus, tokenizer, model, settings, config, folder)
    for warning in _warnings(config, corpus, base_id):
        say(warning)
    step(4, f"the model: {base_id}, {model.num_parameters() / 1e6:.1f} M parameters")
    step(5, f"parameters: {_told(schedule, config)}, batches of {config.batch_size}")
    step(6, "metrics: F1 of the generated tags on the validation split")
    trainer = _trainer(model, tokenizer, arguments, splits, settings, config, schedule)
    if isinstance(trainer, FrozenEncoderTrainer) and (bound := trainer.cache_sentence()):
        say(bound)
    step(7, f"the training loop; checkpoints in {checkpoints}")
    started = time.monotonic()
    with emissions_in(checkpoints) as emitted:
        trainer.train(resume_from_checkpoint=checkpoint)
        part()
        if processes.is_first():
            seconds = time.monotonic() - started
            log = training_log(config, corpus, trainer, settings, splits, seconds)
            _begin(output, config)
            both = splits["train"], splits["validation"]
            decoding = fit_decoding(model, tokenizer, *both, settings.separator)
            log["chosen"] = schedule.to_json() | decoding.to_json()
            _save(trainer, tokenizer, settings, corpus, log, output)
            _end(output, log, emitted())
            step(8, f"check the output: python -m training.evaluation --model {output}")
        elif processes.is_first_here():
            shutil.rmtree(folder, ignore_errors=True)
    return output


def _begin(output: Path, config: TrainConfig) -> None:
    """Begins to write the model."""
    (output / TRAINING_LOG).unlink(missing_ok=True)  # of what is now written over
    convert_sentence_encoder(output, config.encoder)


def _end(output: Path, log: TrainingLog, emissions: Emissions | None) -> None:
    """Writes the log, last: a folder with a log is a finished one."""
    if emissions:
        log["emissions"] = emissions
    write_json(output / TRAINING_LOG, log)


def _base(config: TrainConfig) -> tuple[Any, Any, str]:
    """Returns the model, its tokenizer and its name; sees to it that all can be served."""
    model, tokenizer, base_id = load_base(config.base)
    check_convertible(model.config)
    encoder_folder(config.encoder)
    return model, tokenizer, base_id


def _tokenized(
    corpus: Corpus,
    tokenizer: Any,
    model: Any,
    settings: TaggingSettings,
    config: TrainConfig,
    folder: Path,
) -> dict[str, Dataset]:
    def tokenize() -> dict[str, Dataset]:
        return {
            split: features(corpus, split, tokenizer, model, settings, config, folder)
            for split in ("train", "validation")
        }

    return first_here(tokenize)


def _warnings(config: TrainConfig, corpus: Corpus, base_id: str) -> list[str]:
    """Returns what is to be said of the GPUs, and of languages that base or encoder do not read."""
    languages = sampled_languages(corpus.splits["train"])
    idle = idle_gpus()
    return [idle] * bool(idle) + foreign_warnings(base_id, config.encoder, languages)


def _freeze(model: Any, config: TrainConfig, articles: int) -> Schedule:
    """Freezes what the settings and the corpus's size call for; returns the schedule for that.

    Raises:
        UserError: The layers that the settings name cannot be frozen in this model.
    """
    if config.freeze_encoder:
        model.get_encoder().requires_grad_(False)
    if config.freeze_embeddings:
        model.get_input_embeddings().requires_grad_(False)
        model.get_output_embeddings().requires_grad_(False)
    schedule = schedule_of(config, articles)
    if schedule.frozen_layers and not freeze_lower_layers(model, schedule.frozen_layers):
        if config.frozen_layers:
            raise UserError(
                f"--frozen_layers {config.frozen_layers}: only an encoder of BART's kind with more "
                f"layers than that can be cut (this is {model.config.model_type} with "
                f"{model.config.num_hidden_layers}); --freeze_encoder freezes any."
            )
        return Schedule(config.epochs or USUAL_EPOCHS)
    return schedule


def training_arguments(
    config: TrainConfig, schedule: Schedule, checkpoints: Path, *, has_validation: bool
) -> Seq2SeqTrainingArguments:
    """Says in the Trainer's words what the configuration says."""
    when = "epoch" if has_validation else "no"
    best = has_validation and not schedule.averaged
    arguments = Seq2SeqTrainingArguments(
        output_dir=str(checkpoints),
        num_train_epochs=schedule.epochs,
        per_device_train_batch_size=share_of(config.batch_size),
        per_device_eval_batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        warmup_steps=config.warmup,
        lr_scheduler_type="linear",
        label_smoothing_factor=config.label_smoothing,
        train_sampling_strategy="group_by_length",
        bf16=use_bf16(config.precision),
        use_cpu=only_cpu(),
        eval_strategy=when,
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=best,
        metric_for_best_model="f1@m" if best else None,
        greater_is_better=True if best else None,
        predict_with_generate=True,
        # BART's loss is a mean already: with it every process would count as often as there are.
        average_tokens_across_devices=False,
        generation_max_length=config.max_new_tokens + 1,
        generation_num_beams=1,
        logging_steps=LOG_SHARE,
        report_to="none",
        seed=config.seed,
        data_seed=config.seed,
        optim="adamw_torch_fused",
    )
    return on_one_gpu(arguments)


def _trainer(
    model: Any,
    tokenizer: Any,
    arguments: Seq2SeqTrainingArguments,
    splits: dict[str, Dataset],
    settings: TaggingSettings,
    config: TrainConfig,
    schedule: Schedule,
) -> Seq2SeqTrainer:
    model.generation_config = decoding_defaults(model.generation_config, settings)
    metric = evaluate.load(str(METRIC))

    def compute_metrics(prediction: EvalPrediction) -> dict[str, float]:
        texts = [
            tokenizer.batch_decode(
                np.where(ids == -100, tokenizer.pad_token_id, ids), skip_special_tokens=True
            )
            for ids in (prediction.predictions, prediction.label_ids)
        ]
        written, wanted = (
            [parse_tags(text, settings.separator) for text in side] for side in texts
        )
        return dict(metric.compute(predictions=written, references=wanted))

    has_validation = bool(len(splits["validation"]))
    kind: Any = FrozenEncoderTrainer if config.freeze_encoder else StepTrainer
    if schedule.averaged:
        kind = partial(AveragedTrainer, schedule=schedule)
    stops = has_validation and not schedule.averaged
    trainer: Seq2SeqTrainer = kind(
        model=model,
        args=arguments,
        train_dataset=splits["train"],
        eval_dataset=splits["validation"] if has_validation else None,
        data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
        processing_class=tokenizer,
        compute_metrics=compute_metrics,
        callbacks=[EarlyStoppingCallback(config.patience)] if stops else [],
    )
    show_progress(trainer)
    return trainer


def _checkpoint(folder: Path, resume: bool) -> str | None:
    if not resume:
        if processes.is_first_here():
            shutil.rmtree(folder, ignore_errors=True)
        return None
    last = last_checkpoint(folder)
    if last is None:
        raise UserError(f"{folder} holds no checkpoint to resume; leave out --resume to start.")
    return str(last)


def _save(
    trainer: Seq2SeqTrainer,
    tokenizer: Any,
    settings: TaggingSettings,
    corpus: Corpus,
    log: TrainingLog,
    output: Path,
) -> None:
    checkpoints = Path(str(trainer.args.output_dir))
    shutil.rmtree(features_folder(checkpoints), ignore_errors=True)  # they have been read
    trainer.save_model(str(output))
    tokenizer.save_pretrained(output)
    (output / "training_args.bin").unlink(missing_ok=True)  # a pickle, which nobody needs
    settings.save(output)
    vocabulary = corpus.train_vocabulary()
    write_json(output / TAGS, vocabulary.to_json())
    save_display_forms(output, vocabulary)
    convert(output)
    log["ranking"] = fit_ranking(output, corpus.splits["train"], corpus.splits["validation"])


def _told(schedule: Schedule, config: TrainConfig) -> str:
    frozen = f", {schedule.frozen_layers} lower layers frozen" if schedule.frozen_layers else ""
    return f"{schedule.epochs:g} epochs, rate {config.learning_rate:g}{frozen}"


def _sizes(corpus: Corpus) -> str:
    return ", ".join(f"{len(data)} {split}" for split, data in corpus.splits.items())


@command(
    "interrupted; the same command with --resume goes on from the last checkpoint", several=True
)
def main(words: list[str]) -> None:
    """Runs the command line."""
    config = parse_config(TrainConfig, words, "training.train")
    dataset = config.dataset or f"build/{config.name}/dataset"
    with console.quiet(console.log_file(config.name), config.verbose), joined():
        corpus = first_here(partial(load_corpus, dataset))
        train(config, corpus, console.say if processes.is_first() else _nothing)


def _nothing(text: str) -> None:
    """Says nothing: of several processes the first one speaks."""
