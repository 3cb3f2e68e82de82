"""The tab where reviewers decide what the next model may learn from.

What it shows are private texts. Every event finds out on the server who asks, by the account or by
what the session there knows, and gives anyone else nothing. None of them is an endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.review.access import Access
from tagloop.corrections.review.service import ReviewService
from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import Vocabulary
from tagloop.web.events import PRIVATE, QUIET
from tagloop.web.languages.words import words_of
from tagloop.web.tabs.markup import notice, page_notice
from tagloop.web.tabs.review.actions import NOT_YOU, ReviewActions, Update
from tagloop.web.tabs.review.components import build_parts
from tagloop.web.tabs.review.page import set_aside
from tagloop.web.tabs.review.session import Session
from tagloop.web.visitors import visitor_of

SESSION_SECONDS = 8 * 3600
SLOTS: dict[str, Any] = {"concurrency_id": "review", "concurrency_limit": 4}
TO_TOP = """() => requestAnimationFrame(() => {
  const title = document.querySelector("#review-item h2");
  if (title && title.getBoundingClientRect().top < 0) title.scrollIntoView({ block: "start" });
})"""


class ReviewTab(ReviewActions):
    """Builds the tab inside the `gr.Blocks` that is open, and answers its events.

    Args:
        service: The corrections, and the decisions on them.
        access: Who may see them.
        vocabulary: Gives the present model's tags.
        agreement: So many people who agree need no reviewer; 0 if one is always needed.
        outboxes: All of the Space, for what of them reviewers have to know.
    """

    def __init__(
        self,
        service: ReviewService,
        access: Access,
        vocabulary: Callable[[], Vocabulary],
        agreement: int = 0,
        outboxes: Sequence[Outbox] = (),
    ) -> None:
        super().__init__(service, access, agreement)
        self._outboxes = outboxes
        self._vocabulary = vocabulary

    def build(self) -> None:
        """Lays the tab out and connects what happens inside it."""
        script = Path(__file__).with_name("review.js").read_text(encoding="utf-8")
        self.session = gr.State(None, time_to_live=SESSION_SECONDS)
        self.parts = build_parts(script, self.access.by_secret, self._vocabulary().tags)
        self._connect()

    def connect(self, app: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab) -> None:
        """Shows the tab to reviewers, and to whom the address ``?review`` brought.

        Args:
            app: The page.
            tabs: All its tabs.
            tab: The one that this is in, not visible at first.
        """

        def arrive(
            profile: gr.OAuthProfile | None = None, request: gr.Request | None = None
        ) -> tuple[Any, Any]:
            asked = request is not None and "review" in dict(request.query_params or {})
            known = self._reviewer(None, profile) is not None
            shown = gr.Tab(visible=True) if asked or known else gr.skip()
            return shown, gr.Tabs(selected=tab.id) if asked else gr.skip()

        arrived = app.load(arrive, None, [tab, tabs], **QUIET)
        shown = [self.session, *self.parts.all]
        arrived.then(self.open, self.session, shown, **QUIET, **SLOTS)
        tab.select(self.open, self.session, shown, **QUIET, **SLOTS)

    def _connect(self) -> None:
        parts, session = self.parts, self.session
        shown = [session, *parts.all]
        view = [session, parts.mode, parts.order, parts.mark]

        def on(event: Any, act: Any, *more: Any, then: bool = False, **how: Any) -> None:
            done = event(act, [*view, *more], shown, **QUIET, **SLOTS, **how)
            if then:
                done.then(None, js=TO_TOP).then(
                    self.follow, session, parts.sent, concurrency_limit=16, **QUIET
                )

        for start in (parts.sign_in.click, parts.secret.submit):
            start(self.enter, [session, parts.name, parts.secret], shown, **QUIET, **SLOTS)
        parts.sign_out.click(self.leave, session, shown, **QUIET)
        parts.refresh.click(self.open, session, shown, show_progress="minimal", **PRIVATE, **SLOTS)
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

    def enter(
        self, session: Session | None, name: str, secret: str, request: gr.Request | None = None
    ) -> Iterator[Update]:
        """Signs in by the secret."""
        try:
            reviewer = self.access.sign_in(secret, name, visitor_of(request))
        except UserError as error:
            yield self._closed(notice("problem", words_of(request).error(error)))
            return
        yield from self.open(Session(by_secret=reviewer), request=request)

    def leave(self, session: Session | None) -> Update:
        """Forgets that the secret was given."""
        return self._closed(page_notice("hint", "review.signed_out"))

    def open(
        self,
        session: Session | None,
        profile: gr.OAuthProfile | None = None,
        request: gr.Request | None = None,
    ) -> Iterator[Update]:
        """Looks for what is new on the Hub, then shows the queue."""
        parts = self.parts
        if self._reviewer(session, profile) is None:
            # Nothing has been shown yet where there is no session: what is typed there stays.
            yield self._closed(NOT_YOU) if session else {parts.status: ""}
            return
        session = session or Session()
        session.language = words_of(request).language
        words = session.words
        yield {
            self.session: session,
            parts.signing_in: gr.Column(visible=False),
            parts.secret: "",
            parts.status: notice("busy", words("review.reading")),
        }
        said = ""
        try:
            new = self.service.refresh()
            if new:
                said = notice("saved", words.count("review.new", new))
        except UserError as error:
            said = notice("problem", words.error(error))
        said += set_aside(self._outboxes, self.service.records, words)
        shown = {parts.workspace: gr.Column(visible=True), **parts.choices_in(words, session)}
        yield self._view(session, said) | shown
