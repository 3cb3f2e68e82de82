"""A static Space published: the graphs beside the model, the page pinned to them, and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, ModelCard, RepoCard

from tagloop.errors import UserError
from training.config import PublishConfig
from training.demo import static_space
from training.demo.checks import TEXT, TITLE
from training.demo.static_space import check_static_space
from training.publish.errors import NeedsPlan
from training.publish.publish import Publication, PublishResult, plan
from training.publish.repository import Repository
from training.publish.static import vendor
from training.publish.static.graphs import check_runs_in_browser
from training.retrain.config import RetrainConfig
from training.retrain.pipeline import Retrain

from ..tiny_models import make_tiny_encoder, make_tiny_t5, starter_articles


@pytest.fixture(scope="module")
def config(
    hub_namespace: str, tiny_bart: Path, tmp_path_factory: pytest.TempPathFactory
) -> PublishConfig:
    folder = tmp_path_factory.mktemp("static")
    rows = [{**row, "text": row["text"][:300]} for row in starter_articles()[::8]]
    (folder / "articles.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = {"epochs": 1, "max_input_tokens": 48, "max_new_tokens": 12, "batch_size": 8}
    (folder / "training.yaml").write_text(json.dumps(settings))
    return PublishConfig(
        namespace=hub_namespace,
        name="in-browser",
        source=[str(folder / "articles.jsonl")],
        license="CC0-1.0",
        base=str(tiny_bart),
        encoder=str(make_tiny_encoder(tiny_bart, folder / "encoder")),
        training=str(folder / "training.yaml"),
        space="static",
    )


@pytest.fixture(scope="module")
def build_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


@pytest.fixture(scope="module")
def outcome(config: PublishConfig, build_dir: Path) -> Iterator[PublishResult]:
    yield Publication(config, build_dir).run()


def test_the_space_is_pinned_to_a_model_that_has_its_graphs(outcome: PublishResult) -> None:
    model, space = outcome.repos["model"], outcome.repos["static_space"]
    assert "space" not in outcome.repos
    api = HfApi()
    files = set(api.list_repo_files(model.repo_id, revision=model.revision))
    parts = _site(api, space.repo_id)["parts"]
    assert {part["url"] for part in parts if part.get("model")} <= files
    there = set(api.list_repo_files(space.repo_id, repo_type="space"))
    assert {part["url"] for part in parts if not part.get("model")} <= there
    assert {"index.html", "worker.mjs", "vendor/LICENSES.md"} <= there
    assert _site(api, space.repo_id)["model"]["revision"] == model.revision
    card = RepoCard.load(space.repo_id, repo_type="space")
    assert card.data.sdk == "static" and card.data.models == [model.repo_id]
    assert api.space_info(space.repo_id).sdk == "static"


def test_its_visitors_can_sign_in_and_suggest(outcome: PublishResult) -> None:
    api, space = HfApi(), outcome.names.static_space
    card = RepoCard.load(space, repo_type="space").data.to_dict()
    assert card["hf_oauth"] is True and card["hf_oauth_scopes"] == ["write-discussions"]
    wanted = {"hub": api.endpoint, "repo": f"{outcome.names.space}-suggestions"}
    assert _site(api, space)["suggestions"] == wanted
    assert not api.dataset_info(wanted["repo"]).private
    assert {"corrections.mjs", "signed-in.html"} <= {*api.list_repo_files(space, repo_type="space")}


def test_the_card_has_the_figures_of_the_graphs(outcome: PublishResult) -> None:
    text = ModelCard.load(outcome.names.model).text
    path = HfApi().hf_hub_download(outcome.names.model, "onnx/report.json")
    assert f"has an F1@M of {json.loads(Path(path).read_text())['f1@m']:.3f}" in text


def test_a_second_run_makes_no_commit(
    outcome: PublishResult, config: PublishConfig, build_dir: Path
) -> None:
    api = HfApi()
    before = api.dataset_info(outcome.names.suggestions).sha
    again = Publication(config, build_dir).run()
    assert not [repo for repo in again.repos.values() if repo.changed]
    assert api.dataset_info(outcome.names.suggestions).sha == before


def test_the_demo_tags_an_article_on_its_page(outcome: PublishResult) -> None:
    # In a thread of its own: Playwright is once in a thread, and other tests' browser may be here.
    with ThreadPoolExecutor(1) as threads:
        space = outcome.repos["static_space"]
        tags, wrong = threads.submit(check_static_space, space, TITLE, TEXT).result()
    assert tags and not wrong


def test_without_a_browser_the_demo_checks_its_files(
    outcome: PublishResult, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(static_space, "find_chromium", lambda: None)
    space, part = outcome.repos["static_space"], "vendor/ort/ort-wasm-simd-threaded.wasm.gz"
    assert check_static_space(space, TITLE, TEXT) == ([], [])
    assert "no Chromium was found" in capsys.readouterr().out
    broken = HfApi().upload_file(
        repo_id=space.repo_id, repo_type="space", path_in_repo=part, path_or_fileobj=b"broken"
    )
    _, wrong = check_static_space(replace(space, revision=broken.oid), TITLE, TEXT)
    assert wrong == [f"the static Space's {part} is not what its page expects"]


def test_the_space_follows_a_model_that_somebody_published(
    outcome: PublishResult, tmp_path: Path
) -> None:
    api, names = HfApi(), outcome.names
    api.create_repo(names.corrections, repo_type="dataset", private=True, exist_ok=True)
    made = api.upload_file(
        repo_id=names.model, path_in_repo="note.txt", path_or_fileobj=b"merged by a person"
    )
    said: list[str] = []
    result = Retrain(RetrainConfig(model=names.model, work=str(tmp_path)), say=said.append).run()
    assert result.kind == "nothing"
    assert _site(api, names.static_space)["model"]["revision"] == made.oid
    assert f"{names.static_space} v1.1.0 runs v1.0.0" in said


def test_without_a_registry_the_rest_is_published(
    outcome: PublishResult,
    config: PublishConfig,
    build_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9")
    again = Publication(config, build_dir).run()
    assert set(again.repos) == {"dataset", "model"}
    said = capsys.readouterr()
    assert "onnxruntime-web 1.30.0, a part of the static Space, could not be" in said.out + said.err


def test_a_plan_without_gradio_gets_a_static_space_and_the_reason(
    config: PublishConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(self: Repository, **options: Any) -> None:
        raise NeedsPlan("The Hub makes no free Gradio Space (subscribe).")

    publication = Publication(PublishConfig(**{**vars(config), "space": ""}))
    monkeypatch.setattr(Repository, "create", refuse)
    assert publication._allowed_spaces() == ("static",)
    said = capsys.readouterr()
    assert "A static Space instead of a Gradio Space: The Hub" in said.out + said.err


def test_a_dry_run_names_the_spaces(config: PublishConfig) -> None:
    lines = plan(PublishConfig(**{**vars(config), "space": "both", "name": "planned"}))
    spaces = [line.strip() for line in lines if "pace" in line]
    owner = config.namespace
    assert f"create the space {owner}/planned" in spaces
    assert f"create the static space {owner}/planned-static" in spaces
    assert any(f"create {owner}/planned-suggestions (public)" in line for line in lines)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"space": "docker"}, "SPACE=docker is no kind of Space"),
        ({"space": "static", "private": True}, "who may not read a private one"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(
    config: PublishConfig, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        Publication(PublishConfig(**{**vars(config), **options}))


def test_another_architecture_is_sent_to_gradio(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="make publish SPACE=gradio"):
        check_runs_in_browser(make_tiny_t5(tmp_path / "t5"))


def test_a_changed_file_is_not_vendored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UserError, match="its sha256 differs; nothing is kept"):
        vendor._keep(b"something else", "0" * 64, "onnxruntime-web: ort.mjs")
    assert not vendor.cache_folder().exists()


def _site(api: HfApi, space: str) -> dict[str, Any]:
    path = api.hf_hub_download(space, "site.json", repo_type="space")
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content
