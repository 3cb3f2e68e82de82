"""Where parts run: processes that are killed, Slurm's scripts, jobs of Hugging Face."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("datatrove", reason="make test has it: see requirements.txt")

import datasets
import huggingface_hub

from tagloop.errors import UserError
from tests.training.cluster.dying import DiesOnce
from tests.training.data.cluster.shards import content, write_shards
from training.build_dataset import main
from training.cluster.executors import run_stage
from training.cluster.settings import Cluster
from training.cluster.steps import Stage
from training.cluster.work_folder import WorkFolder
from training.config import BuildConfig
from training.data.cluster.plan import BuildPlan, make_plan
from training.data.cluster.stages import stages


def plan_of(folder: Path, articles: int = 12) -> BuildPlan:
    config = BuildConfig(source=write_shards(folder, articles))
    (folder / "work").mkdir()
    return make_plan(config, str(folder / "work"))


def test_a_killed_process_is_said_and_its_part_is_done_again(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    cluster, stage = Cluster("local", 3), Stage("die", [DiesOnce(plan)], 3)
    with pytest.raises(UserError, match=r"a process was killed.*the same command does these"):
        run_stage(cluster, plan, stage)
    finished = WorkFolder(plan.logs("die")).names("completions")
    assert "completions/00001" not in finished

    def runs() -> list[int]:
        return [len(plan.folder.names(f"ran/{rank}")) for rank in range(3)]

    # On a busy machine a part may not have begun when another's process is killed.
    begun = runs()
    run_stage(cluster, plan, stage)
    assert begun[1] == 1 and runs()[1] == 2
    for rank in (0, 2):
        again = f"completions/{rank:05}" not in finished
        assert runs()[rank] == begun[rank] + again


def test_slurm_runs_a_stage(tmp_path: Path, slurm: Path) -> None:
    plan = plan_of(tmp_path)
    stage = next(stages(plan))
    settings = {
        "partition": "cpu", "time": "01:30:00", "mem_per_cpu_gb": 4, "tasks_per_job": 4,
        "sbatch_args": {"account": "blogs"},
    }  # fmt: skip
    run_stage(Cluster("slurm", 2, settings), plan, stage)
    script, _, _ = (slurm / "scripts").read_text().partition("====")
    given = dict(re.findall(r"^#SBATCH --([\w-]+)=(.*)$", script, re.MULTILINE))
    expected = {
        "partition": "cpu", "time": "01:30:00", "mem-per-cpu": "4G", "cpus-per-task": "1",
        "array": "0-0%2", "job-name": "tagloop-read", "account": "blogs",
    }  # fmt: skip
    assert expected.items() <= given.items()
    assert f"launch_pickled_pipeline {plan.logs('read')}/executor.pik" in script
    made = plan.folder.names("articles")
    assert made == [f"articles/{rank:05}.parquet" for rank in range(4)]
    assert plan.folder.names("signatures")[0] == "signatures/bucket_000/00000.minhash.sig"


def test_a_failed_job_of_slurm_is_said(tmp_path: Path, slurm: Path) -> None:
    plan = plan_of(tmp_path)
    stage = next(stages(plan))
    (slurm / "srun").write_text("#!/bin/bash\nexit 1\n")
    cluster = Cluster("slurm", 2, {"partition": "cpu", "time": "01:30:00"})
    with pytest.raises(UserError, match="read: 4 of 4 parts have not finished"):
        run_stage(cluster, plan, stage)


def test_jobs_build_of_hub_datasets(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    jobs: list[dict[str, Any]],
    hub_namespace: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    sources = []
    for number, shard in enumerate(write_shards(tmp_path, 16)[:2]):
        rows = datasets.Dataset.from_json(shard, cache_dir=str(tmp_path / "cache"))
        rows.push_to_hub(f"{hub_namespace}/shard-{number}")
        sources.append(f"{hub_namespace}/shard-{number}")
    Path("jobs.yaml").write_text(
        "dependencies: ['tagloop[cluster] @ https://blog.example/tagloop.tar.gz']\n"
        "flavor: cpu-upgrade\nimage: blog/uv\ntimeout: 2h\ntasks_per_job: 27\npoll_interval: 0\n"
    )
    assert main(["--source", *sources, "--output_dir", "one"]) == 0
    words = ["--source", *sources, "--executor", "jobs", "--executor_settings", "jobs.yaml"]
    assert main([*words, "--work_dir", "memory://build", "--output_dir", "parts"]) == 0
    assert content(tmp_path / "parts") == content(tmp_path / "one")
    assert len(jobs) == 11  # one a stage
    token = huggingface_hub.get_token()
    for job in jobs:
        assert job["flavor"] == "cpu-upgrade" and job["image"] == "blog/uv"
        assert job["dependencies"] == ["tagloop[cluster] @ https://blog.example/tagloop.tar.gz"]
        assert job["timeout"] == "2h" and job["secrets"] == {"HF_TOKEN": token}
        assert job["script_args"][0].startswith("memory://")
        assert Path(job["script"]).name == "launch_pickled_pipeline.py"
    assert jobs[0]["labels"]["datatrove_job_name"] == "tagloop-read"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--workers 2", "needs --executor local (EXECUTOR=local with make), or another"),
        ("--executor cloud", "take one of local, slurm, ray, jobs"),
        ("--executor local --workers 0", "take a number above 0"),
        ("--executor local --executor_settings gone.yaml", "gone.yaml: cannot be read"),
        ("--executor local --executor_settings odd.yaml", "unknown setting partitoin; local has"),
        ("--executor slurm --workers 1", "there is no sbatch here"),
        ("--executor slurm", "needs partition and time in the file"),
        ("--executor slurm --executor_settings time.yaml", "write the time in quotes"),
        ("--executor slurm --work_dir s3://b/c", "the cluster's shared disk"),
        ("--executor jobs", "--work_dir hf://buckets/you/build"),
        ("--executor jobs --work_dir memory://x", "needs dependencies"),
        (
            "--executor jobs --work_dir memory://x --executor_settings jobs.yaml",
            "reads Hub datasets and addresses",
        ),
    ],
)
def test_what_cannot_run_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if "--workers 1" not in words:
        monkeypatch.setattr("shutil.which", lambda name: name)
    Path("odd.yaml").write_text("partitoin: cpu\n")
    Path("time.yaml").write_text("partition: cpu\ntime: 12:00:00\n")
    Path("jobs.yaml").write_text("dependencies: [tagloop]\n")
    assert main(["--source", write_shards(tmp_path, 4)[0], *words.split()]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and said in error


def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["--source", "x.csv", "--executor", "ray"]) == 2
    assert "needs the package datatrove: pip install 'tagloop[cluster]'" in capsys.readouterr().err
