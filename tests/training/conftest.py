"""What several tests of training share: small bases, a dataset folder, stand-ins for clusters."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from training.config import BuildConfig
from training.data.build_dataset import build

from .tiny_models import make_tiny_bart, make_tiny_t5, starter_articles

SPLITS = {"train": 12, "validation": 3, "test": 4}
CHARACTERS = 500


@pytest.fixture(scope="session")
def tiny_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a T5 with SentencePiece."""
    return make_tiny_t5(tmp_path_factory.mktemp("bases") / "tiny-t5")


@pytest.fixture(scope="session")
def tiny_bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a BART with WordPiece, as the bundled base is."""
    return make_tiny_bart(tmp_path_factory.mktemp("bases") / "tiny-bart")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a dataset folder of a dozen training articles, and a few of the other splits."""
    folder = tmp_path_factory.mktemp("articles")
    articles = starter_articles()[:: len(starter_articles()) // sum(SPLITS.values())]
    rows = []
    for split, count in SPLITS.items():
        for _ in range(count):
            article = articles.pop()
            rows.append({**article, "text": article["text"][:CHARACTERS], "split": split})
    source = folder / "articles.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    target = folder / "dataset"
    build(BuildConfig(source=[str(source)], output_dir=str(target)), "the tests")
    return target


SBATCH = """#!{python}
# What Slurm does with a script, one task after the other.
import os, re, subprocess, sys
script = open(sys.argv[-1]).read()
with open("{folder}/scripts", "a") as file:
    file.write(script + "\\n====\\n")
last = int(re.search(r"#SBATCH --array=0-(\\d+)", script)[1])
for task in range(last + 1 if "merge_stats" not in script else 0):
    environment = os.environ | {{"SLURM_ARRAY_TASK_ID": str(task), "SLURM_NODELIST": "here"}}
    subprocess.run(["bash", sys.argv[-1]], env=environment, check=False,
                   stdout=open("{folder}/output", "a"), stderr=subprocess.STDOUT)
print("Submitted batch job 77")
"""


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a folder on ``PATH`` with what the executor calls of Slurm."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    programs = {
        "sbatch": SBATCH.format(python=sys.executable, folder=folder),
        "srun": '#!/bin/bash\nwhile [ "$1" != launch_pickled_pipeline ]; do shift; done\nshift\n'
        f'exec {sys.executable} -m datatrove.tools.launch_pickled_pipeline "$@"\n',
        "scontrol": "#!/bin/bash\necho here\n",
        "squeue": "#!/bin/bash\necho Invalid job id specified >&2\nexit 1\n",
    }
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Returns what Hugging Face Jobs were asked for; each job runs here at once."""
    import huggingface_hub
    from datatrove.tools import launch_pickled_pipeline

    asked: list[dict[str, Any]] = []

    def run_uv_job(script: str, *, script_args: list[str], **arguments: Any) -> Any:
        asked.append({"script": script, "script_args": script_args, **arguments})
        monkeypatch.setenv(
            "DATATROVE_JOB_ARRAY_INDEX", arguments["env"]["DATATROVE_JOB_ARRAY_INDEX"]
        )
        monkeypatch.setattr(sys, "argv", [script, *script_args])
        launch_pickled_pipeline.main()
        monkeypatch.delenv("DATATROVE_JOB_ARRAY_INDEX")
        return SimpleNamespace(id=f"job{len(asked)}", url="")

    def inspect_job(**_: Any) -> Any:
        return SimpleNamespace(status=SimpleNamespace(stage="COMPLETED"))

    monkeypatch.setattr(huggingface_hub, "run_uv_job", run_uv_job)
    monkeypatch.setattr(huggingface_hub, "inspect_job", inspect_job)
    return asked
