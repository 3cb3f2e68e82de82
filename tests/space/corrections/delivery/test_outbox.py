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

from ..test_rows import BAD_LINES
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


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for what has to come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def segment(letter: str, *lines: bytes) -> tuple[str, bytes]:
    """A file as an earlier process left it."""
    return f"2026-01-01_{letter * 32}.jsonl", b"".join(line + b"\n" for line in lines)


def test_nothing_stray_stops_a_row(
    repo_id: str, open_outbox: Callable[..., Outbox], tmp_path: Path, caplog: Any
) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    left = row()
    name, content = segment("a", json.dumps(left).encode())
    (folder / name).write_bytes(content)
    (folder / "reviews").mkdir()  # another outbox of the same Space
    strays = {
        "backup.jsonl": content,
        f"._{name}": b"\x00\x05\x16\x07",
        f"{name}.bak": content,
        f"2026-01-01_{'A' * 32}.jsonl": content,
        f"2026-01-01_{'a' * 31}\u0665.jsonl": content,
        "new\nline.jsonl": content,
    }
    for stray, text in strays.items():
        (folder / stray).write_bytes(text)
    target = tmp_path / "elsewhere.jsonl"
    target.write_bytes(content)
    (folder / segment("b")[0]).symlink_to(target)
    (folder / segment("c")[0]).mkdir()
    os.mkfifo(folder / segment("d")[0])
    with (folder / segment("e")[0]).open("wb") as file:
        file.truncate(65 * 2**20)
    outbox = open_outbox()
    assert outbox.state.strays == len(strays) + 4
    assert outbox.wait_delivered(left["id"], 20)
    (folder / "later.jsonl").write_bytes(content)  # in the middle
    entry = row()
    outbox.save(entry)
    assert outbox.wait_delivered(entry["id"], 20)
    until(lambda: outbox.state.strays == len(strays) + 5)
    assert outbox.close(timeout=20) == 0
    assert sorted(one["id"] for one in stored(repo_id)) == sorted([left["id"], entry["id"]])
    assert target.read_bytes() == content
    assert {path.name for path in folder.iterdir()} >= strays.keys()
    assert sum("not ours and left alone" in message for message in caplog.messages) == 2


def test_a_bad_line_costs_itself_alone_and_is_kept(
    repo_id: str, open_outbox: Callable[..., Outbox], tmp_path: Path, caplog: Any
) -> None:
    good = [row() for _ in range(3)]
    lines = [json.dumps(one).encode() for one in good]
    (tmp_path / "outbox").mkdir()
    bad = [*BAD_LINES.values(), b"{}", b'{"id": 5}', b'{"id": "1", "another": "schema"}']
    name, content = segment("a", lines[0], *bad[:9], lines[1], *bad[9:])
    (tmp_path / "outbox" / name).write_bytes(content + lines[2])  # its end is missing
    for letter, text in (("b", b""), ("c", b"\n \n"), ("d", b'{"id": "torn')):
        (tmp_path / "outbox" / segment(letter)[0]).write_bytes(text)
    outbox = open_outbox(check=Correction.from_json)
    assert outbox.close(timeout=20) == 0
    assert stored(repo_id) == good
    assert not list((tmp_path / "outbox").glob("*.jsonl"))
    kept = sorted(outbox.quarantine.glob("*.jsonl"), key=lambda path: path.stat().st_size)
    assert [path.read_bytes() for path in kept] == [
        b'{"id": "torn\n',
        b"".join(line + b"\n" for line in bad),
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)
    assert outbox.state.quarantined == len(bad) + 1
    assert "Set aside on 20" in kept[0].with_suffix(".txt").read_text()
    assert sum("kept in quarantine" in message for message in caplog.messages) == 2


def test_what_the_hub_refuses_is_found_kept_and_told(
    repo_id: str,
    proxy: FaultProxy,
    open_outbox: Callable[..., Outbox],
    tmp_path: Path,
    caplog: Any,
) -> None:
    proxy.unwanted, proxy.refusal = b"poison", 422
    rows = [row(text="poison" if number in (3, 7) else "Text.") for number in range(16)]
    half = [json.dumps(one).encode() for one in rows[8:]]
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / segment("a", *half)[0]).write_bytes(segment("a", *half)[1])
    outbox = open_outbox(endpoint=proxy.endpoint, gather_seconds=0.5)
    for one in rows[:8]:
        outbox.save(one)
    until(lambda: outbox.state.waiting == 0)
    bad = [one for one in rows if one["text"] == "poison"]
    assert Counter(one["id"] for one in stored(repo_id)) == Counter(
        one["id"] for one in rows if one not in bad
    )
    assert proxy.commits_seen < 2 * 2 * 4 + 10  # two for each halving, and the card's
    told = outbox.delivery_status(bad[0]["id"])
    assert told.quarantined and told.refused and told.saved and not told.delivered
    assert told.problem == "The dataset refused it; the owner has been told."
    assert (outbox.state.quarantined, outbox.state.problem) == (2, None)
    kept = [json.loads(path.read_text()) for path in outbox.quarantine.glob("*.jsonl")]
    assert sorted(kept, key=rows.index) == bad
    errors = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert sum("refused a row (422)" in error for error in errors) == 2
    notes = HfApi().list_repo_files(repo_id, repo_type="dataset")
    assert sum(name.startswith("refused/") for name in notes) == 2
    assert outbox.close() == 0
    # The owner's way back, as the text beside the file says: move it.
    proxy.unwanted = None
    [first, second] = outbox.quarantine.glob("*.jsonl")
    assert f"move it into {tmp_path / 'outbox'}" in first.with_suffix(".txt").read_text()
    first.rename(tmp_path / "outbox" / first.name)
    again = open_outbox(endpoint=proxy.endpoint)
    second.rename(tmp_path / "outbox" / second.name)  # and while it runs
    again._wake.set()
    until(lambda: len(stored(repo_id)) == 16)
    until(lambda: again.state.quarantined == 0)
    assert Counter(one["id"] for one in stored(repo_id)) == Counter(one["id"] for one in rows)
    assert len(load_dataset(repo_id, split="train")) == 16


