"""The demo's loop on the Hub of its environment: publish, pull the Space back, run it, check it.

python -m training.demo.loop --namespace me --home folder    # started by training.demo
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from huggingface_hub import constants

from tagloop.errors import UserError
from training.config import PublishConfig, parse_config
from training.demo import full_turn as demo_turn
from training.demo.checks import check
from training.demo.space_process import SpaceProcess
from training.publish.publish import Publication


@dataclass
class LoopConfig(PublishConfig):
    """Settings of ``training.demo.loop``."""

    home: str = field(default=".demo", metadata={"help": "Folder for everything it makes."})
    space_port: int = field(default=0, metadata={"help": "Port of the Space; 0: any free one."})
    check: bool = field(default=False, metadata={"help": "Prove every step, print JSON, go."})
    hub_seconds: float = field(default=0.0, metadata={"help": "What starting the Hub took."})


def run_loop(config: LoopConfig) -> int:
    """Publishes, runs the published Space, and checks it or waits with it.

    Returns:
        Exit status: 1 when the check found a problem.

    Raises:
        UserError: A station failed.
    """
    started = time.monotonic() - config.hub_seconds
    home = Path(config.home)
    outcome = Publication(config, home / "build").run()
    seconds = {"hub": config.hub_seconds} | outcome.seconds
    print("\n== space", flush=True)
    if config.check:
        os.environ.update(demo_turn.ENVIRONMENT)
    begun = time.monotonic()
    with SpaceProcess(outcome.names.space, home / "space", config.space_port) as space:
        seconds["space"] = round(time.monotonic() - begun, 1)
        print(f"the Space, pulled from the Hub, answers at {space.url}", flush=True)
        if not config.check:
            _invite(space.url, time.monotonic() - started)
            space.wait()
        print("\n== check", flush=True)
        begun = time.monotonic()
        result = check(outcome, space.url)
        seconds["check"] = round(time.monotonic() - begun, 1)
        print("\n== turn: flag, review, retrain, gate, live", flush=True)
        begun = time.monotonic()
        result["turn"] = demo_turn.turn(outcome, space.url, home)
        result["problems"] += result["turn"].pop("problems")
        result["ok"] = not result["problems"]
        seconds["turn"] = round(time.monotonic() - begun, 1)
    seconds["total"] = round(time.monotonic() - started, 1)
    print(json.dumps(result | {"seconds": seconds}, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


def _invite(url: str, seconds: float) -> None:
    print(
        f"\nReady after {seconds:.0f} s.\n"
        f"  Tag an article and correct it:  {url}\n"
        f"  Look at what was published:     {constants.ENDPOINT}\n"
        "Ctrl-C stops both; what was published and corrected stays for the next time.",
        flush=True,
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupts once: a second signal must not break off what the first one tidies up."""
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(argv: list[str] | None = None) -> int:
    """Runs the command line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    arguments = argv if argv is not None else sys.argv[1:]
    try:
        return run_loop(parse_config(LoopConfig, arguments, "python -m training.demo.loop"))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped")
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
