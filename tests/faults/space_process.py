"""The whole Space, killed and stopped while 16 programs call its ``/correct``."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random

import httpx2

from tagloop.web.settings import SPACE_FOLDER

from .ledger import Counts
from .rig import Rig, Scene, pause
from .writer import ACKNOWLEDGED, CLIENTS, KEPT, Log

START_SECONDS = 120.0
LIVES = 3
"""All but the last end with kill -9; the last one is told to stop."""


def real_space(rig: Rig, chance: Random, model: Path) -> Counts:
    """Runs the Space three times over on one outbox, and compare at the end.

    Args:
        rig: Has the Hub and the proxy.
        chance: Of the moments.
        model: Folder of the tagger.
    """
    scene = rig.scene("real space")
    told = scene.folder / "told.log"
    scene.take_log(told)
    for life in range(LIVES):
        port = _free_port()
        process = _start(scene, model, port)
        stopping = threading.Event()
        visitors = [
            threading.Thread(target=_visit, args=(port, told, stopping)) for _ in range(CLIENTS)
        ]
        for visitor in visitors:
            visitor.start()
        scene.wait_for(10)
        pause(chance, 2.0)
        last = life == LIVES - 1
        process.send_signal(signal.SIGTERM if last else signal.SIGKILL)
        status = process.wait(60)
        stopping.set()
        for visitor in visitors:
            visitor.join()
        scene.counts.kills += not last
        assert status == (128 + signal.SIGTERM if last else -signal.SIGKILL), status
    return scene.compare()


def _start(scene: Scene, model: Path, port: int) -> subprocess.Popen[bytes]:
    environment = os.environ | scene.rig.hub.client_env(scene.folder / "home")
    environment |= {
        "MODEL_REPO": str(model),
        "CORRECTIONS_REPO": scene.repo_id,
        "TAGLOOP_OUTBOX": str(scene.folder / "outbox"),
        "TAGLOOP_CORRECTIONS_A_MINUTE": "0",
        "TAGLOOP_CORRECTIONS_A_DAY": "0",
        "GRADIO_SERVER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }
    with (scene.folder / "space.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=SPACE_FOLDER, env=environment, stdout=log, stderr=log
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/config").status_code == 200:
                return process
        except httpx2.TransportError:
            time.sleep(0.2)
    process.kill()
    raise AssertionError((scene.folder / "space.log").read_text()[-2000:])


def _visit(port: int, told: Path, stopping: threading.Event) -> None:
    """Is a program that sends corrections and notes what the Space answers."""
    log = Log(str(told))
    data = ["", "Some text.", [{"tag": "Banking", "confidence": 0.5}], ["Money"], "fixed", ""]
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}/gradio_api/call/correct") as client:
        while not stopping.is_set():
            try:
                event = client.post("", json={"data": data}).json()["event_id"]
                events = client.get(f"/{event}", timeout=40).text
                [answer] = json.loads(events.split("event: complete\ndata: ")[1].splitlines()[0])
            except (httpx2.HTTPError, IndexError, KeyError, ValueError):
                stopping.wait(0.1)  # nobody was told anything
                continue
            log.note(ACKNOWLEDGED if answer["saved"] else KEPT, answer["id"])


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
