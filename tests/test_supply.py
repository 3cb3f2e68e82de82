"""What is installed is what the locks say: packages by their hashes, actions by their commits."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MAIN, CUDA = ROOT / "requirements.lock", ROOT / "requirements-cuda.lock"
LOCKED = {
    "requirements.txt": [MAIN, CUDA],
    "space/requirements.txt": [ROOT / "space" / "requirements.lock"],
    "training/bench/requirements.txt": [ROOT / "training" / "bench" / "requirements.lock", MAIN],
    "training/cluster/requirements.txt": [
        ROOT / "training" / "cluster" / "requirements.lock",
        MAIN,
    ],
    ".ci/requirements.txt": [ROOT / ".ci" / "requirements.lock"],
}
"""Requirements to the locks that fulfil them together."""
LOCKS = sorted({lock for locks in LOCKED.values() for lock in locks})
LINE = re.compile(
    r"#.*"
    r"|(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?: ; (?P<marker>.+?))? \\"
    r"|    --hash=sha256:(?P<digest>[0-9a-f]{64})(?: \\)?"
    r"|    # .*"
)
"""All that may stand in a line of a lock: so neither an index nor a path can."""
each_lock = pytest.mark.parametrize(
    "lock", LOCKS, ids=lambda lock: lock.relative_to(ROOT).as_posix()
)


class Package(NamedTuple):
    version: str
    marker: str | None
    digests: list[str]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def packages(lock: Path) -> Iterator[tuple[str, Package]]:
    found: Package | None = None
    for line in lock.read_text(encoding="utf-8").splitlines():
        parts = LINE.fullmatch(line)
        assert parts is not None, line
        if parts["name"]:
            found = Package(parts["version"], parts["marker"], [])
            yield parts["name"], found
        elif parts["digest"]:
            assert found is not None
            found.digests.append(parts["digest"])


@each_lock
def test_a_lock_has_hashes_and_no_place(lock: Path) -> None:
    found = list(packages(lock))
    assert found
    assert [name for name, package in found if not package.digests] == []
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"://|file:|\.(org|com|io)\b|(?<![\w.-])/\w", text)
    keys = [(name, package.marker) for name, package in found]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("asked", LOCKED)
def test_each_requirement_stands_in_its_lock(asked: str) -> None:
    lines = (ROOT / asked).read_text(encoding="utf-8").splitlines()
    pins = dict(found for line in lines for found in re.findall(r"^([\w.-]+)[^=]*==(\S+)", line))
    locked: dict[str, set[str]] = {}
    for lock in LOCKED[asked]:
        for name, package in packages(lock):
            locked.setdefault(name, set()).add(package.version)
    assert pins
    missing = {name: pin for name, pin in pins.items() if locked.get(normal(name), set()) != {pin}}
    assert not missing, f"{asked} has changed: make lock"


def test_the_space_is_locked_at_the_projects_versions() -> None:
    project = {(name, package.version) for name, package in packages(MAIN)}
    space = {
        (name, package.version) for name, package in packages(LOCKED["space/requirements.txt"][0])
    }
    assert space <= project


def test_what_cards_of_nvidia_need_stands_apart() -> None:
    asks = "nvidia-ml-py"  # for what is there, and works without
    cards = [name for name, _ in packages(MAIN) if name.startswith(("nvidia", "cuda", "triton"))]
    assert cards == [asks]
    for name, package in packages(CUDA):
        assert name.startswith(("nvidia-", "cuda-", "triton"))
        assert package.marker and "linux" in package.marker


def test_what_is_tested_is_what_is_locked() -> None:
    locked: dict[str, list[Package]] = {}
    for name, package in packages(MAIN):
        locked.setdefault(name, []).append(package)
    wrong = {}
    for name, choices in locked.items():
        try:
            there = version(name).partition("+")[0]  # PyTorch says so which build it is
        except PackageNotFoundError:
            there = "absent"
            if all(package.marker for package in choices):
                continue  # of another platform
        if there not in {package.version for package in choices}:
            wrong[name] = there
    assert not wrong


def test_make_installs_nothing_without_its_hash() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [line for line in makefile.splitlines() if re.search(r"\bpip install\b", line)]
    unlocked = [line for line in lines if "--require-hashes" not in line]
    assert len(unlocked) == 1  # our own package, built with what was installed before
    assert unlocked[0].endswith("pip install --quiet --no-deps --no-build-isolation -e .")
    done = subprocess.run(
        ["make", "-n", "-W", "requirements.lock", "install"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--require-hashes --no-deps --no-build-isolation" in done.stdout
    # pip would take the usual build first, since a folder's files say nothing of their hashes.
    files = [".venv/setuptools.lock", ".venv/torch-cpu.lock", "requirements.lock"]
    places = [done.stdout.index(f"-r {file}") for file in files]
    assert places == sorted(places)


def test_a_lock_keeps_builds_of_pytorch_that_are_out_of_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    digests = [f"sha256:{digit * 64}" for digit in "ab"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1))
    add = runpy.run_path(str(ROOT / ".ci" / "lock.py"))["with_cpu_builds"]
    lines = [f"    --hash={digest}" for digest in digests]
    Path("requirements.lock").write_text(f"torch==1.0 \\\n{lines[0]} \\\n{lines[1]}\n")
    fresh = f"torch==1.0 \\\n{lines[0]}\n    # via x\n"
    assert add(fresh) == f"torch==1.0 \\\n{lines[1]} \\\n{lines[0]}\n    # via x\n"
    other = fresh.replace("1.0", "1.0.1")
    assert add(other) == other
    assert "finds no build of PyTorch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0, "1 of 1"),
        ('{"dependencies": [{"name": "a", "skip_reason": "not found"}]}', 3, "said nothing of a"),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1",'
            ' "fix_versions": ["2"]}]}, {"name": "b", "skip_reason": "not found"}]}',
            1,
            "a 1: CVE-1, mended in 2",
        ),
        ("", 3, "nothing is known"),
    ],
)
def test_an_audit_without_an_answer_is_no_good_news(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    status: int,
    said: str,
) -> None:
    program = tmp_path / "python"
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        f"if answer := {answer!r}:\n"
        "    pathlib.Path(sys.argv[sys.argv.index('--output') + 1]).write_text(answer)\n"
        "else:\n"
        "    sys.exit('no route to host')\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    assert runpy.run_path(str(ROOT / ".ci" / "audit.py"))["main"]() == status
    assert said in capsys.readouterr().out


def workflows() -> list[Path]:
    found = [*(ROOT / ".github").rglob("*.yml"), *(ROOT / "training").rglob("*.yml")]
    return [path for path in found if "\njobs:" in path.read_text(encoding="utf-8")]


def test_every_action_is_pinned_by_its_commit() -> None:
    seen: dict[str, set[str]] = {}
    assert len(workflows()) > 1
    for path in workflows():
        text = path.read_text(encoding="utf-8")
        uses = re.findall(r"^\s*(?:- )?uses: *(.*)$", text, re.MULTILINE)
        assert len(uses) == text.count("uses:") > 0
        for use in uses:
            pinned = re.fullmatch(r"([\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+", use)
            assert pinned is not None, f"{path.name}: {use}"
            seen.setdefault(pinned[1], set()).add(use)
    assert [uses for uses in seen.values() if len(uses) > 1] == []  # one version everywhere


def test_workflows_may_no_more_than_they_need() -> None:
    for path in workflows():
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        for job in workflow["jobs"].values():
            assert "permissions" not in job and job["timeout-minutes"]
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False
