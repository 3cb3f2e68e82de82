"""Reads a dataset of rows as it stands on a Hub, file by file."""

import json
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi


def stored_rows(api: HfApi, repo_id: str) -> list[dict[str, Any]]:
    """Returns every row under ``data/``."""
    rows = []
    for name in api.list_repo_files(repo_id, repo_type="dataset"):
        if name.startswith("data/"):
            path = api.hf_hub_download(repo_id, name, repo_type="dataset")
            lines = Path(path).read_text(encoding="utf-8").split("\n")
            rows += [json.loads(line) for line in lines if line]
    return rows
