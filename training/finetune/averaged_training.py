"""Trainings that end with the mean of their last weights, and can be interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from training.finetune.averaging import WeightAverage
from training.finetune.frozen_encoder import FrozenEncoderTrainer
from training.finetune.schedule import Schedule


class AveragedTrainer(FrozenEncoderTrainer):
    """Ends with averaged weights, validated."""

    def __init__(self, *args: Any, schedule: Schedule, **options: Any) -> None:
        """Takes what `FrozenEncoderTrainer` takes, and which epochs are averaged."""
        super().__init__(*args, **options)
        self.schedule = schedule
        self.average = WeightAverage()
        self.add_callback(_Averaging(self))

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


class _Continued(TrainerCallback):
    """Has an average, which goes on with a training that was interrupted."""

    def __init__(self, average: WeightAverage) -> None:
        self.average = average

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Takes up the average of a training that goes on."""
        if state.global_step:
            self.average.load(_checkpoint(args, state), args.device)


class _Averaging(_Continued):
    """Averages, and leaves out most validations."""

    def __init__(self, trainer: AveragedTrainer) -> None:
        super().__init__(trainer.average)
        self._trainer = trainer

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Takes the weights into the average; says whether to validate and to save."""
        schedule, epoch = self._trainer.schedule, round(state.epoch or 0)
        if schedule.in_average(epoch):
            model: Any = self._trainer.model
            self.average.add(model)
        control.should_save &= schedule.validated(epoch)
        # The last one's weights are not what is kept: the average is validated in their place.
        control.should_evaluate &= schedule.validated(epoch) and epoch < schedule.epochs


class AveragedSteps(_Continued):
    """Ends a training with the mean of the weights that its last steps have left."""

    def __init__(self, start: float) -> None:
        """Takes the share of the steps, 0..1, after which the mean begins."""
        super().__init__(WeightAverage())
        self._start = start

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Takes the weights into the average."""
        if state.global_step > self._start * state.max_steps:
            self.average.add(kwargs["model"])

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Puts the average beside the checkpoint, for a training that goes on."""
        self.average.save(_checkpoint(args, state))

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Gives the model the mean."""
        self.average.put_into(kwargs["model"])


def _checkpoint(args: TrainingArguments, state: TrainerState) -> Path:
    return Path(str(args.output_dir)) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
