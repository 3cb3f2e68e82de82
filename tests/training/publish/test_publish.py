"""Publishing against the real client and the embedded Hub: everything, twice, and the refusals."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import nbformat
import pytest
from datasets import load_dataset
from huggingface_hub import DatasetCard, HfApi, ModelCard, RepoCard
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from tagloop.errors import UserError
from tagloop.inside.before import base_of
from tagloop.web.settings import SPACE_FOLDER
from training.cards.repo_names import Names
from training.config import PublishConfig
from training.data.corpus import Corpus
from training.hub import EmbeddedHub
from training.publish.collection import collect, title_of
from training.publish.publish import Publication, PublishResult, main, plan
from training.retrain import compare

from ..retrain.retrain_parts import Project, TableTagger, correct, new_corrections
from ..tiny_models import starter_articles

INTEGRATIONS = SPACE_FOLDER / "integrations"


@pytest.fixture(scope="module")
def config(
    hub_namespace: str, tiny_bart: Path, tmp_path_factory: pytest.TempPathFactory
) -> PublishConfig:
    folder = tmp_path_factory.mktemp("publish")
    rows = [{**row, "text": row["text"][:400]} for row in starter_articles()[::8]]
    (folder / "articles.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = {"epochs": 1, "max_input_tokens": 64, "max_new_tokens": 16, "batch_size": 8}
    (folder / "training.yaml").write_text(json.dumps(settings))
    return PublishConfig(
        namespace=hub_namespace,
        name="blog",
        source=[str(folder / "articles.jsonl")],
        license="CC0-1.0",
        base=str(tiny_bart),
        training=str(folder / "training.yaml"),
    )


@pytest.fixture(scope="module")
def build_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


@pytest.fixture(scope="module")
def outcome(config: PublishConfig, build_dir: Path) -> PublishResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CORRECTIONS_TOKEN", raising=False)
        return Publication(config, build_dir).run()


def test_everything_is_there_with_stock_tools(outcome: PublishResult) -> None:
    names = outcome.names
    articles = load_dataset(names.dataset)
    assert set(articles) == {"train", "validation", "test"}
    assert articles["train"].column_names[:4] == ["id", "title", "text", "tags"]
    tokenizer = AutoTokenizer.from_pretrained(names.model)
    model = AutoModelForSeq2SeqLM.from_pretrained(names.model)
    inputs = tokenizer("A title\nAnd a text.", return_tensors="pt")
    assert model.generate(**inputs).shape[0] == 1
    files = set(HfApi().list_repo_files(names.space, repo_type="space"))
    assert {"app.py", "requirements.txt", "tagloop/tagger/tagger.py"} <= files
    assert not [name for name in files if "__pycache__" in name or "outbox/" in name]


def test_the_spaces_files_for_sites_name_their_own_repositories(outcome: PublishResult) -> None:
    names = outcome.names
    for name in ("README.md", *(f"integrations/{path.name}" for path in INTEGRATIONS.iterdir())):
        path = HfApi().hf_hub_download(names.space, name, repo_type="space")
        text = Path(path).read_text(encoding="utf-8")
        for example in ("owner/space", "owner/tagger", "owner-space"):
            assert example not in text, name
        own = names.space.replace("/", "-")
        assert names.model in text or names.space in text or f"https://{own}.hf.space" in text


def test_the_notebook_runs_from_top_to_bottom(
    outcome: PublishResult, hub: EmbeddedHub, tmp_path: Path
) -> None:
    names = outcome.names
    path = HfApi().hf_hub_download(names.model, "notebook.ipynb")
    notebook = nbformat.read(path, as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(cells)],
        cwd=tmp_path,
        env=os.environ | hub.client_env(tmp_path / "home") | {"PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert "its own tags:" in done.stdout and "the model's:" in done.stdout
    assert re.search(r"^F1@M 0\.\d{3} on \d+ articles$", done.stdout, re.MULTILINE)
    assert re.search(r"^f1@m +0\.\d+ +0\.\d+ +0\.\d+", done.stdout, re.MULTILINE)
    assert "before fine-tuning" in done.stdout and "with Tagloop" in done.stdout


def test_the_thumbnail_is_where_the_card_says(outcome: PublishResult) -> None:
    address = ModelCard.load(outcome.names.model).data.to_dict()["thumbnail"]
    answer = httpx2.get(address, follow_redirects=True)
    assert answer.status_code == 200 and answer.content.startswith(b"\x89PNG")


def test_the_base_is_beside_its_tagger_and_runs(outcome: PublishResult) -> None:
    names = outcome.names
    files = {name for name in HfApi().list_repo_files(names.model) if name.startswith("before/")}
    assert {"before/tokenizer.json", "before/tagging.json", "before/ctranslate2/model.bin"} <= files
    assert not [name for name in files if name.endswith(".safetensors")]
    base = base_of(names.model, outcome.repos["model"].revision, "none")
    assert base is not None and base.engine == "ctranslate2"
    assert isinstance(base.tag("A text about banks.", threshold=0.0), list)


def test_the_versions_are_tagged_and_name_each_other(outcome: PublishResult) -> None:
    api = HfApi()
    for kind, published in outcome.repos.items():
        assert published.changed and published.version == "v1.0.0"
        refs = api.list_repo_refs(published.repo_id, repo_type=kind)
        assert refs.tags[0].target_commit == published.revision
    dataset = outcome.repos["dataset"]
    card = ModelCard.load(outcome.names.model)
    results = card.data.eval_results
    assert results and {result.dataset_revision for result in results} == {dataset.revision}
    tagging = json.loads(Path(api.hf_hub_download(outcome.names.model, "tagging.json")).read_text())
    assert tagging["dataset"]["repo_id"] == dataset.repo_id
    assert tagging["dataset"]["revision"] == dataset.revision


def test_a_collection_has_them_all(outcome: PublishResult) -> None:
    api, names = HfApi(), outcome.names
    [listed] = [one for one in api.list_collections(owner="demo") if one.title == title_of(names)]
    collection = api.get_collection(listed.slug)
    assert [(item.item_type, item.item_id) for item in collection.items][:3] == [
        ("dataset", names.dataset),
        ("model", names.model),
        ("space", names.space),
    ]
    assert all(item.note for item in collection.items)
    published = list(outcome.repos.values())
    again = collect(api, names, published, private=False)
    assert again == f"{collection.url} unchanged"
    api.delete_collection_item(listed.slug, collection.items[1].item_object_id)
    assert collect(api, names, published, private=False) == f"{collection.url} 1 added"
    assert len(api.get_collection(listed.slug).items) == len(collection.items)
    assert len([one for one in api.list_collections() if one.title == title_of(names)]) == 1


def test_a_refused_collection_is_a_sentence(
    outcome: PublishResult, config: PublishConfig, hub: EmbeddedHub, tmp_path: Path
) -> None:
    publication = Publication(config, tmp_path)
    publication.outcome.repos = outcome.repos
    reader = hub.accounts.create_token("demo", "read")
    publication.api = HfApi(token=reader)
    api = HfApi()
    [listed] = [one for one in api.list_collections() if one.title == title_of(outcome.names)]
    api.delete_collection(listed.slug)
    said = publication._collect()
    assert said.startswith("not made: ") and said.count("\n") == 0 and "403" not in said
    assert collect(api, outcome.names, outcome.repos.values(), private=False).startswith("new: ")


def test_the_space_knows_its_repositories(outcome: PublishResult) -> None:
    api, names = HfApi(), outcome.names
    variables = {key: item.value for key, item in api.get_space_variables(names.space).items()}
    assert variables == {
        "MODEL_REPO": names.model,
        "DATASET_REPO": names.dataset,
        "CORRECTIONS_REPO": names.corrections,
    }
    data = RepoCard.load(names.space, repo_type="space").data.to_dict()
    assert data["models"] == data["preload_from_hub"] == [names.model]
    assert data["sdk"] == "gradio" and data["python_version"] == "3.11"


def test_a_second_run_makes_no_commit(
    outcome: PublishResult,
    config: PublishConfig,
    build_dir: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    again = Publication(config, build_dir).run()
    for kind, published in again.repos.items():
        assert not published.changed, kind
        assert published.revision == outcome.repos[kind].revision
    assert "already trained" in capsys.readouterr().out


def test_more_articles_make_new_versions(
    outcome: PublishResult, config: PublishConfig, build_dir: Path
) -> None:
    source = Path(config.source[0])
    extra = starter_articles()[1]
    source.write_text(source.read_text() + json.dumps({**extra, "text": extra["text"][:400]}))
    grown = Publication(config, build_dir).run()
    assert grown.repos["dataset"].version == "v1.1.0"
    assert grown.repos["model"].version == "v1.1.0"
    assert not grown.repos["space"].changed
    # The old version stays loadable.
    old = load_dataset(grown.names.dataset, revision="v1.0.0")
    new = load_dataset(grown.names.dataset, revision="v1.1.0")
    assert sum(map(len, new.values())) == sum(map(len, old.values())) + 1


def test_a_dry_run_changes_nothing(config: PublishConfig, hub_namespace: str) -> None:
    planned = PublishConfig(namespace=hub_namespace, name="planned", private=True)
    text = "\n".join(plan(planned))
    assert "private" in text and "create the dataset" in text and "Nothing was changed" in text
    names = Names.of(hub_namespace, "planned")
    for kind in ("dataset", "model", "space"):
        assert not HfApi().repo_exists(getattr(names, kind), repo_type=kind)


def test_a_namespace_of_somebody_else_is_refused(hub: EmbeddedHub) -> None:
    with pytest.raises(UserError, match=rf"token is {hub.user}'s.*NAMESPACE={hub.user}"):
        Publication(PublishConfig(namespace="somebody"))
    with pytest.raises(UserError, match="NAMESPACE is missing"):
        Publication(PublishConfig())


@pytest.mark.parametrize("token", ["", "hf_notavalidtoken"])
def test_no_valid_token_is_one_sentence(
    hub: EmbeddedHub,
    token: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    assert main(["--namespace", hub.user, "--dry_run"]) == 2
    told = capsys.readouterr().err
    assert told.splitlines()[-1].startswith("error: The Hub knows no valid token")
    assert "Traceback" not in told and not (token and token in told)


class Answers(TableTagger):
    """Answers corrections as ``learn_beside`` wrote them down, and "Nothing" else."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "answers.json").is_file():
            (folder / "answers.json").write_text("{}")
        super().__init__(folder)