def test_a_hub_that_refuses_everything_gets_nobody_into_quarantine(
    repo_id: str, proxy: FaultProxy, open_outbox: Callable[..., Outbox]
) -> None:
    proxy.commits = Fault(400)
    outbox = open_outbox(endpoint=proxy.endpoint, gather_seconds=0.3)
    rows = [row() for _ in range(16)]
    for one in rows:
        outbox.save(one)
    until(lambda: "refuses every commit" in (outbox.state.problem or ""))
    assert outbox.state.refused and outbox.state.quarantined == 0
    assert outbox.state.waiting == 16
    seen = proxy.commits_seen
    time.sleep(1)
    assert proxy.commits_seen - seen < 30  # no hot loop, with a back-off of 0.05 s here
    proxy.commits = None
    assert outbox.close(timeout=20) == 0
    assert sorted(one["id"] for one in stored(repo_id)) == sorted(one["id"] for one in rows)
    assert not outbox.quarantine.exists()


@pytest.mark.parametrize("share", [0, 0.5])
def test_a_hub_that_confirms_and_does_not_store_is_noticed(
    repo_id: str, proxy: FaultProxy, open_outbox: Callable[..., Outbox], share: float
) -> None:
    HfApi().create_repo(repo_id, repo_type="dataset", private=True)
    outbox = open_outbox(endpoint=proxy.endpoint)
    proxy.commits = Fault(stored=share)
    rows = [row(), row()]
    for one in rows:
        outbox.save(one)
    assert not outbox.wait_delivered(rows[0]["id"], 10)
    assert "confirmed a commit" in (outbox.state.problem or "")
    assert outbox.state.waiting == 2
    proxy.commits = None
    assert outbox.close(timeout=20) == 0
    assert stored(repo_id) == rows


def test_a_card_that_the_hub_refuses_keeps_no_row_back(
    repo_id: str, proxy: FaultProxy, open_outbox: Callable[..., Outbox], caplog: Any
) -> None:
    proxy.unwanted = b"pretty_name"
    outbox, entry = open_outbox(endpoint=proxy.endpoint), row()
    outbox.save(entry)
    assert outbox.wait_delivered(entry["id"], 20)
    assert stored(repo_id) == [entry]
    assert any("mend its README.md" in message for message in caplog.messages)


def test_a_dataset_that_becomes_public_gets_nothing_more(
    repo_id: str, open_outbox: Callable[..., Outbox], caplog: Any
) -> None:
    outbox, first, second = open_outbox(), row(), row()
    outbox.save(first)
    assert outbox.wait_delivered(first["id"], 20)
    HfApi().update_repo_settings(repo_id, private=False, repo_type="dataset")
    outbox.save(second)
    assert not outbox.wait_delivered(second["id"], 10)
    assert "is public" in (outbox.state.problem or "") and outbox.state.refused
    assert stored(repo_id) == [first]
    assert any(
        "is public" in one.getMessage() for one in caplog.records if one.levelno == logging.ERROR
    )
    HfApi().update_repo_settings(repo_id, private=True, repo_type="dataset")
    assert outbox.close(timeout=20) == 0
    assert {one["id"] for one in stored(repo_id)} == {first["id"], second["id"]}


@pytest.mark.parametrize(
    "changes", [{"text": "\ud800"}, {"number": float("nan")}, {"text": "x" * 5 * 2**20}]
)
def test_what_could_not_be_read_again_is_not_saved(
    open_outbox: Callable[..., Outbox], changes: dict[str, Any]
) -> None:
    outbox = open_outbox(endpoint="http://127.0.0.1:9")
    with pytest.raises(UserError, match="Not saved: it "):
        outbox.save(row() | changes)
    nested: list[Any] = []
    for _ in range(100):
        nested = [nested]
    with pytest.raises(UserError, match="Not saved: nested too deeply"):
        outbox.save(row() | {"more": nested})
    assert outbox.state.waiting == 0
