"""A build on a Ray cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.data.cluster.shards import content, write_shards
from training.build_dataset import main

pytest.importorskip("datatrove", reason="make test has it: see requirements.txt")
ray = pytest.importorskip("ray", reason="make slowtest has it")


@pytest.mark.slow
@pytest.mark.timeout(600)  # Ray starts a process a part, which imports all anew
def test_ray_builds_what_one_machine_builds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAY_worker_niceness", "0")  # its workers would wait for all else
    sources = write_shards(tmp_path, 40)[:2]
    Path("ray.yaml").write_text("mem_per_cpu_gb: 0.5\ntasks_per_job: 14\n")
    assert main(["--source", *sources, "--output_dir", "one"]) == 0
    words = ["--source", *sources, "--output_dir", "parts", "--executor", "ray", "--workers", "2"]
    ray.init(num_cpus=2, include_dashboard=False, _memory=2 * 2**30)
    try:
        assert main([*words, "--executor_settings", "ray.yaml"]) == 0
    finally:
        ray.shutdown()
    assert content(tmp_path / "parts") == content(tmp_path / "one")
