"""Repositories through the unmodified client: create, settings, move, delete, listings."""

from __future__ import annotations

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import DatasetInfo, ModelInfo, SpaceInfo

from training.hub import EmbeddedHub

from .plain_http import HTTP, NDJSON


def test_whoami(api: HfApi, hub_namespace: str) -> None:
    who = api.whoami()
    assert who["name"] == hub_namespace
    assert who["auth"]["accessToken"]["role"] == "write"


@pytest.mark.parametrize("repo_type", ["model", "dataset", "space"])
def test_create_info_delete(api: HfApi, repo_type: str) -> None:
    sdk = "gradio" if repo_type == "space" else None
    url = api.create_repo("made", repo_type=repo_type, space_sdk=sdk)
    assert (url.repo_id, url.repo_type) == ("demo/made", repo_type)
    again = api.create_repo("made", repo_type=repo_type, exist_ok=True, space_sdk=sdk)
    assert again.repo_id == "demo/made"
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_repo("made", repo_type=repo_type, space_sdk=sdk)
    info = api.repo_info("demo/made", repo_type=repo_type)
    assert isinstance(info, ModelInfo | DatasetInfo | SpaceInfo) and info.siblings is not None
    assert (info.id, info.author, info.private) == ("demo/made", "demo", False)
    card = ["README.md"] if repo_type == "space" else []
    assert [sibling.rfilename for sibling in info.siblings] == [".gitattributes", *card]
    assert info.created_at is not None and info.last_modified is not None
    api.delete_repo("demo/made", repo_type=repo_type)
    assert not api.repo_exists("demo/made", repo_type=repo_type)
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo("demo/made", repo_type=repo_type)
    api.delete_repo("demo/made", repo_type=repo_type, missing_ok=True)


def test_move_keeps_everything(api: HfApi) -> None:
    api.create_repo("before")
    api.upload_file(path_or_fileobj=b"x" * 100, path_in_repo="x.bin", repo_id="demo/before")
    sha = api.model_info("demo/before").sha
    api.create_repo("taken")
    with pytest.raises(HfHubHTTPError, match="409"):
        api.move_repo("demo/before", "demo/taken")
    api.move_repo("demo/before", "demo/after")
    assert api.model_info("demo/after").sha == sha
    assert api.model_info("demo/before").id == "demo/after", "the former name leads there"
    path = api.hf_hub_download("demo/after", "x.bin")
    assert open(path, "rb").read() == b"x" * 100
    with pytest.raises(HfHubHTTPError, match="403"):
        api.move_repo("demo/after", "other/after")


def test_settings_change_who_sees_it(api: HfApi) -> None:
    api.create_repo("seen")
    anonymous = HfApi(token=False)
    assert anonymous.model_info("demo/seen").private is False
    api.update_repo_settings("demo/seen", private=True)
    assert api.model_info("demo/seen").private is True
    with pytest.raises(RepositoryNotFoundError):
        anonymous.model_info("demo/seen")
    with pytest.raises(HfHubHTTPError):
        api.update_repo_settings("demo/seen", gated="auto")


def test_listings_are_paged_and_filtered(api: HfApi, hub: EmbeddedHub) -> None:
    for number in range(3):
        api.create_repo(f"listed-{number}", repo_type="dataset")
    api.create_repo("listed-private", repo_type="dataset", private=True)
    mine = {info.id for info in api.list_datasets(author="demo", search="listed-")}
    assert mine == {"demo/listed-0", "demo/listed-1", "demo/listed-2", "demo/listed-private"}
    anybody = {info.id for info in HfApi(token=False).list_datasets(search="listed-")}
    assert anybody == mine - {"demo/listed-private"}
    address, pages = f"{hub.endpoint}/api/datasets?search=listed-&limit=2", []
    while address:
        answer = HTTP.get(address)
        pages.append([item["id"] for item in answer.json()])
        address = answer.links.get("next", {}).get("url", "")
    assert [len(page) for page in pages] == [2, 1]
    assert {repo_id for page in pages for repo_id in page} == anybody


def test_cards_feed_info_and_filters(api: HfApi) -> None:
    card = "---\nlicense: mit\ntags: [tagging]\npipeline_tag: summarization\n---\n# Card\n"
    api.create_repo("carded")
    api.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id="demo/carded")
    info = api.model_info("demo/carded")
    assert info.card_data is not None and info.card_data.license == "mit"
    assert info.pipeline_tag == "summarization"
    assert [found.id for found in api.list_models(filter="license:mit")] == ["demo/carded"]
    assert list(api.list_models(filter="license:gpl")) == []
    assert api.model_info("demo/carded", expand=["tags"]).sha is None


def test_bad_names_are_refused(hub: EmbeddedHub) -> None:
    headers = {"Authorization": f"Bearer {hub.token}"}
    for name in ("../x", "a--b", ".hidden", "x.git", "a\0b", "x" * 97, "", None, 3):
        answer = HTTP.post(f"{hub.endpoint}/api/repos/create", json={"name": name}, headers=headers)
        assert answer.status_code == 400, name


def test_a_faulty_card_is_refused_before_and_at_the_commit(api: HfApi, hub: EmbeddedHub) -> None:
    api.create_repo("faulty")
    with pytest.raises(ValueError, match="Invalid metadata"):
        api.upload_file(
            path_or_fileobj=b"---\nlicense: [\n---\n",
            path_in_repo="README.md",
            repo_id="demo/faulty",
        )
    lines = (
        '{"key": "header", "value": {"summary": "x"}}\n{"key": "file", "value": '
        '{"path": "README.md", "content": "---\\nlicense: [\\n---\\n", "encoding": "utf-8"}}\n'
    )
    answer = HTTP.post(
        f"{hub.endpoint}/api/models/demo/faulty/commit/main",
        content=lines,
        headers={"Authorization": f"Bearer {hub.token}", **NDJSON},
    )
    assert answer.status_code == 400
    assert "Invalid metadata" in answer.json()["error"]
