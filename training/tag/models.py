"""Which model tags: the one that is named, the newest that was trained here, or the base."""

from __future__ import annotations

import filecmp
import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from tagloop.errors import UserError
from tagloop.files import CONFIG, CONVERSION, CTRANSLATE2, TAGS, TRAINING_LOG, WEIGHTS
from tagloop.tagger.model_folder import SNAPSHOT_PATTERNS, fetch_model
from training.finetune.bundled_base import BUNDLED_BASE

BUILD = Path("build")
UNTRAINED = "tag-base"
"""Folder under ``build/`` of the base with a sentence encoder, by which it knows a list of tags."""


@dataclass(frozen=True)
class Model:
    """A model that is here.

    Attributes:
        name: Its id on the Hub, or its folder.
        folder: Where it lies.
        revision: Its commit on the Hub; None of a folder.
        why: Why this one, for people; empty if it was named.
        bundled: Whether it is the bundled base, which each installation has.
    """

    name: str
    folder: Path
    revision: str | None = None
    why: str = ""
    bundled: bool = False

    def __str__(self) -> str:
        """Returns the model for people: with its revision, and why it was taken."""
        revision = f"@{self.revision[:10]}" if self.revision else ""
        return f"{self.name}{revision}{f', {self.why}' if self.why else ''}"

    @property
    def shown(self) -> str:
        """Its name as reports and cards say it, without folders of this machine."""
        outside = Path(self.name).is_absolute() or self.name.startswith("..")
        return Path(self.name).name if outside else self.name

    def whole(self) -> Model:
        """Returns it with the whole path of its folder, for processes that run elsewhere."""
        return replace(self, folder=self.folder.absolute())

    @property
    def is_anywhere(self) -> bool:
        """Tells whether a machine without this one's disk can have it."""
        return self.bundled or self.revision is not None

    def folder_here(self) -> Path:
        """Returns its folder on this machine, which need not be the one that found it.

        Raises:
            UserError: It is on another one alone, or cannot be fetched.
        """
        if self.folder.is_dir():
            return self.folder
        if self.bundled:
            return BUNDLED_BASE
        if self.revision is None:
            raise UserError(
                f"{self.folder}: not on the machine that tags; put the model on a disk that all "
                "share, or name one on the Hub with --model."
            )
        return fetch_model(self.name, self.revision, None)[0]

    def fingerprint(self) -> str:
        """Returns what changes when the model does: its commit, or a digest of its files' dates."""
        if self.revision:
            return f"{self.name}@{self.revision}"
        files = {path for pattern in SNAPSHOT_PATTERNS for path in self.folder.glob(pattern)}
        states = [
            (path.relative_to(self.folder).as_posix(), status.st_size, status.st_mtime_ns)
            for path in sorted(files)
            if (status := path.stat())
        ]
        return hashlib.sha256(json.dumps(states).encode()).hexdigest()


def find_model(given: str, *, allowlist: bool, build: Path = BUILD) -> Model:
    """Finds the model, from the Hub if it is none here.

    Args:
        given: A folder, or ``owner/tagger[@revision]``; empty: the newest under ``build``, else
            the bundled base.
        allowlist: Whether it will tag by a list, which the base needs a sentence encoder for.
        build: Where training leaves models.

    Raises:
        UserError: It is not there, or cannot be fetched.
    """
    if given:
        return _named(given)
    if newest := newest_model(build):
        return Model(str(newest), newest, why=f"the newest under {build}/")
    why = "the bundled base, which has learned nobody's tags: make train makes a model, --model "
    why += "names one"
    if allowlist:
        return Model("tagloop-base", untrained_base(build), why=why)
    return Model("tagloop-base", BUNDLED_BASE, why=why, bundled=True)


def newest_model(build: Path) -> Path | None:
    """Returns the model that was trained last under ``build/<name>/model`` and is finished.

    A folder with a log is a finished one. What publishing writes into it does not make it newer.
    """
    logs = build.glob(f"*/model/{TRAINING_LOG}")
    finished = [log.parent for log in logs if (log.parent / TAGS).is_file()]
    return max(finished, key=lambda folder: (folder / TAGS).stat().st_mtime_ns, default=None)


def untrained_base(build: Path) -> Path:
    """Returns the base with a sentence encoder; it is made once.

    Raises:
        UserError: It cannot be written.
    """
    folder = build / UNTRAINED
    weights = folder / WEIGHTS
    if weights.is_file() and filecmp.cmp(weights, BUNDLED_BASE / WEIGHTS):
        return folder
    from training.finetune.untrained import make_untrained  # seconds, which nobody else waits

    partial = folder.with_name(f"{folder.name}.part")
    try:
        for left in (partial, folder):
            shutil.rmtree(left, ignore_errors=True)
        build.mkdir(parents=True, exist_ok=True)
        make_untrained(partial).rename(folder)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error}).") from error
    return folder


def _named(given: str) -> Model:
    if not Path(given).is_dir():
        repo_id, _, revision = given.partition("@")
        folder, commit = fetch_model(repo_id, revision or None, None)
        return Model(repo_id, folder, commit)
    folder = Path(given)
    if not (folder / CONFIG).is_file() and not (folder / CTRANSLATE2 / CONVERSION).is_file():
        raise UserError(
            f"{given} holds no model (no {CONFIG}): name a folder that make train wrote, such as "
            "build/blog/model, or a tagger on the Hub."
        )
    return Model(given, folder)
