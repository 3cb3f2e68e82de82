"""Branches, tags, history and squashing through the unmodified client."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import HfApi, RepoFile
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RevisionNotFoundError

from training.hub import EmbeddedHub
from training.hub.storage.git_store import FILE_MODE, GitStore


def blobs(api: HfApi, repo: str) -> list[str]:
    entries = list(api.list_repo_tree(repo))
    files = [entry for entry in entries if isinstance(entry, RepoFile)]
    assert len(files) == len(entries)
    return [file.blob_id for file in files]


def test_branches(api: HfApi, repo: str) -> None:
    first = api.model_info(repo).sha
    api.upload_file(path_or_fileobj=b"1", path_in_repo="a", repo_id=repo)
    api.create_branch(repo, branch="old", revision=first)
    api.create_branch(repo, branch="feature/x")
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_branch(repo, branch="old")
    api.create_branch(repo, branch="old", exist_ok=True)
    api.upload_file(path_or_fileobj=b"2", path_in_repo="a", repo_id=repo, revision="feature/x")
    heads = {ref.name: ref.target_commit for ref in api.list_repo_refs(repo).branches}
    assert set(heads) == {"main", "old", "feature/x"}
    assert heads["old"] == first
    assert open(api.hf_hub_download(repo, "a", revision="feature/x")).read() == "2"
    assert open(api.hf_hub_download(repo, "a")).read() == "1"
    assert api.list_repo_files(repo, revision="old") == [".gitattributes"]
    api.delete_branch(repo, branch="feature/x")
    with pytest.raises(RevisionNotFoundError):
        api.hf_hub_download(repo, "a", revision="feature/x")
    with pytest.raises(HfHubHTTPError, match="403"):
        api.delete_branch(repo, branch="main")


def test_tags(api: HfApi, repo: str) -> None:
    first = api.model_info(repo).sha
    api.create_tag(repo, tag="v1.0.0")
    api.create_tag(repo, tag="v1.0.1", tag_message="with words", revision=first)
    api.upload_file(path_or_fileobj=b"1", path_in_repo="a", repo_id=repo)
    found = {ref.name: ref.target_commit for ref in api.list_repo_refs(repo).tags}
    assert found == {"v1.0.0": first, "v1.0.1": first}
    assert api.model_info(repo, revision="v1.0.1").sha == first
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag(repo, tag="v1.0.0")
    api.create_tag(repo, tag="v1.0.0", exist_ok=True)
    with pytest.raises(RevisionNotFoundError):
        api.create_tag(repo, tag="v2", revision="nowhere")
    with pytest.raises(BadRequestError):
        api.upload_file(
            path_or_fileobj=b"", path_in_repo="b", repo_id=repo, revision="refs/tags/v1.0.0"
        )
    api.delete_tag(repo, tag="v1.0.0")
    assert [ref.name for ref in api.list_repo_refs(repo).tags] == ["v1.0.1"]
    with pytest.raises(RevisionNotFoundError):
        api.delete_tag(repo, tag="v1.0.0")


@pytest.mark.parametrize("name", ["../x", "a..b", "a b", "x.lock", "-x", "refs/heads/y"])
def test_hostile_names_are_refused(api: HfApi, repo: str, name: str) -> None:
    with pytest.raises(BadRequestError):
        api.create_branch(repo, branch=name)
    with pytest.raises(BadRequestError):
        api.create_tag(repo, tag=name)


def test_clashing_names_are_refused(api: HfApi, repo: str) -> None:
    api.create_branch(repo, branch="a")
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_branch(repo, branch="a/b")
    assert {ref.name for ref in api.list_repo_refs(repo).branches} == {"main", "a"}


def test_history_is_paged_and_can_be_squashed(api: HfApi, repo: str, hub: EmbeddedHub) -> None:
    git = GitStore(hub.root / "repos" / "models" / repo / "git")
    for number in range(55):
        head = git.resolve("main")
        files = {b"a": (FILE_MODE, git.add_blob(b"%d" % number))}
        git.commit("refs/heads/main", files, [head.id], "demo", f"Commit {number}")
    titles = [commit.title for commit in api.list_repo_commits(repo)]
    assert titles == [f"Commit {number}" for number in range(54, -1, -1)] + ["initial commit"]
    before = blobs(api, repo)
    api.super_squash_history(repo, commit_message="one")
    assert [commit.title for commit in api.list_repo_commits(repo)] == ["one"]
    assert blobs(api, repo) == before


def test_a_commit_goes_by_the_beginning_of_its_id(api: HfApi, repo: str) -> None:
    sha = api.model_info(repo).sha
    assert sha is not None
    for length in (7, 8, 39):
        assert api.model_info(repo, revision=sha[:length]).sha == sha
    assert Path(api.hf_hub_download(repo, ".gitattributes", revision=sha[:7])).exists()
    other = "0" if sha[6] != "0" else "1"
    for revision in (sha[:6], sha[:6] + other):
        with pytest.raises(RevisionNotFoundError):
            api.model_info(repo, revision=revision)
