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


def test_writing_json_needs_no_torch() -> None:
    code = "import sys, training.json_files; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
