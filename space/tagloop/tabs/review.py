"""The tab where reviewers decide what the next model may learn from.

What it shows are private texts. Every event finds out on the server who asks, by the account or by
what the session there knows, and gives anyone else nothing. None of them is an endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.errors import UserError
from tagloop.rates import visitor_of
from tagloop.review.access import Access
from tagloop.review.desk import ReviewDesk
from tagloop.review.session import Session
from tagloop.tabs.editor import tags_in
from tagloop.tabs.markup import notice
from tagloop.tabs.review_page import DECISIONS, decided_list, delivery, item_page, queue_list
from tagloop.tabs.review_parts import Parts, build_parts
from tagloop.vocabulary import Vocabulary

SESSION_SECONDS = 8 * 3600
WATCH_SECONDS = 20.0
Update = dict[Any, Any]
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
SLOTS: dict[str, Any] = {"concurrency_id": "review", "concurrency_limit": 4}
NOT_YOU = "Only reviewers see this: sign in."
TO_TOP = """() => requestAnimationFrame(() => {
  const title = document.querySelector("#review-item h2");
  if (title && title.getBoundingClientRect().top < 0) title.scrollIntoView({ block: "start" });
})"""


class ReviewTab:
    """Builds the tab inside the `gr.Blocks` that is open, and answers its events.

    Args:
        desk: The corrections.
        access: Who may see them.
        vocabulary: Gives the present model's tags.
    """

    parts: Parts
    session: gr.State

    def __init__(
        self, desk: ReviewDesk, access: Access, vocabulary: Callable[[], Vocabulary]
    ) -> None:
        self.desk = desk
        self.access = access
        self._vocabulary = vocabulary

    def build(self) -> None:
        """Lay the tab out and connect what happens inside it."""
        script = Path(__file__).with_name("review.js").read_text(encoding="utf-8")
        self.session = gr.State(None, time_to_live=SESSION_SECONDS)
        self.parts = build_parts(script, self.access.by_secret)
        self._connect()

    def connect(self, app: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab) -> None:
        """Show the tab to reviewers, and to whom the address ``?review`` brought.

        Args:
            app: The page.
            tabs: All its tabs.
            tab: The one that this is in, not visible at first.
        """

        def arrive(
            profile: gr.OAuthProfile | None = None, request: gr.Request | None = None
        ) -> tuple[Any, Any]:
            asked = request is not None and "review" in dict(request.query_params or {})
            known = self.access.account(profile) is not None
            shown = gr.Tab(visible=True) if asked or known else gr.skip()
            return shown, gr.Tabs(selected=tab.id) if asked else gr.skip()

        arrived = app.load(arrive, None, [tab, tabs], **QUIET)
        shown = [self.session, *self.parts.all]
        arrived.then(self.arrive, self.session, shown, **QUIET, **SLOTS)
        tab.select(self.open, self.session, shown, **QUIET, **SLOTS)

    def _connect(self) -> None:
        parts, session = self.parts, self.session
        shown = [session, *parts.all]
        view = [session, parts.mode, parts.order, parts.mark]

        def on(event: Any, act: Any, *more: Any, then: bool = False, **how: Any) -> None:
            done = event(act, [*view, *more], shown, **QUIET, **SLOTS, **how)
            if then:
                done.then(None, js=TO_TOP).then(
                    self.watch, session, parts.sent, concurrency_limit=16, **QUIET
                )

        for start in (parts.sign_in.click, parts.secret.submit):
            start(self.enter, [session, parts.name, parts.secret], shown, **QUIET, **SLOTS)
        parts.sign_out.click(self.leave, session, shown, **QUIET)
        parts.refresh.click(
            self.open, session, shown, api_visibility="private", show_progress="minimal", **SLOTS
        )
        for choice in (parts.mode, parts.order, parts.mark):
            on(choice.input, self.look)
        for area in (parts.queue, parts.item):
            on(area.pick, self.pick)
            on(area.turn, self.turn)
            on(area.answer, self.answer)
            on(area.reopen, self.reopen, then=True)
        on(parts.accept.click, self.accept, parts.note, then=True)
        on(parts.reject.click, self.reject, parts.note, then=True)
        on(parts.save.click, self.save, parts.note, parts.editor, then=True)
        on(parts.undo.click, self.undo, then=True)
        on(parts.skip.click, self.skip)
        on(parts.edit.click, self.edit)
        on(parts.cancel.click, self.look)
        on(parts.find.click, self.find, parts.people, parts.share)
        on(parts.confirm.click, self.bulk, then=True)
        on(parts.spare.click, self.look)

    # Who ----------------------------------------------------------------------------------------

    def _reviewer(self, session: Session | None, profile: gr.OAuthProfile | None) -> str | None:
        """The reviewer's name; None for anyone else."""
        return (session.by_secret if session else None) or self.access.account(profile)

    def _closed(self, said: str = "") -> Update:
        """What anyone else sees: nothing, and where to sign in."""
        parts = self.parts
        return {
            self.session: None,
            parts.status: said,
            parts.signing_in: gr.Column(visible=True),
            parts.desk: gr.Column(visible=False),
            parts.secret: "",
            parts.queue: "",
            parts.item: "",
            parts.sent: "",
            parts.bulk: "",
            parts.editor: gr.HTML(None, vocabulary=[]),
        }

    def enter(
        self, session: Session | None, name: str, secret: str, request: gr.Request | None = None
    ) -> Iterator[Update]:
        """Sign in by the secret."""
        try:
            reviewer = self.access.sign_in(secret, name, visitor_of(request))
        except UserError as error:
            yield self._closed(notice("problem", str(error)))
            return
        yield from self.open(Session(by_secret=reviewer))

    def leave(self, session: Session | None) -> Update:
        """Forget that the secret was given."""
        return self._closed(notice("hint", "Signed out."))

    def arrive(
        self, session: Session | None, profile: gr.OAuthProfile | None = None
    ) -> Iterator[Update]:
        """Show the queue to a reviewer whose page has loaded; nobody else is told anything."""
        if self._reviewer(session, profile) is None:
            yield self._closed()
        else:
            yield from self.open(session, profile)

    def open(
        self, session: Session | None, profile: gr.OAuthProfile | None = None
    ) -> Iterator[Update]:
        """Look for what is new on the Hub, then show the queue."""
        parts = self.parts
        if self._reviewer(session, profile) is None:
            told = notice("hint", NOT_YOU) if session else ""
            yield self._closed(told)
            return
        session = session or Session()
        yield {
            self.session: session,
            parts.signing_in: gr.Column(visible=False),
            parts.secret: "",
            parts.status: notice("busy", "Reading the corrections …"),
        }
        said = ""
        try:
            new = self.desk.refresh()
            if new:
                said = notice("saved", f"{new:,} new correction{'s' if new != 1 else ''}.")
        except UserError as error:
            said = notice("problem", str(error))
        tags = self._vocabulary().tags
        yield self._view(session, said) | {
            parts.desk: gr.Column(visible=True),
            parts.editor: gr.HTML(None, vocabulary=tags[: parts.most_choices]),
        }

    # What is shown --------------------------------------------------------------------------------

    def _view(self, session: Session, said: str = "", plan: str = "") -> Update:
        """The queue and its current article, as the session has it."""
        parts, desk = self.parts, self.desk
        items = desk.waiting(session.order, session.mark)
        current = session.at(items)
        if session.decided:
            decided = desk.decided()
            listed = decided_list(decided, session.page_of(len(decided)))
        else:
            listed = queue_list(
                items, session.page_of(len(items)), current.key if current else None
            )
        opinion = session.opinion
        there = current is not None
        return {
            self.session: session,
            parts.status: said,
            parts.mode: gr.Radio(value="decided" if session.decided else "open"),
            parts.count: f'<p class="tl-count">{len(items):,} to review</p>',
            parts.queue: listed,
            parts.item: item_page(current, session.chosen),
            parts.accept: gr.Button(interactive=bool(opinion and opinion.tags)),
            parts.edit: gr.Button(interactive=there),
            parts.reject: gr.Button(interactive=there),
            parts.skip: gr.Button(interactive=len(items) > 1),
            parts.undo: gr.Button(interactive=bool(session.done)),
            parts.editing: gr.Column(visible=False),
            parts.deciding: gr.Column(visible=there),
            parts.bulk: plan,
            parts.confirming: gr.Row(visible=bool(session.plan)),
            parts.confirm: gr.Button(f"Accept {len(session.plan):,}"),
            parts.sent: delivery(desk.outbox.state, len(session.done)),
        }

    def _act(
        self,
        act: Callable[[Session, str], str],
        profile: gr.OAuthProfile | None,
        session: Session | None,
        mode: str,
        order: str,
        mark: str,
    ) -> Update:
        """Do something for a reviewer and show what came of it; nothing for anyone else."""
        reviewer = self._reviewer(session, profile)
        if reviewer is None or session is None:
            return self._closed(notice("hint", NOT_YOU))
        session.show(mode, order, mark)
        try:
            return self._view(session, act(session, reviewer))
        except UserError as error:
            return self._view(session, notice("problem", str(error)))

    # Profile and event come first: after ``*view`` gradio would not look for them.
    def look(self, profile: gr.OAuthProfile | None, *view: Any) -> Update:
        """Show the queue as the choices above it say."""
        return self._act(lambda session, _: "", profile, *view)

    def pick(self, profile: gr.OAuthProfile | None, event: gr.EventData, *view: Any) -> Update:
        """Show another article of the list."""

        def act(session: Session, _: str) -> str:
            session.pick(self.desk.item(_value(event)))
            return ""

        return self._act(act, profile, *view) | {self.parts.note: ""}

    def turn(self, profile: gr.OAuthProfile | None, event: gr.EventData, *view: Any) -> Update:
        """Turn to another page of the list."""

        def act(session: Session, _: str) -> str:
            session.page = int(_value(event)) if _value(event).isdigit() else 1
            return ""

        return self._act(act, profile, *view)

    def answer(self, profile: gr.OAuthProfile | None, event: gr.EventData, *view: Any) -> Update:
        """Choose another of the answers that people gave."""

        def act(session: Session, _: str) -> str:
            session.choose(int(_value(event)) if _value(event).isdigit() else 0)
            return ""

        return self._act(act, profile, *view)

    def skip(self, profile: gr.OAuthProfile | None, *view: Any) -> Update:
        """Leave this one for later."""

        def act(session: Session, _: str) -> str:
            session.skip()
            return ""

        return self._act(act, profile, *view) | {self.parts.note: ""}

    def edit(self, profile: gr.OAuthProfile | None, *view: Any) -> Update:
        """Open the chips with the answer's tags."""
        update = self.look(profile, *view)
        session: Session | None = view[0]
        opinion = session.opinion if session and update.get(self.session) else None
        if session is None or opinion is None or session.item is None:
            return update
        parts = self.parts
        return update | {
            parts.editing: gr.Column(visible=True),
            parts.deciding: gr.Column(visible=False),
            parts.editor: gr.HTML(session.chips(opinion)),
        }

    # Decisions ------------------------------------------------------------------------------------

    def accept(self, profile: gr.OAuthProfile | None, *inputs: Any) -> Update:
        """Accept the answer that is shown."""
        return self._decide("accept", profile, *inputs)

    def reject(self, profile: gr.OAuthProfile | None, *inputs: Any) -> Update:
        """Reject all answers."""
        return self._decide("reject", profile, *inputs)

    def save(self, profile: gr.OAuthProfile | None, *inputs: Any) -> Update:
        """Accept the reviewer's own tags."""
        *rest, edited = inputs
        return self._decide("edit", profile, *rest, tags=tags_in(edited))

    def _decide(
        self, decision: Any, profile: gr.OAuthProfile | None, *inputs: Any, tags: Any = ()
    ) -> Update:
        *view, note = inputs

        def act(session: Session, reviewer: str) -> str:
            item = session.item
            if item is None:
                return notice("hint", "Nothing is chosen.")
            reviews = self.desk.decide(
                reviewer, item, decision, opinion=session.opinion, tags=tags, note=note or ""
            )
            session.decided_on(reviews)
            many = f", {len(reviews)} corrections" if len(reviews) > 1 else ""
            return notice("saved", f"{DECISIONS[decision]}: {_shown(item.correction.title)}{many}.")

        return self._act(act, profile, *view) | {self.parts.note: ""}

    def undo(self, profile: gr.OAuthProfile | None, *view: Any) -> Update:
        """Take this reviewer's last decision back."""

        def act(session: Session, reviewer: str) -> str:
            return self._opened(session, reviewer, session.last())

        return self._act(act, profile, *view)

    def reopen(self, profile: gr.OAuthProfile | None, event: gr.EventData, *view: Any) -> Update:
        """Take back a decision of the list, whoever took it."""

        def act(session: Session, reviewer: str) -> str:
            wanted = _value(event)
            found = [one for one in self.desk.decided() if one.correction.id == wanted]
            ids = [one_id for one in found for one_id in one.correction_ids]
            session.forget(ids)
            return self._opened(session, reviewer, ids)

        return self._act(act, profile, *view)

    def _opened(self, session: Session, reviewer: str, ids: list[str]) -> str:
        reviews = self.desk.undo(reviewer, ids)
        session.pick(self.desk.item_of(reviews[0].correction_id))
        many = f"{len(reviews)} corrections are" if len(reviews) > 1 else "The correction is"
        return notice("saved", f"Undone. {many} open again.")

    def find(self, profile: gr.OAuthProfile | None, *inputs: Any) -> Update:
        """Count what many people agree on, and ask whether to accept it."""
        *view, people, share = inputs
        told = ""

        def act(session: Session, _: str) -> str:
            nonlocal told
            session.plan = self.desk.agreed(int(people), float(share) / 100)
            count = len(session.plan)
            told = notice(
                "hint",
                f"{count:,} article{'s' if count != 1 else ''} where at least {int(people)} people "
                f"and {int(share)} % of those who spoke agree, and nothing is suspicious.",
            )
            return ""

        update = self._act(act, profile, *view)
        return update | {self.parts.bulk: told}

    def bulk(self, profile: gr.OAuthProfile | None, *view: Any) -> Update:
        """Accept what was counted, as it was then; what has changed since stays in the queue."""
        plan = list(view[0].plan) if view[0] else []

        def act(session: Session, reviewer: str) -> str:
            reviews = self.desk.decide_all(reviewer, plan)
            session.decided_on(reviews)
            return notice("saved", f"Accepted: {len(plan):,} articles, {len(reviews):,} records.")

        return self._act(act, profile, *view)

    def watch(
        self, session: Session | None, profile: gr.OAuthProfile | None = None
    ) -> Iterator[str]:
        """Follow the decisions to the dataset for a while."""
        if self._reviewer(session, profile) is None or session is None:
            yield ""
            return
        yield from (
            delivery(state, len(session.done)) for state in self.desk.deliveries(WATCH_SECONDS)
        )


def _value(event: gr.EventData) -> str:
    """What the browser sent with an event, which may be anything."""
    data = event._data
    value = data.get("value") if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def _shown(title: str) -> str:
    return f"“{title[:80]}”" if title else "an article without title"
