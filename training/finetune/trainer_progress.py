"""The trainer's progress: one bar for the whole training, its figures as lines of the log."""

from __future__ import annotations

from typing import Any

from transformers import (
    PrinterCallback,
    Seq2SeqTrainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.trainer_callback import ProgressCallback

from training.console import progress_bar
from training.finetune.schedule import Schedule

WHOLE_STEP = 8
"""A step of all weights takes about as long as so many of the decoder alone, on cached outputs."""


def show_progress(trainer: Seq2SeqTrainer, schedule: Schedule | None = None) -> None:
    """Puts our bar in place of the trainer's own output.

    Args:
        trainer: Whose.
        schedule: Of a training that has two parts.
    """
    for usual in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(usual)
    trainer.add_callback(TrainerProgress(schedule))


class TrainerProgress(TrainerCallback):
    """Moves the bar with the steps and prints what the trainer logs."""

    def __init__(self, schedule: Schedule | None = None) -> None:
        """Makes no bar yet: the number of steps is known when the training begins.

        Args:
            schedule: Of a training that has two parts: a step of the first is counted as the
                `WHOLE_STEP` steps of the second that it takes, so that the time left is right.
        """
        self._schedule = schedule if schedule and schedule.decoder else None
        self._bar: Any = None

    def _work(self, step: int, steps: int) -> int:
        """Returns how far the bar is after a step of all."""
        whole = min(step, self._schedule.whole_steps(steps)) if self._schedule else 0
        return step + whole * (WHOLE_STEP - 1)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Shows the bar, further on when a training is resumed."""
        if state.is_world_process_zero:
            done, total = (
                self._work(step, state.max_steps) for step in (state.global_step, state.max_steps)
            )
            self._bar = progress_bar(total=total, initial=done, desc="training", unit="step")

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Moves the bar."""
        if self._bar is not None:
            self._bar.update(self._work(state.global_step, state.max_steps) - self._bar.n)

    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Says why the bar stands still."""
        if self._bar is not None:
            self._bar.set_description("validating")

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Prints the figures; the last of them stand beside the bar."""
        if not state.is_world_process_zero or logs is None:
            return
        print({name: value for name, value in logs.items() if name != "total_flos"})
        shown = {name: f"{logs[name]:.3f}" for name in ("loss", "eval_f1@m") if name in logs}
        if self._bar is not None and shown:
            self._bar.set_description("training", refresh=False)
            self._bar.set_postfix(shown)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()
