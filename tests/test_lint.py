"""The rules that hold themselves: each contract can break, and all places name the same checks."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGES = ("space/tagloop", "dataset_card", "training")
REQUIREMENTS = (
    "requirements.txt",
    "training/bench/requirements.txt",
    "training/cluster/requirements.txt",
)
FORBIDDEN = {
    "tagloop/text/__init__.py": "import training.config",
    "tagloop/vocabulary/__init__.py": "import tagloop.service.options",
    "tagloop/ranking/__init__.py": "import torch",
    "tagloop/explore/__init__.py": "import transformers",
    "tagloop/batch/one.py": "import tagloop.batch.other",
    "tagloop/batch/other.py": "import tagloop.batch.one",
    "dataset_card/__init__.py": "import gradio",
    "training/data/__init__.py": "import training.bench",
    "training/hub/__init__.py": "import training.data",
}
"""What breaks each contract of pyproject.toml, in a copy."""


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_contract_breaks_where_its_import_is_added(
    pyproject: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        others = shutil.ignore_patterns("*.md", "*.json", "*.safetensors", "*.png", "__pycache__")
        shutil.copytree(ROOT / package, tmp_path / Path(package).name, ignore=others)
    for name, line in FORBIDDEN.items():
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "COLUMNS": "200"}
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1, ended.stderr
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    for contract in contracts:
        assert f"{contract['name']} BROKEN" in ended.stdout
    assert f"Contracts: 0 kept, {len(contracts)} broken." in ended.stdout
    for name, line in FORBIDDEN.items():
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if module.startswith("tagloop.batch."):  # a cycle is shown as its shortest way out
            assert re.search(r"\.one -> \.other|\.other -> \.one", ended.stdout)
        else:
            assert f"{module} -> {line.removeprefix('import ')}" in ended.stdout


def test_make_and_pre_commit_name_the_same_checks() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.search(r"^CHECKS := (.+)$", makefile, re.MULTILINE)
    assert named is not None
    checks = [f".venv/bin/{check}" for check in shlex.split(named[1])]
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]
    assert hooks == checks
    tools = [Path(shlex.split(check)[0]).name for check in checks]
    assert tools == ["ruff", "ruff", "mypy", "lint-imports", "deptry"]


def test_each_package_is_required_once_at_one_version_and_with_a_reason() -> None:
    names: Counter[str] = Counter()
    for path in REQUIREMENTS:
        for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            found = re.fullmatch(r"([\w.-]+)(\[[\w,]+\])?==[\w.]+ +# .+", line)
            assert found is not None, line
            names[re.sub(r"[-_.]+", "-", found[1]).lower()] += 1
    assert [name for name, count in names.items() if count > 1] == []


def test_a_built_package_has_every_file(pyproject: dict[str, Any]) -> None:
    data = pyproject["tool"]["setuptools"]["package-data"]
    for package in PACKAGES:
        folder = ROOT / package
        given = {path for pattern in data[folder.name] for path in folder.glob(pattern)}
        needed = {
            path
            for path in folder.rglob("*")
            if path.is_file()
            and path.parent.name != "__pycache__"
            # A folder that is no package has modules as files.
            and (path.suffix != ".py" or not (path.parent / "__init__.py").exists())
        }
        assert needed
        assert sorted(map(str, needed - given)) == []
