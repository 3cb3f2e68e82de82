"""The tab where an article gets its tags; what a visitor says about them is in `tabs.flag`."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tagloop.api import TAGGER_SLOTS
from tagloop.errors import UserError
from tagloop.examples import Example
from tagloop.limits import MAX_TEXT_CHARACTERS, MAX_WINDOWS
from tagloop.options import Options, written_list
from tagloop.rates import visitor_of
from tagloop.service import Tagging, TaggingService
from tagloop.tabs.editor import build_editor, chips_of, evidence_of
from tagloop.tabs.flag import FlagForm
from tagloop.tabs.markup import EMPTY_RESULT, legend, notice
from tagloop.tabs.opening import Opening

# On a phone the result stands below the form.
SHOW_RESULT = """() => {
  document.querySelector("#result").scrollIntoView({ behavior: "smooth", block: "nearest" });
}"""


@dataclass
class Parts:
    """The components that events read and write."""

    title: gr.Textbox
    text: gr.Textbox
    options: list[gr.components.Component]
    submit: gr.Button
    clear: gr.Button
    examples: gr.Dataset
    hint: gr.HTML
    result: gr.HTML
    editing: gr.Column
    editor: gr.HTML
    tagging: gr.State


class TagTab:
    """Builds the tab inside the `gr.Blocks` that is open, and answers its events."""

    def __init__(
        self,
        service: TaggingService,
        examples: list[Example],
        has_dataset: bool = False,
        addresses: bool = True,
    ) -> None:
        self.service = service
        self.has_dataset = has_dataset
        self.examples = examples
        self.flag = FlagForm(service)
        self.opening = Opening(addresses)

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
        self.flag.connect(tagging, parts.editor)

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
        self.opening.build()
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
            self.flag.build()
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

    def _connect(self, parts: Parts) -> None:
        show = [
            parts.result,
            parts.hint,
            parts.editing,
            parts.editor,
            parts.tagging,
            self.flag.outcome,
        ]
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
        self.opening.connect(
            [parts.title, parts.text, parts.hint],
            lambda opened, came: opened.then(
                **(tagging | {"fn": self.suggest_read, "inputs": [came, *tagging["inputs"]]})
            ).then(**explaining),
        )
        parts.clear.click(
            self.clear,
            outputs=[parts.title, parts.text, self.flag.note, *show],
            api_visibility="private",
            show_progress="hidden",
        )

    def load_example(self, index: int) -> tuple[str, str]:
        """Fill the form with an example."""
        example = self.examples[index]
        return example.title, example.text

    # The request comes first: after ``*inputs`` gradio does not look for it.
    def suggest_read(self, request: gr.Request, came: bool, *inputs: Any) -> tuple[Any, ...]:
        """Tag what was opened; what was wrong with it stays where it was said."""
        if not came:
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
