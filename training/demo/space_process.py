"""A Space run on this machine, from a folder of code or pulled from the Hub, as the Hub runs it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, snapshot_download

from tagloop.errors import UserError

START_SECONDS = 120
STOP_SECONDS = 30
"""The Space may take 15 to send what waits in its outbox."""
POLL_SECONDS = 0.1


class SpaceProcess:
    """The Space's process; a context manager starts it and stops it.

    Attributes:
        url: Where it answers.
        log: What it printed.
        process: Once it was started.
        start_seconds: Seconds that the start took.
    """

    process: subprocess.Popen[bytes]
    start_seconds: float

    def __init__(
        self, code: Path, log: Path, environment: Mapping[str, str], port: int = 0
    ) -> None:
        """Names what is to run.

        Args:
            code: Folder with ``app.py``.
            log: File that its output is added to.
            environment: All that it is told, but for its address.
            port: 0 for any free one.

        Raises:
            UserError: The port is taken.
        """
        if port:
            _refuse_taken(port)
        self._code, self.log = code, log
        self._port = port or _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        address = {"GRADIO_SERVER_PORT": str(self._port), "GRADIO_SERVER_NAME": "127.0.0.1"}
        self._environment = {**environment, **address}

    @classmethod
    def pulled(cls, repo_id: str, folder: Path, port: int = 0) -> SpaceProcess:
        """Pulls a Space from the Hub into a fresh folder.

        Args:
            repo_id: The Space.
            folder: For its code, log and outbox; only the outbox stays from the time before.
            port: 0 for any free one.

        Raises:
            UserError: The port is taken.
        """
        code, log = folder / "code", folder / "space.log"
        shutil.rmtree(code, ignore_errors=True)
        snapshot_download(repo_id, repo_type="space", local_dir=code)
        log.unlink(missing_ok=True)
        variables = HfApi().get_space_variables(repo_id)
        environment = os.environ | {key: item.value for key, item in variables.items()}
        environment["TAGLOOP_OUTBOX"] = str((folder / "outbox").resolve())
        # As on the Hub: the Space has its secret and nothing else of ours.
        environment["HF_TOKEN"] = environment.pop("CORRECTIONS_TOKEN", environment["HF_TOKEN"])
        return cls(code, log, environment, port)

    def start(self) -> SpaceProcess:
        """Starts the Space and waits until it answers.

        Raises:
            UserError: It does not start.
        """
        started = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=self._code,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        try:
            while not self._answers():
                late = time.perf_counter() - started > START_SECONDS
                if late or self.process.poll() is not None:
                    raise UserError(f"The Space did not start{self._last_words()}")
                time.sleep(POLL_SECONDS)
        except BaseException:
            self.kill()
            raise
        self.start_seconds = time.perf_counter() - started
        return self

    def _answers(self) -> bool:
        try:
            # Whatever proxy the environment names, this machine needs none.
            return httpx2.get(f"{self.url}/config", timeout=5, trust_env=False).status_code == 200
        except httpx2.TransportError:
            return False

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f" ({last}); see {self.log}." if last else f"; see {self.log}."

    def stop(self) -> int:
        """Lets the Space send what waits in its outbox and end; kills it if it does not.

        Returns:
            Its exit status.
        """
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """Ends the Space at once; returns its exit status."""
        self.process.kill()
        return self.process.wait()

    def wait(self) -> None:
        """Waits until the Space ends by itself.

        Raises:
            UserError: It has ended.
        """
        self.process.wait()
        raise UserError(f"The Space stopped by itself{self._last_words()}")

    @property
    def peak_mb(self) -> float:
        """Most memory that it had so far, in MB; 0 where the system does not say."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        except OSError:
            return 0.0
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024

    def __enter__(self) -> SpaceProcess:
        """Starts the Space."""
        return self.start()

    def __exit__(self, *error: object) -> None:
        """Stops the Space."""
        self.stop()


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
