"""The outbox: real client, a Hub that misbehaves, rows that arrive exactly once all the same."""

import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from datasets import List, Value, load_dataset
from huggingface_hub import HfApi

from tagloop.corrections.card import corrections_card
from tagloop.corrections.delivery.dataset_card import with_newer_columns
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.record import Correction
from tagloop.errors import UserError
from training.hub import EmbeddedHub

from .fault_proxy import Fault, FaultProxy, fault_proxy
from .stored_rows import stored_rows


def row(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "title": "Title",
        "text": "Text.",
        "predicted": [{"tag": "Banking", "confidence": 0.5}],
        "corrected": [],
        "verdict": "good",
        "model_repo": "demo/tagger",
        "model_revision": None,
    }
    return Correction.create(**(values | changes)).to_json()


@pytest.fixture
def repo_id(hub: EmbeddedHub) -> str:
    return f"{hub.user}/corrections-{uuid4().hex[:8]}"


@pytest.fixture
def proxy(hub: EmbeddedHub) -> Iterator[FaultProxy]:
    with fault_proxy(hub.endpoint) as running:
        yield running


@pytest.fixture
def open_outbox(hub: EmbeddedHub, repo_id: str, tmp_path: Path) -> Iterator[Callable[..., Outbox]]:
    opened: list[Outbox] = []

    def opener(**changes: Any) -> Outbox:
        options: dict[str, Any] = {
            "endpoint": hub.endpoint,
            "token": hub.token,
            "card": corrections_card(repo_id, "demo/tagger"),
            "gather_seconds": 0.05,
            "retry_seconds": 0.05,
        }
        opened.append(Outbox(tmp_path / "outbox", repo_id, **(options | changes)).start())
        return opened[-1]

    yield opener
    for outbox in opened:
        outbox.close(timeout=0)


def stored(repo_id: str) -> list[dict[str, Any]]:
    return stored_rows(HfApi(), repo_id)


def test_rows_reach_a_new_private_dataset_in_one_commit(
    hub: EmbeddedHub, repo_id: str, open_outbox: Callable[..., Outbox], tmp_path: Path
) -> None:
    outbox = open_outbox(gather_seconds=0.5)
    rows = [row(title=f"Article {number}") for number in range(20)]
    assert [outbox.save(entry) for entry in rows] == [True] * 20
    assert outbox.wait_delivered(rows[-1]["id"], 20)
    assert outbox.state.delivered == 20
    assert outbox.state.waiting == 0
    assert list((tmp_path / "outbox").iterdir()) == []
    assert stored(repo_id) == rows
    api = HfApi()
    assert api.dataset_info(repo_id).private
    messages = [commit.title for commit in api.list_repo_commits(repo_id, repo_type="dataset")]
    assert messages.count("Add 20 rows") == 1


def test_the_same_id_is_saved_once(
    hub: EmbeddedHub, repo_id: str, open_outbox: Callable[..., Outbox]
) -> None:
    outbox, entry = open_outbox(), row()
    assert outbox.save(entry)
    assert not outbox.save(entry)
    assert outbox.wait_delivered(entry["id"], 20)
    assert not outbox.save(entry)
    assert outbox.close(timeout=10) == 0
    assert [stored_row["id"] for stored_row in stored(repo_id)] == [entry["id"]]


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([Fault(500), Fault(502)], id="server errors"),
        pytest.param([Fault(409), Fault(412)], id="another commit at the same time"),
        pytest.param([Fault(), Fault()], id="dropped connections"),
        pytest.param([Fault(lose_answer=True)], id="a lost answer"),
    ],
)
def test_a_misbehaving_hub_gets_each_row_once(
    hub: EmbeddedHub,
    repo_id: str,
    proxy: FaultProxy,
    open_outbox: Callable[..., Outbox],
    faults: list[Fault],
) -> None:
    proxy.faults.extend(faults)
    outbox = open_outbox(endpoint=proxy.endpoint)
    entries = [row(), row()]
    for entry in entries:
        outbox.save(entry)
    assert outbox.close(timeout=20) == 0
    assert Counter(entry["id"] for entry in stored(repo_id)) == Counter(
        entry["id"] for entry in entries
    )
    assert outbox.state.problem is None
    assert not proxy.faults


