"""What a reviewer does on the Review tab, and what is shown then.

Each event begins by finding out who asks: see `tabs.review.tab`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from tagloop.corrections.review.access import Access
from tagloop.corrections.review.service import ReviewService
from tagloop.errors import UserError
from tagloop.web.tabs.markup import notice, page_notice
from tagloop.web.tabs.review.components import Components
from tagloop.web.tabs.review.page import (
    decided_list,
    delivery,
    item_page,
    queue_head,
    queue_list,
)
from tagloop.web.tabs.review.session import Session
from tagloop.web.tabs.tag.editor import tags_in

FOLLOW_SECONDS = 20.0
"""How long a reviewer's page follows decisions on their way to the dataset."""
NOT_YOU = page_notice("hint", "review.not_you")
Update = dict[Any, Any]
"""Components with their new values."""


class ReviewActions:
    """Answers the events of a reviewer.

    Args:
        service: The corrections, and the decisions on them.
        access: Who may see them.
        agreement: So many people who agree need no reviewer; 0 if one is always needed.
    """

    parts: Components
    session: gr.State

    def __init__(self, service: ReviewService, access: Access, agreement: int = 0) -> None:
        self.service = service
        self.access = access
        self.agreement = agreement

    # Who ----------------------------------------------------------------------------------------

    def _reviewer(self, session: Session | None, profile: gr.OAuthProfile | None) -> str | None:
        """Returns the reviewer's name; None for anyone else."""
        return (session.by_secret if session else None) or self.access.account(
            profile.username if profile else None
        )

    def _closed(self, said: str = "") -> Update:
        """Shows what anyone else sees: nothing, and where to sign in."""
        parts = self.parts
        return {
            self.session: None,
            parts.status: said,
            parts.signing_in: gr.Column(visible=True),
            parts.workspace: gr.Column(visible="hidden"),
            parts.secret: "",
            parts.queue: "",
            parts.item: "",
            parts.sent: "",
            parts.bulk: "",
            parts.editor: None,
        }

    # What is shown --------------------------------------------------------------------------------

    def _view(self, session: Session, said: str = "", plan: str = "") -> Update:
        """Shows the queue and its current article, as the session has it."""
        parts, service, words = self.parts, self.service, session.words
        items = service.waiting(session.order, session.mark)
        current = session.at(items)
        if session.decided:
            decided = service.decided()
            listed = decided_list(decided, session.page_of(len(decided)), words)
        else:
            listed = queue_list(
                items, session.page_of(len(items)), current.key if current else None, words
            )
        opinion = session.opinion
        there = current is not None
        return {
            self.session: session,
            parts.status: said,
            parts.mode: gr.Radio(value="decided" if session.decided else "open"),
            parts.count: queue_head(len(items), self._agreed(), self.agreement, words),
            parts.queue: listed,
            parts.item: item_page(current, session.chosen, words),
            parts.accept: gr.Button(interactive=bool(opinion and opinion.tags)),
            parts.edit: gr.Button(interactive=there),
            parts.reject: gr.Button(interactive=there),
            parts.skip: gr.Button(interactive=len(items) > 1),
            parts.undo: gr.Button(interactive=bool(session.done)),
            parts.editing: gr.Column(visible="hidden"),
            parts.deciding: gr.Column(visible=there),
            parts.bulk: plan,
            parts.confirming: gr.Row(visible=bool(session.plan)),
            parts.confirm: gr.Button(words("review.accept_many", count=len(session.plan))),
            parts.sent: delivery(service.outbox, len(session.done), words),
        }

    def _agreed(self) -> int:
        """Returns how many articles need no reviewer, because enough people agree."""
        return len(self.service.agreed(self.agreement, 0)) if self.agreement else 0

    def _act(
        self,
        act: Callable[[Session, str], str],
        profile: gr.OAuthProfile | None,
        session: Session | None,
        mode: str,
        order: str,
        mark: str,
    ) -> Update:
        """Does something for a reviewer and shows what came of it; nothing for anyone else."""
        reviewer = self._reviewer(session, profile)
        if reviewer is None or session is None:
            return self._closed(NOT_YOU)
        session.show(mode, order, mark)
        try:
            return self._view(session, act(session, reviewer))
        except UserError as error:
            return self._view(session, notice("problem", session.words.error(error)))

    # Profile and event come first: after ``*view`` gradio would not look for them.
    def look(self, profile: gr.OAuthProfile | None, *view: Any) -> Update:
        """Shows the queue as the choices above it say."""
        return self._act(lambda session, _: "", profile, *view)

    def pick(self, profile: gr.OAuthProfile | None, event: gr.EventData, *view: Any) -> Update:
        """Shows another article of the list."""

        def act(session: Session, _: str) -> str:
            session.pick(self.service.item(_value(event)))
            return ""

        return self._act(act, profile, *view) | {self.parts.note: ""}

    def turn(self, profile: gr.OAuthProfile | None, event: gr.EventData, *view: Any) -> Update:
        """Turns to another page of the list."""

        def act(session: Session, _: str) -> str:
            session.page = int(_value(event)) if _value(event).isdigit() else 1
            return ""

        return self._act(act, profile, *view)

    def answer(self, profile: gr.OAuthProfile | None, event: gr.EventData, *view: Any) -> Update:
        """Chooses another of the answers that people gave."""

        def act(session: Session, _: str) -> str:
            session.choose(int(_value(event)) if _value(event).isdigit() else 0)
            return ""

        return self._act(act, profile, *view)

    def skip(self, profile: gr.OAuthProfile | None, *view: Any) -> Update:
        """Leaves this one for later."""

        def act(session: Session, _: str) -> str:
            session.skip()
            return ""

        return self._act(act, profile, *view) | {self.parts.note: ""}

    def edit(self, profile: gr.OAuthProfile | None, *view: Any) -> Update:
        """Opens the chips with the answer's tags."""
        update = self.look(profile, *view)
        session: Session | None = view[0]
        opinion = session.opinion if session and update.get(self.session) else None
        if session is None or opinion is None or session.item is None:
            return update
        parts = self.parts
        return update | {
            parts.editing: gr.Column(visible=True),
            parts.deciding: gr.Column(visible=False),
            parts.editor: session.chips(opinion),
        }

    # Decisions ------------------------------------------------------------------------------------

    def accept(self, profile: gr.OAuthProfile | None, *inputs: Any) -> Update:
        """Accepts the answer that is shown."""
        return self._decide("accept", profile, *inputs)

    def reject(self, profile: gr.OAuthProfile | None, *inputs: Any) -> Update:
        """Rejects all answers."""
        return self._decide("reject", profile, *inputs)

    def save(self, profile: gr.OAuthProfile | None, *inputs: Any) -> Update:
        """Accepts the reviewer's own tags."""
        *rest, edited = inputs
        return self._decide("edit", profile, *rest, tags=tags_in(edited))

    def _decide(
        self, decision: Any, profile: gr.OAuthProfile | None, *inputs: Any, tags: Any = ()
    ) -> Update:
        *view, note = inputs

        def act(session: Session, reviewer: str) -> str:
            item, words = session.item, session.words
            if item is None:
                return notice("hint", words("review.none_chosen"))
            reviews = self.service.decide(
                reviewer, item, decision, opinion=session.opinion, tags=tags, note=note or ""
            )
            session.decided_on(reviews)
            title = item.correction.title
            named = words("inside.quoted", words=title[:80]) if title else words("review.untitled")
            told = "review.done_many" if len(reviews) > 1 else "review.done"
            decided = words(f"review.decision_{decision}")
            return notice("saved", words(told, decision=decided, title=named, count=len(reviews)))

        return self._act(act, profile, *view) | {self.parts.note: ""}

    def undo(self, profile: gr.OAuthProfile | None, *view: Any) -> Update:
        """Takes this reviewer's last decision back."""

        def act(session: Session, reviewer: str) -> str:
            return self._opened(session, reviewer, session.last())

        return self._act(act, profile, *view)

    def reopen(self, profile: gr.OAuthProfile | None, event: gr.EventData, *view: Any) -> Update:
        """Takes back a decision of the list, whoever took it."""

        def act(session: Session, reviewer: str) -> str:
            wanted = _value(event)
            found = [one for one in self.service.decided() if one.correction.id == wanted]
            ids = [one_id for one in found for one_id in one.correction_ids]
            session.forget(ids)
            return self._opened(session, reviewer, ids)

        return self._act(act, profile, *view)

    def _opened(self, session: Session, reviewer: str, ids: list[str]) -> str:
        reviews = self.service.undo(reviewer, ids)
        session.pick(self.service.item_of(reviews[0].correction_id))
        return notice("saved", session.words.count("review.undone", len(reviews)))

    def find(self, profile: gr.OAuthProfile | None, *inputs: Any) -> Update:
        """Counts what many people agree on, and asks whether to accept it."""
        *view, people, share = inputs
        told = ""

        def act(session: Session, _: str) -> str:
            nonlocal told
            session.plan = self.service.agreed(int(people), float(share) / 100)
            asked = {"people": int(people), "share": int(share)}
            told = notice("hint", session.words.count("review.agree", len(session.plan), **asked))
            return ""

        update = self._act(act, profile, *view)
        return update | {self.parts.bulk: told}

    def bulk(self, profile: gr.OAuthProfile | None, *view: Any) -> Update:
        """Accepts what was counted, as it was then; what has changed since stays in the queue."""
        plan = list(view[0].plan) if view[0] else []

        def act(session: Session, reviewer: str) -> str:
            reviews = self.service.decide_all(reviewer, plan)
            session.decided_on(reviews)
            counts = {"articles": len(plan), "records": len(reviews)}
            return notice("saved", session.words("review.accepted_all", **counts))

        return self._act(act, profile, *view)

    def follow(
        self, session: Session | None, profile: gr.OAuthProfile | None = None
    ) -> Iterator[str]:
        """Follows the decisions to the dataset for a while."""
        if self._reviewer(session, profile) is None or session is None:
            yield ""
            return
        for _ in self.service.deliveries(FOLLOW_SECONDS):
            yield delivery(self.service.outbox, len(session.done), session.words)


def _value(event: gr.EventData) -> str:
    """Returns what the browser sent with an event, which may be anything."""
    data = event._data
    value = data.get("value") if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""
