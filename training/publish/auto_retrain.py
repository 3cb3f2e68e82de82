"""Retraining by event: a webhook of the Hub starts a Job when corrections arrive.

The Job runs this very code, which goes up for it into a private dataset, ``{name}-retrain``: a
repository of its own, since a Space may write to the corrections, and must not say what is run with
the Job's token. The Job fetches it by commit, so nobody who writes there later changes what runs
either. What it waits for and when it ends at once: `training.retrain.rest`.

The token of the Job is `TOKEN` of the environment, or the one that publishes. It is a secret of the
Job and of the webhook, and stands nowhere else.
"""

from __future__ import annotations

import gzip
import os
import re
import shlex
import tarfile
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, JobInfo, WebhookInfo, WebhookWatchedItem, constants, get_token
from huggingface_hub.errors import HfHubHTTPError

from tagloop.errors import UserError
from tagloop.files import CARD
from training.cards.repo_names import Names
from training.publish.errors import clear_errors
from training.publish.repository import Repository

TOKEN = "RETRAIN_TOKEN"
EXPIRING = ("hf_oauth_", "hf_jwt_")
"""How the tokens begin that a login in the browser and Trusted Publishers give."""
IMAGE, FLAVOR, TIMEOUT, ATTEMPTS = "python:3.11", "cpu-upgrade", "6h", 2
REST_MINUTES = 15.0
FAILED = ("ERROR", "CANCELED", "DELETED")
ARCHIVE, FOLDER = "code.tar.gz", "tagloop"
"""One file: of hundreds, each Job of a burst would ask the Hub one by one."""
JOB_SCRIPT = "training/retrain/schedule/job.sh"
ROOT = Path(__file__).parents[2]
CODE = (
    "space",
    "training",
    "dataset_card",
    "training/bench/requirements.txt",
    "LICENSE",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements.txt",
    "requirements.lock",
    "requirements-cuda.lock",
)
"""What `make install` and a retrain need."""
NOT_NEEDED = ("__pycache__", "outbox", "bench", "weights")
"""Of the folders: a retrain teaches the published model and needs no base and no benchmarks."""
CARD_TEXT = """---
viewer: false
---
# The code that retrains {model}

Put here by `make publish AUTO_RETRAIN=1`. A webhook starts a Job that runs it when corrections
arrive in {corrections}; `make publish AUTO_RETRAIN=0` removes the webhook.
"""


