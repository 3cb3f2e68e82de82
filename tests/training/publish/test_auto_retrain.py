"""From `make publish AUTO_RETRAIN=1` to the next version: correction, webhook, Job, tag."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, JobInfo, hf_hub_download

from tagloop.errors import UserError
from training.cards import cards
from training.cards.repo_names import Names
from training.config import PublishConfig
from training.hub import EmbeddedHub
from training.publish import auto_retrain
from training.publish.auto_retrain import ARCHIVE, AutoRetrain
from training.publish.publish import Publication, plan
from training.retrain.hub_lock import RetrainLock

from ..retrain.retrain_parts import CHARTS, Project, new_corrections, no_chart, publish_project

ROOT = Path(__file__).parents[3]
PROGRAMS = Path(sys.executable).parent
STUB = """
import sys
sys.path.append({root!r})  # for the tests alone: ours comes from the Job's folder
from tests.training.retrain.retrain_parts import *
from training.retrain import __main__ as command, compare, pipeline
assert command.__file__.startswith(os.getcwd()), command.__file__
vars(compare).update(Tagger=TableTagger, Checkpoint=TableCheckpoint)
for chart in CHARTS:
    setattr(cards, chart, no_chart)
pipeline.Retrain.__init__.__kwdefaults__["learn"] = learn_all
assert sys.argv[1:3] == ["-m", "training.retrain"], sys.argv
raise SystemExit(command.main(sys.argv[3:]))
"""
"""Retrains with models that answer from a table, in place of `.venv/bin/python` of a Job."""


class LocalImage(HfApi):
    """A client whose Jobs find, instead of an image, this folder's programs first."""

    programs = ""

    def run_job(self, **given: Any) -> JobInfo:
        return super().run_job(**given, env={"PATH": f"{self.programs}:/usr/bin:/bin"})


@pytest.fixture
def image(tmp_path: Path) -> LocalImage:
    """Returns a client whose Jobs install nothing: that takes minutes and a network."""
    folder = tmp_path / "image"
    folder.mkdir()
    (folder / "stub.py").write_text(STUB.format(root=str(ROOT)))
    run = f'PYTHONPATH=space:. exec {sys.executable} {folder}/stub.py \\"\\$@\\"'
    programs = {
        "pip": 'echo "pip $*"',
        "hf": f'exec {PROGRAMS}/hf "$@"',
        "python": f'exec {sys.executable} "$@"',
        "make": 'mkdir -p .venv/bin; printf "#!/bin/sh\\n%s\\n" '
        f'"{run}" > .venv/bin/python; chmod +x .venv/bin/python; echo "make $*"',
    }
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    client = LocalImage()
    client.programs = str(folder)
    return client


