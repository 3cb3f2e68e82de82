"""One visitor does his worst on a real Space; another, from another address, hardly notices."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tagloop.web.admission.connections import SILENT_CONNECTIONS
from training.bench.fairness.page import (
    Events,
    Refused,
    call,
    client,
    form,
    join,
    new_session,
    tag_body,
    upload,
)

from .conftest import RunningSpace, SpaceStarter

HOSTILE, VISITOR = "127.0.0.2", "127.0.0.3"
LONG = " ".join(f"word{number}" for number in range(7_000))[:49_000]
"""Four windows of it take the tests' Space a second."""
MORE_SECONDS = 1.0
PLACES = 12


@pytest.fixture(scope="module")
def space(start_space: SpaceStarter) -> RunningSpace:
    """A Space whose visitors have few places."""
    return start_space("admission", TAGLOOP_REQUESTS_AT_ONCE=str(PLACES))


@pytest.fixture
def hostile(space: RunningSpace) -> Iterator[httpx2.Client]:
    with client(space.url, HOSTILE) as visitor:
        yield visitor


def seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def tagged(space: RunningSpace) -> float:
    """Seconds that another visitor waits for the tags of an article."""
    with client(space.url, VISITOR) as visitor:
        return seconds(lambda: call(visitor, "tag", tag_body("Banks use chatbots.")))


def test_eighty_requests_of_one_visitor_keep_nobody_out(space: RunningSpace) -> None:
    alone = min(tagged(space) for _ in range(3))  # the least: other programs only slow it
    statuses: list[int] = []

    def flood(_: int) -> None:
        with client(space.url, HOSTILE) as visitor:
            body = tag_body(LONG, windows=4)
            answer = visitor.post("/gradio_api/call/tag", json=body)
            statuses.append(answer.status_code)
            if answer.status_code != 200:
                assert answer.headers["retry-after"].isdigit()
                assert "requests waiting already; try again in" in answer.json()["detail"]

    with ThreadPoolExecutor(80) as pool:
        list(pool.map(flood, range(80)))
    assert len(statuses) == 80 and set(statuses) <= {200, 429}
    assert min(tagged(space) for _ in range(3)) < alone + MORE_SECONDS


def fill(url: str, address: str) -> list[str]:
    """Takes all places that an address has left; returns the events."""
    ids: list[str] = []
    with client(url, address) as visitor:
        for _ in range(4 * PLACES):
            answer = visitor.post("/gradio_api/call/tag", json=tag_body(LONG, windows=4))
            if answer.status_code == 429:
                return ids
            ids.append(answer.json()["event_id"])
    raise AssertionError("no end of places")


def test_a_program_and_the_page_are_told_in_a_sentence(
    space: RunningSpace, hostile: httpx2.Client
) -> None:
    """Gradio's own clients join the queue, and show what a job ends with."""
    sentence = r"Busy: you have \d+ requests waiting already; try again in \d+ second"
    events = Events(hostile.get("/config").json())
    fill(space.url, HOSTILE)
    with pytest.raises(Refused, match=sentence):
        join(hostile, events.file, [None], new_session())
    program = Client(space.url, verbose=False)
    fill(space.url, "127.0.0.1")
    with pytest.raises(AppError, match=sentence):
        program.predict(text="Banks use chatbots.", api_name="/tag")


def test_who_leaves_gives_his_places_back(space: RunningSpace) -> None:
    address = "127.0.0.4"
    ids = fill(space.url, address)
    for event_id in ids:
        with client(space.url, address) as visitor:
            place = f"/gradio_api/call/tag/{event_id}"
            with contextlib.suppress(httpx2.ReadTimeout):
                visitor.get(place, timeout=0.05)
    began = time.monotonic()
    while len(again := fill(space.url, address)) < PLACES - 2:
        assert time.monotonic() - began < PLACES / 2, again  # waiting them out takes twice as long
        time.sleep(0.2)


def test_hostile_files_hold_one_reader(space: RunningSpace) -> None:
    with client(space.url, VISITOR) as visitor:
        events = Events(visitor.get("/config").json())

    def read(address: str, name: str, content: bytes) -> float:
        session = new_session()
        with client(space.url, address) as somebody:
            page = f"/gradio_api/heartbeat/{session}"
            with somebody.stream("GET", page):
                file = upload(somebody, name, form(name, content))
                try:
                    return seconds(lambda: join(somebody, events.file, [file], session))
                except (Refused, httpx2.HTTPError):
                    return 0.0

    alone = read(VISITOR, "a.md", b"# Tea\n\nWater first.\n")
    slow = b"*a **a " * 400_000
    threads = [
        threading.Thread(target=read, args=(HOSTILE, f"{number}.md", slow), daemon=True)
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    assert read(VISITOR, "b.md", b"# Tea\n\nWater first, then leaves.\n") < 2 * alone + MORE_SECONDS


def test_uploads_have_their_measure(space: RunningSpace) -> None:
    with client(space.url, "127.0.0.5") as hostile:
        upload_too_much(hostile)
    with client(space.url, VISITOR) as visitor:
        with visitor.stream("GET", f"/gradio_api/heartbeat/{new_session()}"):
            upload(visitor, "a.csv", form("a.csv", b"text\n"))


def upload_too_much(hostile: httpx2.Client) -> None:
    """Uploads the same file under twenty names; the fifth is refused."""
    body = form("big.csv", b"\0" * 49_000_000)
    with pytest.raises(Refused, match="open the Space first"):
        upload(hostile, "big.csv", form("a.csv", b"text\n"))
    with hostile.stream("GET", f"/gradio_api/heartbeat/{new_session()}"):
        with pytest.raises(Refused, match=r"MB in 4 files here already.*: try again in 60 minutes"):
            for number in range(20):
                upload(hostile, "big.csv", body.replace(b"\0", bytes([number + 1]), 1))


def test_a_body_without_end_is_refused(hostile: httpx2.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(500):
            yield b"[" + b"1" * 999_999

    answer = hostile.post("/gradio_api/queue/join", content=endless())
    assert answer.status_code == 413
    assert "more than 19 MB" in answer.json()["detail"]


def test_an_agent_is_told_too(space: RunningSpace) -> None:
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "tag", "arguments": {"text": "Banks use chatbots."}},
    }
    headers = {"accept": "application/json, text/event-stream"}

    def ask() -> str:
        place = f"{space.url}/gradio_api/mcp/"
        return httpx2.post(place, json=body, headers=headers, timeout=30).text

    assert '"isError":false' in ask()  # the first one makes the connection of this Space to itself
    fill(space.url, "127.0.0.1")  # over which gradio hands on what an agent asks
    assert "requests waiting already; try again in" in ask()


def test_half_a_request_does_not_stay(space: RunningSpace) -> None:
    host, _, port = space.url.rpartition("/")[2].partition(":")
    held = []
    for _ in range(80):
        held.append(socket.create_connection((host, int(port)), 5, (HOSTILE, 0)))
        held[-1].sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
    closed, began = 0, time.monotonic()
    while closed < len(held) - SILENT_CONNECTIONS:
        assert time.monotonic() - began < 15
        closed = len(select.select(held, [], [], 0.5)[0])
    for connection in held:
        connection.close()
