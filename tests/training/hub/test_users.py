"""Users through the unmodified client: who am I, what they have, what they like."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from gradio.oauth import _get_mocked_oauth_info
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from tagloop.errors import UserError
from training.hub import EmbeddedHub

from .plain_http import HTTP


def test_a_user_has_a_picture_as_gradio_asks_for_one(api: HfApi) -> None:
    picture = _get_mocked_oauth_info()["userinfo"]["picture"]
    answer = HTTP.get(picture)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert ">D</text>" in answer.text
    assert HTTP.get(picture.replace("demo.svg", "%3Cscript%3E.svg")).status_code == 404


def test_an_overview_counts_what_the_caller_may_see(api: HfApi, repo: str) -> None:
    def count(client: HfApi) -> int:
        return client.get_user_overview("demo").num_models or 0

    anonymous = HfApi(token=False)
    own, public = count(api), count(anonymous)
    assert own >= public > 0
    api.update_repo_settings(repo, private=True)
    assert (count(api), count(anonymous)) == (own, public - 1)
    with pytest.raises(HfHubHTTPError, match="404"):
        api.get_user_overview("nobody")


def test_likes(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    fan = hub.accounts.token_of("fan")
    headers = {"Authorization": f"Bearer {fan}"}
    like = f"{hub.endpoint}/api/models/{repo}/like"
    assert [HTTP.post(like, headers=headers).status_code for _ in range(2)] == [200, 200]
    assert [user.username for user in api.list_repo_likers(repo)] == ["fan"]
    assert api.model_info(repo).likes == 1
    assert api.list_liked_repos("fan").models == [repo]
    assert api.get_user_overview("fan").num_likes == 1
    assert next(iter(api.list_models(sort="likes", limit=1))).id == repo
    HfApi(token=fan).unlike(repo)
    assert api.model_info(repo).likes == 0 and api.list_liked_repos("fan").models == []


def test_the_command_lists_repositories_with_their_sizes(
    api: HfApi, hub: EmbeddedHub, repo: str, tmp_path: Path
) -> None:
    api.upload_file(path_or_fileobj=b"x" * 200_000, path_in_repo="x.bin", repo_id=repo)
    [mine] = [found for found in api.list_user_repos() if found.id == repo]
    assert (mine.type, mine.visibility) == ("model", "public") and mine.storage > 200_000
    done = subprocess.run(
        [Path(sys.executable).with_name("hf"), "repos", "ls", "--search", repo.split("/")[1]],
        env={**hub.client_env(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and repo in done.stdout, done.stderr


def test_no_user_differs_by_capital_letters_alone(hub: EmbeddedHub) -> None:
    with pytest.raises(UserError, match="capital letters"):
        hub.accounts.token_of("Demo")
