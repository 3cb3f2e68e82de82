"""Lists through the unmodified client: sorted, filtered by what a Space uses, by gate."""

from __future__ import annotations

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

from training.hub import EmbeddedHub

from .plain_http import HTTP

CARD = "---\nsdk: gradio\nmodels: [{}]\ndatasets: [demo/articles]\n---\n"


@pytest.fixture(scope="module")
def spaces(hub: EmbeddedHub) -> list[str]:
    api = HfApi()
    made = []
    for number in range(2):
        made.append(
            api.create_repo(f"uses-{number}", repo_type="space", space_sdk="gradio").repo_id
        )
        api.upload_file(
            path_or_fileobj=CARD.format(f"demo/tagger-{number}").encode(),
            path_in_repo="README.md",
            repo_id=made[-1],
            repo_type="space",
        )
    made.append(api.create_repo("uses-nothing", repo_type="space", space_sdk="static").repo_id)
    return made


def test_spaces_by_what_they_use(api: HfApi, spaces: list[str]) -> None:
    def found(**query: object) -> set[str]:
        return {space.id for space in api.list_spaces(search="uses-", **query)}  # type: ignore[arg-type]

    assert found() == set(spaces)
    assert found(models="demo/tagger-0") == {spaces[0]}
    assert found(datasets="demo/articles") == set(spaces[:2])
    assert found(datasets="demo/articles", models="demo/tagger-1") == {spaces[1]}
    assert found(models="demo/none") == set()
    assert found(linked=True) == set(spaces[:2])
    info = api.space_info(spaces[0])
    assert (info.models, info.datasets) == (["demo/tagger-0"], ["demo/articles"])


def test_order(api: HfApi, spaces: list[str], hub: EmbeddedHub) -> None:
    def order(sort: object) -> list[str]:
        return [space.id for space in api.list_spaces(search="uses-", sort=sort)]  # type: ignore[arg-type]

    assert order("created_at") == spaces[::-1]
    assert set(order("last_modified")) == set(order("trending_score")) == set(spaces)
    with pytest.raises(BadRequestError, match="sorted by"):
        order("colour")
    answer = HTTP.get(f"{hub.endpoint}/api/spaces?search=uses-&sort=createdAt&direction=1")
    assert [item["id"] for item in answer.json()] == spaces


def test_nothing_here_is_gated(api: HfApi, repo: str) -> None:
    name = repo.split("/")[1]
    assert [model.id for model in api.list_models(search=name, gated=False)] == [repo]
    assert list(api.list_models(search=name, gated=True)) == []
    assert [model.sha for model in api.list_models(search=name, expand=["tags"])] == [None]


def test_unknown_addresses_are_plain_404s(api: HfApi, hub: EmbeddedHub) -> None:
    for path in ("/api/papers/1", "/api/nothing", "/api/models/a/b/c/d"):
        answer = HTTP.get(hub.endpoint + path)
        assert answer.status_code == 404 and "x-error-code" not in answer.headers
    with pytest.raises(HfHubHTTPError) as caught:
        api.paper_info("2307.09288")
    assert type(caught.value) is HfHubHTTPError


def test_raw_files_are_what_git_has(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"text\n", path_in_repo="a/b.txt", repo_id=repo)
    api.upload_file(path_or_fileobj=b"x" * 99, path_in_repo="x.bin", repo_id=repo)
    base = f"{hub.endpoint}/{repo}/raw/main"
    assert HTTP.get(f"{base}/a/b.txt").text == "text\n"
    pointer = HTTP.get(f"{base}/x.bin")
    assert pointer.text.startswith("version https://git-lfs") and "size 99" in pointer.text
    assert (
        HTTP.get(f"{base}/x.bin", headers={"If-None-Match": pointer.headers["etag"]}).status_code
        == 304
    )
    for missing in ("", "/a", "/none"):
        answer = HTTP.get(base + missing)
        assert (answer.status_code, "location" in answer.headers) == (404, False), missing
