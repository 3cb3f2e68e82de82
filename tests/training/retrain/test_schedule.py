"""The examples for a schedule name the real command, real flags, and no token."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from huggingface_hub.utils import _auth

from training.config import parse_config
from training.hub import EmbeddedHub
from training.retrain.__main__ import STATUS
from training.retrain.config import RetrainConfig

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / "training" / "retrain" / "schedule" / "retrain.yml"
README = (ROOT / "training" / "retrain" / "README.md").read_text(encoding="utf-8")
JOBS = re.findall(r"^hf jobs .*$", README, re.MULTILINE)


def retrain_flags(script: str) -> list[str]:
    """Returns the arguments of training.retrain in a shell script."""
    (found,) = re.findall(r"python -m training\.retrain ([^|&\n]*)", script)
    return [word.replace("$MODEL", "you/blog-tagger") for word in shlex.split(found)]


def test_the_workflow_runs_the_command() -> None:
    workflow: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert workflow[True]["schedule"][0]["cron"]  # YAML reads "on" as true
    job = workflow["jobs"]["retrain"]
    steps = {step.get("name"): step for step in job["steps"]}
    script = steps["Retrain"]["run"]
    config = parse_config(RetrainConfig, retrain_flags(script), "test")
    assert config.model == job["env"]["MODEL"]
    assert (config.tolerance, config.least_held_out) == (0.005, 5)
    assert f'"$status" -eq {STATUS["proposed"]}' in script
    assert steps["Retrain"]["env"] == {"HF_TOKEN": "${{ secrets.HF_TOKEN }}"}
    assert "hf_" not in WORKFLOW.read_text(encoding="utf-8")
    assert workflow["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize("command", JOBS, ids=["job", "scheduled job"])
def test_the_job_is_one_that_hf_takes(hub: EmbeddedHub, tmp_path: Path, command: str) -> None:
    words = shlex.split(command)
    assert words[:2] == ["hf", "jobs"] and words[words.index("--secrets") + 1] == "HF_TOKEN"
    config = parse_config(RetrainConfig, retrain_flags(words[-1]), "test")
    assert config.model == "you/blog-tagger"
    words.insert(words.index("run") + 1, "--dry-run")
    program = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    done = subprocess.run(
        program, env=os.environ | hub.client_env(tmp_path), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "HF_TOKEN=***" in done.stdout and "not submitted" in done.stdout
    assert hub.token not in done.stdout + done.stderr


def test_what_is_said_of_trusted_publishers_is_what_the_client_does() -> None:
    """One resource, which wins over a stored token: so a retrain's three cannot be named."""
    source = inspect.getsource(_auth)
    assert 'resource = os.environ.get("HF_OIDC_RESOURCE")' in source
    assert source.index("_get_token_from_oidc()\n") < source.index(
        "or _get_token_from_environment()"
    )
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert "HF_OIDC_RESOURCE" in README and "HF_OIDC_RESOURCE" in WORKFLOW.read_text("utf-8")


RUN = """#!{python}
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"lock given back\\n"), sys.exit(143)))
print(*sys.argv[1:], flush=True)
time.sleep(60 if os.environ["STATUS"] == "runs" else 0)
sys.exit(int(os.environ["STATUS"]))
"""


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Returns what starts the script of a Job, with programs that only say how they are called."""
    for folder in (".venv/bin", "bin"):
        (tmp_path / folder).mkdir(parents=True)
    programs = {
        ".venv/bin/python": RUN.format(python=sys.executable),
        "bin/python": '#!/bin/sh\necho "$@"\nexit "$HELD"\n',
        "bin/make": '#!/bin/sh\necho make "$@"\nexit "${MADE-0}"\n',
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def start(**environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", str(WORKFLOW.with_name("job.sh")), "me/b-tagger", "me/b-corrections", "15"],
            cwd=tmp_path,
            env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", **environment},
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.mark.parametrize(
    ("environment", "status", "lines"),
    [
        ({"HELD": "0", "STATUS": "0"}, 0, 1),  # another retrain runs
        ({"HELD": "1", "STATUS": "0"}, 0, 3),
        ({"HELD": "2", "STATUS": "0"}, 0, 3),  # could not be asked: the retrain finds out
        ({"HELD": "1", "STATUS": "3"}, 0, 3),  # a pull request waits: no failure
        ({"HELD": "1", "STATUS": "2"}, 2, 3),
        ({"HELD": "1", "STATUS": "0", "MADE": "1"}, 1, 2),
    ],
)
def test_the_script_of_a_job(
    job: Callable[..., subprocess.Popen[str]],
    environment: dict[str, str],
    status: int,
    lines: int,
) -> None:
    process = job(**environment)
    said = process.communicate(timeout=30)[0].splitlines()
    assert process.returncode == status and len(said) == lines
    assert said[0] == "-m training.retrain.held --corrections me/b-corrections"
    assert lines < 2 or said[1] == "make install"
    if lines > 2:
        config = parse_config(RetrainConfig, retrain_flags("python " + said[2]), "test")
        assert (config.model, config.corrections) == ("me/b-tagger", "me/b-corrections")
        assert config.rest == 15


def test_a_job_that_is_stopped_gives_the_lock_back(
    job: Callable[..., subprocess.Popen[str]],
) -> None:
    process = job(HELD="1", STATUS="runs")
    assert process.stdout is not None
    while "training.retrain --model" not in process.stdout.readline():
        assert process.poll() is None
    process.terminate()
    assert "lock given back" in process.communicate(timeout=30)[0]
    assert process.returncode == 143


def test_the_readme_names_every_flag_that_is_there() -> None:
    section = README.split("\n## Flags")[1].split("\n## ")[0]
    named = {flag.removeprefix("--") for flag in re.findall(r"`(--\w+)", section)}
    assert named == {setting.name for setting in fields(RetrainConfig)}


def test_make_retrain_names_what_is_missing() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nretrain:")[1]
    assert "NAMESPACE is missing" in recipe.split("\n\n")[0]
    given = {"NAMESPACE": "me", "NAME": "b", "AGREEMENT": "3"}
    settings = [f"{name}={value}" for name, value in given.items()]
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "retrain", *settings],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    flags = retrain_flags(Template(done.stdout.replace("\\\n", " ")).safe_substitute(given))
    config = parse_config(RetrainConfig, flags, "test")
    assert (config.model, config.agreement) == ("me/b-tagger", 3)
