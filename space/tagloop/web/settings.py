"""The Space's settings: environment variables, read once at start.

``HF_TOKEN`` (a secret with write access to the corrections dataset) and ``GRADIO_SERVER_NAME`` and
``GRADIO_SERVER_PORT`` are read by huggingface_hub and gradio themselves.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

from tagloop.corrections.delivery.status import SavedWhen
from tagloop.errors import UserError
from tagloop.rate_limits import (
    CORRECTIONS_A_DAY,
    CORRECTIONS_A_MINUTE,
    REQUESTS_AT_ONCE,
    TAGGINGS_A_MINUTE,
)
from tagloop.service.disk_reserve import DISK_RESERVE_MB

RELOAD_SECONDS = 60
SPACE_FOLDER = Path(__file__).resolve().parents[2]


def _variable(name: str, help: str, **options: Any) -> Any:
    return field(metadata={"variable": name, "help": help}, **options)


@dataclass(frozen=True)
class Settings:
    """One field a variable; ``metadata`` has the variable's name and what it does."""

    model_repo: str = _variable(
        "MODEL_REPO", "The tagger: a model id on the Hub, or a folder. Required."
    )
    model_revision: str | None = _variable(
        "MODEL_REVISION",
        "Branch, tag or commit of the tagger; its `main` when not set.",
        default=None,
    )
    dataset_repo: str | None = _variable(
        "DATASET_REPO",
        "The dataset that the tagger learned from, a dataset id on the Hub or a "
        "folder: shown on the Explore tab, of more than 250,000 articles the first. A private one "
        "needs a token, and a Space that is "
        "private as well.",
        default=None,
    )
    corrections_repo: str | None = _variable(
        "CORRECTIONS_REPO",
        "The private dataset that corrections go to; without it they are switched off.",
        default=None,
    )
    outbox: Path = _variable(
        "TAGLOOP_OUTBOX",
        "The folder where corrections wait for the Hub; `outbox` beside `app.py`.",
        default=SPACE_FOLDER / "outbox",
    )
    saved_when: SavedWhen = _variable(
        "TAGLOOP_SAVED_WHEN",
        "When a visitor is told that a correction is saved: `hub`, once the dataset "
        "has it, or `disk`, once it is on this machine's disk; when not set, `hub` on a Space "
        "of the Hub, whose disk is lost at a restart, and `disk` elsewhere.",
        default="disk",
    )
    taggings_a_minute: int = _variable(
        "TAGLOOP_TAGGINGS_A_MINUTE",
        f"Articles that one visitor may have tagged in a minute; "
        f"{TAGGINGS_A_MINUTE} when not set, 0 for any number.",
        default=TAGGINGS_A_MINUTE,
    )
    requests_at_once: int = _variable(
        "TAGLOOP_REQUESTS_AT_ONCE",
        "Requests of one visitor that may wait or run at the same time; "
        f"{REQUESTS_AT_ONCE} when not set, 0 for any number, and no other limit of what one "
        "visitor has open.",
        default=REQUESTS_AT_ONCE,
    )
    disk_reserve_mb: int = _variable(
        "TAGLOOP_DISK_RESERVE_MB",
        "MB of the disk that visitors' files never take, so that corrections can be saved; "
        f"{DISK_RESERVE_MB} when not set, 0 for none.",
        default=DISK_RESERVE_MB,
    )
    corrections_a_minute: int = _variable(
        "TAGLOOP_CORRECTIONS_A_MINUTE",
        f"Corrections that one visitor may send in a minute; "
        f"{CORRECTIONS_A_MINUTE} when not set, 0 for any number.",
        default=CORRECTIONS_A_MINUTE,
    )
    corrections_a_day: int = _variable(
        "TAGLOOP_CORRECTIONS_A_DAY",
        f"Corrections that one account, and one address, may send in a day; "
        f"{CORRECTIONS_A_DAY} when not set, 0 for any number.",
        default=CORRECTIONS_A_DAY,
    )
    reviewers: str | None = _variable(
        "TAGLOOP_REVIEWERS",
        "Accounts that may review corrections, with commas between, on a Space where "
        "visitors can sign in; its owner when not set.",
        default=None,
    )
    review_secret: str | None = _variable(
        "TAGLOOP_REVIEW_SECRET",
        "A secret, of 12 characters or more: who gives it on the page `?review` may "
        "review corrections too.",
        default=None,
        repr=False,
    )
    agreement: int = _variable(
        "TAGLOOP_AGREEMENT",
        "So many different people who give an article the same tags need no reviewer, "
        "unless it looks suspicious: 2 or more; `make retrain` reads it here; 0, when not "
        "set, asks for a reviewer always.",
        default=0,
    )
    reload_seconds: int = _variable(
        "TAGLOOP_RELOAD_SECONDS",
        "How often to look for a newer commit of the tagger on the Hub, in seconds; "
        f"{RELOAD_SECONDS} when not set, 0 for never.",
        default=RELOAD_SECONDS,
    )
    addresses: bool = _variable(
        "TAGLOOP_ADDRESSES",
        "Whether visitors may give the address of a public page to have it read: "
        "`on` or `off`; `on` when not set.",
        default=True,
    )
    trusted_proxies: str | None = _variable(
        "TAGLOOP_TRUSTED_PROXIES",
        "Addresses or networks of the proxies in front of the Space, with commas between, or "
        "`none`: what they say of a visitor's address (`X-Forwarded-For`) is believed; when not "
        "set, the Hub's on a Space of the Hub, the share link's end on this machine with a share "
        "link, `none` elsewhere.",
        default=None,
    )
    hosts: str | None = _variable(
        "TAGLOOP_HOSTS",
        "Host names, with commas between, that the Space answers to besides `localhost`, "
        "addresses, `GRADIO_SERVER_NAME`, its share link and what the Hub calls it.",
        default=None,
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Reads the variables; one that is empty counts as not set.

        Raises:
            UserError: ``MODEL_REPO`` is not set, or a variable has a value that it may not have.
        """
        values: dict[str, str | Path | int] = {}
        if environment.get("SPACE_ID"):
            values["saved_when"] = "hub"
        for setting in fields(cls):
            variable = setting.metadata["variable"]
            if value := environment.get(variable, "").strip():
                values[setting.name] = _read(variable, value, type(setting.default))
        if values.get("saved_when", "disk") not in get_args(SavedWhen):
            raise UserError(
                f"TAGLOOP_SAVED_WHEN must be hub or disk, not {values['saved_when']!r}."
            )
        if values.get("agreement") == 1:
            raise UserError("TAGLOOP_AGREEMENT is 1: one person agrees with nobody; take 2.")
        if "model_repo" not in values:
            raise UserError(
                "MODEL_REPO is not set: give the tagger's id on the Hub, or its folder, "
                "for example MODEL_REPO=me/my-tagger."
            )
        return cls(**values)  # type: ignore[arg-type]


def _read(variable: str, value: str, kind: type) -> str | Path | int:
    if kind is bool:
        if value not in ("on", "off"):
            raise UserError(f"{variable} must be on or off, not {value!r}.")
        return value == "on"
    if kind is int:
        if not value.isascii() or not value.isdigit():
            raise UserError(f"{variable} must be a whole number from 0, not {value!r}.")
        return int(value)
    return Path(value) if issubclass(kind, Path) else value
