"""The demo's loop on the Hub of its environment: publish, pull the Space back, run it, check it.

python -m training.demo.loop --namespace me --home folder    # started by training.demo
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from huggingface_hub import constants

from training import console
from training.command import command
from training.config import PublishConfig, option, parse_config
from training.demo.checks import check
from training.demo.full_turn import ENVIRONMENT, run_full_turn
from training.demo.space_process import SpaceProcess
from training.demo.static_space import static_space_url
from training.evaluation.table import show
from training.publish.publish import Publication, PublishResult


@dataclass(kw_only=True)
class LoopConfig(PublishConfig):
    """Settings of ``training.demo.loop``."""

    home: str = option(".demo", "Folder for everything it makes.")
    space_port: int = option(0, "Port of the Space; 0: any free one.")
    check: bool = option(False, "Prove every step, print JSON, go.")
    hub_seconds: float = option(0.0, "What starting the Hub took.")


def run_loop(config: LoopConfig) -> int:
    """Publishes, runs the published Space, and checks it or waits with it.

    Returns:
        Exit status: 1 when the check found a problem.

    Raises:
        UserError: A station failed.
    """
    started = time.monotonic() - config.hub_seconds
    home = Path(config.home)
    with console.quiet(home / "log.txt", config.verbose):
        outcome = Publication(config, home / "build").run()
        seconds = {"hub": config.hub_seconds} | outcome.seconds
        if config.check:
            os.environ.update(ENVIRONMENT)
        with contextlib.ExitStack() as stack:
            with console.station("space") as station:
                space = SpaceProcess.pulled(outcome.names.space, home / "space", config.space_port)
                stack.enter_context(space)
                station.result = f"pulled from the Hub, answers at {space.url}"
            seconds["space"] = station.seconds
            if not config.check:
                console.say(f"\n{show(outcome.report)}\n")
                console.say(_invitation(outcome, space.url, time.monotonic() - started))
                space.wait()
            result = _check(config, outcome, space.url, seconds)
        console.say(f"\n{show(outcome.report)}\n")
    seconds["total"] = round(time.monotonic() - started, 1)
    print(json.dumps(result | {"seconds": seconds}, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


def _check(
    config: LoopConfig, outcome: PublishResult, url: str, seconds: dict[str, float]
) -> dict[str, Any]:
    """Proves that all can be used, and goes once round the loop; notes the seconds of both.

    Returns:
        The check's JSON without the seconds.
    """
    with console.station("check") as station:
        result = check(outcome, url)
        station.result = "; ".join(result["problems"]) or (
            f"the Space tags {', '.join(result['tags'])}; its correction, model and dataset are "
            "read back from the Hub"
        )
    seconds["check"] = station.seconds
    with console.station("turn") as station:
        turn = run_full_turn(outcome, url, Path(config.home), verbose=config.verbose)
        problems = turn.pop("problems")
        station.result = "; ".join(problems) or (
            f"{turn['flagged']} corrections flagged, {turn['accepted']} accepted, learned, and "
            f"live as {', '.join(turn['model']['version'])}"
        )
    seconds["turn"] = station.seconds
    problems = result["problems"] + problems
    return result | {"turn": turn, "ok": not problems, "problems": problems}


def _invitation(outcome: PublishResult, url: str, seconds: float) -> str:
    static = outcome.repos.get("static_space")
    lines = [
        f"Ready after {seconds:.0f} s.",
        f"  Tag an article and correct it:  {url}",
        f"  The same without a server:      {static_space_url(static)}" if static else "",
        f"  Look at what was published:     {constants.ENDPOINT}",
        "Ctrl-C stops all; what was published and corrected stays for the next time.",
    ]
    return "\n".join(filter(None, lines))


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupts once: a second signal must not break off what the first one tidies up."""
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


@command("stopped")
def main(words: list[str]) -> int:
    """Runs the command line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    return run_loop(parse_config(LoopConfig, words, "python -m training.demo.loop"))


if __name__ == "__main__":
    raise SystemExit(main())
