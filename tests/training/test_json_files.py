"""JSON files are written the same way everywhere, without what training needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from training.json_files import read_json, write_json


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"tag": "Käse", "counts": [1, 2]})
    assert (tmp_path / "a.json").read_text(encoding="utf-8").startswith('{\n  "tag": "Käse",')
    assert read_json(tmp_path / "a.json") == {"tag": "Käse", "counts": [1, 2]}


def test_nan_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert not (tmp_path / "a.json").exists()


def test_nesting_that_is_too_deep_is_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": ' + "[" * 100_000)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(tmp_path / "a.json")


def test_half_a_character_is_no_reason_to_write_nothing(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"name": "a\udcff"})
    assert read_json(tmp_path / "a.json") == {"name": "a?"}


def test_writing_json_needs_no_torch() -> None:
    code = "import sys, training.json_files; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
