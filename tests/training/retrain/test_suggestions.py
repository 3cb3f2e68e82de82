"""Pull requests of strangers to the suggestions dataset: merged, refused, learned, withdrawn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from datasets import load_dataset
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError

from tagloop.corrections.dataset import Records, read_records
from tagloop.corrections.record import Correction
from tagloop.errors import UserError
from training.cards.repo_names import Names
from training.hub import EmbeddedHub
from training.publish.suggestions import check_suggestions, make_suggestions
from training.retrain import __main__ as retrain
from training.retrain.suggestions.merging import merge_suggestions, printable, take_merged

from .retrain_parts import (
    Project,
    answer_from_tables,
    correct,
    draw_no_charts,
    new_article,
    publish_project,
    review,
)

ID = "1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b"


@pytest.fixture
def inbox(hub_namespace: str, tmp_path: Path) -> Project:
    """A project with suggestions and corrections, and nothing to retrain."""
    names = Names.of(hub_namespace, f"blog{uuid4().hex[:8]}")
    HfApi().create_repo(names.corrections, repo_type="dataset", private=True)
    make_suggestions(HfApi(), names)
    return Project(names, tmp_path / "work")


@pytest.fixture
def project(
    hub_namespace: str, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """A project that can be retrained."""
    answer_from_tables(monkeypatch)
    draw_no_charts(monkeypatch)
    made = publish_project(hub_namespace, dataset, tmp_path)
    make_suggestions(HfApi(), made.names)
    return made


class Visitors:
    """People without write access, each with a token of his own."""

    def __init__(self, hub: EmbeddedHub) -> None:
        self.hub = hub

    def open(self, project: Project, user: str, operations: Sequence[object]) -> int:
        api = HfApi(token=self.hub.accounts.create_token(user, "write"))
        made = api.create_commit(
            project.names.suggestions,
            operations,  # type: ignore[arg-type]
            commit_message="Tags of an article",
            repo_type="dataset",
            create_pr=True,
        )
        assert made.pr_num
        return made.pr_num

    def suggest(self, project: Project, user: str, correction: Correction) -> int:
        return self.open(project, user, [added(correction)])


@pytest.fixture
def visitors(hub: EmbeddedHub) -> Visitors:
    return Visitors(hub)


def added(correction: Correction) -> CommitOperationAdd:
    return file(f"data/{correction.id}.jsonl", json.dumps(correction.to_json()))


def file(path: str, text: str) -> CommitOperationAdd:
    return CommitOperationAdd(path, text.encode())


def suggestion(number: int = 0, split: str = "train") -> Correction:
    return correct(*new_article(split, number), ["Sourdough Rye", f"Subject {number}"])


def merge(project: Project, **options: bool) -> str:
    return merge_suggestions(HfApi(), project.names, project.said.append, **options)


def records(project: Project) -> Records:
    return read_records(project.names.corrections)


def status(project: Project, number: int) -> str:
    details = HfApi().get_discussion_details(project.names.suggestions, number, repo_type="dataset")
    return str(details.status)


def test_many_are_merged_at_once_as_whose_they_are(inbox: Project, visitors: Visitors) -> None:
    lie = replace(suggestion(0), user="somebody-else", visitor="0123456789abcdef", note="Look")
    first, second = (
        visitors.suggest(inbox, "ann", lie),
        visitors.suggest(inbox, "bob", suggestion(1)),
    )
    heads = inbox.head("corrections")
    said = merge(inbox, dry_run=True)
    assert said == "2 suggestions would be merged, 0 left open. Nothing was changed."
    assert inbox.head("corrections") == heads and status(inbox, first) == "open"
    assert inbox.said == [
        f"#{first} by ann: “Article 0”: +Sourdough Rye, +Subject 0, -Nothing",
        f"#{second} by bob: “Article 1”: +Sourdough Rye, +Subject 1, -Nothing",
    ]
    said = merge(inbox)
    assert said.startswith(f"2 suggestions of 2 people merged into {inbox.names.corrections}, 0")
    assert [status(inbox, number) for number in (first, second)] == ["merged", "merged"]
    one, two = records(inbox).corrections.values()
    assert [(one.user, one.visitor, one.note), two.user] == [("ann", None, "Look"), "bob"]
    # Whoever knows an id may withdraw, and a suggestion's own is public.
    assert one.id != lie.id and one.text == lie.text and one.corrected == lie.corrected
    assert merge(inbox).startswith("0 suggestions of 0 people")
    rows = load_dataset(inbox.names.suggestions, split="train")
    assert {row["id"] for row in rows} >= {lie.id} and len(rows) == 2


def test_reviewed_ones_are_in_the_next_version(project: Project, visitors: Visitors) -> None:
    splits = ["train", "train", *["test", "validation"] * 3]
    sent = [suggestion(number, split) for number, split in enumerate(splits)]
    for one in sent:
        visitors.suggest(project, "ann", one)
    merge(project)
    taken = records(project).corrections.values()
    assert project.retrain().kind == "nothing", "merged is not reviewed"
    project.store({"reviews": [review(one, "accept").to_json() for one in taken]})
    assert project.retrain().version == "v1.1.0"
    learned = load_dataset(project.names.dataset, revision=project.head("dataset"))
    texts = {row["text"] for part in learned.values() for row in part}
    assert {one.text for one in sent} <= texts


def test_agreement_counts_whose_pull_request_it_is(project: Project, visitors: Visitors) -> None:
    title, text = new_article("train")
    known = project.articles["train"][0]["tags"][:2]
    for claimed in ("bob", "carl"):
        visitors.suggest(project, "ann", correct(title, text, known, user=claimed))
    merge(project)
    assert project.retrain(agreement=2).kind == "nothing", "it was one and the same person"
    visitors.suggest(project, "bob", correct(title, text, known))
    merge(project)
    project.retrain(agreement=2)
    assert project.file("dataset", "corrections.json")["counts"]["by_agreement"] == 1


def test_hostile_ones_are_left_open_with_a_sentence_and_stop_no_other(
    inbox: Project, visitors: Visitors, capsys: pytest.CaptureFixture[str]
) -> None:
    good, row = suggestion(0), suggestion(1).to_json()
    path = f"data/{ID}.jsonl"

    def changed(**values: object) -> CommitOperationAdd:
        return file(path, json.dumps(row | {"id": ID} | values))

    bad: dict[str, list[object]] = {
        "it changes README.md": [file("README.md", "mine")],
        "it removes README.md": [CommitOperationDelete("README.md")],
        "it adds several files": [added(good), file("data/b.jsonl", "{}")],
        "it changes 2 files": [added(good), CommitOperationDelete("README.md")],
        "it adds data/a.jsonl": [file("data/a.jsonl", "{}")],
        "it adds reviews/2026-01-01/a.jsonl": [file("reviews/2026-01-01/a.jsonl", "{}")],
        "its file has 4,194,": [file(path, "{" + " " * 4_194_304 + "}")],
        "no JSON": [file(path, "{" * 50_000)],
        "has not just one row": [file(path, json.dumps(row) + "\n" + json.dumps(row))],
        "has another id than its file": [file(path, json.dumps(row))],
        "wrong columns: text": [changed(text=["x"])],
        "The text has 50,001 characters": [changed(text="x" * 50_001)],
        "The tag has 81 characters": [changed(corrected=["x" * 81])],
        "columns: ha\N{REPLACEMENT CHARACTER}[2Jha": [changed(**{"ha\x1b[2Jha": 1})],
    }
    numbers = [visitors.open(inbox, "eve", operations) for operations in bad.values()]
    visitors.suggest(inbox, "ann", good)
    again = visitors.suggest(inbox, "eve", good)
    flags = ["--model", inbox.names.model, "--work", str(inbox.work), "--suggestions"]
    assert retrain.main(flags) == 0
    out = capsys.readouterr().out
    for number, reason in zip(numbers, bad, strict=True):
        [line] = [line for line in out.splitlines() if line.startswith(f"#{number} by eve: ")]
        assert "left open: " in line and reason in line, line
        assert status(inbox, number) == "open"
    assert f"#{again} by eve: left open: its file is there already." in out
    assert "1 suggestion of 1 person merged into" in out and f"{len(bad) + 1} left open" in out
    assert [one.user for one in records(inbox).corrections.values()] == ["ann"]


def test_what_the_owner_merged_by_hand_is_taken_too(project: Project, visitors: Visitors) -> None:
    api, repo = HfApi(), project.names.suggestions
    number = visitors.suggest(project, "ann", replace(suggestion(), user="liar"))
    card = visitors.open(project, "bob", [file("README.md", "A better card")])
    for one in (number, card):
        api.merge_pull_request(repo, one, repo_type="dataset")
    api.delete_repo(project.names.corrections, repo_type="dataset")  # none has come by a Space
    assert project.retrain().kind == "nothing"
    [found] = records(project).corrections.values()
    assert found.user == "ann"
    assert api.dataset_info(project.names.corrections).private
    assert take_merged(api, project.names) == 0


def test_what_leaves_the_public_dataset_is_withdrawn(inbox: Project, visitors: Visitors) -> None:
    kept, gone = suggestion(0), suggestion(1)
    for one in (kept, gone):
        visitors.suggest(inbox, "ann", one)
    merge(inbox)
    HfApi().delete_file(f"data/{gone.id}.jsonl", inbox.names.suggestions, repo_type="dataset")
    for _ in range(2):
        assert take_merged(HfApi(), inbox.names) == 0
    found = records(inbox)
    [withdrawn] = found.withdrawn
    assert found.corrections[withdrawn].text == gone.text and found.repeated == 0


def test_a_run_that_was_killed_before_the_merge_goes_on(
    inbox: Project, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = visitors.suggest(inbox, "ann", suggestion())

    def killed(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(HfApi, "merge_pull_request", killed)
        with pytest.raises(KeyboardInterrupt):
            merge(inbox)
    assert status(inbox, number) == "open" and len(records(inbox).corrections) == 1
    merge(inbox)
    found = records(inbox)
    assert status(inbox, number) == "merged"
    assert len(found.corrections) == 1 and not found.withdrawn


def test_a_commit_that_comes_between_is_told(
    inbox: Project, visitors: Visitors, hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = visitors.suggest(inbox, "eve", suggestion())
    usual = HfApi.merge_pull_request

    def overtaken(api: HfApi, *arguments: object, **options: object) -> object:
        HfApi(token=hub.accounts.create_token("eve", "write")).create_commit(
            inbox.names.suggestions,
            [file("README.md", "mine")],
            commit_message="Quickly",
            repo_type="dataset",
            revision=f"refs/pr/{number}",
        )
        return usual(api, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(HfApi, "merge_pull_request", overtaken)
    merge(inbox)
    assert "Look at the dataset's history: README.md changed" in inbox.said[-1]
    assert len(records(inbox).corrections) == 1


def test_without_write_access_it_is_a_sentence(
    inbox: Project, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitors.suggest(inbox, "ann", suggestion())

    def forbidden(*arguments: object, **options: object) -> None:
        HfApi(token=visitors.hub.accounts.create_token("ann", "write")).delete_repo(
            inbox.names.suggestions, repo_type="dataset"
        )

    monkeypatch.setattr(HfApi, "merge_pull_request", forbidden)
    with pytest.raises(UserError, match="may not write to"):
        merge(inbox)


def test_without_such_a_dataset_there_is_nothing_to_merge(inbox: Project) -> None:
    HfApi().delete_repo(inbox.names.suggestions, repo_type="dataset")
    assert "publish a static Space first" in merge(inbox)
    assert take_merged(HfApi(), inbox.names) == 0


def test_the_dataset_is_public_and_its_owners_card_stays(inbox: Project) -> None:
    api, repo = HfApi(), inbox.names.suggestions
    assert not api.dataset_info(repo).private
    before = api.dataset_info(repo).sha
    make_suggestions(api, inbox.names)
    assert api.dataset_info(repo).sha == before
    card = Path(api.hf_hub_download(repo, "README.md", repo_type="dataset")).read_text()
    assert "public" in card and "license: cc-by-4.0" in card
    with pytest.raises(HfHubHTTPError):
        visitor = HfApi(token=False)
        visitor.create_discussion(repo, "Anonymous", repo_type="dataset")


def test_a_name_that_is_somebody_elses_is_refused(inbox: Project) -> None:
    api, repo = HfApi(), inbox.names.suggestions
    check_suggestions(api, inbox.names)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="a.csv", repo_id=repo, repo_type="dataset")
    with pytest.raises(UserError, match=r"The name .*-suggestions is taken"):
        check_suggestions(api, inbox.names)


def test_a_terminal_only_shows_a_line() -> None:
    hostile = "a\x1b]0;title\x07\r\n\u202eb" + "c" * 1000
    shown = printable(hostile)
    assert shown.isprintable() and len(shown) == 302 and shown.endswith("c …")
