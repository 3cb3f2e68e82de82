"""The rest before a retrain: a burst makes one version, and nothing that comes in is lost."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import requires
from pathlib import Path
from uuid import uuid4

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from training.retrain import held, rest
from training.retrain.hub_lock import BRANCH, Locked, RetrainLock
from training.retrain.pipeline import RetrainResult
from training.retrain.rest import LONGEST, Clock, newest_change

from .retrain_parts import (
    Project,
    answer_from_tables,
    draw_no_charts,
    learn_all,
    new_corrections,
    publish_project,
)

MINUTES = 15.0


@pytest.fixture
def project(
    hub_namespace: str, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Project:
    answer_from_tables(monkeypatch)
    draw_no_charts(monkeypatch)
    return publish_project(hub_namespace, dataset, tmp_path)


@pytest.fixture
def corrections(hub_namespace: str) -> str:
    name = f"{hub_namespace}/rest{uuid4().hex[:8]}-corrections"
    return str(HfApi().create_repo(name, repo_type="dataset", private=True).repo_id)


@dataclass
class FakeTime:
    """A clock that goes on by what is waited, and what happens while it does.

    Attributes:
        time: What it says.
        waits: Seconds of each wait.
        events: What happens in each wait, one after the other.
    """

    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    waits: list[float] = field(default_factory=list)
    events: list[Callable[[], object]] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.time, self._wait)

    def _wait(self, seconds: float) -> None:
        assert len(self.waits) < 50, "it waits for ever"
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)
        if self.events:
            self.events.pop(0)()


def versions(project: Project) -> list[str]:
    return sorted(tag.name for tag in HfApi().list_repo_refs(project.names.model).tags)


def branches(project: Project) -> list[str]:
    refs = HfApi().list_repo_refs(project.names.corrections, repo_type="dataset")
    return [branch.name for branch in refs.branches]


@pytest.mark.parametrize(
    ("offsets", "waited"),
    [
        ([-20], []),  # the newest is old enough
        ([-5], [10]),
        ([-14, 0, 3, 10], [15, 10]),  # each further one begins the rest anew
        (list(range(0, 200, 10)), [15, 10, 10, 10, 10, 5]),  # not for ever
    ],
)
def test_it_waits_for_quiet_and_not_for_ever(
    offsets: list[int], waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, start = FakeTime(), datetime(2026, 1, 1, tzinfo=UTC)
    fake.time = start

    def newest(api: HfApi, name: str) -> datetime:
        come = [start + timedelta(minutes=offset) for offset in offsets]
        return max(time for time in come if time <= max(fake.time, come[0]))

    monkeypatch.setattr(rest, "newest_change", newest)
    told: list[str] = []
    rest.rest(HfApi(), "x", MINUTES, told.append, fake.clock)
    assert fake.waits == [60 * minutes for minutes in waited]
    assert len(told) == len(waited) and sum(fake.waits) <= LONGEST * MINUTES * 60
    assert not told or "minutes for further ones" in told[0]


def test_what_counts_as_new(corrections: str, tmp_path: Path) -> None:
    api = HfApi()
    assert newest_change(api, corrections) is None
    rest.rest(api, corrections, MINUTES, print, FakeTime().clock)  # nothing to wait for

    def add(path: str, revision: str = "main") -> None:
        operation = CommitOperationAdd(path, b"{}\n")
        where = {"repo_type": "dataset", "revision": revision}
        api.create_commit(corrections, [operation], commit_message="x", **where)  # type: ignore[call-overload]

    add("README.md")
    with RetrainLock(api, corrections, tmp_path):
        assert newest_change(api, corrections) is None
        add("data/2026-01-01/a.jsonl", revision=BRANCH)
        assert newest_change(api, corrections) is None
    for folder in ("data", "reviews", "withdrawals"):
        add(f"{folder}/2026-01-01/a.jsonl")
        newest = newest_change(api, corrections)
        assert newest is not None and abs(datetime.now(UTC) - newest) < timedelta(minutes=1)


def test_ten_corrections_make_one_version(project: Project, tmp_path: Path) -> None:
    """The first Job rests; those of the nine that follow end at once, and it learns all ten."""
    fake = FakeTime()
    ended: list[RetrainResult] = []
    first, *others = [new_corrections(1, 1, first=10 * number) for number in range(10)]
    project.add(*first)

    def triggered() -> None:
        for number, more in enumerate(others):
            project.add(*more)
            late = project.retrain(rest=MINUTES, work=str(tmp_path / f"job{number}"))
            ended.append(late)

    fake.events = [triggered]
    outcome = project.retrain(clock=fake.clock, rest=MINUTES)
    assert (outcome.kind, outcome.version) == ("published", "v1.1.0"), project.said
    assert [late.kind for late in ended] == ["nothing"] * 9
    assert "another retrain holds the lock" in ended[0].said and "\n" not in ended[0].said
    assert versions(project) == ["v1.0.0", "v1.1.0"] and branches(project) == ["main"]
    report = project.file("model", "retrain_report.json")
    assert report["merged"]["corrections"] == 20 and report["learned"] == 10
    assert fake.waits and project.retrain(rest=MINUTES, clock=fake.clock).kind == "nothing"


def test_a_correction_during_a_run_is_learned_by_it(project: Project, tmp_path: Path) -> None:
    project.add(*new_corrections(2, 5))
    late: list[RetrainResult] = []

    def meanwhile(*arguments: object) -> dict[str, object]:
        if not late:
            project.add(*new_corrections(1, 1, first=50))
            late.append(project.retrain(rest=MINUTES, work=str(tmp_path / "job")))
        return learn_all(*arguments)  # type: ignore[arg-type]

    fake = FakeTime()
    outcome = project.retrain(meanwhile, clock=fake.clock, rest=MINUTES)
    assert late[0].kind == "nothing"
    assert (outcome.kind, outcome.version) == ("published", "v1.2.0"), project.said
    assert any("v1.1.0" in line and "once more" in line for line in project.said)
    assert versions(project) == ["v1.0.0", "v1.1.0", "v1.2.0"]
    memory = project.file("dataset", "corrections.json")
    assert memory["revision"] == project.head("corrections") and branches(project) == ["main"]


def test_by_hand_too_and_what_cannot_be_learned_ends_it(project: Project) -> None:
    project.add(*new_corrections(2, 5))
    added = []

    def meanwhile(*arguments: object) -> dict[str, object]:
        added.append(project.add(*new_corrections(1, 0, first=50), decision=None))
        return learn_all(*arguments)  # type: ignore[arg-type]

    outcome = project.retrain(meanwhile)
    # The second look finds it, and nobody has reviewed it: what was published is the result.
    assert (outcome.kind, outcome.version, len(added)) == ("published", "v1.1.0", 1)
    assert sum("once more" in line for line in project.said) == 1


def test_a_correction_as_the_lock_is_given_back_is_not_lost(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its Job still finds the lock and ends; so the run must look after giving it back."""
    project.add(*new_corrections(2, 5))
    give_back = RetrainLock.__exit__
    late: list[int] = []

    def slow(lock: RetrainLock, *error: object) -> None:
        if not late:
            project.add(*new_corrections(1, 1, first=50))
            late.append(held.main(["--corrections", project.names.corrections]))
        give_back(lock, *error)

    monkeypatch.setattr(RetrainLock, "__exit__", slow)
    outcome = project.retrain(rest=MINUTES, clock=FakeTime().clock)
    assert late == [0] and outcome.version == "v1.2.0", project.said
    memory = project.file("dataset", "corrections.json")
    assert memory["revision"] == project.head("corrections")


