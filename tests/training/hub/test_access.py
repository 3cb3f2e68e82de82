"""Who may see and do what: anonymous, other users, read-only tokens, strangers' tokens."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from huggingface_hub import HfApi, RepoFile
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from training.hub import EmbeddedHub

from .plain_http import HTTP


@pytest.fixture
def private(api: HfApi, repo: str) -> str:
    api.upload_file(path_or_fileobj=b"s" * 200, path_in_repo="secret.bin", repo_id=repo)
    api.update_repo_settings(repo, private=True)
    return repo


def reads(hub: EmbeddedHub, repo: str) -> list[str]:
    api, page = f"{hub.endpoint}/api/models/{repo}", f"{hub.endpoint}/{repo}"
    return [
        api,
        f"{api}/refs",
        f"{api}/tree/main",
        f"{api}/commits/main",
        f"{api}/discussions",
        f"{page}/resolve/main/secret.bin",
        f"{page}.git/info/refs?service=git-upload-pack",
        page,
        f"{page}/blob/main/secret.bin",
        f"{page}/commit/main",
    ]


def test_a_private_repository_is_hidden_everywhere(
    hub: EmbeddedHub, private: str, tmp_path: Path
) -> None:
    stranger = {"Authorization": f"Bearer {hub.accounts.token_of('stranger')}"}
    owner = {"Authorization": f"Bearer {hub.accounts.create_token('demo', 'read')}"}
    for address in reads(hub, private):
        assert HTTP.get(address, headers=owner).status_code == 200, address
        missing = address.replace(private, "demo/never-made")
        for headers, status in (({}, 401), (stranger, 404)):
            answers = [HTTP.get(where, headers=headers) for where in (address, missing)]
            assert [answer.status_code for answer in answers] == [status, status], address
            codes = {answer.headers.get("x-error-code") for answer in answers}
            assert codes == {"RepoNotFound"}
            assert answers[0].content == answers[1].content
    for client in (HfApi(token=False), HfApi(token=hub.accounts.token_of("stranger"))):
        with pytest.raises(RepositoryNotFoundError):
            client.hf_hub_download(private, "secret.bin", cache_dir=tmp_path)


def test_lfs_objects_of_a_private_repository_are_hidden(hub: EmbeddedHub, private: str) -> None:
    [secret] = HfApi().get_paths_info(private, "secret.bin")
    assert isinstance(secret, RepoFile) and secret.lfs is not None
    oid = secret.lfs.sha256
    body = {"operation": "download", "objects": [{"oid": oid, "size": 200}]}
    address = f"{hub.endpoint}/{private}.git/info/lfs/objects/batch"
    assert HTTP.post(address, json=body).status_code == 401
    headers = {"Authorization": f"Bearer {hub.token}"}
    [item] = HTTP.post(address, json=body, headers=headers).json()["objects"]
    href = item["actions"]["download"]["href"]
    assert HTTP.get(href).content == b"s" * 200
    assert HTTP.get(href.replace("signature=", "signature=0")).status_code == 403
    assert HTTP.get(href.split("?")[0]).status_code == 403
    other = HfApi().create_repo("elsewhere", exist_ok=True).repo_id
    [item] = HTTP.post(address.replace(private, other), json=body, headers=headers).json()[
        "objects"
    ]
    assert item["error"]["code"] == 404, "an object is found only where it was uploaded"


def test_a_read_only_token_changes_nothing(hub: EmbeddedHub, repo: str) -> None:
    reader = HfApi(token=hub.accounts.create_token("demo", "read"))
    assert reader.whoami()["auth"]["accessToken"]["role"] == "read"
    actions: list[Callable[[], object]] = [
        lambda: reader.create_repo("by-reader"),
        lambda: reader.upload_file(path_or_fileobj=b"", path_in_repo="a", repo_id=repo),
        lambda: reader.create_tag(repo, tag="v1"),
        lambda: reader.create_branch(repo, branch="x"),
        lambda: reader.update_repo_settings(repo, private=True),
        lambda: reader.create_discussion(repo, "title"),
        lambda: reader.super_squash_history(repo),
        lambda: reader.move_repo(repo, "demo/elsewhere-else"),
        lambda: reader.delete_repo(repo),
    ]
    for action in actions:
        with pytest.raises(HfHubHTTPError, match="403"):
            action()
    address = f"{hub.endpoint}/{repo}.git/info/lfs/objects/batch"
    body = {"operation": "upload", "objects": [{"oid": "0" * 64, "size": 1}]}
    headers = {"Authorization": f"Bearer {reader.token}"}
    assert HTTP.post(address, json=body, headers=headers).status_code == 403


def test_other_users_and_nobody_change_nothing(hub: EmbeddedHub, repo: str) -> None:
    other, nobody = HfApi(token=hub.accounts.token_of("stranger")), HfApi(token=False)
    for client, status in ((other, "403"), (nobody, "401")):
        actions: list[Callable[[], object]] = [
            partial(client.upload_file, path_or_fileobj=b"", path_in_repo="a", repo_id=repo),
            partial(client.create_repo, "demo/by-other"),
            partial(client.delete_repo, repo),
            partial(client.create_tag, repo, tag="v1"),
        ]
        for action in actions:
            with pytest.raises(HfHubHTTPError, match=status):
                action()


def test_a_wrong_token_is_told_so(hub: EmbeddedHub, repo: str) -> None:
    with pytest.raises(HfHubHTTPError, match="401") as caught:
        HfApi(token="hf_" + "0" * 34).model_info(repo)
    assert not isinstance(caught.value, RepositoryNotFoundError)


def test_basic_credentials_read_but_never_change(hub: EmbeddedHub, private: str) -> None:
    basic = base64.b64encode(f"anyone:{hub.token}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    assert HTTP.get(f"{hub.endpoint}/{private}", headers=headers).status_code == 200
    made = HTTP.post(f"{hub.endpoint}/api/repos/create", json={"name": "by-basic"}, headers=headers)
    assert made.status_code == 401


def test_requests_for_another_host_are_refused(hub: EmbeddedHub) -> None:
    answer = HTTP.get(f"{hub.endpoint}/", headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_no_token_reaches_the_log(hub: EmbeddedHub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        HfApi().whoami()
    assert hub.token not in (hub.root / "hub.log").read_text()
    assert hub.token not in caplog.text
