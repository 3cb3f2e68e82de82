"""Jobs through the unmodified client, on a Hub that was allowed to run them; refused elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, JobInfo, Volume
from huggingface_hub.errors import HfHubHTTPError

from training.hub import EmbeddedHub
from training.hub.automation.jobs import KEPT, Jobs

from .plain_http import HTTP
from .test_webhooks import activity, until, watching

SECRET = "a-value-nobody-may-ever-see"
IMAGE = "python:3.11"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """Yields a Hub that runs Jobs of its user."""
    with EmbeddedHub(tmp_path_factory.mktemp("jobs"), run_jobs=True) as hub:
        yield hub


@pytest.fixture
def client(running: EmbeddedHub) -> HfApi:
    return HfApi(endpoint=running.endpoint, token=running.token)


def ended(client: HfApi, job: JobInfo) -> JobInfo:
    return client.wait_for_job(job.id, namespace="demo", poll_interval=0.05, timeout=30)


def written(note: Path) -> str:
    return note.read_text().strip() if note.exists() else ""


def completed(job: dict[str, Any]) -> bool:
    return bool(job["status"]["stage"] == "COMPLETED")


def printed(client: HfApi, job: JobInfo, **how: int) -> list[str]:
    return list(client.fetch_job_logs(job_id=job.id, namespace="demo", **how))  # type: ignore[arg-type]


def shell(client: HfApi, script: str, **more: object) -> JobInfo:
    return client.run_job(image=IMAGE, command=["sh", "-c", script], namespace="demo", **more)  # type: ignore[arg-type]


def test_a_job_runs_with_what_it_was_given_and_nothing_of_ours(
    client: HfApi, running: EmbeddedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'echo "$GREETING"; printf %s "$KEY" | wc -c; env | cut -d= -f1; echo "$HF_ENDPOINT"'
    job = shell(
        client, script, env={"GREETING": "hello"}, secrets={"KEY": SECRET}, labels={"of": "blog"}
    )
    assert job.status.stage in ("SCHEDULING", "RUNNING") and job.docker_image == IMAGE
    done = ended(client, job)
    assert done.status.stage == "COMPLETED" and done.started_at and done.finished_at
    lines = printed(client, done)
    assert lines[0] == "hello" and lines[1].strip() == str(len(SECRET))
    assert lines[-1] == running.endpoint
    assert "HF_TOKEN" not in lines and not [name for name in lines if name.startswith("PYTEST")]
    assert printed(client, done, tail=1) == [running.endpoint]
    newest = next(iter(client.list_jobs(namespace="demo", labels={"of": "blog"})))
    assert newest.id == job.id and newest.secrets is None
    assert not list(client.list_jobs(namespace="demo", status="CANCELED", labels={"of": "blog"}))
    for file in running.root.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()


def test_what_fails_says_why_and_is_tried_so_often(client: HfApi) -> None:
    failed = ended(client, shell(client, "echo once; exit 3", attempts=2))
    assert failed.status.stage == "ERROR" and "status 3" in str(failed.status.message)
    assert printed(client, failed) == ["once", "once"] and failed.retry == 1
    late = ended(client, shell(client, "sleep 60", timeout="1s"))
    assert late.status.stage == "ERROR" and "timeout" in str(late.status.message)
    missing = client.run_job(image=IMAGE, command=["no-such-command"], namespace="demo")
    assert "cannot be run" in str(ended(client, missing).status.message)


def test_a_job_is_cancelled_with_all_that_it_started(client: HfApi, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    job = shell(client, f"sleep 60 & echo $! > {note}; wait")
    until(partial(written, note))
    client.cancel_job(job_id=job.id, namespace="demo")
    assert ended(client, job).status.stage == "CANCELED"
    until(lambda: not Path(f"/proc/{note.read_text().strip()}").exists())


def test_a_webhook_starts_the_job_with_its_own_secrets(client: HfApi, running: EmbeddedHub) -> None:
    repo = client.create_repo("demo/watched", repo_type="dataset", private=True).repo_id
    script = (
        'echo "$WEBHOOK_REPO_TYPE $WEBHOOK_REPO_ID $WEBHOOK_SECRET $TOKEN"; echo "$WEBHOOK_PAYLOAD"'
    )
    source = ended(client, shell(client, script, secrets={"TOKEN": "of-the-source"}))
    hook = client.create_webhook(
        job_id=source.id,
        watched=watching(repo),
        domains=["repo"],
        secret="s",
        secrets={"TOKEN": SECRET, "OTHER": "x"},
    )
    assert hook.url is None and hook.job is not None and hook.job.command == source.command
    assert sorted(hook.job.secrets or ()) == ["OTHER", "TOKEN"]
    assert hook.job.docker_image == IMAGE
    # An empty one is removed, one that is not named stays.
    hook = client.update_webhook(hook.id, job_id=source.id, secrets={"OTHER": ""})
    assert hook.job is not None and sorted(hook.job.secrets or ()) == ["TOKEN"]
    client.create_tag(repo, tag="v1", repo_type="dataset")
    until(lambda: activity(running.root, hook.id))
    (entry,) = activity(running.root, hook.id)
    started = client.inspect_job(job_id=entry["attempts"][0].split()[1], namespace="demo")
    assert started.initiator is not None and started.initiator.type == "webhook"
    first, payload = printed(client, ended(client, started))
    assert first == f"dataset demo/watched s {SECRET}"
    assert '"ref": "refs/tags/v1"' in payload
    assert SECRET not in repr(client.list_webhooks()) + repr(
        list(client.list_jobs(namespace="demo"))
    )
    client.delete_webhook(hook.id)


def test_nobody_else_runs_or_reads_anything(client: HfApi, running: EmbeddedHub) -> None:
    job = shell(client, "echo private")
    stranger = running.accounts.token_of("stranger")
    for token, namespace, status in (
        (stranger, "stranger", "403"),
        (stranger, "demo", "403"),
        (running.accounts.create_token("demo", "read"), "demo", "403"),
        (False, "demo", "401"),
        ("hf_" + "0" * 34, "demo", "401"),
    ):
        other = HfApi(endpoint=running.endpoint, token=token)
        for act in (
            lambda api, name: api.run_job(image=IMAGE, command=["true"], namespace=name),
            lambda api, name: list(api.list_jobs(namespace=name)),
            lambda api, name: api.inspect_job(job_id=job.id, namespace=name),
            lambda api, name: list(api.fetch_job_logs(job_id=job.id, namespace=name)),
            lambda api, name: api.cancel_job(job_id=job.id, namespace=name),
        ):
            with pytest.raises(HfHubHTTPError, match=status):
                act(other, namespace)
    body = {"command": ["true"], "dockerImage": IMAGE}
    address = f"{running.endpoint}/api/jobs/demo"
    owner = {"Authorization": f"Bearer {running.token}"}
    for headers, refusal in (
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ):
        assert HTTP.post(address, json=body, headers=owner | headers).status_code == refusal
    assert ended(client, job).status.stage == "COMPLETED"


def test_without_leave_no_command_is_run(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        client = HfApi(endpoint=hub.endpoint, token=hub.token)
        with pytest.raises(HfHubHTTPError, match="starts it with --run_jobs"):
            shell(client, f"touch {tmp_path / 'ran'}")
    flags = ["--run_jobs", "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(
        [sys.executable, "-m", "training.hub", "--root", str(tmp_path), *flags],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 2 and "commands with your rights" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_what_no_job_here_has_is_refused(client: HfApi, running: EmbeddedHub) -> None:
    with pytest.raises(HfHubHTTPError, match="no volumes"):
        volume = Volume(type="dataset", source="demo/x", mount_path="/x")
        shell(client, "true", volumes=[volume])
    headers = {"Authorization": f"Bearer {running.token}"}
    for body in (
        {"dockerImage": "x"},
        {"command": ["true"]},
        {"command": [1], "dockerImage": "x"},
        {"command": ["a\0b"], "dockerImage": "x"},
        {"command": ["true"], "dockerImage": "x", "timeoutSeconds": 0},
        {"command": ["true"], "dockerImage": "x", "attempts": 99},
        {"command": ["true"], "dockerImage": "x", "environment": {"A=B": "x"}},
        {"command": ["true"], "dockerImage": "x", "secrets": {"A": ["x"]}},
    ):
        answer = HTTP.post(f"{running.endpoint}/api/jobs/demo", json=body, headers=headers)
        assert answer.status_code == 400, body


def test_no_job_outlives_its_hub(tmp_path: Path) -> None:
    notes = [tmp_path / "stopped", tmp_path / "killed"]
    for note in notes:
        with EmbeddedHub(tmp_path / "hub", run_jobs=True) as hub:
            client = HfApi(endpoint=hub.endpoint, token=hub.token)
            shell(client, f"echo $$ > {note}; exec sleep 60")
            until(partial(written, note))
            if note.name == "killed":
                hub.kill()
    assert not Path(f"/proc/{notes[0].read_text().strip()}").exists()
    os.kill(int(notes[1].read_text()), 9)  # a power cut would have
    with EmbeddedHub(tmp_path / "hub", run_jobs=True) as hub:
        client = HfApi(endpoint=hub.endpoint, token=hub.token)
        stages = {job.status.stage for job in client.list_jobs(namespace="demo")}
        assert stages == {"CANCELED", "ERROR"}
        messages = [job.status.message for job in client.list_jobs(namespace="demo")]
        assert "The Hub was stopped." in messages


def test_old_jobs_are_forgotten(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, "demo")
    spec: dict[str, Any] = {
        "command": ["true"],
        "arguments": [],
        "environment": {},
        "retry": 0,
        "timeout": 9,
    }
    for _ in range(3):
        started = jobs.start(spec, "demo", {}, by="user")
        until(partial(completed, started))
        time.sleep(0.002)  # so that the times by which they are ordered differ
    for number in range(KEPT - 2):
        jobs._all[f"x{number}"] = {**started, "id": f"x{number}", "createdAt": "9999"}
    first = jobs.of("demo")[-1]["id"]
    jobs._forget_oldest()
    assert first not in [job["id"] for job in jobs.of("demo")]
    assert len(jobs.of("demo")) == KEPT and len(list(tmp_path.glob("jobs/*"))) == 2
