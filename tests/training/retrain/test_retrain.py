"""Retraining on the embedded Hub: merged, learned, measured, let through or sent to a person."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from datasets import load_dataset
from huggingface_hub import CommitOperationAdd, HfApi, ModelCard

from tagloop.errors import UserError
from training import console
from training.hub import EmbeddedHub
from training.publish.repository import Moved, Published
from training.publish.static import station
from training.retrain import __main__ as retrain
from training.retrain import pipeline
from training.retrain.config import RetrainConfig
from training.retrain.rest import CLOCK

from .retrain_parts import (
    Project,
    answer_from_tables,
    correct,
    draw_no_charts,
    forget_all,
    forget_alone,
    learn_all,
    new_article,
    new_corrections,
    publish_project,
)


@pytest.fixture(autouse=True)
def table_tagger(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_from_tables(monkeypatch)


@pytest.fixture
def no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_no_charts(monkeypatch)


@pytest.fixture
def project(no_charts: None, hub_namespace: str, dataset: Path, tmp_path: Path) -> Project:
    return publish_project(hub_namespace, dataset, tmp_path)


def tags(project: Project, kind: str = "model") -> list[str]:
    repo_type = "model" if kind == "model" else "dataset"
    refs = HfApi().list_repo_refs(getattr(project.names, kind), repo_type=repo_type)
    return sorted(tag.name for tag in refs.tags)


def rows(project: Project) -> dict[str, dict[str, object]]:
    splits = load_dataset(project.names.dataset, revision=project.head("dataset"))
    return {row["id"]: {**row, "split": name} for name, part in splits.items() for row in part}


@pytest.fixture(scope="module")
def published(
    hub_namespace: str, dataset: Path, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """Returns a project whose corrections have been learned and published."""
    project = publish_project(hub_namespace, dataset, tmp_path_factory.mktemp("published"))
    known, frozen = project.articles["train"][0], project.articles["test"][0]
    good = project.articles["train"][1]
    predicted = [{"tag": tag, "confidence": 0.9} for tag in good["tags"]]
    project.add(
        *new_corrections(2, 5),
        correct(known["title"], known["text"], ["sourdough rye", "Bread"]),
        correct(frozen["title"], frozen["text"], ["Frozen"]),
        correct(good["title"], good["text"], [], predicted=predicted, verdict="good"),
        correct("Short", "Too short a text.", ["Bread"]),
    )
    project.add(*new_corrections(1, 0, first=50), decision=None)
    project.add(*new_corrections(1, 0, first=60), decision="reject")
    with pytest.MonkeyPatch.context() as patch:
        answer_from_tables(patch)
        outcome = project.retrain()
    assert outcome.kind == "published" and outcome.version == "v1.1.0", project.said
    return project


def test_what_is_accepted_is_in_the_next_revision(published: Project) -> None:
    now = rows(published)
    corrected = [row for row in now.values() if row["origin"] == "correction"]
    assert len(corrected) == 9  # 7 new ones, and 2 articles that were there
    assert sum(row["split"] != "train" for row in corrected) == 5
    known = now[published.articles["train"][0]["id"]]
    assert (known["tags"], known["split"]) == (["Sourdough Rye", "Bread"], "train")
    assert known["source"] == published.articles["train"][0]["source"]
    frozen = now[published.articles["test"][0]["id"]]
    assert frozen["tags"] == published.articles["test"][0]["tags"]
    memory = published.file("dataset", "corrections.json")
    assert memory["revision"] == published.head("corrections")
    counts = memory["counts"]
    wanted = {"corrections": 9, "replaced": 2, "frozen": 1, "dropped": 1, "pending": 1}
    assert {name: counts[name] for name in wanted} == wanted and counts["rejected"] == 1
    assert list(memory["dropped"].values()) == ["too short"]
    assert tags(published, "dataset") == ["v1.0.0", "v1.1.0"]


def test_a_static_space_gets_the_new_model(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graphs and page are made by what `tests/training/publish/test_static.py` drives."""
    api, space = HfApi(), project.names.static_space

    def graphs(folder: Path, *about: object) -> str:
        (folder / "onnx").mkdir(exist_ok=True)
        (folder / "onnx" / "graph").write_text("made")
        return "made"

    def page(target: Path, names: object, model: Published, folder: Path) -> Path:
        assert (folder / "onnx" / "graph").is_file()
        target.mkdir()
        (target / "site.json").write_text(json.dumps({"model": {"revision": model.revision}}))
        return target

    monkeypatch.setattr(pipeline, "graphs_station", graphs)
    monkeypatch.setattr(station, "write_static_space", page)
    api.create_repo(space, repo_type="space", space_sdk="static")
    pinned = json.dumps({"model": {"revision": project.head("model")}}).encode()
    api.upload_file(
        repo_id=space, repo_type="space", path_in_repo="site.json", path_or_fileobj=pinned
    )
    project.add(*new_corrections(2, 5))
    assert project.retrain().kind == "published"
    path = api.hf_hub_download(space, "site.json", repo_type="space")
    assert json.loads(Path(path).read_text()) == {"model": {"revision": project.head("model")}}
    assert "onnx/graph" in api.list_repo_files(project.names.model)


