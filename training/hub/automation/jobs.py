"""Jobs: commands that the Hub runs for the one user whose machine it is, where that was allowed.

A Job here is a process of this machine with the rights of whoever started the Hub. Its image names
what a Job of the real Hub runs in; here it is kept and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.hub.accounts import now
from training.hub.durable import write_json
from training.hub.embedded import client_environment
from training.hub.errors import HubError

LOG = logging.getLogger(__name__)
SCHEDULING, RUNNING, COMPLETED = "SCHEDULING", "RUNNING", "COMPLETED"
ERROR, CANCELED = "ERROR", "CANCELED"
ENDED = (COMPLETED, ERROR, CANCELED)
AT_ONCE = 4
"""Jobs that run at a time; further ones are scheduled."""
KEPT = 200
"""Jobs whose record and log are kept; of the ended ones beyond that the oldest go."""
TIMEOUT = 30 * 60
"""Seconds that a Job may run where it says nothing else, as on the Hub."""
STOP_SECONDS = 3.0
"""Seconds that a Job has to end once it is told to."""
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT")
"""All that a Job sees of the environment of the Hub: no token, and no setting of a person."""


class Jobs:
    """The Jobs of one user; of nobody where the Hub was started without leave to run any."""

    def __init__(self, root: Path, owner: str | None = None, endpoint: str = "") -> None:
        """Opens the folder ``jobs`` under the Hub's, and closes what a stopped Hub left open.

        Args:
            root: The Hub's folder.
            owner: User whose Jobs are run, None for nobody's.
            endpoint: Address of the Hub on this machine, which Jobs talk to.
        """
        self.root, self.owner, self.endpoint = root / "jobs", owner, endpoint
        self._all: dict[str, dict[str, Any]] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock, self._places = threading.RLock(), threading.Semaphore(AT_ONCE)
        for path in sorted(self.root.glob("*/job.json")):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                job = json.loads(path.read_bytes())
                shutil.rmtree(self._work(job), ignore_errors=True)
                if job["status"]["stage"] not in ENDED:
                    self._ends(job, ERROR, "The Hub was stopped.")
                self._all[job["id"]] = job

    def require(self, user: str) -> None:
        """Makes sure that a user's Jobs are run here.

        Raises:
            HubError: 403.
        """
        if self.owner is None:
            raise HubError(
                403, "This Hub runs no Jobs: its owner starts it with --run_jobs to let it."
            )
        if user != self.owner:
            raise HubError(403, f"This Hub runs Jobs of {self.owner} alone.")

    def start(
        self, spec: Mapping[str, Any], user: str, values: Mapping[str, str], by: str
    ) -> dict[str, Any]:
        """Starts a Job and returns its record at once.

        Args:
            spec: What it runs; see `training.hub.api.jobs.spec_of`.
            user: Whose it is.
            values: Variables that it has besides those of the spec, secrets among them. They are
                kept nowhere.
            by: What started it: ``user`` or ``webhook``.

        Raises:
            HubError: 403 where that user's Jobs are not run.
        """
        self.require(user)
        job: dict[str, Any] = {
            "id": secrets.token_hex(12),
            "createdAt": now(),
            "startedAt": None,
            "finishedAt": None,
            "owner": {"id": user, "name": user, "type": "user"},
            "initiator": {"type": by, "id": user, "name": user},
            "status": {"stage": SCHEDULING, "message": None},
            **spec,
        }
        with self._lock:
            self._all[job["id"]] = job
            self._save(job)
            self._forget_oldest()
        work = self._work(job)
        environment = {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            **client_environment(self.endpoint, work / ".hf"),
            "HOME": str(work),
            **{key: str(value) for key, value in spec["environment"].items()},
            "JOB_ID": job["id"],
            **values,
        }
        threading.Thread(target=self._run, args=(job, environment), daemon=True).start()
        return job

    def of(self, user: str) -> list[dict[str, Any]]:
        """Lists a user's Jobs, newest first."""
        found = [job for job in list(self._all.values()) if job["owner"]["name"] == user]
        return sorted(found, key=lambda job: (job["createdAt"], job["id"]), reverse=True)

    def get(self, user: str, job_id: str) -> dict[str, Any]:
        """Finds a Job.

        Raises:
            HubError: 404.
        """
        job = self._all.get(job_id)
        if job is None or job["owner"]["name"] != user:
            raise HubError(404, "There is no Job of that id.")
        return job

    def log(self, job: Mapping[str, Any]) -> Path:
        """Returns the file with what a Job printed; it is there once the Job runs."""
        return self._folder(job) / "log.txt"

    def cancel(self, job: dict[str, Any]) -> None:
        """Ends a Job; nothing happens if it has ended."""
        with self._lock:
            if job["status"]["stage"] in ENDED:
                return
            self._ends(job, CANCELED, None)
            process = self._processes.get(job["id"])
        if process is not None:
            _end(process)

    def stop(self) -> None:
        """Ends all Jobs: none outlives its Hub."""
        threads = [
            threading.Thread(target=self.cancel, args=(job,)) for job in list(self._all.values())
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _run(self, job: dict[str, Any], environment: Mapping[str, str]) -> None:
        with self._places:
            for _ in range(job["retry"] + 1):
                message = self._attempt(job, environment)
                if message is None or job["status"]["stage"] in ENDED:
                    break
            shutil.rmtree(self._work(job), ignore_errors=True)
            with self._lock:
                if job["status"]["stage"] not in ENDED:
                    self._ends(job, ERROR if message else COMPLETED, message)

    def _attempt(self, job: dict[str, Any], environment: Mapping[str, str]) -> str | None:
        """Runs a Job's command once; returns what went wrong, None if nothing did."""
        work = self._work(job)
        shutil.rmtree(work, ignore_errors=True)
        with self._lock, self.log(job).open("ab") as log:
            if job["status"]["stage"] in ENDED:
                return None
            work.mkdir()
            try:
                process = subprocess.Popen(
                    [*job["command"], *job["arguments"]],
                    cwd=work,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # so that all that it starts ends with it
                )
            except (OSError, ValueError) as error:
                return f"The command cannot be run: {error}"
            self._processes[job["id"]] = process
            job["status"] = {"stage": RUNNING, "message": None}
            job["startedAt"] = job["startedAt"] or now()
            self._save(job)
        try:
            status = process.wait(job["timeout"])
            return f"The command ended with status {status}." if status else None
        except subprocess.TimeoutExpired:
            return "The Job ran longer than its timeout."
        finally:
            _end(process)
            self._processes.pop(job["id"], None)

    def _ends(self, job: dict[str, Any], stage: str, message: str | None) -> None:
        job["status"] = {"stage": stage, "message": message}
        job["finishedAt"] = now()
        self._save(job)

    def _folder(self, job: Mapping[str, Any]) -> Path:
        return self.root.absolute() / str(job["id"])

    def _work(self, job: Mapping[str, Any]) -> Path:
        """Returns the folder that a Job runs in; caches of the Hub's clients are in it."""
        return self._folder(job) / "work"

    def _save(self, job: dict[str, Any]) -> None:
        folder = self._folder(job)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_json(folder / "job.json", job, mode=0o600)

    def _forget_oldest(self) -> None:
        ended = [job for job in self._all.values() if job["status"]["stage"] in ENDED]
        ended.sort(key=lambda job: str(job["createdAt"]))
        for job in ended[: max(0, len(self._all) - KEPT)]:
            del self._all[job["id"]]
            shutil.rmtree(self._folder(job), ignore_errors=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process and all that it started: first asked to, then at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
