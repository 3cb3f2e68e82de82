"""What reaches the terminal and what the log, of a command that prints in every way there is."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tagloop.errors import UserError
from training import console
from training.config import TrainConfig, parse_config

COMMAND = """
import logging, os, sys, time, warnings
from pathlib import Path
from training import console

console._hide_bars_of_libraries = lambda: None  # none is imported here, and that takes seconds
with console.quiet(Path("build/log.txt"), "-v" in sys.argv):
    with console.station("first") as station:
        print("printed")
        os.write(2, b"by C++\\n")
        warnings.warn("a warning")
        logging.getLogger("some.library").error("logged")
        station.result = "all is well"
    for step in console.progress_bar(range(6), desc="counting", unit="step"):
        for inner in console.progress_bar(range(6), desc="nested"):
            time.sleep(0.05)
    if "--fail" in sys.argv:
        raise ValueError("unforeseen")
print("the end")
"""
NOISE = ("printed", "by C++", "a warning", "logged")


def run(folder: Path, *flags: str, rank: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *flags],
        cwd=folder,
        env=os.environ | {"RANK": rank},
        capture_output=True,
        text=True,
    )


def test_a_pipe_gets_a_line_a_station_and_the_log_the_rest(tmp_path: Path) -> None:
    done = run(tmp_path)
    first, station, last = done.stdout.splitlines()
    assert first == "The log is build/log.txt; -v shows it here."
    assert station.startswith("first            all is well (0") and last == "the end"
    assert done.stderr == ""
    log = (tmp_path / "build/log.txt").read_text()
    assert all(noise in log for noise in NOISE) and "all is well" not in log
    assert run(tmp_path).returncode == 0
    assert (tmp_path / "build/log.txt").read_text() == log  # written anew


def test_a_terminal_gets_one_bar(tmp_path: Path) -> None:
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (24, 100))
    done = subprocess.run(
        [sys.executable, "-c", COMMAND], cwd=tmp_path, stdout=child, stderr=child, timeout=60
    )
    os.close(child)
    shown = os.read(parent, 1 << 16).decode()
    os.close(parent)
    assert done.returncode == 0
    assert "first …" in shown and "all is well" in shown
    assert "counting" in shown and "step/s" in shown
    assert "nested" not in shown and not any(noise in shown for noise in NOISE)


def test_verbose_shows_all_and_writes_no_log(tmp_path: Path) -> None:
    done = run(tmp_path, "-v")
    assert all(noise in done.stdout + done.stderr for noise in NOISE)
    assert "all is well" in done.stdout
    assert not (tmp_path / "build").exists()


def test_verbose_may_stand_beside_a_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "train.yaml"
    file.write_text("dataset: articles\nepochs: 2\n")
    without, beside = (
        parse_config(TrainConfig, [str(file), *flags], "train") for flags in ([], ["-v"])
    )
    assert not without.verbose and beside.verbose
    assert without.epochs == beside.epochs == 2


def test_an_unexpected_exception_keeps_its_traceback_and_names_the_log(tmp_path: Path) -> None:
    done = run(tmp_path, "--fail")
    assert done.returncode == 1
    assert (
        done.stdout.splitlines()[-1] == "This should not have happened; see the log, build/log.txt."
    )
    assert done.stderr.startswith("Traceback") and done.stderr.endswith("ValueError: unforeseen\n")


def test_of_several_processes_the_first_alone_speaks(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build/log.txt").write_text("of the first\n")
    assert run(tmp_path, rank="1").stdout == "the end\n"  # outside ``quiet``
    log = (tmp_path / "build/log.txt").read_text()
    assert log.startswith("of the first\n") and "printed" in log


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("a file")
    with pytest.raises(UserError, match=r"log\.txt: cannot be written"):
        with console.quiet(tmp_path / "build" / "log.txt"):
            pass
