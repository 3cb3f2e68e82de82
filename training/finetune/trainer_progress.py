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


def show_progress(trainer: Seq2SeqTrainer) -> None:
    """Puts our bar in place of the trainer's own output."""
    for usual in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(usual)
    trainer.add_callback(TrainerProgress())


class TrainerProgress(TrainerCallback):
    """Moves the bar with the steps and prints what the trainer logs."""

    def __init__(self) -> None:
        """Makes no bar yet: the number of steps is known when the training begins."""
        self._bar: Any = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Shows the bar, further on when a training is resumed."""
        if state.is_world_process_zero:
            self._bar = progress_bar(
                total=state.max_steps, initial=state.global_step, desc="training", unit="step"
            )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Moves the bar."""
        if self._bar is not None:
            self._bar.update(state.global_step - self._bar.n)

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
