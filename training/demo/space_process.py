"""A Space of the Hub run on this machine: pulled into a fresh folder, started as the Hub would."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from huggingface_hub import HfApi, snapshot_download

from tagloop.errors import UserError

START_SECONDS = 90
STOP_SECONDS = 15


class SpaceProcess:
    """The running Space; a context manager that stops it.

    Attributes:
        url: Where it answers.
    """

    def __init__(self, repo_id: str, folder: Path, port: int = 0) -> None:
        """Names the Space, the folder to pull it into and the port (0: any free one)."""
        self.repo_id, self.folder = repo_id, folder
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> SpaceProcess:
        """Pulls the Space, starts it and waits until it answers.

        Raises:
            UserError: The port is taken, or the Space does not start.
        """
        _refuse_taken(self.port)
        code = self.folder / "code"
        shutil.rmtree(code, ignore_errors=True)
        snapshot_download(self.repo_id, repo_type="space", local_dir=code)
        variables = HfApi().get_space_variables(self.repo_id)
        environment = os.environ | {key: item.value for key, item in variables.items()}
        environment |= {
            "GRADIO_SERVER_PORT": str(self.port),
            "GRADIO_SERVER_NAME": "127.0.0.1",
            "TAGLOOP_OUTBOX": str((self.folder / "outbox").resolve()),
        }
        # As on the Hub: the Space has its secret and nothing else of ours.
        environment["HF_TOKEN"] = environment.pop("CORRECTIONS_TOKEN", environment["HF_TOKEN"])
        log = (self.folder / "space.log").open("wb")
        with log:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=code,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_it_answers()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Lets the Space send what waits in its outbox, then stops it."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait(self) -> None:
        """Waits until the Space ends by itself.

        Raises:
            UserError: It has ended.
        """
        assert self._process is not None
        self._process.wait()
        raise UserError(f"The Space stopped by itself; see {self.folder / 'space.log'}.")

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/config", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.3)
        self.__exit__(None, None, None)
        raise UserError(f"The Space did not start; see {self.folder / 'space.log'}.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise UserError(
                f"Port {port} is taken by another program: stop it, or name another port."
            ) from None
