"""The Space follows the model on the Hub while visitors are served."""

from __future__ import annotations

import time
from pathlib import Path

from gradio_client import Client
from huggingface_hub import HfApi, snapshot_download

from .conftest import SpaceStarter

TEXT = "A chatbot that knows the customer's open cases."


def test_a_new_commit_is_served_without_a_restart_or_a_lost_request(
    start_space: SpaceStarter, published_tagger: str, hub_namespace: str
) -> None:
    api = HfApi()
    repo = f"{hub_namespace}/moving-tagger"
    api.create_repo(repo)
    api.upload_folder(repo_id=repo, folder_path=snapshot_download(published_tagger))
    first = str(api.model_info(repo).sha)
    space = start_space("reload-corrections", MODEL_REPO=repo, TAGLOOP_RELOAD_SECONDS="1")
    client = Client(space.url, verbose=False)

    def served() -> str:
        answer = client.predict(text=TEXT, api_name="/tag")
        assert answer["tags"]
        return str(answer["model_revision"])

    def seen_within(seconds: float, wanted: str | None) -> set[str]:
        deadline, seen = time.monotonic() + seconds, set()
        while time.monotonic() < deadline and wanted not in seen:
            seen.add(served())
        return seen

    assert served() == first
    bad = api.upload_file(
        repo_id=repo, path_in_repo="tagging.json", path_or_fileobj=b"not settings"
    ).oid
    log = space.folder.parent / "log.txt"
    deadline = time.monotonic() + 30
    while f"{bad[:7]} does not load" not in log.read_text() and time.monotonic() < deadline:
        assert served() == first
    assert f"The model's commit {bad[:7]} does not load, {first[:7]} goes on" in log.read_text()
    assert seen_within(1, bad) == {first}  # the last good one goes on
    settings = (Path(snapshot_download(published_tagger)) / "tagging.json").read_bytes()
    good = api.upload_file(repo_id=repo, path_in_repo="tagging.json", path_or_fileobj=settings).oid
    assert seen_within(30, good) == {first, good}
    assert served() == good
    assert space.process.poll() is None