def test_the_dataset_card_says_where_corrections_come_from(published: Project) -> None:
    card = published.file("dataset", "README.md")
    assert "9 articles came in this way" in card and published.head("corrections")[:10] in card
    assert "rita" not in card + str(published.file("dataset", "corrections.json"))


def test_the_model_is_published_with_its_figures(published: Project) -> None:
    api = HfApi()
    head = published.head("model")
    assert tags(published) == ["v1.0.0", "v1.1.0"]
    refs = {tag.name: tag.target_commit for tag in api.list_repo_refs(published.names.model).tags}
    assert refs["v1.1.0"] == head
    revision = published.head("dataset")
    tagging = published.file("model", "tagging.json")
    assert tagging["dataset"]["revision"] == revision
    results = ModelCard.load(published.names.model).data.eval_results
    assert {result.dataset_revision for result in results} == {revision}
    report = published.file("model", "retrain_report.json")
    assert report["decision"]["passed"] and report["learned"] == 4
    assert report["compared"]["held_out"]["articles"] == 5
    assert report["compared"]["frozen_test"]["articles"] == len(published.articles["test"])
    assert report["compared"]["held_out"]["measures"]["f1@m"]["difference"]["value"] == 1.0
    # The checkpoint has learned nothing, and lost nothing: that passes.
    assert report["compared"]["held_out"]["checkpoint"]["f1@m"]["difference"]["value"] == 0.0
    assert 0 < report["compared"]["frozen_test"]["checkpoint"]["f1@m"]["after"]["value"] < 1
    # It was fine-tuned from the base that the version before was fine-tuned from.
    assert published.file("model", "training_log.json")["base_fingerprint"] == "x"
    measured = published.file("model", "report.json")["systems"]
    assert list(measured) == ["checkpoint", "after", "most_frequent"]
    assert measured["after"]["f1@m"]["value"] > measured["checkpoint"]["f1@m"]["value"]


def test_the_changelog_is_for_people_and_for_the_space(published: Project) -> None:
    text = published.file("model", "CHANGELOG.md")
    assert "v1.1.0" in text and "Sourdough Rye" in text and "held-out corrections" in text
    (entry,) = published.file("model", "changelog.json")["versions"]
    assert entry["version"] == "v1.1.0" and entry["new_tags"] == ["Sourdough Rye"]
    assert entry["corrections"]["learned"] == 4
    assert "CHANGELOG.md" in published.file("model", "README.md")
    lines = [line for line in text.splitlines() if "frozen test |" in line and "F1@M" in line]
    assert ["checkpoint alone" in line for line in lines] == [False, True]


def test_a_checkpoint_that_forgot_goes_to_a_person_however_good_tagloop_is(
    project: Project,
) -> None:
    project.add(*new_corrections(2, 5))
    outcome = project.retrain(forget_alone)
    assert outcome.kind == "proposed"
    (request,) = HfApi().get_repo_discussions(project.names.model)
    details = HfApi().get_discussion_details(project.names.model, request.num)
    text = str([asdict(event) for event in details.events])
    assert "F1@M with Tagloop changes by +0.0000" in text and "held-out corrections" in text
    assert "| checkpoint alone | F1@M |" in text and "it got worse" in text