def test_retry_after_is_honoured(proxy: FaultProxy, open_outbox: Callable[..., Outbox]) -> None:
    proxy.faults.append(Fault(429, {"Retry-After": "2"}))
    outbox, entry = open_outbox(endpoint=proxy.endpoint), row()
    outbox.save(entry)
    assert not outbox.wait_delivered(entry["id"], 10)
    told = time.monotonic()
    assert outbox.state.problem == "The Hub asks for a pause, too many requests (429)."
    assert not outbox.state.refused
    while outbox.state.waiting:
        time.sleep(0.02)
    assert 1.8 <= time.monotonic() - told < 8


def test_a_hub_that_is_down_is_waited_for(
    hub: EmbeddedHub, repo_id: str, open_outbox: Callable[..., Outbox]
) -> None:
    entry = row()
    away = open_outbox(endpoint="http://127.0.0.1:9")
    away.save(entry)
    assert not away.wait_delivered(entry["id"], 10)
    assert "cannot be reached" in (away.state.problem or "")
    assert away.close(timeout=0.5) == 1
    with pytest.raises(UserError, match="Not saved: this server is stopping"):
        away.save(row())
    back = open_outbox()  # as after a restart, the Hub is up again
    assert back.state.waiting == 1
    assert back.wait_delivered(entry["id"], 20)
    assert stored(repo_id) == [entry]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_visible_logged_once_and_loses_nothing(
    hub: EmbeddedHub,
    repo_id: str,
    open_outbox: Callable[..., Outbox],
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.INFO, "tagloop")
    HfApi().create_repo(repo_id, repo_type="dataset", private=True)
    token = "hf_nobody" if status == 401 else hub.accounts.create_token(hub.user, "read")
    outbox, entry = open_outbox(token=token), row()
    outbox.save(entry)
    assert not outbox.wait_delivered(entry["id"], 10)
    assert outbox.state.refused
    assert f"({status})" in (outbox.state.problem or "")
    time.sleep(1)  # several more attempts
    assert sum(f"({status})" in message for message in caplog.messages) == 1
    assert token not in caplog.text
    outbox.close(timeout=0)
    mended = open_outbox()
    assert mended.wait_delivered(entry["id"], 20)
    assert stored(repo_id) == [entry]


def test_a_public_dataset_gets_nothing_that_was_promised_to_be_private(
    hub: EmbeddedHub, repo_id: str, open_outbox: Callable[..., Outbox]
) -> None:
    HfApi().create_repo(repo_id, repo_type="dataset", private=False)
    outbox, entry = open_outbox(), row()
    outbox.save(entry)
    assert not outbox.wait_delivered(entry["id"], 10)
    assert "is public" in (outbox.state.problem or "")
    assert outbox.state.refused
    assert stored(repo_id) == []


def test_a_full_outbox_refuses(open_outbox: Callable[..., Outbox]) -> None:
    outbox = open_outbox(endpoint="http://127.0.0.1:9", max_bytes=1500)
    outbox.save(row(text="x" * 1000))
    with pytest.raises(UserError, match="too many corrections are waiting"):
        outbox.save(row(text="x" * 1000))
    assert outbox.state.waiting == 1


def test_a_row_saved_in_the_last_moment_before_the_end_is_delivered(
    hub: EmbeddedHub, repo_id: str, tmp_path: Path
) -> None:
    """The worker has just found nothing more to do when a row comes in and SIGTERM does."""
    late = row()

    class Late(Outbox):
        def _deliver_all(self) -> None:
            super()._deliver_all()
            if not self._closing.is_set():
                self.save(late)
                self._closing.set()

    outbox = Late(tmp_path, repo_id, card="# Rows", token=hub.token, gather_seconds=0).start()
    outbox.save(row())
    assert outbox._closing.wait(20)
    assert outbox.close(timeout=20) == 0
    assert late in stored(repo_id)


