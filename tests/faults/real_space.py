"""The whole Space, killed and stopped while 16 programs call its ``/correct``."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from random import Random

import httpx2

from tagloop.web.settings import SPACE_FOLDER
from training.demo.space_process import SpaceProcess

from .ledger import Counts
from .rig import Rig, Scene, pause
from .writer import ACKNOWLEDGED, CLIENTS, KEPT, Log

LIVES = 3
"""All but the last end with kill -9; the last one is told to stop."""


def real_space(rig: Rig, chance: Random, model: Path) -> Counts:
    """Runs the Space three times over on one outbox, and compares at the end.

    Args:
        rig: Has the Hub and the proxy.
        chance: Of the moments.
        model: Folder of the tagger.
    """
    scene = rig.scene("real space")
    told = scene.folder / "told.log"
    scene.take_log(told)
    for life in range(LIVES):
        space = _space(scene, model).start()
        stopping = threading.Event()
        visitors = [
            threading.Thread(target=_visit, args=(space.url, told, stopping))
            for _ in range(CLIENTS)
        ]
        for visitor in visitors:
            visitor.start()
        scene.wait_for(10)
        pause(chance, 2.0)
        last = life == LIVES - 1
        status = space.stop() if last else space.kill()
        stopping.set()
        for visitor in visitors:
            visitor.join()
        scene.counts.kills += not last
        assert status == (128 + signal.SIGTERM if last else -signal.SIGKILL), status
    return scene.compare()


def _space(scene: Scene, model: Path) -> SpaceProcess:
    environment = os.environ | scene.rig.hub.client_env(scene.folder / "home")
    environment |= {
        "MODEL_REPO": str(model),
        "CORRECTIONS_REPO": scene.repo_id,
        "TAGLOOP_OUTBOX": str(scene.folder / "outbox"),
        "TAGLOOP_CORRECTIONS_A_MINUTE": "0",
        "TAGLOOP_CORRECTIONS_A_DAY": "0",
        "OMP_NUM_THREADS": "1",
    }
    return SpaceProcess(SPACE_FOLDER, scene.folder / "space.log", environment)


def _visit(url: str, told: Path, stopping: threading.Event) -> None:
    """Is a program that sends corrections and notes what the Space answers."""
    log = Log(str(told))
    data = ["", "Some text.", [{"tag": "Banking", "confidence": 0.5}], ["Money"], "fixed", ""]
    with httpx2.Client(base_url=f"{url}/gradio_api/call/correct") as client:
        while not stopping.is_set():
            try:
                event = client.post("", json={"data": data}).json()["event_id"]
                events = client.get(f"/{event}", timeout=40).text
                [answer] = json.loads(events.split("event: complete\ndata: ")[1].splitlines()[0])
            except (httpx2.HTTPError, IndexError, KeyError, ValueError):
                stopping.wait(0.1)  # nobody was told anything
                continue
            log.note(ACKNOWLEDGED if answer["saved"] else KEPT, answer["id"])
