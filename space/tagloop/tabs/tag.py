"""The tab where an article gets its tags, and a visitor says whether they are right."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import gradio as gr

from tagloop.api import TAGGER_SLOTS
from tagloop.errors import UserError
from tagloop.examples import Example
from tagloop.limits import MAX_TEXT_CHARACTERS, MAX_WINDOWS
from tagloop.options import Options, written_list
from tagloop.rates import visitor_of
from tagloop.reading import ENDINGS, read_file
from tagloop.service import Tagging, TaggingService
from tagloop.tabs.editor import build_editor, chips_of, evidence_of, tags_in
from tagloop.tabs.markup import EMPTY_RESULT, legend, notice

# How long a visitor watches a correction on its way to the Hub.
WATCH_SECONDS = 20.0

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
    file: gr.File
    options: list[gr.components.Component]
    submit: gr.Button
    clear: gr.Button
    examples: gr.Dataset
    hint: gr.HTML
    result: gr.HTML
    editing: gr.Column
    editor: gr.HTML
    note: gr.Textbox
    verdicts: dict[str, gr.Button]
    outcome: gr.HTML
    withdrawn_id: gr.Textbox
    withdraw: gr.Button
    withdrawn: gr.HTML
    tagging: gr.State


class TagTab:
    """Builds the tab inside the `gr.Blocks` that is open, and answers its events."""

    def __init__(
        self, service: TaggingService, examples: list[Example], has_dataset: bool = False
    ) -> None:
        self.service = service
        self.has_dataset = has_dataset
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
        parts = Parts(**article, **result, examples=examples, tagging=tagging)
        self._connect(parts)
        self._connect_corrections(parts)

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
        parts["file"] = gr.File(
            label="Or drop a file here: Markdown, text, HTML, Word, PDF",
            file_types=list(ENDINGS),
            height=52,
            elem_id="file",
        )
        with gr.Accordion("Options", open=False, elem_classes="tl-options", elem_id="options"):
            parts["options"] = self._options()
        return parts

    def _options(self) -> list[gr.components.Component]:
        settings = self.service.tagger.settings
        return [
            gr.Slider(1, 10, value=settings.max_tags, step=1, label="At most tags"),
            gr.Slider(0, 0.95, value=settings.threshold, step=0.05, label="Least confidence"),
            gr.Textbox(
                label="House vocabulary: only these tags",
                placeholder="Banking, Chatbots, … (any tag when empty)",
                lines=2,
                max_lines=6,
                elem_id="allowed",
            ),
            gr.Textbox(
                label="Prefer these tags",
                placeholder="AI, … (others may still come)",
                lines=1,
                max_lines=4,
                elem_id="preferred",
            ),
            gr.Checkbox(label="Read a long article to its end", value=False, elem_id="whole"),
        ]

    def _result_column(self) -> dict[str, Any]:
        parts: dict[str, Any] = {"result": gr.HTML(EMPTY_RESULT, elem_id="result")}
        with gr.Column(visible=False, elem_id="editing") as editing:
            parts["editing"] = editing
            parts["editor"] = build_editor(self.service.tagger.vocabulary.tags, self.has_dataset)
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
                with gr.Accordion("Withdraw a correction", open=False, elem_id="withdrawing"):
                    parts["withdrawn_id"] = gr.Textbox(
                        label="Its id", placeholder="As it was shown when it was saved", max_lines=1
                    )
                    parts["withdraw"] = gr.Button("Withdraw it", size="md")
                    parts["withdrawn"] = gr.HTML(elem_id="withdrawn")
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
            "inputs": [parts.title, parts.text, *parts.options],
            "outputs": show,
            "api_visibility": "private",
            "show_progress_on": [parts.result],
            **TAGGER_SLOTS,
        }
        explaining: dict[str, Any] = {
            "fn": self.explain,
            "inputs": parts.tagging,
            "outputs": parts.editor,
            "api_visibility": "private",
            "show_progress": "hidden",
            **TAGGER_SLOTS,
        }
        parts.submit.click(**tagging).then(**explaining)
        parts.title.submit(**tagging).then(**explaining)
        chosen = parts.examples.click(
            self.load_example,
            parts.examples,
            [parts.title, parts.text],
            show_progress="hidden",
            api_visibility="private",
        )
        chosen.then(**tagging).then(None, js=SHOW_RESULT).then(**explaining)
        readable = gr.State(False)
        opened = parts.file.upload(
            self.open_file,
            parts.file,
            [parts.title, parts.text, parts.hint, parts.file, readable],
            api_visibility="private",
        )
        opened.then(
            **(tagging | {"fn": self.suggest_read, "inputs": [readable, *tagging["inputs"]]})
        ).then(**explaining)
        parts.clear.click(
            self.clear,
            outputs=[parts.title, parts.text, parts.note, *show],
            api_visibility="private",
            show_progress="hidden",
        )

    def _connect_corrections(self, parts: Parts) -> None:
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
        parts.withdraw.click(
            self.take_back,
            parts.withdrawn_id,
            parts.withdrawn,
            api_visibility="private",
            show_progress="hidden",
        )

    def take_back(self, correction_id: str, request: gr.Request | None = None) -> str:
        """Withdraw a visitor's own correction."""
        try:
            self.service.corrections.take(visitor_of(request))
            whole = self.service.withdraw(correction_id)
        except UserError as error:
            return notice("problem", str(error))
        return notice(
            "saved",
            f"Withdrawn: #{whole[:8]}.",
            "The next dataset leaves it out, if it is a correction of this Space.",
        )

    def load_example(self, index: int) -> tuple[str, str]:
        """Fill the form with an example."""
        example = self.examples[index]
        return example.title, example.text

    def open_file(self, path: str | None) -> tuple[Any, ...]:
        """Fill the form with a file's article; one that cannot be read is said beside the form."""
        try:
            title, text = read_file(Path(path or ""))
        except UserError as error:
            return gr.skip(), gr.skip(), notice("problem", str(error)), None, False
        return title, text, "", None, True

    # The request comes first: after ``*inputs`` gradio does not look for it.
    def suggest_read(self, request: gr.Request, readable: bool, *inputs: Any) -> tuple[Any, ...]:
        """Tag the article of a file; what was wrong with the file stays where it was said."""
        if not readable:
            return tuple([gr.skip()] * 6)
        suggest: Any = self.suggest  # its inputs are as many as gradio gives
        return tuple(suggest(*inputs, request=request))

    def suggest(
        self,
        title: str,
        text: str,
        max_tags: int,
        threshold: float,
        allowed: str,
        preferred: str,
        whole: bool,
        request: gr.Request | None = None,
    ) -> tuple[Any, ...]:
        """Tag the article; what is wrong with the input is said beside the form."""
        options = Options(
            max_tags,
            threshold,
            written_list(allowed),
            written_list(preferred),
            MAX_WINDOWS if whole else None,
        )
        try:
            if text.strip():
                self.service.taggings.take(visitor_of(request))
            tagging = self.service.tag(title, text, options)
        except UserError as error:
            kind = "problem" if text.strip() else "hint"
            return self._shown(EMPTY_RESULT, notice(kind, str(error)), None)
        return self._shown(legend(tagging.tags), "", tagging)

    def explain(self, tagging: Tagging | None) -> Any:
        """Find what speaks for each tag, after the tags themselves have been shown."""
        if tagging is None:
            return gr.skip()
        return gr.HTML(evidence=evidence_of(tagging, self.service.explain(tagging)))

    def clear(self) -> tuple[Any, ...]:
        """Empty the form and take the result away."""
        return ("", "", "", *self._shown(EMPTY_RESULT, "", None))

    def _shown(self, result: str, hint: str, tagging: Tagging | None) -> tuple[Any, ...]:
        visible = gr.Column(visible=tagging is not None)
        return result, hint, visible, chips_of(tagging), tagging, ""

    def send(
        self,
        verdict: str,
        tagging: Tagging | None,
        edited: dict[str, Any] | None,
        note: str,
        profile: gr.OAuthProfile | None = None,
        request: gr.Request | None = None,
    ) -> Iterator[str]:
        """Save a correction, say so, and follow it to the Hub for a while."""
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
            return notice(
                "saved",
                f"Saved, {name}. Thank you!",
                f"In the dataset as {saved_id}, which you need if you want to withdraw it.",
            )
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
