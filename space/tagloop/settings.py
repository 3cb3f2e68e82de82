"""The Space's settings: environment variables, read once at start.

``HF_TOKEN`` (a secret with write access to the corrections dataset) and ``GRADIO_SERVER_NAME`` and
``GRADIO_SERVER_PORT`` are read by huggingface_hub and gradio themselves.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from tagloop.errors import UserError

SPACE_FOLDER = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """One field a variable; ``metadata`` has the variable's name and what it does."""

    model_repo: str = field(
        metadata={
            "variable": "MODEL_REPO",
            "help": "The tagger: a model id on the Hub, or a folder. Required.",
        },
    )
    model_revision: str | None = field(
        default=None,
        metadata={
            "variable": "MODEL_REVISION",
            "help": "Branch, tag or commit of the tagger; its `main` when not set.",
        },
    )
    dataset_repo: str | None = field(
        default=None,
        metadata={
            "variable": "DATASET_REPO",
            "help": "The dataset that the tagger learned from; linked on the About tab.",
        },
    )
    corrections_repo: str | None = field(
        default=None,
        metadata={
            "variable": "CORRECTIONS_REPO",
            "help": "The private dataset that corrections go to; without it they are switched off.",
        },
    )
    outbox: Path = field(
        default=SPACE_FOLDER / "outbox",
        metadata={
            "variable": "TAGLOOP_OUTBOX",
            "help": "The folder where corrections wait for the Hub; `outbox` beside `app.py`.",
        },
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables; one that is empty counts as not set.

        Raises:
            UserError: ``MODEL_REPO`` is not set.
        """
        values: dict[str, str | Path] = {}
        for setting in fields(cls):
            if value := environment.get(setting.metadata["variable"], "").strip():
                values[setting.name] = Path(value) if setting.name == "outbox" else value
        if "model_repo" not in values:
            raise UserError(
                "MODEL_REPO is not set: give the tagger's id on the Hub, or its folder, "
                "for example MODEL_REPO=me/my-tagger."
            )
        return cls(**values)  # type: ignore[arg-type]
