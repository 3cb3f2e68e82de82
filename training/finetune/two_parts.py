"""A training in two parts: all weights for some epochs, then the decoder alone for many quick ones.

It is one training of the Trainer with one log, one row of checkpoints and one number of steps, so
an interrupted one goes on in whichever part it was.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from training.finetune.averaging import WeightAverage
from training.finetune.frozen_encoder import FrozenEncoderTrainer
from training.finetune.schedule import Schedule


class TwoPartTrainer(FrozenEncoderTrainer):
    """Freezes the encoder when the schedule says so; ends with averaged weights, validated."""

    def __init__(self, *args: Any, schedule: Schedule, **options: Any) -> None:
        """Takes what `FrozenEncoderTrainer` takes, and the epochs of both parts."""
        super().__init__(*args, **options)
        self.schedule = schedule
        self.average = WeightAverage()
        self.add_callback(_Parts(self))

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """Makes the learning rate rise and fall once in each part."""
        if self.lr_scheduler is None:
            factors = self.schedule.rate_factors(num_training_steps)
            of: Any = optimizer or self.optimizer
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(of, factors)
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Saves the model; into a checkpoint the average, too, which a resumed training needs."""
        super().save_model(output_dir, _internal_call)
        if _internal_call and output_dir and self.args.should_save:
            self.average.save(Path(output_dir))

    def train(self, *args: Any, **options: Any) -> Any:
        """Trains, then takes the averaged weights and validates them: what the log calls best."""
        result = super().train(*args, **options)
        model: Any = self.model
        self.average.put_into(model)
        if self.eval_dataset is not None:
            self.state.best_metric = self.evaluate()["eval_f1@m"]
        self.state.best_global_step = self.state.global_step
        return result


class _Parts(TrainerCallback):
    """Freezes, averages, and leaves out most of the second part's validations."""

    def __init__(self, trainer: TwoPartTrainer) -> None:
        self._trainer = trainer

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Takes up the average of a training that goes on."""
        if state.global_step:
            folder = Path(str(args.output_dir)) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
            self._trainer.average.load(folder, args.device)

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Freezes the encoder when its part is over."""
        trainer = self._trainer
        if (
            state.global_step >= trainer.schedule.whole_steps(state.max_steps)
            and not trainer.frozen
        ):
            model: Any = trainer.model
            model.get_encoder().requires_grad_(False)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Takes the weights into the average; says whether to validate and to save."""
        schedule, epoch = self._trainer.schedule, round(state.epoch or 0)
        if schedule.averaged(epoch):
            model: Any = self._trainer.model
            self._trainer.average.add(model)
        control.should_save &= schedule.saved(epoch)
        # The last one's weights are not what is kept: the average is validated in their place.
        last = epoch >= schedule.epochs
        control.should_evaluate &= schedule.validated(epoch) and not last
