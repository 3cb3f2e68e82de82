"""Whose turn it is, and how many may wait."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest
from gradio.data_classes import PredictBodyInternal
from starlette.requests import Request

from tagloop.rate_limits import Busy
from tagloop.web.admission import fair_queue
from tagloop.web.admission.fair_queue import FairQueue

from ....event_loop import run


def tag(text: str) -> str:
    return text


def made(places: int = 4, limit: int = 2) -> FairQueue:
    with gr.Blocks() as app:
        gr.api(tag, api_name="tag", concurrency_id="tagger", concurrency_limit=limit)
    app.queue(default_concurrency_limit=8)
    queue = FairQueue(app, places)
    queue.active_jobs = [None] * 40
    return queue


def push(queue: FairQueue, visitor: str, session: str | None = None) -> Any:
    scope = {"type": "http", "headers": [], "client": (visitor, 1), "method": "POST", "path": "/"}
    request = Request(scope)
    body = PredictBodyInternal(data=["a"], fn_index=0, session_hash=session or visitor)
    return run(queue.push(body, request, None))


def start(queue: FairQueue) -> str | None:
    """Lets the next event run; returns whose it is."""
    found = queue.get_events()
    if found is None:
        return None
    events, _, name = found
    queue.active_jobs[queue.active_jobs.index(None)] = events
    queue.event_queue_per_concurrency_id[name].current_concurrency += 1
    return str(events[0].request.scope["client"][0])


def end(queue: FairQueue, visitor: str) -> None:
    for place, job in enumerate(queue.active_jobs):
        if job and job[0].request.scope["client"][0] == visitor:
            queue.active_jobs[place] = None
            queue.event_queue_per_concurrency_id["tagger"].current_concurrency -= 1
            return


def test_who_came_first_with_many_leaves_a_slot_for_others() -> None:
    queue = made()
    for _ in range(4):
        push(queue, "a")
    assert [start(queue), start(queue)] == ["a", None]  # one of two slots
    push(queue, "b")
    push(queue, "b")
    push(queue, "c")
    assert start(queue) == "b"
    end(queue, "b")
    assert start(queue) == "c"  # b was served after c ever was
    end(queue, "a")
    assert start(queue) == "a"  # b was served after a
    end(queue, "c")
    assert [start(queue), start(queue)] == ["b", None]


def test_a_visitor_has_so_many_places_and_is_told_why_no_more() -> None:
    queue = made()
    for _ in range(4):
        push(queue, "a", "session")
    start(queue)
    taken, event_id, state = push(queue, "a", "session")
    assert (taken, state) == (True, "success")
    messages = queue.pending_messages_per_session["session"]
    last = [messages.get_nowait() for _ in range(messages.qsize())][-1].model_dump()
    assert last["event_id"] == event_id and last["success"] is False
    sentence = "Busy: you have 4 requests waiting already; try again in 1 second."
    assert last["output"]["error"] == sentence
    assert len(queue) == 3 and event_id not in queue.event_ids_to_events
    push(queue, "b")
    assert len(queue) == 4
    end(queue, "a")  # what has ended leaves its place
    assert queue.refusal("a") is None


def test_all_places_can_be_taken_only_by_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "MAX_QUEUE", 8)
    queue = made()
    for visitor in "ab":
        for _ in range(6):
            push(queue, visitor)
    assert len(queue) == 8
    assert "too many people are waiting" in str(queue.refusal("c"))
    assert isinstance(queue.refusal("a"), Busy)


def test_without_a_number_of_places_all_is_as_gradio_has_it() -> None:
    queue = made(places=0)
    for _ in range(100):
        assert push(queue, "a")[0]
    assert [start(queue), start(queue)] == ["a", "a"]


def test_many_sessions_of_one_visitor_do_not_push_out_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fair_queue, "SESSIONS", 5)
    queue = made(places=2)
    push(queue, "b", "theirs")
    for number in range(50):
        push(queue, "a", f"mine {number}")
    sessions = set(queue.pending_messages_per_session)
    assert "theirs" in sessions and {"mine 0", "mine 1"} <= sessions  # these wait for their turn
    assert len(sessions) <= 1 + 2 + 5
