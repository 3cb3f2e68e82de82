"""The demo as a person runs it: the check proves everything, one at a time, Ctrl-C stops it all."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from training.demo.__main__ import _wait

from ..tiny_models import starter_articles

QUICK = {
    "epochs": 1,
    "max_input_tokens": 64,
    "learning_rate": 6e-4,
    "freeze_encoder": True,
}
STATIONS = {"hub", "build", "publish dataset", "train", "evaluate", "publish model"}


@contextmanager
def demo(folder: Path, *flags: str) -> Iterator[subprocess.Popen[str]]:
    """Starts a demo; what a failed test leaves of it is killed."""
    # Nothing of the tests' own Hub may reach the demo: it has to bring its own.
    ours = ("HF_", "HUGGINGFACE", "CORRECTIONS")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "training.demo", *flags],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        except BaseException:
            for left in started_by(folder):
                with suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
            raise


def started_by(folder: Path) -> list[int]:
    """Finds processes that work in the folder or were told its name."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = str(folder).encode() in (entry / "cmdline").read_bytes()
            inside = str(entry.joinpath("cwd").readlink()).startswith(str(folder))
        except OSError:
            continue
        if (told or inside) and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_check_proves_the_loop_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "quick.yaml").write_text(json.dumps(QUICK))
    with demo(tmp_path, "--check", "--training", "quick.yaml") as process:
        output, _ = process.communicate()
    assert process.returncode == 0, output[-4000:]
    result = json.loads(output.splitlines()[-1])
    assert result["ok"] is True and result["problems"] == []
    assert STATIONS | {"check", "turn"} < set(result["seconds"])
    for score in ("f1_at_5", "f1_at_m"):
        assert 0 <= result[score]["before"] < result[score]["after"] <= 1
    for kind in ("dataset", "model", "space", "static"):
        assert len(result["repos"][kind]["revision"]) == 40
    assert result["tags"] and result["repos"]["static"]["tags"]
    turn = result["turn"]
    assert turn["flagged"] == 41 and (turn["accepted"], turn["rejected"]) == (41, 1)
    assert turn["model"]["version"] == ["v1.1.0"] and "Beekeeping" in turn["tags"]
    assert turn["model"]["revision"] != result["repos"]["model"]["revision"]
    assert "hf_" not in output, "a token was printed"
    assert not list((tmp_path / ".demo").glob("check-*"))
    assert started_by(tmp_path) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_only_one_demo_runs_and_ctrl_c_stops_all_of_it(tmp_path: Path, tiny_bart: Path) -> None:
    articles = starter_articles()[::8]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in articles))
    settings = {"epochs": 1, "max_input_tokens": 32, "base": str(tiny_bart)}
    (tmp_path / "tiny.yaml").write_text(json.dumps(settings))
    flags = ("--hub_port", "0", "--space_port", "0", "--source", "a.jsonl")
    with demo(tmp_path, *flags, "--training", "tiny.yaml") as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C stops all" in line:
                break
        else:
            pytest.fail("".join(lines)[-4000:])
        address = next(line.split()[-1] for line in lines if line.startswith("  Tag an article"))
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 5):
            pass
        with demo(tmp_path) as second:
            said, _ = second.communicate(timeout=240)
        assert second.returncode == 2 and "A demo is running already" in said
        assert str(process.pid) in said and "Traceback" not in said

        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        rest, _ = process.communicate(timeout=240)
        assert process.returncode == 130, rest
        assert "stopped" in rest and "Traceback" not in rest
        end = time.monotonic() + 60
        while started_by(tmp_path) and time.monotonic() < end:
            time.sleep(0.2)
        assert started_by(tmp_path) == []
        with (
            pytest.raises(ConnectionRefusedError),
            socket.create_connection(("127.0.0.1", port), 5),
        ):
            pass


def test_a_loop_that_does_not_end_is_killed_with_what_it_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.demo.__main__.STOP_SECONDS", 1)
    deaf = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", deaf], stdout=subprocess.PIPE, start_new_session=True
    ) as loop:
        assert loop.stdout is not None
        child = int(loop.stdout.readline())
        monkeypatch.setattr(loop, "wait", _first_interrupted(loop.wait))
        with pytest.raises(KeyboardInterrupt):
            _wait(loop)
    assert loop.returncode == -signal.SIGKILL
    end = time.monotonic() + 60
    while Path(f"/proc/{child}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def _first_interrupted(wait: Callable[..., int]) -> Callable[..., int]:
    """Returns a wait whose first call a Ctrl-C breaks off."""
    calls: list[float | None] = []

    def interrupted(timeout: float | None = None) -> int:
        calls.append(timeout)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return wait(timeout)

    return interrupted
