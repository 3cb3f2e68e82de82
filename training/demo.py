"""The whole loop once, on the embedded Hub: no account, no GPU, no network.

    python -m training.demo             # make demo: stays up until Ctrl-C
    python -m training.demo --check     # make demo CHECK=1: proves each step, then goes

Starts the Hub, builds the dataset from the starter corpus, fine-tunes the bundled base, evaluates,
publishes dataset, model and Space, pulls the Space back from the Hub into a fresh folder and runs
that. ``make demo`` keeps its Hub in ``.demo/`` so that corrections given in the browser stay; the
check starts from nothing in a folder of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from training.config import PublishConfig, parse_config
from training.hub import EmbeddedHub

HOME = Path(".demo")
USER = "demo"
HUB_PORT = 7870
SPACE_PORT = 7860


@dataclass
class DemoConfig:
    """Settings of ``training.demo``."""

    check: bool = field(default=False, metadata={"help": "Prove every step, print JSON, go."})
    hub_port: int = field(default=HUB_PORT, metadata={"help": "Port of the embedded Hub; 0: any."})
    space_port: int = field(default=SPACE_PORT, metadata={"help": "Port of the Space; 0: any."})
    training: str | None = field(
        default=None, metadata={"help": "YAML or JSON file with settings of training.train."}
    )
    source: list[str] = field(
        default_factory=list,
        metadata={"action": "extend", "help": "Articles; default the starter corpus."},
    )


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds the demo's lock.

    Raises:
        UserError: Another demo runs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise UserError(
                f"A demo is running already (process {lock.read().strip() or 'unknown'}): stop it "
                "with Ctrl-C in its terminal, then start again."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def run_demo(config: DemoConfig, home: Path) -> dict[str, Any]:
    """Runs the loop; returns the check's result, or an empty dict when it was stopped.

    Raises:
        UserError: A station failed.
    """
    started = time.monotonic()
    print("== hub")
    port = 0 if config.check else config.hub_port
    with EmbeddedHub(home / "hub", port=port, user=USER) as hub:
        # The Hub's clients read these when they are first imported, so only now.
        os.environ.update(hub.client_env(home / "hf"))
        os.environ["CORRECTIONS_TOKEN"] = hub.token
        seconds = {"hub": round(time.monotonic() - started, 1)}
        print(f"the embedded Hub answers at {hub.endpoint}")

        from training.publish import Publication
        from training.space_process import SpaceProcess

        publish = PublishConfig(
            namespace=USER, name="tagloop", source=config.source, training=config.training
        )
        outcome = Publication(publish, home / "build").run()
        seconds |= outcome.seconds
        print("\n== space")
        begun = time.monotonic()
        port = 0 if config.check else config.space_port
        with SpaceProcess(outcome.names.space, home / "space", port) as space:
            seconds["space"] = round(time.monotonic() - begun, 1)
            if config.check:
                from training.demo_check import check

                begun = time.monotonic()
                print("\n== check")
                result = check(outcome, space.url)
                seconds["check"] = round(time.monotonic() - begun, 1)
                seconds["total"] = round(time.monotonic() - started, 1)
                return result | {"seconds": seconds}
            _invite(hub.endpoint, space.url, time.monotonic() - started)
            space.wait()
    return {}


def _invite(endpoint: str, url: str, seconds: float) -> None:
    print(
        f"\nReady after {seconds:.0f} s.\n"
        f"  Tag an article and correct it:  {url}\n"
        f"  Look at what was published:     {endpoint}\n"
        f"Ctrl-C stops both; corrections stay in {HOME}/hub for the next time."
    )


def main(argv: list[str] | None = None) -> int:
    """Runs the command line."""
    # A terminated demo stops what it started, as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    arguments = argv if argv is not None else sys.argv[1:]
    try:
        config = parse_config(DemoConfig, arguments, "python -m training.demo")
        with only_one(HOME):
            if not config.check:
                run_demo(config, HOME)
                return 0
            home = Path(tempfile.mkdtemp(prefix="check-", dir=HOME))
            result = run_demo(config, home)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped")
        return 130
    if result["ok"]:
        shutil.rmtree(home)
    print(json.dumps(result, ensure_ascii=False))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
