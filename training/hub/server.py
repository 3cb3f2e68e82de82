"""The serving process: one a folder, gone when its parent is gone."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from tagloop.errors import UserError
from training.process_lock import process_lock

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from training.hub.automation.jobs import Jobs

LOCK_FILE = "server.lock"
PARENT_CHECK = 0.3
"""Seconds between two looks at whether the parent process is still there."""
GRACE = 3
"""Seconds that running requests get to finish once the server is told to stop."""
KEEP_ALIVE = 30
"""Seconds that an idle connection stays open. httpx gives its own up after 5, which is uvicorn's
default, too: a request at that moment would meet a connection that is just being closed."""


def serve(
    root: Path,
    host: str,
    port: int,
    *,
    names: Sequence[str] = (),
    jobs_of: str | None = None,
    visitors: Sequence[str] = (),
    parent: int | None,
    ready: Callable[[str], None],
) -> None:
    """Serves a Hub until it is told to stop.

    Args:
        root: Folder with all state, made if missing.
        host: Address to listen on.
        port: 0 for a free one.
        names: Further names that it is reached by.
        jobs_of: User whose Jobs are run on this machine, None for nobody's.
        visitors: Users as whom anybody may sign in to a Space.
        parent: Process that it must not outlive, None for any.
        ready: Called with the endpoint once connections are accepted.

    Raises:
        UserError: Another process serves that folder, or the port is taken.
    """
    with process_lock(root / LOCK_FILE, lambda holder: _running(root, holder), "just starting"):
        listener = _listen(host, port)
        written = f"[{host}]" if ":" in host else host
        endpoint = f"http://{written}:{listener.getsockname()[1]}"
        (root / LOCK_FILE).write_text(endpoint, encoding="utf-8")
        # Imported here: the application takes most of a second, and the refusals above none.
        from training.hub.app import build
        from training.hub.automation.jobs import Jobs

        jobs = Jobs(root, jobs_of, endpoint)
        try:
            app = build(root, host, names, jobs, visitors)
            _serve(app, jobs, listener, partial(ready, endpoint), parent)
        finally:
            jobs.stop()


def _running(root: Path, holder: str) -> str:
    return f"A Hub already runs on {root} ({holder}); stop it, or give another folder with --root."


def _serve(
    app: ASGIApp,
    jobs: Jobs,
    listener: socket.socket,
    ready: Callable[[], None],
    parent: int | None,
) -> None:
    config = uvicorn.Config(
        app,
        # Its bound of 64 KiB on a request's head is the one that the routes rely on.
        http="h11",
        log_level="warning",
        access_log=False,
        date_header=False,  # the application writes it
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=KEEP_ALIVE,
    )
    if parent is not None:
        threading.Thread(target=_follow, args=(parent, jobs), daemon=True).start()
    # The server raises the signal that stopped it once more when it is done: Jobs end after that.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    ready()
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        raise UserError(
            f"Cannot listen on {host} port {port} ({error.strerror}); give another one with --port."
        ) from None
    return listener


def _follow(parent: int, jobs: Jobs) -> None:
    """Ends this process once the parent has; a killed parent cannot say goodbye itself."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK)
    logging.getLogger(__name__).warning("The parent process has ended; so does the Hub.")
    jobs.stop()
    os._exit(0)