class AutoRetrain:
    """The webhook of one project, and what it needs."""

    def __init__(self, api: HfApi, names: Names) -> None:
        """Names the project; nothing is asked of the Hub yet."""
        self.api, self.names = api, names
        self.namespace = names.model.split("/")[0]
        self.code = Repository(api, names.code, "dataset", ARCHIVE)

    def check(self) -> None:
        """Makes sure, before anything is published, that it can be switched on.

        Raises:
            UserError: The name of its repository is taken, or the token would expire.
        """
        self.code.check_name()
        _lasting_token()

    def switch_on(self) -> str:
        """Brings code and webhook to how they are wanted; a second call changes nothing.

        Returns:
            What is there now, in a line.

        Raises:
            UserError: The Hub refuses.
        """
        token, names = _lasting_token(), self.names
        command = self._command(self._publish_code())
        with clear_errors(names.corrections):
            # A webhook watches what is there; the Space makes it with the first correction only.
            self.api.create_repo(
                names.corrections, repo_type="dataset", private=True, exist_ok=True
            )
        source = self._source(command, token)
        self._watch(source.id, token)
        return f"corrections in {names.corrections} start a Job like {source.url}"

    def _watch(self, job_id: str, token: str) -> None:
        watched: list[Any] = [WebhookWatchedItem("dataset", self.names.corrections)]
        secrets = {"HF_TOKEN": token}
        with clear_errors("the webhooks of your account"):
            found = self.webhook()
            if found is None:
                self.api.create_webhook(
                    job_id=job_id, watched=watched, domains=["repo"], secrets=secrets
                )
                return
            self.api.update_webhook(
                found.id, job_id=job_id, watched=watched, domains=["repo"], secrets=secrets
            )
            if found.disabled:
                self.api.enable_webhook(found.id)

    def switch_off(self) -> str:
        """Removes the webhook; the code stays until somebody deletes it.

        Returns:
            What was done, in a line.

        Raises:
            UserError: The Hub refuses.
        """
        with clear_errors("the webhooks of your account"):
            if (found := self.webhook()) is None:
                return f"no webhook retrains {self.names.model}"
            self.api.delete_webhook(found.id)
        return (
            f"the webhook is removed; {self.names.code} stays until you delete it: "
            f"hf repos delete {self.names.code} --type dataset"
        )

    def webhook(self) -> WebhookInfo | None:
        """Finds the webhook that was made for this project, whatever it watches by now."""
        for found in self.api.list_webhooks():
            words = " ".join((found.job and found.job.command) or ()).split()
            if self.names.code in words:
                return found
        return None

    def _publish_code(self) -> str:
        """Brings the code to its repository; returns the commit."""
        self.code.create(private=True)
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            pack_code(folder / ARCHIVE)
            text = CARD_TEXT.format(model=self.names.model, corrections=self.names.corrections)
            (folder / CARD).write_text(text, encoding="utf-8")
            message = "The code that retrains by event"
            return self.code.push(folder, lambda version: None, message).revision

    def _command(self, revision: str) -> list[str]:
        """Returns what the Job runs; it has no secret in it."""
        names = self.names
        arguments = [names.model, names.corrections, f"{REST_MINUTES:g}"]
        fetch = ["hf", "download", names.code, ARCHIVE, "--type", "dataset"]
        fetch += ["--revision", revision, "--local-dir", ".", "--quiet"]
        lines = [
            "set -e",
            # The lock of a run is a branch of the corrections, whose every change comes here, too.
            "case \"${WEBHOOK_PAYLOAD-}\" in ''|*'\"refs/heads/main\"'*) ;;",
            "*) echo 'No new correction: nothing to do.'; exit 0 ;; esac",
            f"pip install --quiet huggingface_hub=={version('huggingface_hub')}",
            shlex.join(fetch),
            f"tar -xzf {ARCHIVE}",
            f"cd {FOLDER}",
            shlex.join(["exec", "sh", JOB_SCRIPT, *arguments]),
        ]
        return ["bash", "-c", "\n".join(lines)]

    def _source(self, command: list[str], token: str) -> JobInfo:
        """Returns a Job with that command for the webhook to copy: one that is well, or a new one.

        A new one runs at once, as by hand: it shows whether a Job can retrain, and leaves nothing
        waiting that came in before there was a webhook.
        """
        name = re.sub(r"[^\w-]", "-", self.names.code)[:100]
        with clear_errors(self.namespace):
            try:
                for job in self.api.list_jobs(namespace=self.namespace, labels={"name": name}):
                    by_hand = job.initiator is None or job.initiator.type in ("user", "org")
                    same = (job.docker_image, job.command) == (IMAGE, command)
                    if by_hand and same and job.status.stage not in FAILED:
                        return job
                return self.api.run_job(
                    image=IMAGE,
                    command=command,
                    secrets={"HF_TOKEN": token},
                    flavor=FLAVOR,
                    timeout=TIMEOUT,
                    attempts=ATTEMPTS,
                    name=name,
                    namespace=self.namespace,
                )
            except HfHubHTTPError as error:
                if error.response.status_code not in (402, 403):
                    raise
                said = error.server_message or str(error).splitlines()[0]
                raise UserError(
                    f"The Hub runs no Job for {self.namespace} ({said}). Dataset, model and Space "
                    "are published; retrain with make retrain, or on a schedule elsewhere."
                ) from None


def pack_code(path: Path) -> None:
    """Packs into a new file what a Job needs of this code; the same code gives the same bytes."""
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name in CODE:
            archive.add(ROOT / name, f"{FOLDER}/{name}", filter=_member)


def _member(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leaves out what a Job does not need, and of the rest when and by whom it was written."""
    name = info.name.rpartition("/")[2]
    if name in NOT_NEEDED or name.startswith("."):
        return None
    info.mtime = info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o755 if info.isdir() else 0o644
    return info


def plan_lines(auto_retrain: bool | None, names: Names) -> Iterator[str]:
    """Yields what would be done about the webhook, for a dry run."""
    if auto_retrain:
        yield f"  create or update {names.code} (private) with this code, and a webhook that starts"
        yield f"    a Job when corrections arrive in {names.corrections}"
    elif auto_retrain is not None:
        yield f"  remove the webhook that retrains {names.model}, if there is one"


def _lasting_token() -> str:
    token = os.environ.get(TOKEN) or get_token() or ""
    if token.startswith(EXPIRING):
        raise UserError(
            "The token that you are logged in with expires, and a webhook shall outlive it: make "
            f"one in the Hub's settings ({constants.ENDPOINT}/settings/tokens) that may write to "
            f"the model, its dataset and its corrections, and give it as {TOKEN}=…"
        )
    return token