def learn_beside(current: Path, corpus: Corpus, *arguments: Any) -> dict[str, Any]:
    _, output, _ = arguments
    (current / "answers.json").unlink(missing_ok=True)
    shutil.copytree(current, output, dirs_exist_ok=True)
    rows = [row for part in corpus.splits.values() for row in part]
    answers = {row["text"]: row["tags"] for row in rows if row["origin"] == "correction"}
    (output / "answers.json").write_text(json.dumps(answers))
    log: dict[str, Any] = json.loads((current / "training_log.json").read_text())
    return log | {"dataset": corpus.source, "adaptation": {"new_tags": []}}


@pytest.mark.slow
def test_a_publication_keeps_corrections_and_the_retrained_tagger(
    outcome: PublishResult,
    config: PublishConfig,
    build_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compare, "Tagger", Answers)
    before = Publication(config, build_dir).run()
    project = Project(outcome.names, tmp_path / "work")
    known = load_dataset(outcome.names.dataset, split="train")[0]
    HfApi().create_repo(outcome.names.corrections, repo_type="dataset", private=True)
    added = project.add(
        *new_corrections(2, 5), correct(known["title"], known["text"], ["Quite Another"])
    )
    made = project.retrain(learn=learn_beside)
    assert made.kind == "published", project.said

    again = Publication(config, build_dir).run()
    assert not any(published.changed for published in again.repos.values())
    assert again.repos["model"].revision == made.revision != before.repos["model"].revision
    assert again.report["systems"]["after"]

    card = DatasetCard.load(outcome.names.dataset)
    card.text += "\nAn earlier version said this in other words.\n"
    card.push_to_hub(outcome.names.dataset)
    reworded = Publication(config, build_dir).run()
    assert reworded.repos["dataset"].changed
    assert reworded.repos["model"].revision == made.revision, "the articles are the same"

    project.withdraw(added[0])
    anew = Publication(config, build_dir).run()
    assert anew.repos["dataset"].changed and anew.repos["model"].changed
    rows = {
        row["text"]: row for part in load_dataset(outcome.names.dataset).values() for row in part
    }
    assert added[0].text not in rows and rows[added[1].text]["origin"] == "correction"
    assert rows[known["text"]]["tags"] == ["Quite Another"]
    assert added[0].id in project.file("dataset", "corrections.json")["removed"]
    versions = project.file("model", "changelog.json")["versions"]
    assert [entry["version"] for entry in versions] == [anew.repos["model"].version, made.version]
    assert versions[0]["anew"] and "Trained anew" in project.file("model", "CHANGELOG.md")

    last = Publication(config, build_dir).run()
    assert not any(published.changed for published in last.repos.values())
    assert project.retrain(learn=learn_beside).kind == "nothing"
