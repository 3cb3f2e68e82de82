"""Webhooks through the unmodified client: kept, told of changes, retried, recorded."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, WebhookInfo, WebhookPayload, WebhookWatchedItem
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from tagloop.errors import UserError
from training.hub import EmbeddedHub
from training.hub.automation.deliveries import KEPT, WAITS, Deliveries, Delivery
from training.hub.automation.jobs import Jobs
from training.hub.automation.webhooks import Webhook, Webhooks
from training.hub.storage.repositories import Repositories

from .plain_http import HTTP

SECRET = "only-the-two-of-us"


@dataclass
class Receiver:
    """An address elsewhere.

    Attributes:
        url: Of it.
        statuses: What it answers, one after the other; 200 when none is left.
        taken: Headers and body of each request.
    """

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    taken: list[tuple[dict[str, str], Any]] = field(default_factory=list)


@contextmanager
def receiver(*statuses: int) -> Iterator[Receiver]:
    found = Receiver(statuses=list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(found.statuses.pop(0) if found.statuses else 200)
            self.end_headers()

        def log_message(self, *parts: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_port}/hook"
        yield found
        server.shutdown()


def until(ready: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


def activity(root: Path, webhook_id: str) -> list[dict[str, Any]]:
    path = root / "activity" / f"{webhook_id}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def dataset(api: HfApi, repo: str) -> str:
    name = f"{repo}-corrections"
    return str(api.create_repo(name, repo_type="dataset", private=True).repo_id)


@pytest.fixture(autouse=True)
def none_left(api: HfApi) -> Iterator[None]:
    yield
    for webhook in api.list_webhooks():
        api.delete_webhook(webhook.id)


def watching(name: str, kind: str = "dataset") -> list[dict[str, str] | WebhookWatchedItem]:
    return [{"type": kind, "name": name}]


def test_the_whole_life_of_one(api: HfApi, dataset: str) -> None:
    made = api.create_webhook(
        url="http://127.0.0.1:9/x", watched=watching(dataset), secret=SECRET, domains=["repo"]
    )
    assert isinstance(made, WebhookInfo) and made.job is None and not made.disabled
    assert (made.url, made.secret, made.domains) == ("http://127.0.0.1:9/x", SECRET, ["repo"])
    assert made.watched == [WebhookWatchedItem(type="dataset", name=dataset)]
    assert api.get_webhook(made.id) == made and api.list_webhooks() == [made]
    # What is not given stays; the client always sends a list of watched items.
    changed = api.update_webhook(made.id, url="http://127.0.0.1:9/y")
    assert (changed.url, changed.watched, changed.secret) == (
        "http://127.0.0.1:9/y", made.watched, SECRET,
    )  # fmt: skip
    assert api.disable_webhook(made.id).disabled and api.get_webhook(made.id).disabled
    assert not api.enable_webhook(made.id).disabled
    api.delete_webhook(made.id)
    assert api.list_webhooks() == []
    with pytest.raises(HfHubHTTPError, match="404"):
        api.get_webhook(made.id)


def test_a_commit_is_told_as_the_hub_tells_it(api: HfApi, hub: EmbeddedHub, dataset: str) -> None:
    before = api.dataset_info(dataset).sha
    with receiver() as there:
        webhook = api.create_webhook(
            url=there.url, watched=watching(dataset), secret=SECRET, domains=["repo"]
        )
        head = api.upload_file(
            path_or_fileobj=b"{}\n",
            path_in_repo="data/one.jsonl",
            repo_id=dataset,
            repo_type="dataset",
        ).oid
        until(lambda: there.taken)
        until(lambda: activity(hub.root, webhook.id))
    ((headers, body),) = there.taken
    assert headers["x-webhook-secret"] == SECRET
    assert headers["content-type"] == "application/json"
    payload = WebhookPayload.model_validate(body)
    assert (payload.event.action, payload.event.scope) == ("update", "repo.content")
    assert (payload.repo.type, payload.repo.name, payload.repo.private) == (
        "dataset", dataset, True,
    )  # fmt: skip
    assert payload.repo.url.web == f"{hub.endpoint}/datasets/{dataset}"
    assert payload.repo.url.api == f"{hub.endpoint}/api/datasets/{dataset}"
    assert body["repo"]["headSha"] == head and payload.repo.owner.id == hub.user
    assert payload.webhook.id == webhook.id and payload.webhook.version == 3
    assert body["updatedRefs"] == [{"ref": "refs/heads/main", "oldSha": before, "newSha": head}]
    (entry,) = activity(hub.root, webhook.id)
    assert entry["attempts"] == ["200"] and entry["payload"] == body
    assert SECRET not in json.dumps(entry)


def test_every_ref_that_moves_is_told_and_nothing_else(
    api: HfApi, hub: EmbeddedHub, repo: str
) -> None:
    with receiver() as there:
        webhook = api.create_webhook(url=there.url, watched=watching(hub.user, "user"))
        api.create_branch(repo, branch="work")
        api.create_tag(repo, tag="v1", tag_message="first")
        request = api.create_pull_request(repo, "By request")
        api.upload_file(
            path_or_fileobj=b"x", path_in_repo="x", repo_id=repo, revision=request.git_reference
        )
        api.merge_pull_request(repo, request.num)
        api.delete_branch(repo, branch="work")
        api.create_discussion(repo, "Only talk")
        api.update_repo_settings(repo, private=True)
        api.list_repo_files(repo)
        until(lambda: len(activity(hub.root, webhook.id)) >= 6)
    moved = [body["updatedRefs"] for _, body in there.taken]
    told = {(ref["ref"], ref["oldSha"] is None, ref["newSha"] is None) for [ref] in moved}
    assert told == {
        ("refs/heads/work", True, False),
        ("refs/tags/v1", True, False),
        ("refs/pr/1", True, False),
        ("refs/pr/1", False, False),
        ("refs/heads/main", False, False),
        ("refs/heads/work", False, True),
    }
    assert len(moved) == 6


def test_what_nobody_watches_or_may_see_is_not_told(
    api: HfApi, hub: EmbeddedHub, repo: str, dataset: str
) -> None:
    stranger = HfApi(token=hub.accounts.token_of("stranger"))
    with receiver() as there:
        spy = stranger.create_webhook(url=there.url, watched=watching(dataset))
        assert stranger.list_webhooks() == [spy] and api.list_webhooks() == []
        off = api.create_webhook(url=there.url, watched=watching(dataset))
        api.disable_webhook(off.id)
        api.create_webhook(url=there.url, watched=watching(dataset), domains=["discussion"])
        api.create_webhook(url=there.url, watched=watching(dataset, "model"))
        seen = api.create_webhook(url=there.url, watched=watching(repo, "model"))
        api.create_tag(dataset, tag="v1", repo_type="dataset")
        api.create_tag(repo, tag="v1")
        until(lambda: activity(hub.root, seen.id))
        stranger.delete_webhook(spy.id)
    assert [body["repo"]["name"] for _, body in there.taken] == [repo]


def test_webhooks_are_their_users_alone(api: HfApi, hub: EmbeddedHub, dataset: str) -> None:
    made = api.create_webhook(url="http://127.0.0.1:9/", watched=watching(dataset))
    for token, status in (
        (hub.accounts.token_of("stranger"), "404"),
        (hub.accounts.create_token(hub.user, "read"), "403"),
        (False, "401"),
    ):
        other = HfApi(token=token)
        for change in (other.delete_webhook, other.disable_webhook, other.enable_webhook):
            with pytest.raises(HfHubHTTPError, match=status):
                change(made.id)
    with pytest.raises(RepositoryNotFoundError):
        HfApi(token=hub.accounts.token_of("stranger")).dataset_info(dataset)
    assert api.list_webhooks() == [made]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "at least one repository"),
        ({"watched": [{"type": "star", "name": "x"}], "url": "http://x/"}, "has a type"),
        ({"watched": [{"type": "user", "name": "demo"}]}, "needs a url"),
        ({"watched": [{"type": "user", "name": "demo"}], "url": "file:///etc"}, "http or https"),
        ({"watched": [{"type": "user", "name": "demo"}], "url": "http://x:99999/"}, "http or"),
        ({"watched": [{"type": "user", "name": "x"}], "url": "http://x/", "domains": []}, "domai"),
        ({"watched": [{"type": "user", "name": "x"}], "url": "http://x/", "secret": "é"}, "ASCII"),
        ({"watched": [{"type": "user", "name": "x"}], "jobSourceId": "0" * 24}, "no Job of that"),
        (
            {"watched": [{"type": "user", "name": "x"}], "url": "http://x/", "secrets": {"A": "b"}},
            "together with jobSourceId",
        ),
    ],
)
def test_a_malformed_one_is_refused(hub: EmbeddedHub, body: dict[str, Any], said: str) -> None:
    headers = {"Authorization": f"Bearer {hub.token}"}
    answer = HTTP.post(f"{hub.endpoint}/api/settings/webhooks", json=body, headers=headers)
    assert answer.status_code in (400, 404) and said in answer.json()["error"]


def deliveries(root: Path, waited: list[float]) -> Deliveries:
    return Deliveries(root, Webhooks(root), Jobs(root), wait=waited.append)


def webhook_at(url: str) -> Webhook:
    return Webhook("w", "demo", [{"type": "user", "name": "demo"}], ["repo"], url)


def test_an_address_that_fails_is_asked_again_and_not_for_ever(tmp_path: Path) -> None:
    payload = {"repo": {"name": "demo/x", "type": "model"}}
    for answers, expected in (
        ([503, 200], ["503", "200"]),
        ([500, 404, 302, 200], ["500", "404", "302"]),
    ):
        waited: list[float] = []
        with receiver(*answers) as there:
            deliveries(tmp_path, waited).deliver(Delivery("1", webhook_at(there.url), payload))
        assert activity(tmp_path, "w")[-1]["attempts"] == expected
        assert waited == list(WAITS[: len(expected) - 1])
    waited = []
    gone = Delivery("1", webhook_at(there.url), payload)
    deliveries(tmp_path, waited).deliver(gone)
    assert activity(tmp_path, "w")[-1]["attempts"] == ["no answer: ConnectError"] * 3


def test_what_cannot_be_told_spoils_no_change(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    repositories = Repositories(tmp_path)
    made = repositories.create("models", "demo/x", private=False, sdk=None)
    sender = deliveries(tmp_path, [])
    sender._webhooks.add(webhook_at("http://127.0.0.1:9/"))
    (made.directory / "repo.json").unlink()  # deleted just after the change was made
    sender.announce(made, "http://127.0.0.1:1")
    assert "A change of demo/x is not told" in caplog.text


def test_the_record_is_bounded_and_private(tmp_path: Path) -> None:
    sender = deliveries(tmp_path, [])
    for number in range(KEPT + 5):
        sender._record(Delivery(str(number), webhook_at("http://x/"), {}), ["200"])
    kept = activity(tmp_path, "w")
    assert [kept[0]["id"], kept[-1]["id"], len(kept)] == ["5", str(KEPT + 4), KEPT]
    assert (tmp_path / "activity" / "w.jsonl").stat().st_mode & 0o077 == 0


def test_webhooks_survive_a_restart_and_their_file_is_private(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        made = api.create_webhook(url="http://127.0.0.1:9/", watched=watching("demo/x"))
    assert (tmp_path / "webhooks.json").stat().st_mode & 0o077 == 0
    with EmbeddedHub(tmp_path) as hub:
        assert HfApi(endpoint=hub.endpoint, token=hub.token).list_webhooks() == [made]
    (tmp_path / "webhooks.json").write_text('[{"id": 1}]')
    with pytest.raises(UserError, match=r"webhooks.json is damaged. Remove it"):
        EmbeddedHub(tmp_path).start()