def test_rows_whose_file_somebody_removes_are_delivered_all_the_same(
    hub: EmbeddedHub, repo_id: str, open_outbox: Callable[..., Outbox], tmp_path: Path
) -> None:
    outbox = open_outbox(endpoint="http://127.0.0.1:9", saved_when="hub")
    first, second = row(), row()
    outbox.save(first)
    assert not outbox.wait_delivered(first["id"], 10)  # its commit is being tried by now
    shutil.rmtree(tmp_path / "outbox")
    outbox.save(second)  # the folder is made anew
    outbox._uploader._api.endpoint = hub.endpoint
    assert outbox.delivery_status(second["id"], 20).delivered
    assert outbox.delivery_status(first["id"], 20).delivered
    assert sorted(one["id"] for one in stored(repo_id)) == sorted([first["id"], second["id"]])
    assert not list((tmp_path / "outbox").glob("*.jsonl"))


def test_a_long_outage_ends_in_commits_of_a_bearable_size(
    hub: EmbeddedHub,
    repo_id: str,
    open_outbox: Callable[..., Outbox],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tagloop.corrections.delivery.journal.MAX_SEGMENT_BYTES", 2000)
    monkeypatch.setattr("tagloop.corrections.delivery.outbox.MAX_BYTES_A_COMMIT", 4000)
    outbox = open_outbox(gather_seconds=1)
    entries = [row(text="x" * 700) for _ in range(8)]
    for entry in entries:
        outbox.save(entry)
    assert outbox.close(timeout=20) == 0
    assert {entry["id"] for entry in stored(repo_id)} == {entry["id"] for entry in entries}
    commits = HfApi().list_repo_commits(repo_id, repo_type="dataset")
    assert 3 <= sum(commit.title.startswith("Add") for commit in commits) <= 5


def test_on_a_space_saved_means_on_the_hub(
    hub: EmbeddedHub, repo_id: str, proxy: FaultProxy, open_outbox: Callable[..., Outbox]
) -> None:
    outbox = open_outbox(endpoint=proxy.endpoint, saved_when="hub")
    proxy.faults.extend([Fault(500), Fault(412)])  # a passing problem is waited through
    first = row()
    outbox.save(first)
    assert not outbox.delivery_status(first["id"]).saved
    delivery_status = outbox.delivery_status(first["id"], 20)
    assert delivery_status.saved and delivery_status.delivered and delivery_status.problem is None
    assert stored(repo_id) == [first]
    proxy.standing = Fault(503)
    late = row()
    outbox.save(late)
    delivery_status = outbox.delivery_status(late["id"], 0.5)
    assert not delivery_status.saved
    assert f"kept on this server as {late['id']}, which goes on trying" in delivery_status.message
    proxy.standing = Fault(403)
    began = time.monotonic()
    refused = outbox.delivery_status(late["id"], 30)
    assert refused.refused and not refused.saved
    assert "(403)" in refused.message
    assert time.monotonic() - began < 20
    proxy.standing = None
    assert outbox.delivery_status(late["id"]).saved is False
    while outbox.state.refused:
        time.sleep(0.05)
    assert outbox.delivery_status(late["id"], 20).saved


def test_elsewhere_saved_means_on_the_disk(open_outbox: Callable[..., Outbox]) -> None:
    outbox, entry = open_outbox(endpoint="http://127.0.0.1:9"), row()
    outbox.save(entry)
    began = time.monotonic()
    assert outbox.delivery_status(entry["id"], 30).saved
    assert time.monotonic() - began < 1


# Saves from several threads and prints what was acknowledged; SIGTERM drains as the Space does.
CLIENTS = """
import signal, sys, threading, time, uuid
from pathlib import Path
from tagloop.corrections.delivery.outbox import Outbox

outbox = Outbox(Path(sys.argv[1]), sys.argv[2], card="# Rows", gather_seconds=0.02,
                retry_seconds=0.05).start()
stopping = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopping.set())

def flag():
    while not stopping.is_set():
        row_id = uuid.uuid4().hex
        outbox.save({"id": row_id})
        sys.stdout.write(row_id + "\\n")
        sys.stdout.flush()
        time.sleep(0.002)

threads = [threading.Thread(target=flag, daemon=True) for _ in range(8)]
for thread in threads:
    thread.start()
stopping.wait()
for thread in threads:
    thread.join()
sys.exit(outbox.close(timeout=30))
"""


def test_kill_9_while_visitors_flag_stores_each_row_exactly_once(
    hub: EmbeddedHub, repo_id: str, tmp_path: Path
) -> None:
    chance = random.Random(11)
    acknowledged: list[str] = []
    trials = 8
    for trial in range(trials):
        process = subprocess.Popen(
            [sys.executable, "-c", CLIENTS, str(tmp_path / "outbox"), repo_id],
            env=os.environ | hub.client_env(tmp_path / "home"),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        acknowledged.append(process.stdout.readline().strip())
        time.sleep(chance.random() * 0.6)
        last = trial == trials - 1  # the last one ends in good order, and has all to deliver
        process.send_signal(signal.SIGTERM if last else signal.SIGKILL)
        acknowledged += [line for line in process.stdout.read().split("\n") if len(line) == 32]
        assert process.wait() == (0 if last else -signal.SIGKILL)
        process.stdout.close()
    counts = Counter(entry["id"] for entry in stored(repo_id))
    assert len(acknowledged) > 100
    assert set(acknowledged) <= set(counts)
    assert max(counts.values()) == 1
    assert list((tmp_path / "outbox").glob("*.jsonl")) == []


def test_load_dataset_reads_a_stable_schema(
    repo_id: str, open_outbox: Callable[..., Outbox]
) -> None:
    """The first file has only nulls and empty lists, where a guessed schema goes wrong."""
    outbox = open_outbox()
    first = row(predicted=[], model_revision=None)
    outbox.save(first)
    assert outbox.wait_delivered(first["id"], 20)
    second = row(
        verdict="fixed", corrected=["A", "B"], note="2024-05-01 ü", model_revision="c" * 40
    )
    outbox.save(second)
    assert outbox.wait_delivered(second["id"], 20)
    loaded = load_dataset(repo_id, split="train")
    assert sorted(loaded, key=lambda entry: entry["created_at"]) == [first, second]
    tags = {"tag": Value("string"), "confidence": Value("float64")}
    assert loaded.features["predicted"] == List(tags)
    assert loaded.features["user"] == Value("string")


def test_a_dataset_of_before_gets_the_new_column_and_keeps_its_owners_words(
    hub: EmbeddedHub, repo_id: str, open_outbox: Callable[..., Outbox]
) -> None:
    api = HfApi()
    api.create_repo(repo_id, repo_type="dataset", private=True)
    card = corrections_card(repo_id, "demo/tagger").replace(
        "  - name: visitor\n    dtype: string\n", ""
    )
    assert "name: visitor" not in card
    old = row() | {"schema": 1}
    del old["visitor"]
    for path, text in (
        ("README.md", card + "\nCollected since spring.\n"),
        ("data/2026-01-01/old.jsonl", json.dumps(old) + "\n"),
    ):
        api.upload_file(
            path_or_fileobj=text.encode(), path_in_repo=path, repo_id=repo_id, repo_type="dataset"
        )
    outbox = open_outbox()
    new = row(visitor="a" * 32)
    outbox.save(new)
    assert outbox.wait_delivered(new["id"], 20)
    loaded = load_dataset(repo_id, split="train")
    assert {entry["id"]: entry["visitor"] for entry in loaded} == {
        old["id"]: None,
        new["id"]: "a" * 32,
    }
    read = Path(api.hf_hub_download(repo_id, "README.md", repo_type="dataset")).read_text()
    assert "Collected since spring." in read and "configs:" in read
    # Now it knows all columns: no further commit touches it.
    another = row()
    outbox.save(another)
    assert outbox.wait_delivered(another["id"], 20)
    changed = api.list_repo_commits(repo_id, repo_type="dataset")[0]
    assert changed.title == "Add 1 row"
    assert with_newer_columns(read, corrections_card(repo_id, "demo/tagger")) is None


@pytest.mark.parametrize(
    "other", ["# Rows", "", "---\ndataset_info: x\n---\n", "---\n[: broken\n---\n"]
)
def test_a_card_that_declares_no_columns_stays(other: str) -> None:
    card = corrections_card("me/x-corrections", "me/x-tagger")
    assert with_newer_columns(other, card) is None and with_newer_columns(card, other) is None
