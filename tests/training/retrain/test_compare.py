"""What stands for "before fine-tuning" in the report of a retrained model: its base, if known."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from training.evaluation.checkpoint import Checkpoint
from training.json_files import write_json
from training.retrain import compare


@pytest.mark.parametrize(
    ("base", "fingerprint", "loaded"),
    [
        ("tagloop-base", "the bundled one's", True),
        ("tagloop-base", "an earlier one's", False),  # another base is bundled by now
        ("google/flan-t5-small", "a commit", True),
        ("me/deleted", "a commit", False),
        ("my-folder", "a commit", False),  # of another machine
        ("", "a commit", False),
    ],
)
def test_only_the_base_itself_is_measured_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str, fingerprint: str, loaded: bool
) -> None:
    def of_base(name: str, settings: TaggingSettings) -> Checkpoint:
        if name == "me/deleted":
            raise UserError("There is no such model.")
        return cast("Checkpoint", name)

    monkeypatch.setattr(Checkpoint, "of_base", of_base)
    monkeypatch.setattr(compare, "base_fingerprint", lambda name: "the bundled one's")
    write_json(tmp_path / "training_log.json", {"base_fingerprint": fingerprint})
    found = compare._base(tmp_path, TaggingSettings(base_model=base))
    assert found == (cast("Checkpoint", base) if loaded else None)
