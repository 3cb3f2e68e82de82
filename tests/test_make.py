"""What a person gives to make reaches the command as it stands; and messages name what there is."""

from __future__ import annotations

import os
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from tagloop.reading.settings import SWITCHES, VARIABLES, setting_name
from training.config import BuildConfig, PublishConfig, parse_config

ROOT = Path(__file__).parents[1]
HOSTILE = """my "posts" it's $HOME $(x) ${y} `id` #1 *.csv; (a) \\ & é|<b> ~ !"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a command that prints its words, a line each."""
    script = tmp_path_factory.mktemp("make") / "told"
    script.write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word"; done\n')
    script.chmod(0o755)
    return script


def words(told: Path, *settings: str, **environment: str) -> list[str]:
    command = ["make", "-s", "-o", ".venv/.ready", *settings, f"PY={told}"]
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        command, cwd=ROOT, env=cleared | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_what_is_given_stays_as_it_is(told: Path) -> None:
    given = {
        "SOURCE": HOSTILE, "COLUMNS": "text=Plain Content", "NAME": "a b", "TAG_SEPARATOR": ";",
        "TAG_OVERRIDES": "my tags.yaml",
    }  # fmt: skip
    expected = [word for name, value in given.items() for word in (f"--{name.lower()}", value)]
    settings = [f"{name}={value}" for name, value in given.items()]
    for target in ("data", "train", "publish"):
        found = words(told, target, *settings)
        assert sorted(expected) == sorted(set(found) & set(expected))
        assert len(found) == found.index("--name") + len(expected)
    assert HOSTILE in words(told, "data", SOURCE=HOSTILE)


def test_the_width_of_a_terminal_names_no_columns(told: Path) -> None:
    assert "--columns" not in words(told, "data", COLUMNS="80")
    assert "text=Body" in words(told, "data", COLUMNS="text=Body")
    assert "80" in words(told, "data", "COLUMNS=80")


def test_switches_and_the_starter_corpus(told: Path) -> None:
    starter = ["-m", "training.build_dataset", "--name", "tagloop"]
    starter += ["--source", "dataset_card/starter", "--license", "CC0-1.0"]
    assert words(told, "data") == starter
    switches = ["--keep_title_only", "--drafts", "--strict", "--dry_run"]
    settings = [f"{name[2:].upper()}=1" for name in switches]
    assert words(told, "data", *settings) == [*starter, *switches]


def test_a_build_in_parts(told: Path) -> None:
    found = words(
        told, "data", "SOURCE=a b/*.jsonl", "EXECUTOR=slurm", "WORKERS=8",
        "EXECUTOR_SETTINGS=my cluster.yaml", "WORK_DIR=/shared/my parts",
    )  # fmt: skip
    parts = ["--executor", "slurm", "--workers", "8", "--executor_settings", "my cluster.yaml"]
    assert found[-8:] == [*parts, "--work_dir", "/shared/my parts"]
    assert "a b/*.jsonl" in found
    assert "--workers" not in words(told, "data", WORKERS="8")


def test_retraining_by_event_is_made_removed_or_left_as_it_is(told: Path) -> None:
    assert "--auto_retrain" not in words(told, "publish", "NAMESPACE=me")
    for value, wanted in (("1", True), ("0", False)):
        found = words(told, "publish", "NAMESPACE=me", f"AUTO_RETRAIN={value}")
        config = parse_config(PublishConfig, found[found.index("--namespace") :], "test")
        assert (config.namespace, config.auto_retrain) == ("me", wanted)
        assert words(told, "publish", NAMESPACE="me", AUTO_RETRAIN=value) == found


def test_suggestions_are_merged_when_asked_for(told: Path) -> None:
    assert "--suggestions" not in words(told, "retrain", "NAMESPACE=me", "NAME=blog")
    found = words(told, "retrain", "NAMESPACE=me", "NAME=blog", "SUGGESTIONS=1", "DRY_RUN=1")
    assert found[-4:] == ["--model", "me/blog-tagger", "--suggestions", "--dry_run"]


def test_tag_takes_a_source_and_a_place(told: Path) -> None:
    given = {"SOURCE": HOSTILE, "OUT": "my tags.parquet", "COLUMNS": "text=Plain Content"}
    found = words(told, "tag", *(f"{name}={value}" for name, value in given.items()), "LIMIT=3")
    command = ["-m", "training.tag", HOSTILE, "--out", "my tags.parquet"]
    assert found == [*command, "--columns", "text=Plain Content", "--limit", "3"]
    assert words(told, "tag") == ["-m", "training.tag"]  # standard input


@pytest.mark.parametrize("target", ["retrain", "evaluate", "screenshots", "tag"])
def test_models_with_blanks(told: Path, target: str) -> None:
    assert "build/my blog/model" in words(told, target, "MODEL=build/my blog/model")


def test_every_setting_that_a_message_names_is_taken(told: Path) -> None:
    given = {name: "1" if name in SWITCHES else f"{name} here" for name in VARIABLES}
    found = words(told, "data", *(f"{name.upper()}={value}" for name, value in given.items()))
    assert {f"--{name}" for name in VARIABLES} <= set(found)
    assert {given[name] for name in VARIABLES - SWITCHES} <= set(found)
    settings = {entry.name: entry.default for entry in fields(BuildConfig)}
    assert set(settings) >= VARIABLES
    assert {name for name in VARIABLES if settings[name] is False} == SWITCHES


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("drafts", "", "--drafts (DRAFTS=1 with make)"),
        ("min_words", "5", "--min_words 5 (MIN_WORDS=5 with make)"),
        ("columns", "text=NAME", '--columns text=NAME (COLUMNS="text=NAME" with make)'),
        ("source", "", "--source (SOURCE with make)"),
        ("output_dir", "", "--output_dir"),
    ],
)
def test_names_of_settings(setting: str, value: str, name: str) -> None:
    assert setting_name(setting, value) == name
