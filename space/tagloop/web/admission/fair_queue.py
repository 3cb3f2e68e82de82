"""gradio's queue of events, with places for each visitor and turns among them.

gradio's own queue is one line for everybody: who comes first with 64 requests has it.
"""

from __future__ import annotations

import itertools
import random
from asyncio import Queue as Messages
from collections import Counter, OrderedDict
from typing import Any

import gradio as gr
from gradio.queueing import Event, EventQueue, Queue
from gradio.server_messages import ProcessCompletedMessage
from gradio.utils import error_payload

from tagloop.rate_limits import REQUESTS_AT_ONCE, Busy
from tagloop.web.visitors import visitor_of_scope

MAX_QUEUE = 4 * REQUESTS_AT_ONCE
"""That wait altogether: it takes more than a few visitors to fill it."""
RUNNING_SHARE = 4
"""One visitor may have a fourth of the Space's threads: what gradio runs at the same time."""
SESSIONS = 200
"""Of one visitor with messages that are not fetched: gradio keeps those of 2,000 in all, and
forgets the oldest of anybody for a new one."""
IDLE_SECONDS = 0.005
"""How often to look whether somebody's turn has come; gradio's own millisecond takes a tenth of
the time of a core for as long as anybody waits."""


class FairQueue(Queue):
    """A visitor has so many places, and at most half of the slots of anything that has two.

    What a visitor has is counted anew from what waits and runs, so that no place can be lost.

    Attributes:
        places: Of a visitor; 0 for any number, and for turns in the order of coming.
    """

    def __init__(self, app: gr.Blocks, places: int) -> None:
        """Takes the place of the queue that `gr.Blocks.queue` made."""
        made = app._queue
        super().__init__(
            made.live_updates,
            made.max_thread_count,
            made.update_intervals,
            MAX_QUEUE if places else None,
            app,
            default_concurrency_limit=made.default_concurrency_limit,
        )
        app._queue = self
        self.places = places
        self.sleep_when_free = IDLE_SECONDS
        self._turn = itertools.count()
        self._served: OrderedDict[str, int] = OrderedDict()
        self._sessions: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def refusal(self, visitor: str) -> Busy | None:
        """Returns why a visitor's next request has to wait; None if it need not."""
        if not self.places:
            return None
        mine = sum(_visitor(event) == visitor for event in self._waiting())
        mine += self._running_events()[visitor]
        if mine >= self.places:
            return Busy(
                f"Busy: you have {mine} requests waiting already; try again in {{}}.",
                self._seconds_a_request(),
            )
        if self.max_size is not None and len(self) >= self.max_size:
            return Busy(
                "Busy: too many people are waiting just now; try again in {}.",
                self._seconds_a_request(),
            )
        return None

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        """Takes an event, or tells who sent it at once, as its result, why not."""
        visitor = visitor_of_scope(request.scope)
        if body.fn_index in self.blocks.fns and (busy := self.refusal(visitor)):
            event = self._refused(body, request, username, busy)
            self._note_session(visitor, event.session_hash)
            return True, event._id, "success"
        taken = await super().push(body, request, username)
        if taken[0]:
            self._note_session(visitor, body.session_hash)
        return taken

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """Returns the next event: of those who may have a slot, who was served longest ago."""
        if not self.places:
            return super().get_events()
        names = list(self.event_queue_per_concurrency_id)
        random.shuffle(names)
        running = self._running_events()
        for name in names:
            event_queue = self.event_queue_per_concurrency_id[name]
            if not event_queue.queue or _full(event_queue):
                continue
            if event := self._next(event_queue, running):
                event_queue.queue.remove(event)
                visitor = _visitor(event)
                self._served[visitor] = next(self._turn)
                self._served.move_to_end(visitor)
                if len(self._served) > MAX_QUEUE:
                    self._served.popitem(last=False)
                return [event], event.fn.batch, name
        return None

    def compute_analytics_summary(self, records: Any) -> Any:
        """Returns nothing new: nobody looks at it here, and it costs more than a short request."""
        return self.cached_event_analytics_summary

    def _next(self, event_queue: EventQueue, running: Counter[str]) -> Event | None:
        here = Counter(
            _visitor(event)
            for job in self.active_jobs
            for event in job or ()
            if event.concurrency_id == event_queue.concurrency_id
        )
        limit = event_queue.concurrency_limit
        slots = max(1, limit // 2) if limit else self.max_thread_count
        at_once = max(1, self.max_thread_count // RUNNING_SHARE)
        first: dict[str, Event] = {}
        for event in event_queue.queue:
            first.setdefault(_visitor(event), event)
        able = [
            visitor for visitor in first if here[visitor] < slots and running[visitor] < at_once
        ]
        served = self._served
        chosen = min(able, key=lambda who: (here[who], served.get(who, -1)), default=None)
        return None if chosen is None else first[chosen]

    def _waiting(self) -> list[Event]:
        queues = self.event_queue_per_concurrency_id.values()
        return [event for queue in queues for event in queue.queue]

    def _running_events(self) -> Counter[str]:
        return Counter(_visitor(event) for job in self.active_jobs for event in job or ())

    def _seconds_a_request(self) -> float:
        """Returns how long a request took on average; a visitor gets a place about so often."""
        times = self.process_time_per_fn.values()
        count = sum(time.count for time in times)
        return min(60.0, sum(time.process_time for time in times) / count) if count else 1.0

    def _refused(self, body: Any, request: Any, username: str | None, busy: Busy) -> Event:
        event = Event(body.session_hash, self.blocks.fns[body.fn_index], request, username)
        session = event.session_hash
        if session not in self.pending_messages_per_session:
            self.pending_messages_per_session[session] = Messages()
        self.pending_event_ids_session.setdefault(session, set()).add(event._id)
        content = error_payload(gr.Error(str(busy), print_exception=False), True)
        message = ProcessCompletedMessage(
            output=content, title=str(content.get("title", "Error")), success=False
        )
        self.send_message(event, message)
        return event

    def _note_session(self, visitor: str, session: str) -> None:
        """Forgets what a visitor's oldest sessions do not fetch, before others' is forgotten."""
        mine = self._sessions.setdefault(visitor, OrderedDict())
        self._sessions.move_to_end(visitor)
        mine[session] = None
        mine.move_to_end(session)
        if len(mine) > SESSIONS:
            self._forget(mine.popitem(last=False)[0])
        if len(self._sessions) > SESSIONS:
            for oldest in self._sessions.popitem(last=False)[1]:
                self._forget(oldest)

    def _forget(self, session: str) -> None:
        ids = self.pending_event_ids_session.get(session, set())
        if not any(event_id in self.event_ids_to_events for event_id in ids):
            self.pending_event_ids_session.pop(session, None)
            self.pending_messages_per_session.pop(session, None)


def _full(event_queue: EventQueue) -> bool:
    limit = event_queue.concurrency_limit
    return limit is not None and event_queue.current_concurrency >= limit


def _visitor(event: Event) -> str:
    """Returns whose an event is; found once, for it is asked for hundreds of times a second."""
    known: str | None = getattr(event, "visitor", None)
    if known is None:
        known = visitor_of_scope(event.request.scope)
        event.visitor = known  # type: ignore[attr-defined]
    return known
