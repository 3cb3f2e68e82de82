"""What a stranger must not be able to do to a public Space."""

import itertools
import json
import os
import signal
from typing import Any

import httpx2
import pytest
from huggingface_hub import HfApi, snapshot_download

from training.hub import EmbeddedHub

from ..space.corrections.delivery.fault_proxy import Fault, fault_proxy
from ..space.corrections.delivery.stored_rows import stored_rows
from .conftest import RunningSpace, SpaceStarter

PREFIXES = ["/gradio_api/file=", "/file=", "/gradio_api/file/", "/static/", "/assets/", "/svelte/"]


def places(space: RunningSpace) -> list[str]:
    space.outbox.mkdir(exist_ok=True)
    waiting = space.outbox / "2030-01-01_test.damaged"
    waiting.write_text("a visitor's words")
    inside = [
        space.folder / "app.py",
        space.folder / "tagloop/corrections/delivery/outbox.py",
        waiting,
    ]
    outside = ["/etc/passwd", "/proc/self/environ", "/proc/self/cwd/app.py", "/proc/1/cmdline"]
    relative = ["app.py", "outbox/2030-01-01_test.damaged", "../../../../../../etc/passwd"]
    return [*map(str, inside), *outside, *relative]


def test_no_file_of_the_server_can_be_read(space: RunningSpace) -> None:
    tried = 0
    with httpx2.Client(base_url=space.url) as client:
        for place, prefix in itertools.product(places(space), PREFIXES):
            for spelled in (place, place.replace("/", "%2F"), place.replace(".", "%2e")):
                answer = client.get(prefix + spelled)
                assert answer.status_code in (400, 403, 404, 405), (prefix + spelled, answer.text)
                tried += 1
    assert tried > 100


def test_a_file_cannot_be_had_by_naming_it_as_input(space: RunningSpace) -> None:
    """A file reference in place of a text must not put that file where it can be fetched."""
    file = {"path": str(space.folder / "app.py"), "meta": {"_type": "gradio.FileData"}}
    with httpx2.Client(base_url=space.url) as client:
        call = client.post("/gradio_api/call/tag", json={"data": [file, "Some text.", None, None]})
        if call.status_code == 200:
            events = client.get(f"/gradio_api/call/tag/{call.json()['event_id']}", timeout=20).text
            assert "event: error" in events
        answer = client.get(f"/gradio_api/file={space.folder / 'app.py'}")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", ["/monitoring", "/monitoring/summary", "/gradio_api/runs", "/gradio_api/vibe-code"]
)
def test_what_is_not_for_visitors_is_switched_off(space: RunningSpace, path: str) -> None:
    assert httpx2.get(space.url + path).status_code in (401, 403, 404)


def test_the_queue_cannot_be_passed_by(space: RunningSpace) -> None:
    body = {"data": ["", "Some text.", None, None]}
    answer = httpx2.post(space.url + "/gradio_api/run/tag", json=body)
    assert answer.status_code in (401, 403, 404)


def test_an_upload_is_limited(space: RunningSpace) -> None:
    files = {"files": ("a.txt", b"x" * 53_000_000, "text/plain")}
    answer = httpx2.post(space.url + "/gradio_api/upload", files=files)
    assert answer.status_code == 413


def test_the_token_is_nowhere_on_the_page(space: RunningSpace) -> None:
    for path in ("/", "/config", "/gradio_api/info"):
        answer = httpx2.get(space.url + path)
        assert answer.status_code == 200
        assert space.hub.token not in answer.text
        assert str(space.folder) not in answer.text
    assert space.hub.token not in (space.folder.parent / "log.txt").read_text()


def test_a_space_says_saved_once_the_hub_has_it_and_sigterm_delivers_the_rest(
    hub: EmbeddedHub, start_space: SpaceStarter, published_tagger: str
) -> None:
    with fault_proxy(hub.endpoint) as proxy:
        space = start_space(
            "sigterm-corrections",
            HF_ENDPOINT=proxy.endpoint,
            MODEL_REPO=snapshot_download(published_tagger),
            TAGLOOP_SAVED_WHEN="hub",
        )
        api = HfApi(hub.endpoint, hub.token)
        first = _correct(space, "first")
        assert first["saved"] is True
        assert [row["id"] for row in stored_rows(api, space.corrections_repo)] == [first["id"]]
        proxy.standing = Fault(403)  # a refusal is answered at once, not after 20 seconds
        second = _correct(space, "just before the end")
        assert second["saved"] is False
        assert f"kept on this server as {second['id']}" in second["message"]
        proxy.standing = None
        os.kill(space.process.pid, signal.SIGTERM)
        os.kill(space.process.pid, signal.SIGTERM)  # an impatient one changes nothing
        assert space.process.wait(timeout=60) == 128 + signal.SIGTERM
    stored = {row["id"] for row in stored_rows(api, space.corrections_repo)}
    assert stored == {first["id"], second["id"]}
    assert list(space.outbox.glob("*.jsonl")) == []


def _correct(space: RunningSpace, note: str) -> dict[str, Any]:
    predicted = [{"tag": "Banking", "confidence": 0.5}]
    data = ["", "Some text.", predicted, [], "good", note]
    with httpx2.Client(base_url=space.url) as client:
        call = client.post("/gradio_api/call/correct", json={"data": data}).json()
        events = client.get(f"/gradio_api/call/correct/{call['event_id']}", timeout=40).text
    answer: dict[str, Any] = json.loads(events.split("data: ")[1].splitlines()[0])[0]
    return answer