@pytest.fixture
def project(
    hub_namespace: str, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    for chart in CHARTS:
        monkeypatch.setattr(cards, chart, no_chart)
    yield publish_project(hub_namespace, dataset, tmp_path)
    for webhook in HfApi().list_webhooks():
        HfApi().delete_webhook(webhook.id)


@pytest.fixture
def token(hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> str:
    made = hub.accounts.create_token(hub.user)
    monkeypatch.setenv("RETRAIN_TOKEN", made)
    return made


@pytest.fixture
def no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets Jobs do nothing, where only what is set up matters."""
    monkeypatch.setattr(AutoRetrain, "_command", lambda self, sha: ["echo", self.names.code, sha])


def jobs(names: Names) -> list[JobInfo]:
    """Returns the Jobs of a project, oldest first."""
    code = names.code.replace("/", "-")
    return list(HfApi().list_jobs(namespace="demo", labels={"name": code}))[::-1]


def until(ready: Callable[[], object], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.1)


def have_ended(names: Names) -> bool:
    return all(job.status.stage not in ("SCHEDULING", "RUNNING") for job in jobs(names))


def log(job: JobInfo) -> str:
    return "\n".join(HfApi().fetch_job_logs(job_id=job.id, namespace="demo"))


def versions(names: Names) -> list[str]:
    return sorted(tag.name for tag in HfApi().list_repo_refs(names.model).tags)


def test_from_a_correction_to_the_next_version(
    project: Project,
    image: LocalImage,
    hub: EmbeddedHub,
    token: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(auto_retrain, "REST_MINUTES", 0.05)
    names = project.names
    with RetrainLock(HfApi(), names.corrections, tmp_path / "by-hand"):
        said = AutoRetrain(image, names).switch_on()
        (first,) = jobs(names)
        assert first.url in said and names.corrections in said and token not in said
        until(lambda: have_ended(names))
    # While another retrain runs, a Job ends before it installs anything.
    assert "looks again for new corrections" in log(first) and "make" not in log(first)

    one, two, three = (new_corrections(1, 2, first=10 * number) for number in range(3))
    project.add(*one)
    until(RetrainLock(HfApi(), names.corrections, tmp_path / "nobody").other_holder)
    project.add(*two)
    project.add(*three)
    until(lambda: "v1.1.0" in versions(names))
    until(lambda: have_ended(names))
    assert versions(names) == ["v1.0.0", "v1.1.0"]
    report = project.file("model", "retrain_report.json")
    assert report["learned"] == 3 and report["merged"]["corrections"] == 9
    logs = [log(job) for job in jobs(names)]
    assert {job.status.stage for job in jobs(names)} == {"COMPLETED"}, logs
    assert sum("Published: " in text for text in logs) == 1
    assert sum("looks again for new corrections" in text for text in logs) == 3
    # Of the lock, too, every change starts one: it ends before it fetches anything.
    idle = [text for text in logs if "No new correction" in text]
    assert idle and all("pip" not in text for text in idle)

    for file in (hub.root / "jobs").rglob("*"):
        assert not file.is_file() or token.encode() not in file.read_bytes(), file
    assert token not in "".join(logs) and token not in repr(image.list_webhooks())


def test_a_second_time_changes_nothing_and_off_means_off(
    project: Project, token: str, no_command: None, hub: EmbeddedHub
) -> None:
    api, names = HfApi(), project.names
    automatic = AutoRetrain(api, names)
    said = automatic.switch_on()
    (webhook,) = api.list_webhooks()
    assert [(item.type, item.name) for item in webhook.watched] == [("dataset", names.corrections)]
    assert webhook.domains == ["repo"] and sorted(webhook.job.secrets or ()) == ["HF_TOKEN"]  # type: ignore[union-attr]
    until(lambda: have_ended(names))
    project.add(*new_corrections(1, 0))
    until(lambda: len(jobs(names)) == 2 and have_ended(names))

    api.disable_webhook(webhook.id)
    revision = api.dataset_info(names.code).sha
    assert automatic.switch_on() == said
    (again,) = api.list_webhooks()
    assert (again.id, again.disabled) == (webhook.id, False)
    assert api.dataset_info(names.code).sha == revision and len(jobs(names)) == 2
    # Another project's is not taken for it.
    assert AutoRetrain(api, Names.of(hub.user, "blog")).webhook() is None

    assert "the webhook is removed" in automatic.switch_off() and not api.list_webhooks()
    assert "no webhook" in automatic.switch_off()
    project.add(*new_corrections(1, 0, first=9))
    assert len(jobs(names)) == 2 and api.repo_exists(names.code, repo_type="dataset")


def test_other_code_is_another_job_for_the_same_webhook(
    project: Project, token: str, no_command: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    automatic = AutoRetrain(HfApi(), project.names)
    automatic.switch_on()
    (before,) = HfApi().list_webhooks()
    monkeypatch.setattr(auto_retrain, "CARD_TEXT", auto_retrain.CARD_TEXT + "\nNewer.\n")
    automatic.switch_on()
    (after,) = HfApi().list_webhooks()
    assert after.id == before.id and len(jobs(project.names)) == 2
    assert after.job and before.job and after.job.command != before.job.command


def test_a_first_job_that_failed_is_tried_again(
    project: Project, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AutoRetrain, "_command", lambda self, sha: ["false", self.names.code])
    automatic = AutoRetrain(HfApi(), project.names)
    automatic.switch_on()
    until(lambda: have_ended(project.names))
    automatic.switch_on()
    assert len(jobs(project.names)) == 2 and len(HfApi().list_webhooks()) == 1


def test_the_code_of_a_job_is_private_and_whole(
    project: Project, token: str, no_command: None, tmp_path: Path
) -> None:
    names = project.names
    AutoRetrain(HfApi(), names).switch_on()
    assert HfApi().dataset_info(names.code).private
    assert HfApi().dataset_info(names.corrections).private
    packed = hf_hub_download(names.code, ARCHIVE, repo_type="dataset")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
        assert not [one.name for one in archive if "__pycache__" in one.name or one.mtime]
    assert Path(packed).stat().st_size < 2 << 20
    # What `pip install -e .` asks first; that its modules are all there, a Job above has shown.
    build = f"from setuptools.build_meta import *; prepare_metadata_for_build_wheel('{tmp_path}')"
    command = [sys.executable, "-c", build]
    done = subprocess.run(command, cwd=tmp_path / "tagloop", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert list(tmp_path.glob("tagloop-*.dist-info"))


def test_a_token_that_expires_is_refused_at_once(
    hub_namespace: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RETRAIN_TOKEN", "hf_oauth_" + "x" * 30)
    with pytest.raises(UserError, match="expires, and a webhook shall outlive it") as error:
        Publication(PublishConfig(namespace=hub_namespace, name="x", auto_retrain=True), tmp_path)
    assert "hf_oauth" not in str(error.value) and "RETRAIN_TOKEN" in str(error.value)


def test_a_name_that_is_taken_is_refused_at_once(
    hub_namespace: str, token: str, tmp_path: Path
) -> None:
    api, names = HfApi(), Names.of(hub_namespace, "taken")
    api.create_repo(names.code, repo_type="dataset")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=names.code, repo_type="dataset")
    config = PublishConfig(namespace=hub_namespace, name="taken", auto_retrain=True)
    with pytest.raises(UserError, match="taken-retrain is taken"):
        Publication(config, tmp_path)


def test_a_hub_without_jobs_says_what_else_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedHub(tmp_path / "hub") as hub:
        monkeypatch.setenv("RETRAIN_TOKEN", hub.token)
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        automatic = AutoRetrain(api, Names.of("demo", "blog"))
        with pytest.raises(UserError, match=r"runs no Job for demo .*make retrain") as error:
            automatic.switch_on()
    assert "\n" not in str(error.value) and hub.token not in str(error.value)


STATIONS = ("_build", "_publish_dataset", "_train", "_evaluate", "_publish_model", "_publish_space")


@pytest.mark.parametrize(
    ("given", "done"), [(None, []), (True, ["on"]), (False, ["off"])], ids=["-", "1", "0"]
)
def test_publishing_does_so_last(
    given: bool | None,
    done: list[str],
    hub_namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    did: list[str] = []

    def noting(what: str) -> Callable[[object], str]:
        return lambda self: str(did.append(what) or what)  # type: ignore[func-returns-value]

    for station in STATIONS:
        monkeypatch.setattr(Publication, station, noting("station"))
    monkeypatch.setattr(AutoRetrain, "switch_on", noting("on"))
    monkeypatch.setattr(AutoRetrain, "switch_off", noting("off"))
    config = PublishConfig(namespace=hub_namespace, name="any", auto_retrain=given)
    Publication(config, tmp_path).run()
    assert did == ["station"] * len(STATIONS) + done


def test_a_dry_run_tells_of_it(hub_namespace: str, token: str) -> None:
    def told(given: bool | None) -> str:
        config = PublishConfig(namespace=hub_namespace, name="planned2", auto_retrain=given)
        return "\n".join(plan(config))

    assert "webhook" not in told(None)
    assert "planned2-retrain (private)" in told(True) and "a webhook that starts" in told(True)
    assert "remove the webhook" in told(False)
    assert not HfApi().repo_exists(f"{hub_namespace}/planned2-retrain", repo_type="dataset")
