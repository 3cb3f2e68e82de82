"""A repository by its former name, by other capital letters, and copied to another name."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from training.hub import EmbeddedHub

from .plain_http import HTTP


@pytest.fixture
def moved(api: HfApi, repo: str) -> tuple[str, str]:
    """Returns a repository's former name and its present one."""
    api.upload_file(path_or_fileobj=b"x" * 100, path_in_repo="x.bin", repo_id=repo)
    target = f"demo/moved-{uuid.uuid4().hex[:8]}"
    api.move_repo(repo, target)
    return repo, target


def test_a_former_name_leads_to_the_present_one(
    api: HfApi, hub: EmbeddedHub, moved: tuple[str, str], tmp_path: Path
) -> None:
    former, present = moved
    assert api.model_info(former, revision="main").id == present
    path = api.hf_hub_download(former, "x.bin", cache_dir=tmp_path)
    assert Path(path).read_bytes() == b"x" * 100
    api.upload_file(path_or_fileobj=b"y" * 100, path_in_repo="y.bin", repo_id=former)
    assert {"x.bin", "y.bin"} <= set(api.list_repo_files(present))
    answer = HTTP.get(f"{hub.endpoint}/{former}/tree/main?a=b")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/{present}/tree/main?a=b")
    clone = ["git", "clone", "-q", f"{hub.endpoint}/{former}", str(tmp_path / "clone")]
    subprocess.run(clone, check=True, timeout=60)
    assert (tmp_path / "clone/x.bin").exists()
    api.move_repo(present, former + "-2")
    assert api.model_info(former).id == former + "-2"
    api.create_repo(former)
    assert api.model_info(former).id == former, "what has the name now comes first"
    api.delete_repo(former)
    assert not api.repo_exists(former), "a name that was taken again leads nowhere"
    assert api.repo_exists(present)
    api.delete_repo(former + "-2")
    assert not api.repo_exists(present)


def test_a_former_name_tells_strangers_nothing(
    api: HfApi, hub: EmbeddedHub, moved: tuple[str, str]
) -> None:
    former, present = moved
    api.update_repo_settings(present, private=True)
    address = f"{hub.endpoint}/api/models/{former}"
    answer = HTTP.get(address)
    assert answer.status_code == 401 and "location" not in answer.headers
    assert answer.content == HTTP.get(f"{hub.endpoint}/api/models/demo/never-made").content


def test_capital_letters_make_no_other_repository(api: HfApi, repo: str) -> None:
    loud = repo.replace("repo-", "Repo-")
    with pytest.raises(HfHubHTTPError, match=f"409.*\n*.*taken by {repo}"):
        api.create_repo(loud)
    assert api.model_info(loud).id == repo
    other = api.create_repo(repo + "-other").repo_id
    with pytest.raises(HfHubHTTPError, match="409"):
        api.move_repo(other, loud)
    api.move_repo(repo, loud)
    assert api.model_info(repo).id == loud


def test_a_repository_is_copied_with_its_history(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"x" * 100, path_in_repo="x.bin", repo_id=repo)
    api.create_pull_request(repo, "To be left behind")
    copy = f"{repo}-copy"
    assert api.duplicate_repo(repo, copy).repo_id == copy
    assert api.model_info(copy).sha == api.model_info(repo).sha
    assert list(api.get_repo_discussions(copy)) == []
    refs = api.list_repo_refs(copy, include_pull_requests=True)
    assert refs.pull_requests == []
    assert Path(api.hf_hub_download(copy, "x.bin")).read_bytes() == b"x" * 100
    with pytest.raises(HfHubHTTPError, match="409"):
        api.duplicate_repo(repo, copy)
    assert api.duplicate_repo(repo, copy, exist_ok=True).repo_id == copy
    stranger = HfApi(token=hub.accounts.token_of("stranger"))
    api.update_repo_settings(repo, private=True)
    with pytest.raises(RepositoryNotFoundError):
        stranger.duplicate_repo(repo, "mine")
    with pytest.raises(HfHubHTTPError, match="403"):
        stranger.duplicate_repo(copy, "demo/theirs")


def test_a_copied_space_has_its_variables_and_no_secrets(api: HfApi) -> None:
    source = api.create_repo(
        "to-copy",
        repo_type="space",
        space_sdk="gradio",
        space_variables=[{"key": "A", "value": "1"}],
        space_secrets=[{"key": "S", "value": "2"}],
    ).repo_id
    copy = api.duplicate_repo(
        source,
        "copied",
        repo_type="space",
        space_variables=[{"key": "B", "value": "3"}],
    ).repo_id
    variables = {key: item.value for key, item in api.get_space_variables(copy).items()}
    assert variables == {"A": "1", "B": "3"} and api.get_space_secrets(copy) == {}
