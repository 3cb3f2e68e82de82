"""The tab where an article gets its tags, and a visitor says whether they are right."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import gradio as gr

from tagloop.api import TAGGER_SLOTS
from tagloop.errors import UserError
from tagloop.examples import Example
from tagloop.limits import MAX_TAGS, MAX_TEXT_CHARACTERS
from tagloop.service import Tagging, TaggingService
from tagloop.tabs.markup import EMPTY_RESULT, chips, notice

# The page carries the choices of the editor; the rarest tags can still be typed.
MAX_CHOICES = 2_000
# How long a visitor watches a correction on its way to the Hub.
WATCH_SECONDS = 20.0

COPY = """async (tags) => {
  const text = (tags || []).join(", ");
  try { await navigator.clipboard.writeText(text); return "Copied"; }
  catch { window.prompt("Copy the tags:", text); return "Copy tags"; }
}"""
COPY_LABEL_BACK = """() => new Promise(
  (done) => setTimeout(() => done("Copy tags"), 1500)
)"""

# On a phone the result stands below the form.
SHOW_RESULT = """() => {
  document.querySelector("#result").scrollIntoView({ behavior: "smooth", block: "nearest" });
}"""

VERDICTS = {"good": "Good", "fixed": "Fixed", "bad": "Bad"}


@dataclass
class Parts:
    """The components that events read and write."""

    title: gr.Textbox
    text: gr.Textbox
    max_tags: gr.Slider
    threshold: gr.Slider
    submit: gr.Button
    clear: gr.Button
    examples: gr.Dataset
    hint: gr.HTML
    result: gr.HTML
    editing: gr.Column
    editor: gr.Dropdown
    copy: gr.Button
    note: gr.Textbox
    verdicts: dict[str, gr.Button]
    outcome: gr.HTML
    tagging: gr.State


class TagTab:
    """Builds the tab inside the `gr.Blocks` that is open, and answers its events."""

    def __init__(self, service: TaggingService, examples: list[Example]) -> None:
        self.service = service
        self.examples = examples

    def build(self) -> None:
        """Lay the tab out and connect its events."""
        with gr.Row(elem_classes="tl-columns"):
            with gr.Column(scale=6, min_width=320):
                article = self._article_column()
            with gr.Column(scale=5, min_width=320, elem_classes="tl-sheet"):
                result = self._result_column()
        examples = self._examples_row()
        # Kept on the server, so that what is stored is what was tagged; gone after an hour.
        tagging = gr.State(None, time_to_live=3600)
        self._connect(Parts(**article, **result, examples=examples, tagging=tagging))

    def _article_column(self) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        parts["title"] = gr.Textbox(
            label="Title", placeholder="The headline, if there is one", max_lines=1, elem_id="title"
        )
        parts["text"] = gr.Textbox(
            label="Article",
            placeholder=f"Paste the text here, up to {MAX_TEXT_CHARACTERS:,} characters",
            lines=13,
            max_lines=13,
            elem_id="article",
        )
        with gr.Row(elem_classes="tl-actions"):
            parts["submit"] = gr.Button(
                "Suggest tags", variant="primary", elem_id="suggest", scale=3
            )
            parts["clear"] = gr.Button("Clear", elem_id="clear", min_width=90, scale=1)
        parts["hint"] = gr.HTML(elem_id="hint")
        with gr.Accordion("Options", open=False, elem_classes="tl-options"):
            parts["max_tags"] = gr.Slider(
                1, 10, value=self.service.tagger.settings.max_tags, step=1, label="At most tags"
            )
            parts["threshold"] = gr.Slider(
                0,
                0.95,
                value=self.service.tagger.settings.threshold,
                step=0.05,
                label="Least confidence",
            )
        return parts

    def _result_column(self) -> dict[str, Any]:
        parts: dict[str, Any] = {"result": gr.HTML(EMPTY_RESULT, elem_id="result")}
        with gr.Column(visible=False, elem_id="editing") as editing:
            parts["editing"] = editing
            parts["editor"] = gr.Dropdown(
                choices=list(self.service.tagger.vocabulary.tags[:MAX_CHOICES]),
                value=[],
                multiselect=True,
                allow_custom_value=True,
                max_choices=MAX_TAGS,
                num_choices_shown=30,
                label="Your tags",
                info="Remove what is wrong; type to add a tag, then press Enter.",
                elem_id="editor",
            )
            parts["copy"] = gr.Button("Copy tags", size="sm", elem_id="copy")
            with gr.Column(
                visible=self.service.outbox is not None, elem_id="feedback", elem_classes="tl-ask"
            ):
                gr.HTML('<h2 class="tl-question">Are these tags right?</h2>')
                parts["note"] = gr.Textbox(
                    label="Note (optional)",
                    placeholder="For the people who train the model",
                    lines=1,
                    max_lines=4,
                    elem_id="note",
                )
                with gr.Row(elem_classes="tl-verdicts"):
                    parts["verdicts"] = {
                        verdict: gr.Button(label, elem_id=verdict, min_width=70, size="md")
                        for verdict, label in VERDICTS.items()
                    }
                parts["outcome"] = gr.HTML(elem_id="outcome")
                gr.HTML(self._consent(), elem_id="consent")
        return parts

    def _examples_row(self) -> gr.Dataset:
        return gr.Dataset(
            label="Or try one of these",
            components=[gr.Textbox(visible=False)],
            samples=[[example.title] for example in self.examples],
            type="index",
            samples_per_page=len(self.examples) or 1,
            elem_id="examples",
        )

    def _consent(self) -> str:
        return (
            '<p class="tl-consent">Sending stores the title, the text, both sets of tags and your '
            "note in this Space's private corrections dataset, where they may be used to train "
            "the next model. Please send nothing personal or confidential.</p>"
        )

    def _connect(self, parts: Parts) -> None:
        show = [parts.result, parts.hint, parts.editing, parts.editor, parts.tagging, parts.outcome]
        tagging: dict[str, Any] = {
            "fn": self.suggest,
            "inputs": [parts.title, parts.text, parts.max_tags, parts.threshold],
            "outputs": show,
            "api_visibility": "private",
            "show_progress_on": [parts.result],
            **TAGGER_SLOTS,
        }
        parts.submit.click(**tagging)
        parts.title.submit(**tagging)
        parts.examples.click(
            self.load_example,
            parts.examples,
            [parts.title, parts.text],
            api_visibility="private",
            show_progress="hidden",
        ).then(**tagging).then(None, js=SHOW_RESULT)
        parts.clear.click(
            self.clear,
            outputs=[parts.title, parts.text, parts.note, *show],
            api_visibility="private",
            show_progress="hidden",
        )
        parts.copy.click(None, parts.editor, parts.copy, js=COPY).then(
            None, None, parts.copy, js=COPY_LABEL_BACK
        )
        for verdict, button in parts.verdicts.items():
            button.click(
                partial(self.send, verdict),
                [parts.tagging, parts.editor, parts.note],
                parts.outcome,
                api_visibility="private",
                show_progress="hidden",
                concurrency_id="corrections",
                concurrency_limit=16,
            )

    def load_example(self, index: int) -> tuple[str, str]:
        """Fill the form with an example."""
        example = self.examples[index]
        return example.title, example.text

    def suggest(self, title: str, text: str, max_tags: int, threshold: float) -> tuple[Any, ...]:
        """Tag the article; what is wrong with the input is said beside the form."""
        try:
            tagging = self.service.tag(title, text, max_tags, threshold)
        except UserError as error:
            kind = "problem" if text.strip() else "hint"
            return self._shown(EMPTY_RESULT, notice(kind, str(error)), None)
        return self._shown(chips(tagging.tags), "", tagging)

    def clear(self) -> tuple[Any, ...]:
        """Empty the form and take the result away."""
        return ("", "", "", *self._shown(EMPTY_RESULT, "", None))

    def _shown(self, result: str, hint: str, tagging: Tagging | None) -> tuple[Any, ...]:
        names = [] if tagging is None else tagging.names
        return result, hint, gr.Column(visible=tagging is not None), names, tagging, ""

    def send(
        self, verdict: str, tagging: Tagging | None, tags: list[str], note: str
    ) -> Iterator[str]:
        """Save a correction, say so, and follow it to the Hub for a while."""
        if tagging is None:
            yield notice("hint", "These tags are an hour old: suggest them again first.")
            return
        try:
            saved_id = self.service.correct(
                tagging,
                corrected=tags or [],
                verdict=verdict,
                note=note,
                # The same click twice is the same correction; a changed one is another.
                id=str(uuid5(UUID(tagging.id), repr((verdict, tags, note)))),
            )
        except UserError as error:
            yield notice("problem", str(error))
            return
        yield self._saved(saved_id)
        outbox = self.service.outbox
        if outbox is not None:
            outbox.wait_delivered(saved_id, WATCH_SECONDS)
            yield self._saved(saved_id)

    def _saved(self, saved_id: str) -> str:
        """Say where a saved correction is by now; nothing is called done that is not."""
        assert self.service.outbox is not None
        outbox, name = self.service.outbox, f"#{saved_id[:8]}"
        problem = outbox.state.problem
        if outbox.is_delivered(saved_id):
            return notice("saved", f"Saved, {name}. Thank you!", f"In the dataset as {saved_id}")
        if problem is None:
            return notice("busy", f"Saved, {name}. Thank you!", "On its way to the dataset …")
        if outbox.state.refused:
            return notice(
                "problem",
                f"Not in the dataset yet: {problem}",
                f"The correction is kept on this server as {saved_id} until its owner mends that.",
            )
        return notice(
            "waiting", f"Saved, {name}. Thank you!", f"It goes to the dataset later. {problem}"
        )
