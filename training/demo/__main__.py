"""The whole loop once, on the embedded Hub: no account, no GPU, no network.

    python -m training.demo             # make demo: stays up until Ctrl-C
    python -m training.demo --check     # make demo CHECK=1: proves each step, then goes

Starts the Hub, builds the dataset from the starter corpus, fine-tunes the bundled base, evaluates,
publishes dataset, model and Space, pulls the Space back from the Hub into a fresh folder and runs
that. ``make demo`` keeps its Hub in ``.demo/`` so that corrections given in the browser stay; the
check starts from nothing in a folder of its own. What libraries print is in ``log.txt`` there
(``--verbose`` or ``make demo V=1`` shows it).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from training import console
from training.command import command
from training.config import ConsoleConfig, option, parse_config
from training.hub import EmbeddedHub
from training.process_lock import process_lock

HOME = Path(".demo")
USER, VISITOR = "demo", "reader"
"""Who publishes, and as whom anybody may sign in to the static Space."""
HUB_PORT = 7870
SPACE_PORT = 7860
STOP_SECONDS = 40
"""Of the loop: its Space alone may take 15 to send what waits and end."""


@dataclass
class DemoConfig(ConsoleConfig):
    """Settings of ``training.demo``."""

    check: bool = option(False, "Prove every step, print JSON, go.")
    hub_port: int = option(HUB_PORT, "Port of the embedded Hub; 0: any.")
    space_port: int = option(SPACE_PORT, "Port of the Space; 0: any.")
    training: str | None = option(None, "YAML or JSON file with settings of training.train.")
    source: list[str] = option([], "Articles; default the starter corpus.", action="extend")


def only_one(folder: Path) -> AbstractContextManager[None]:
    """Holds the demo's lock; raises a `UserError` where another demo runs."""
    return process_lock(
        folder / "lock",
        lambda holder: (
            f"A demo is running already (process {holder}): stop it with Ctrl-C in its terminal, "
            "then start again."
        ),
        str(os.getpid()),
    )


def run_demo(config: DemoConfig, home: Path) -> int:
    """Starts the Hub and, with all that its clients need in the environment, the loop.

    Returns:
        The loop's exit status.

    Raises:
        UserError: The Hub does not start.
    """
    port = 0 if config.check else config.hub_port
    hub = EmbeddedHub(home / "hub", port, USER, visitors=[VISITOR])
    with contextlib.ExitStack() as stack:
        with console.station("hub") as station:
            stack.enter_context(hub)
            station.result = f"embedded, answers at {hub.endpoint}"
        # Clients read their environment when they are imported, so the loop is a new process.
        environment = os.environ | hub.client_env(home / "hf") | {"CORRECTIONS_TOKEN": hub.token}
        command = [sys.executable, "-m", "training.demo.loop", "--namespace", USER]
        command += ["--home", str(home), "--hub_seconds", f"{station.seconds:.1f}"]
        command += ["--space", "both"]
        command += ["--check"] if config.check else ["--space_port", str(config.space_port)]
        command += ["--verbose"] if config.verbose else []
        command += ["--training", config.training] if config.training else []
        command += [word for source in config.source for word in ("--source", source)]
        # In a session of its own, so that a terminal's Ctrl-C reaches it once, through this one.
        with subprocess.Popen(command, env=environment, start_new_session=True) as loop:
            return _wait(loop)


def _wait(loop: subprocess.Popen[bytes]) -> int:
    """Waits for the loop; an interruption is passed on and its clean end waited for.

    A loop that has not ended after ``STOP_SECONDS``, or at a second interruption, is killed with
    all that it started.
    """
    try:
        return loop.wait()
    except BaseException:
        loop.send_signal(signal.SIGINT)
        try:
            loop.wait(STOP_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            os.killpg(loop.pid, signal.SIGKILL)
        raise


@command("stopped")
def main(words: list[str]) -> int:
    """Runs the command line."""
    # A terminated demo stops what it started, as an interrupted one does; a shell's background
    # jobs begin with interruptions ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    config = parse_config(DemoConfig, words, "python -m training.demo")
    with only_one(HOME):
        if not config.check:
            return run_demo(config, HOME)
        home = Path(tempfile.mkdtemp(prefix="check-", dir=HOME))
        status = run_demo(config, home)
    if status == 0:
        shutil.rmtree(home)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
