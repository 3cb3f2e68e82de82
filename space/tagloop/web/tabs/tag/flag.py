"""The part of the Tag tab where a visitor says whether the tags are right, or takes that back."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid5

import gradio as gr

from tagloop.corrections.delivery.status import HUB_PATIENCE_SECONDS, DeliveryStatus
from tagloop.corrections.pseudonyms import pseudonym
from tagloop.errors import UserError
from tagloop.service.service import Tagging, TaggingService
from tagloop.web.events import QUIET
from tagloop.web.languages.words import ENGLISH, Words, label, words_of
from tagloop.web.tabs.markup import notice
from tagloop.web.tabs.tag.editor import tags_in
from tagloop.web.visitors import visitor_of

WATCH_SECONDS = HUB_PATIENCE_SECONDS
"""How long a visitor watches a correction on its way to the Hub."""
VERDICTS = ("good", "fixed", "bad")


class FlagForm:
    """Builds the form inside the `gr.Blocks` that is open, and answers its events.

    Attributes:
        note: What the visitor writes to the people who train the model.
        outcome: Where it is said what became of a correction.
    """

    note: gr.Textbox
    outcome: gr.HTML

    def __init__(self, service: TaggingService) -> None:
        self.service = service

    def build(self) -> None:
        """Lays the form out; it does not show where no corrections are taken."""
        takes_corrections = self.service.outbox is not None
        with gr.Column(visible=takes_corrections, elem_id="feedback", elem_classes="tl-ask"):
            gr.HTML('<h2 class="tl-question">' + label("flag.question") + "</h2>")
            self.note = gr.Textbox(
                label=label("flag.note"),
                placeholder=label("flag.note_hint"),
                lines=1,
                max_lines=4,
                elem_id="note",
            )
            with gr.Row(elem_classes="tl-verdicts"):
                self._verdicts = {
                    verdict: gr.Button(
                        label(f"flag.verdict_{verdict}"), elem_id=verdict, min_width=70, size="md"
                    )
                    for verdict in VERDICTS
                }
            self.outcome = gr.HTML(elem_id="outcome")
            gr.HTML('<p class="tl-consent">' + label("flag.consent") + "</p>", elem_id="consent")
            with gr.Accordion(label("flag.withdraw_heading"), open=False, elem_id="withdrawing"):
                self._withdrawn_id = gr.Textbox(
                    label=label("flag.id"), placeholder=label("flag.id_hint"), max_lines=1
                )
                self._withdraw = gr.Button(label("flag.withdraw"), size="md")
                self._withdrawn = gr.HTML(elem_id="withdrawn")

    def connect(self, tagging: gr.State, editor: gr.HTML) -> None:
        """Connects the form's events.

        Args:
            tagging: Holds the `Tagging` that is judged, or None.
            editor: Holds the tags as the visitor left them.
        """
        for verdict, button in self._verdicts.items():
            button.click(
                self._sender(verdict),
                [tagging, editor, self.note],
                self.outcome,
                **QUIET,
                concurrency_id="corrections",
                concurrency_limit=16,
            )
        self._withdraw.click(
            self.take_back,
            self._withdrawn_id,
            self._withdrawn,
            **QUIET,
        )

    def _sender(self, verdict: str) -> Callable[..., Iterator[str]]:
        # A partial would do, but gradio sees no annotations in one, and then gives neither the
        # profile nor the request.
        def send(
            tagging: Tagging | None,
            edited: dict[str, Any] | None,
            note: str,
            profile: gr.OAuthProfile | None,
            request: gr.Request,
        ) -> Iterator[str]:
            yield from self.send(verdict, tagging, edited, note, profile, request)

        return send

    def send(
        self,
        verdict: str,
        tagging: Tagging | None,
        edited: dict[str, Any] | None,
        note: str,
        profile: gr.OAuthProfile | None = None,
        request: gr.Request | None = None,
    ) -> Iterator[str]:
        """Saves a correction, says so, and follows it to the Hub for a while."""
        tags, words = tags_in(edited), words_of(request)
        if tagging is None:
            yield notice("hint", words("flag.old"))
            return
        try:
            self.service.corrections.take(visitor_of(request))
            saved_id = self.service.correct(
                tagging,
                corrected=tags,
                verdict=verdict,
                note=note,
                user=profile.username if profile else None,
                visitor=pseudonym(visitor_of(request)),
                # The same click twice is the same correction; a changed one is another.
                id=str(uuid5(UUID(tagging.id), repr((verdict, tags, note)))),
            )
        except UserError as error:
            yield notice("problem", words.error(error))
            return
        delivery_status = self.service.delivery_status(saved_id)
        yield _told(delivery_status, words, waiting=True)
        if self.service.outbox is not None and delivery_status.saved:
            self.service.outbox.wait_delivered(saved_id, WATCH_SECONDS)
        yield _told(self.service.delivery_status(saved_id, WATCH_SECONDS), words)

    def take_back(self, correction_id: str, request: gr.Request | None = None) -> str:
        """Withdraws a visitor's own correction."""
        try:
            self.service.corrections.take(visitor_of(request))
            whole = self.service.withdraw(correction_id)
        except UserError as error:
            return notice("problem", words_of(request).error(error))
        delivery_status = self.service.withdrawal_status(whole, WATCH_SECONDS)
        words, name = words_of(request), f"#{whole[:8]}"
        if not delivery_status.saved:
            told = words("flag.not_withdrawn", name=name)
            return notice("waiting", told, delivery_status.message)
        return notice("saved", words("flag.withdrawn", name=name), words("flag.left_out"))


def _told(delivery_status: DeliveryStatus, words: Words = ENGLISH, waiting: bool = False) -> str:
    """Says where a correction is by now; nothing is called saved that is not."""
    name, problem = f"#{delivery_status.id[:8]}", delivery_status.problem
    saved = words("flag.saved", name=name)
    if delivery_status.delivered:
        return notice("saved", saved, words("flag.delivered", id=delivery_status.id))
    if delivery_status.refused:
        kept = words("flag.kept", id=delivery_status.id)
        return notice("problem", words("flag.refused", problem=problem), kept)
    if delivery_status.saved and problem is None:
        return notice("busy", saved, words("flag.under_way"))
    if delivery_status.saved:
        return notice("waiting", saved, words("flag.later", problem=problem))
    if waiting:
        return notice("busy", words("flag.sending", name=name), words("flag.saved_when"))
    return notice("waiting", words("flag.not_saved", name=name), delivery_status.message)
