"""The unmodified ``hf`` command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from training.hub import EmbeddedHub


@pytest.fixture
def hf(hub: EmbeddedHub, tmp_path: Path):  # type: ignore[no-untyped-def]
    environment = {**os.environ, **hub.client_env(tmp_path / "home"), "NO_COLOR": "1"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name("hf"), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_create_upload_download_delete(hf, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert "demo" in hf("auth", "whoami")
    hf("repos", "create", "by-hand", "--type", "dataset")
    (tmp_path / "up").mkdir()
    (tmp_path / "up/a.txt").write_text("text")
    (tmp_path / "up/b.parquet").write_bytes(b"p" * 1000)
    hf("upload", "demo/by-hand", str(tmp_path / "up"), ".", "--type", "dataset")
    hf("download", "demo/by-hand", "--type", "dataset", "--local-dir", str(tmp_path / "down"))
    assert (tmp_path / "down/a.txt").read_text() == "text"
    assert (tmp_path / "down/b.parquet").read_bytes() == b"p" * 1000
    hf("repos", "delete", "demo/by-hand", "--type", "dataset", "--yes")