def test_by_hand_a_held_lock_is_an_error_and_a_round_gives_way(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.add(*new_corrections(2, 5))
    other = RetrainLock(HfApi(), project.names.corrections, tmp_path / "other")
    with other, pytest.raises(Locked, match="Another retrain runs"):
        project.retrain()
    give_back = RetrainLock.__exit__

    def overtaken(lock: RetrainLock, *error: object) -> None:
        give_back(lock, *error)
        if lock is not other and not (tmp_path / "other" / "lock.json").exists():
            project.add(*new_corrections(1, 1, first=50))
            other._take()

    monkeypatch.setattr(RetrainLock, "__exit__", overtaken)
    # Another run began in between: it has those corrections, and this one keeps its result.
    assert project.retrain().version == "v1.1.0"


def test_held_tells_who_holds_it(
    corrections: str, hub_namespace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--corrections", corrections]
    assert held.main(flags) == 1 and capsys.readouterr().out == ""
    with RetrainLock(HfApi(), corrections, tmp_path):
        assert held.main(flags) == 0
        assert f"{hub_namespace} retrains since" in capsys.readouterr().out
    HfApi().create_branch(corrections, branch=BRANCH, repo_type="dataset")
    assert held.main(flags) == 1  # it died before it wrote its name
    assert held.main(["--corrections", f"{hub_namespace}/none"]) == 2
    assert "was not found" in capsys.readouterr().err


def test_held_counts_no_dead_run(corrections: str, tmp_path: Path) -> None:
    killed = RetrainLock(HfApi(), corrections, tmp_path / "a")
    killed._take()
    assert RetrainLock(HfApi(), corrections, tmp_path / "b").other_holder() is not None
    late = RetrainLock(HfApi(), corrections, tmp_path / "b", stale_seconds=0)
    assert late.other_holder() is None and killed.other_holder() is None


def test_held_needs_no_package_that_is_not_installed_by_then() -> None:
    """A Job has huggingface_hub when it asks, and what that brings along."""
    brought = {re.split(r"[^\w-]", name)[0] for name in requires("huggingface_hub") or ()}
    code = (
        "import sys, httpx2, huggingface_hub.hf_api; before = set(sys.modules); "
        "import training.retrain.held; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    new = set(done.stdout.split()) - sys.stdlib_module_names - brought
    assert new <= {"training", "tagloop", "huggingface_hub"} and "httpx2" in brought
