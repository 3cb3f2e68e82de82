"""Where an interrupted training goes on."""

from __future__ import annotations

from pathlib import Path

from transformers.trainer import TRAINER_STATE_NAME


def last_checkpoint(folder: Path) -> Path | None:
    """Returns the last whole checkpoint in a folder, if there is one.

    Its state is written last: a checkpoint without it was cut off in the middle.
    """
    whole = [path.parent for path in folder.glob(f"checkpoint-*/{TRAINER_STATE_NAME}")]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)