def test_a_second_run_with_nothing_new_does_nothing(published: Project) -> None:
    before = [published.head(kind) for kind in ("model", "dataset", "corrections")]
    published.add(*new_corrections(1, 0, first=70), decision=None)  # not reviewed: nothing new
    outcome = published.retrain(forget_all)
    assert outcome.kind == "nothing" and "Nothing to do" in outcome.said
    assert [published.head(kind) for kind in ("model", "dataset")] == before[:2]
    branches = HfApi().list_repo_refs(published.names.corrections, repo_type="dataset").branches
    assert [branch.name for branch in branches] == ["main"]  # the lock is given back


def test_a_withdrawn_article_leaves(project: Project) -> None:
    known = project.articles["train"][0]
    added = project.add(
        *new_corrections(2, 1), correct(known["title"], known["text"], ["Other Tags"])
    )
    project.retrain()
    first, last = added[0], added[-1]
    project.withdraw(first)
    project.withdraw(last)
    outcome = project.retrain()
    now = rows(project)
    assert not [row for row in now.values() if row["text"] == first.text]
    assert (now[known["id"]]["tags"], now[known["id"]]["origin"]) == (known["tags"], "source")
    memory = project.file("dataset", "corrections.json")
    assert memory["removed"] == sorted([first.id, last.id])
    assert first.title not in str(memory) and outcome.kind == "proposed"
    # Accepted again by nobody: it stays away, and stays listed.
    assert project.retrain().kind == "nothing"


def test_the_gate_sends_a_worse_one_to_a_person(project: Project) -> None:
    project.add(*new_corrections(2, 5))
    main = project.head("model")
    outcome = project.retrain(forget_all)
    assert outcome.kind == "proposed" and outcome.url
    assert project.head("model") == main and tags(project) == ["v1.0.0"]
    (request,) = HfApi().get_repo_discussions(project.names.model)
    details = HfApi().get_discussion_details(project.names.model, request.num)
    text = str([asdict(event) for event in details.events])
    assert "it got worse" in text and "frozen test" in text
    files = HfApi().list_repo_files(project.names.model, revision=f"refs/pr/{request.num}")
    assert {"CHANGELOG.md", "retrain_report.json", "answers.json"} <= set(files)
    again = project.retrain()
    assert again.kind == "nothing" and again.url == outcome.url
    # A person merges it: the next run gives it its version, and has nothing else to do.
    HfApi().merge_pull_request(project.names.model, request.num)
    assert project.retrain().kind == "nothing" and tags(project) == ["v1.0.0", "v1.1.0"]


