"""A client that knows this Hub's address and token, and nothing else of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from training.hub import EmbeddedHub

from .plain_http import HTTP


def test_a_plain_client_is_told_what_it_lacks(hub: EmbeddedHub, tmp_path: Path) -> None:
    """With HF_ENDPOINT and HF_TOKEN alone it tries Xet, and says nothing of why that fails."""
    code = (
        "from huggingface_hub import HfApi; api = HfApi()\n"
        "api.create_repo('plain', exist_ok=True)\n"
        "api.upload_file(path_or_fileobj=b'x', path_in_repo='x.bin', repo_id='demo/plain')"
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    plain = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token, "HF_HOME": str(tmp_path)}
    for more, is_refused in (({}, True), ({"HF_HUB_DISABLE_XET": "1"}, False)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**kept, **plain, **more},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode != 0) == is_refused, done.stderr
        assert "set HF_HUB_DISABLE_XET=1" in done.stderr
    whole = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, **hub.client_env(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert whole.returncode == 0 and "XET" not in whole.stderr
    headers = {"Authorization": f"Bearer {hub.token}"}
    answer = HTTP.get(f"{hub.endpoint}/api/models/demo/plain/xet-write-token/main", headers=headers)
    assert answer.status_code == 404 and "HF_HUB_DISABLE_XET=1" in answer.json()["error"]
    assert "HF_HUB_DISABLE_XET=1" in HTTP.get(f"{hub.endpoint}/demo/plain").text
