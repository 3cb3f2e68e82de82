"""A Space's variables, secrets and runtime through the unmodified client."""

from __future__ import annotations

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

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
    assert api.restart_space(repo).stage == "STOPPED"
    with pytest.raises(HfHubHTTPError, match="401"):
        HfApi(token=False).get_space_variables(repo)