def test_too_few_held_out_cannot_tell_and_the_exit_status_says_so(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = {"learn": learn_all, "say": console.say, "command": "", "clock": CLOCK}
    monkeypatch.setattr(pipeline.Retrain.__init__, "__kwdefaults__", stub)
    project.add(*new_corrections(2, 1))
    flags = ["--model", project.names.model, "--work", str(project.work)]
    assert retrain.main(flags) == 3
    assert "Only 1 correction held out" in capsys.readouterr().out
    assert retrain.main(flags) == 0
    assert "it waits for a person" in capsys.readouterr().out
    # With other settings it is another attempt.
    assert retrain.main([*flags, "--least_held_out", "1"]) == 0
    output = capsys.readouterr()
    assert "Published: " in output.out and "hf_" not in output.out + output.err


def test_a_main_that_moved_is_not_published_over(project: Project) -> None:
    project.add(*new_corrections(2, 5))

    def meanwhile(*arguments: object) -> dict[str, object]:
        operation = CommitOperationAdd("other.txt", b"somebody else's")
        HfApi().create_commit(project.names.model, [operation], commit_message="other")
        return learn_all(*arguments)  # type: ignore[arg-type]

    with pytest.raises(Moved, match=r"got another commit since .* nothing was overwritten"):
        project.retrain(meanwhile)
    assert tags(project) == ["v1.0.0"]
    outcome = project.retrain()  # starts anew from the one that is there now
    assert outcome.kind == "published"


def test_an_interrupted_learning_goes_on(project: Project) -> None:
    project.add(*new_corrections(1, 5))

    def interrupted(*arguments: object) -> dict[str, object]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.retrain(interrupted)
    branches = HfApi().list_repo_refs(project.names.corrections, repo_type="dataset").branches
    assert [branch.name for branch in branches] == ["main"]
    assert project.retrain().kind == "published"
    assert any("going on with the run" in line for line in project.said)
    assert tags(project, "dataset") == ["v1.0.0", "v1.1.0"]


@pytest.mark.timeout(900)
def test_a_killed_run_goes_on(project: Project) -> None:
    project.add(*new_corrections(2, 5))
    command = [sys.executable, "-m", "tests.training.retrain.retrain_parts", project.names.model]
    kills = ["merge", "dataset", "0.15", "learned", "decision", "0.4", "outcome"]
    done = subprocess.run(
        [*command, str(project.work), *kills],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        timeout=800,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    for step in ("merge", "dataset", "learned", "decision", "outcome"):
        assert f"{step} killed" in lines, done.stdout
    assert "published v1.1.0" in lines
    assert tags(project) == ["v1.0.0", "v1.1.0"] and tags(project, "dataset") == tags(project)
    commits = HfApi().list_repo_commits(project.names.model)
    assert sum("Retrained" in commit.title for commit in commits) == 1


def test_agreement_takes_what_nobody_reviewed(project: Project) -> None:
    title, text = new_article("train")
    users, known = ("ann", "bob"), project.articles["train"][0]["tags"][:2]
    project.add(*[correct(title, text, known, user=user) for user in users], decision=None)
    assert project.retrain().kind == "nothing"  # nobody has set how many are enough
    HfApi().create_repo(project.names.space, repo_type="space", space_sdk="gradio")
    HfApi().add_space_variable(project.names.space, "TAGLOOP_AGREEMENT", "2")
    assert project.retrain(agreement=0).kind == "nothing"
    project.retrain()
    memory = project.file("dataset", "corrections.json")
    assert memory["counts"]["by_agreement"] == 1 and memory["agreement"] == 2


def test_a_dry_run_changes_nothing(
    published: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published.add(*new_corrections(1, 0, first=90))
    before = [published.head(kind) for kind in ("model", "dataset", "corrections")]
    flags = ["--model", published.names.model, "--work", str(tmp_path / "work"), "--dry_run"]
    assert retrain.main(flags) == 0
    assert "1 corrected articles would be learned" in capsys.readouterr().out
    assert before == [published.head(kind) for kind in ("model", "dataset", "corrections")]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "--model is missing"),
        (["--model", "nobody/x-tagger"], "may not publish as nobody"),
        (["--model", "{me}/nothing-tagger"], "nothing-tagger was not found"),
        (["--model", "{me}/blog"], "say where its corrections are"),
        (["--model", "{me}/blog-tagger", "--agreement", "1"], "agrees with nobody"),
        (["--model", "{me}/blog-tagger", "--tolerance", "7"], "a number from 0 to 1"),
    ],
)
def test_mistakes_are_one_sentence(
    hub: EmbeddedHub, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    assert retrain.main([flag.format(me=hub.user) for flag in flags]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("error: ") and said in error and "\n" not in error


def test_no_corrections_yet_is_no_error(project: Project) -> None:
    HfApi().delete_repo(project.names.corrections, repo_type="dataset")
    assert "nobody has corrected anything yet" in project.retrain().said


def test_a_model_of_somebody_else_is_refused(hub_namespace: str) -> None:
    repo = HfApi().create_repo(f"{hub_namespace}/foreign-tagger", exist_ok=True).repo_id
    with pytest.raises(UserError, match=r"has no tagging.json: it was not made by Tagloop"):
        pipeline.Retrain(RetrainConfig(model=repo)).run()
