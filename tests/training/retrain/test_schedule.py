"""The examples for a schedule name the real command, real flags, and no token."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml

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
