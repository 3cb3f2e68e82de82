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
from tagloop.web.tabs.markup import notice
from tagloop.web.tabs.tag.editor import tags_in
from tagloop.web.visitors import visitor_of

WATCH_SECONDS = HUB_PATIENCE_SECONDS
"""How long a visitor watches a correction on its way to the Hub."""
VERDICTS = {"good": "Good", "fixed": "Fixed", "bad": "Bad"}
CONSENT = (
    '<p class="tl-consent">Sending stores the title, the text, both sets of tags and your '
    "note in this Space's private corrections dataset, where they may be used to train "
    "the next model; your address only as a code that tells visitors apart. Please send nothing "
    "personal or confidential.</p>"
)


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
            gr.HTML('<h2 class="tl-question">Are these tags right?</h2>')
            self.note = gr.Textbox(
                label="Note (optional)",
                placeholder="For the people who train the model",
                lines=1,
                max_lines=4,
                elem_id="note",
            )
            with gr.Row(elem_classes="tl-verdicts"):
                self._verdicts = {
                    verdict: gr.Button(label, elem_id=verdict, min_width=70, size="md")
                    for verdict, label in VERDICTS.items()
                }
            self.outcome = gr.HTML(elem_id="outcome")
            gr.HTML(CONSENT, elem_id="consent")
            with gr.Accordion("Withdraw a correction", open=False, elem_id="withdrawing"):
                self._withdrawn_id = gr.Textbox(
                    label="Its id", placeholder="As it was shown when it was saved", max_lines=1
                )
                self._withdraw = gr.Button("Withdraw it", size="md")
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
        tags = tags_in(edited)
        if tagging is None:
            yield notice("hint", "These tags are an hour old: suggest them again first.")
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
            yield notice("problem", str(error))
            return
        delivery_status = self.service.delivery_status(saved_id)
        yield _told(delivery_status, waiting=True)
        if self.service.outbox is not None and delivery_status.saved:
            self.service.outbox.wait_delivered(saved_id, WATCH_SECONDS)
        yield _told(self.service.delivery_status(saved_id, WATCH_SECONDS))

    def take_back(self, correction_id: str, request: gr.Request | None = None) -> str:
        """Withdraws a visitor's own correction."""
        try:
            self.service.corrections.take(visitor_of(request))
            whole = self.service.withdraw(correction_id)
        except UserError as error:
            return notice("problem", str(error))
        delivery_status = self.service.withdrawal_status(whole, WATCH_SECONDS)
        if not delivery_status.saved:
            return notice("waiting", f"Not withdrawn yet: #{whole[:8]}.", delivery_status.message)
        return notice(
            "saved",
            f"Withdrawn: #{whole[:8]}.",
            "The next dataset leaves it out, if it is a correction of this Space.",
        )


def _told(delivery_status: DeliveryStatus, waiting: bool = False) -> str:
    """Says where a correction is by now; nothing is called saved that is not."""
    name = f"#{delivery_status.id[:8]}"
    if delivery_status.delivered:
        return notice(
            "saved",
            f"Saved, {name}. Thank you!",
            f"In the dataset as {delivery_status.id}, which you need if you want to withdraw it.",
        )
    if delivery_status.refused:
        return notice(
            "problem",
            f"Not in the dataset yet: {delivery_status.problem}",
            f"The correction is kept on this server as "
            f"{delivery_status.id} until its owner mends that.",
        )
    if delivery_status.saved and delivery_status.problem is None:
        return notice("busy", f"Saved, {name}. Thank you!", "On its way to the dataset …")
    if delivery_status.saved:
        later = f"It goes to the dataset later. {delivery_status.problem}"
        return notice("waiting", f"Saved, {name}. Thank you!", later)
    if waiting:
        return notice("busy", f"Sending {name} …", "It is saved once the dataset has it.")
    return notice("waiting", f"Not saved yet, {name}.", delivery_status.message)
