"""A lock file keeps a second process out, and is free again once its holder ends in any way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tagloop.errors import UserError
from training.process_lock import process_lock

HOLD = """
import sys, time
from pathlib import Path
from training.process_lock import process_lock
with process_lock(Path(sys.argv[1]), str):
    print("held", flush=True)
    time.sleep(60)
"""


def refusal(holder: str) -> str:
    return f"taken by {holder}"


def test_the_second_hears_who_is_first(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    with process_lock(path, refusal):
        with (
            pytest.raises(UserError, match=rf"taken by {os.getpid()}, since 20\d\d-"),
            process_lock(path, refusal),
        ):
            pass
        path.write_text("http://127.0.0.1:1")
        with pytest.raises(UserError, match="taken by http"), process_lock(path, refusal):
            pass
    with process_lock(path, refusal, "the next"):
        assert path.read_text() == "the next"


def test_a_killed_holder_leaves_the_lock_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with (
            pytest.raises(UserError, match=rf"^taken by {holder.pid}, since"),
            process_lock(path, refusal),
        ):
            pass
        holder.send_signal(signal.SIGKILL)
    with process_lock(path, refusal):
        pass
