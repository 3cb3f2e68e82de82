"""A Hub of one's own, as a subprocess of whoever needs one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tagloop.errors import UserError
from training.hub.accounts import Accounts

KNOWS = "tagloop"
"""What clients with a whole environment call themselves; others are warned of what they lack."""
STOP_SECONDS = 10
"""Time that the server gets to finish requests before it is killed."""


class EmbeddedHub:
    """Runs the Hub and knows what its clients need; it never outlives this process."""

    def __init__(
        self,
        root: Path,
        port: int = 0,
        user: str = "demo",
        *,
        run_jobs: bool = False,
        visitors: Sequence[str] = (),
    ) -> None:
        """Prepares the folder; the token exists from here on, the server from `start` on.

        Args:
            root: Folder with all state; what is there is served again.
            port: To listen on, on 127.0.0.1; 0 for a free one.
            user: Whose token `token` is.
            run_jobs: Run Jobs of that user, as processes of this machine.
            visitors: Users as whom anybody at this machine may sign in to a static Space.
        """
        self.root, self.port, self.user = Path(root).absolute(), port, user
        self.run_jobs, self.visitors = run_jobs, tuple(visitors)
        self.accounts = Accounts(self.root)
        self.token = self.accounts.token_of(user)
        self._process: subprocess.Popen[str] | None = None

    @property
    def endpoint(self) -> str:
        """Returns the Hub's address, which is settled once a port is."""
        assert self.port, "start it first, or choose a port"
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> EmbeddedHub:
        """Starts the server and returns when it answers.

        Raises:
            UserError: Another Hub runs on the folder, or the port is taken.
        """
        command = [sys.executable, "-m", "training.hub", "--root", str(self.root)]
        command += ["--port", str(self.port), "--parent", str(os.getpid())]
        command += ["--user", self.user, *(["--run_jobs"] if self.run_jobs else [])]
        command += [word for user in self.visitors for word in ("--visitor", user)]
        with (self.root / "hub.log").open("a") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C is for the parent, which then stops this one when it is done with it.
                start_new_session=True,
            )
        assert process.stdout is not None
        kind, _, text = process.stdout.readline().strip().partition(" ")
        if kind != "ready":
            process.kill()
            process.wait()
            process.stdout.close()
            raise UserError(text or f"The Hub did not start; see {self.root / 'hub.log'}.")
        self._process, self.port = process, int(text.rpartition(":")[2])
        return self

    def stop(self) -> None:
        """Stops the server; nothing happens if it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def kill(self) -> None:
        """Ends the server as a power cut would, at once and without a chance to tidy up."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def client_env(self, hf_home: Path | None = None) -> dict[str, str]:
        """Returns the environment of a process whose Hub this is, before it imports a client.

        Args:
            hf_home: Cache and settings of the clients; by default a folder under the root.
                Never the user's own: the cache knows repositories by id, not by Hub.
        """
        environment = client_environment(self.endpoint, Path(hf_home or self.root / "client"))
        return {**environment, "HF_TOKEN": self.token}

    def __enter__(self) -> EmbeddedHub:
        """Starts the server."""
        return self.start()

    def __exit__(self, *error: object) -> None:
        """Stops the server."""
        self.stop()


def client_environment(endpoint: str, home: Path) -> dict[str, str]:
    """Returns what tells clients which Hub to talk to and where to keep things; no token.

    Args:
        endpoint: Address of the Hub.
        home: Folder for caches and settings.
    """
    return {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_ASSETS_CACHE": str(home / "assets"),
        "HF_XET_CACHE": str(home / "xet"),
        "HF_DATASETS_CACHE": str(home / "datasets"),
        "HF_MODULES_CACHE": str(home / "modules"),
        "HF_TOKEN_PATH": str(home / "token"),
        "HF_STORED_TOKENS_PATH": str(home / "stored_tokens"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_USER_AGENT_ORIGIN": KNOWS,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0",
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
