"""A Space's variables, secrets and runtime through the unmodified client."""

from __future__ import annotations

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

from training.hub import EmbeddedHub

from .plain_http import HTTP

SECRET = "a-value-nobody-may-ever-see"


def test_variables_and_secrets(api: HfApi, hub: EmbeddedHub) -> None:
    repo = api.create_repo(
        "space",
        repo_type="space",
        space_sdk="gradio",
        space_variables=[{"key": "MODEL_REPO", "value": "demo/m"}],
        space_secrets=[{"key": "HF_TOKEN", "value": SECRET}],
    ).repo_id
    api.add_space_variable(repo, "DATASET_REPO", "demo/d", description="where articles are")
    api.add_space_secret(repo, "OTHER", SECRET)
    variables = api.get_space_variables(repo)
    assert {key: item.value for key, item in variables.items()} == {
        "MODEL_REPO": "demo/m",
        "DATASET_REPO": "demo/d",
    }
    assert set(api.get_space_secrets(repo)) == {"HF_TOKEN", "OTHER"}
    api.delete_space_variable(repo, "DATASET_REPO")
    api.delete_space_secret(repo, "OTHER")
    assert set(api.get_space_variables(repo)) == {"MODEL_REPO"}
    with pytest.raises(HfHubHTTPError, match="404"):
        api.delete_space_variable(repo, "DATASET_REPO")
    page = HTTP.get(f"{hub.endpoint}/spaces/{repo}").text
    assert "MODEL_REPO" in page and "demo/m" in page
    headers = {"Authorization": f"Bearer {hub.token}"}
    for path in ("secrets", "variables", "runtime", ""):
        answer = HTTP.get(f"{hub.endpoint}/api/spaces/{repo}/{path}".rstrip("/"), headers=headers)
        assert SECRET not in answer.text
    assert SECRET not in page
    for file in hub.root.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()
    assert api.get_space_runtime(repo).stage == "STOPPED"
    assert api.pause_space(repo).stage == "PAUSED"
    assert api.restart_space(repo).stage == "STOPPED"
    with pytest.raises(HfHubHTTPError, match="401"):
        HfApi(token=False).get_space_variables(repo)


def test_hardware_sleep_and_logs(api: HfApi) -> None:
    repo = api.create_repo("asked", repo_type="space", space_sdk="gradio").repo_id
    asked = api.request_space_hardware(repo, "t4-small", sleep_time=600)  # type: ignore[arg-type]
    assert (asked.requested_hardware, asked.hardware, asked.sleep_time) == ("t4-small", None, 600)
    assert api.set_space_sleep_time(repo, -1).sleep_time == -1
    assert api.get_space_runtime(repo).requested_hardware == "t4-small"
    for build in (True, False):
        [line] = api.fetch_space_logs(repo, build=build)
        assert "runs no others" in line
    assert [hardware.name for hardware in api.list_spaces_hardware()] == ["cpu-basic"]
    with pytest.raises(HfHubHTTPError, match="401"):
        HfApi(token=False).pause_space(repo)


def test_a_new_space_has_a_card(api: HfApi) -> None:
    for sdk in ("gradio", "static", "docker"):
        repo = api.create_repo(f"new-{sdk}", repo_type="space", space_sdk=sdk).repo_id
        info = api.space_info(repo)
        assert info.card_data is not None
        assert (info.card_data.title, info.card_data.sdk) == (f"New {sdk.title()}", sdk)
        assert info.runtime is not None
        assert info.runtime.stage == ("RUNNING" if sdk == "static" else "STOPPED")
    with pytest.raises(BadRequestError, match="static Space always runs"):
        api.pause_space("demo/new-static")
