"""The dataset from the embedded Hub: read when it is asked for, again when it has changed."""

import time
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import HfApi

from tagloop.explore import articles as articles_module
from tagloop.explore import folder as folder_module
from tagloop.explore import loader as module
from tagloop.explore.articles import Articles
from tagloop.explore.loader import CHECK_SECONDS, RETRY_SECONDS, DatasetLoader
from tagloop.explore.search import Query, find
from tagloop.web.tabs.explore.pictures import pictures
from training.hub import EmbeddedHub

from .article_rows import article, write_dataset


class Clock:
    """Seconds that pass when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def publish(api: HfApi, repo: str, folder: Path, titles: list[str]) -> None:
    rows = [article(title, f"Text of {title}.", ["Banking"]) for title in titles]
    write_dataset(folder, {"train": rows})
    api.create_repo(repo, repo_type="dataset", exist_ok=True)
    api.upload_folder(repo_id=repo, repo_type="dataset", folder_path=folder)


def opened(loader: DatasetLoader) -> DatasetLoader:
    loader.open()
    loader.wait(20)
    assert not loader.busy
    return loader


def titles(loader: DatasetLoader) -> list[str]:
    assert loader.dataset is not None, loader.problem
    found: list[str] = loader.dataset.articles.title.to_pylist()
    return found


@pytest.fixture
def api(hub: EmbeddedHub) -> HfApi:
    return HfApi(hub.endpoint, hub.token)


def test_from_the_hub_and_again_at_a_new_commit(
    api: HfApi, hub_namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = f"{hub_namespace}/explored"
    publish(api, repo, tmp_path, ["one", "two"])
    asked: list[str] = []
    look_up = folder_module.look_up

    def count(name: str) -> object:
        asked.append(name)
        return look_up(name)

    monkeypatch.setattr(module, "look_up", count)
    clock = Clock()
    loader = DatasetLoader(repo, clock)
    assert loader.dataset is None, "nothing is read before anyone asks"
    assert not loader.busy
    assert titles(opened(loader)) == ["one", "two"]
    dataset = loader.dataset
    assert dataset is not None
    assert dataset.version.commit == api.dataset_info(repo).sha
    assert dataset.articles.text_of(1) == "Text of two."

    publish(api, repo, tmp_path, ["one", "two", "three"])
    clock.now += CHECK_SECONDS - 1
    assert titles(opened(loader)) == ["one", "two"]
    assert asked == [repo], "the Hub is not asked more than once a minute"
    clock.now += 2
    assert titles(opened(loader)) == ["one", "two", "three"]
    clock.now += CHECK_SECONDS + 1
    held = loader.dataset
    assert titles(opened(loader)) == ["one", "two", "three"]
    assert loader.dataset is held, "the same commit is not read again"
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("card", "heading"),
    [
        ("dataset_info: {splits: [{name: train, num_examples: 8}]}", "The first 4 of 8 articles"),
        ("license: cc0-1.0", "The first 4 of more than 4 articles"),
        ("dataset_info: [8]", "The first 4 of more than 4 articles"),
    ],
)
def test_of_a_very_large_dataset_only_what_is_shown_is_fetched(
    api: HfApi,
    hub_namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    card: str,
    heading: str,
) -> None:
    repo = f"{hub_namespace}/large-{len(card)}"
    for number in range(4):
        rows = [article(f"{number}{letter}", "Text.", ["Banking"]) for letter in "ab"]
        name = "test-00000-of-00001" if not number else f"train-0000{number - 1}-of-00003"
        write_dataset(tmp_path / str(number), {"train": rows})
        [written] = (tmp_path / str(number) / "data").iterdir()
        (tmp_path / "all" / "data").mkdir(parents=True, exist_ok=True)
        written.rename(tmp_path / "all" / "data" / f"{name}.parquet")
    (tmp_path / "all" / "README.md").write_text(f"---\n{card}\n---\n")
    api.create_repo(repo, repo_type="dataset")
    api.upload_folder(repo_id=repo, repo_type="dataset", folder_path=tmp_path / "all")
    monkeypatch.setattr(module, "MAX_ARTICLES", 4)
    monkeypatch.setattr(articles_module, "MAX_ARTICLES", 4)
    loader = opened(DatasetLoader(repo))
    assert titles(loader) == ["1a", "1b", "2a", "2b"]
    assert loader.dataset is not None
    assert heading in pictures(loader.dataset)
    fetched = [part.path.name for part in loader.dataset.articles.parts]
    assert fetched == ["train-00000-of-00003.parquet", "train-00001-of-00003.parquet"]
    folder = loader.dataset.articles.parts[0].path.parent
    assert sorted(path.name for path in folder.iterdir()) == fetched


def test_a_folder_and_again_when_it_has_changed(tmp_path: Path) -> None:
    write_dataset(tmp_path, {"train": [article("one", "text", ["a"])]})
    clock = Clock()
    loader = opened(DatasetLoader(str(tmp_path), clock))
    assert titles(loader) == ["one"]
    assert loader.dataset is not None
    assert loader.dataset.name == tmp_path.name, "where it lies is nobody's business"
    write_dataset(tmp_path, {"train": [article("two", "longer text", ["a"])]})
    clock.now += CHECK_SECONDS + 1
    assert titles(opened(loader)) == ["two"]


def problem(loader: DatasetLoader) -> str:
    assert opened(loader).dataset is None
    assert loader.problem
    assert "Traceback" not in loader.problem
    return loader.problem


@pytest.mark.parametrize("name", ["nobody/nothing", "not a name!", "/no/such/folder"])
def test_missing(hub: EmbeddedHub, name: str) -> None:
    assert problem(DatasetLoader(name)).startswith("No dataset")


def test_nothing_in_it(api: HfApi, hub_namespace: str, tmp_path: Path) -> None:
    repo = f"{hub_namespace}/explored-empty"
    api.create_repo(repo, repo_type="dataset", exist_ok=True)
    assert "holds no data/*.parquet" in problem(DatasetLoader(repo))
    assert "holds no data/*.parquet" in problem(DatasetLoader(str(tmp_path)))


def test_a_private_dataset_is_not_shown_by_a_public_space(
    api: HfApi, hub_namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, space = f"{hub_namespace}/explored-private", f"{hub_namespace}/explorer"
    publish(api, repo, tmp_path, ["secret"])
    api.create_repo(space, repo_type="space", space_sdk="gradio", exist_ok=True)
    clock = Clock()
    loader = opened(DatasetLoader(repo, clock))
    assert titles(loader) == ["secret"]
    monkeypatch.setenv("SPACE_ID", space)
    api.update_repo_settings(repo, repo_type="dataset", private=True)
    clock.now += CHECK_SECONDS + 1
    assert "private and this Space is not" in problem(loader), "and what was read is gone"
    api.update_repo_settings(space, repo_type="space", private=True)
    clock.now += RETRY_SECONDS + 1
    assert titles(opened(loader)) == ["secret"]


def test_private_without_a_token(
    api: HfApi, hub_namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = f"{hub_namespace}/explored-hidden"
    publish(api, repo, tmp_path, ["secret"])
    api.update_repo_settings(repo, repo_type="dataset", private=True)
    monkeypatch.setattr("tagloop.explore.folder.HfApi", lambda: HfApi(token=False))
    assert "HF_TOKEN if it is private" in problem(DatasetLoader(repo))


def test_a_hub_that_is_down_leaves_what_was_read(
    api: HfApi, hub_namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = f"{hub_namespace}/explored-down"
    publish(api, repo, tmp_path, ["one"])
    clock = Clock()
    loader = opened(DatasetLoader(repo, clock))
    down = HfApi("http://127.0.0.1:9", token=False)
    monkeypatch.setattr("tagloop.explore.folder.HfApi", lambda: down)
    clock.now += CHECK_SECONDS + 1
    assert titles(opened(loader)) == ["one"]
    assert loader.problem is not None
    assert "could not be fetched" in loader.problem
    monkeypatch.undo()
    clock.now += RETRY_SECONDS + 1
    assert opened(loader).problem is None


def test_an_error_nobody_thought_of_is_said_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(parts: object, tell: object) -> Articles:
        raise RuntimeError("at /secret/place")

    write_dataset(tmp_path, {"train": [article("one", "text", ["a"])]})
    monkeypatch.setattr(module, "read_articles", fail)
    told = problem(DatasetLoader(str(tmp_path)))
    assert "RuntimeError" in told
    assert "/secret" not in told


def test_open_returns_at_once_and_reads_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(tmp_path, {"train": [article("one", "text", ["a"])]})
    looked: list[str] = []
    look_up = folder_module.look_up

    def slowly(repo: str) -> object:
        looked.append(repo)
        time.sleep(0.5)
        return look_up(repo)

    monkeypatch.setattr(module, "look_up", slowly)
    loader = DatasetLoader(str(tmp_path))
    began = time.monotonic()
    for _ in range(20):
        loader.open()
    assert time.monotonic() - began < 0.4
    assert loader.busy
    assert loader.progress
    loader.wait(20)
    assert len(looked) == 1
    assert titles(loader) == ["one"]


def test_a_search_is_remembered_until_the_dataset_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(tmp_path, {"train": [article("one", "a text", ["a"])]})
    clock = Clock()
    loader = opened(DatasetLoader(str(tmp_path), clock))
    searched: list[Query] = []

    def count(articles: Articles, query: Query, *progress: object) -> object:
        searched.append(query)
        return find(articles, query, *progress)

    monkeypatch.setattr(module, "find", count)
    query = Query.of("text", in_text=True)
    for _ in range(3):
        assert loader.dataset is not None
        assert loader.find(loader.dataset, query).tolist() == [0]
    assert len(searched) == 1
    write_dataset(tmp_path, {"train": [article("two", "other words", ["a"])]})
    clock.now += CHECK_SECONDS + 1
    opened(loader)
    assert loader.dataset is not None
    assert loader.find(loader.dataset, query).tolist() == []
    for number in range(100):
        loader.find(loader.dataset, Query.of(f"word{number}"))
    assert len(loader._searches) <= module.MAX_KEPT_SEARCHES


def test_a_connection_that_the_hub_had_closed_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.parquet").write_bytes(b"PAR1")
    calls = []

    def download(*_: object, **__: object) -> str:
        calls.append(1)
        if len(calls) < 3:
            raise httpx2.RemoteProtocolError("Server disconnected without sending a response.")
        return str(tmp_path)

    monkeypatch.setattr(folder_module, "snapshot_download", download)
    [path] = folder_module.fetch("me/articles", folder_module.Version("a", "a", 1.0), 9).files
    assert path.name == "train.parquet" and len(calls) == 3
