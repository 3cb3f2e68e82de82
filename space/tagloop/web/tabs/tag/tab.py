"""The tab where an article gets its tags; a visitor's verdict on them is in `tabs.tag.flag`."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.errors import UserError
from tagloop.limits import MAX_WINDOWS
from tagloop.service.background import Cancellations, Progress, run_in_background
from tagloop.service.examples import Example
from tagloop.service.options import written_list
from tagloop.service.service import Tagging, TaggingService
from tagloop.tagger.options import Options
from tagloop.web.api import refusal
from tagloop.web.events import PRIVATE, QUIET, TAGGER_SLOTS
from tagloop.web.languages.words import ENGLISH, Words, label, words_of
from tagloop.web.tabs.markup import legend, notice, placeholder, progress_bar
from tagloop.web.tabs.tag.article_import import CANCEL_HIDDEN, CANCEL_SHOWN, ArticleImport
from tagloop.web.tabs.tag.editor import build_editor, chips_of, evidence_of
from tagloop.web.tabs.tag.flag import FlagForm
from tagloop.web.tabs.tag.sharing import SharedArticle, build_copy, open_script, shared_article
from tagloop.web.visitors import session_of, visitor_of

EMPTY_RESULT = placeholder("tag.empty")
# On a phone the result stands below the form.
SHOW_RESULT = """() => {
  document.querySelector("#result").scrollIntoView({ behavior: "smooth", block: "nearest" });
}"""


@dataclass
class Components:
    """The components that events read and write."""

    title: gr.Textbox
    text: gr.Textbox
    options: list[gr.components.Component]
    submit: gr.Button
    clear: gr.Button
    examples: gr.Dataset
    hint: gr.HTML
    result: gr.HTML
    cancel: gr.Button
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
        discard: Callable[[Path], object] = lambda path: None,
    ) -> None:
        self.service = service
        self.has_dataset = has_dataset
        self.examples = examples
        self.flag = FlagForm(service)
        self.cancellations = Cancellations()
        self.article_import = ArticleImport(self.cancellations, addresses, discard)

    def build(self) -> None:
        """Lays the tab out and connects its events."""
        with gr.Row(elem_classes="tl-columns"):
            with gr.Column(scale=6, min_width=320):
                article = self._article_column()
            with gr.Column(scale=5, min_width=320, elem_classes="tl-sheet"):
                result = self._result_column(article)
        examples = self._examples_row()
        # Kept on the server, so that what is stored is what was tagged; gone after an hour.
        tagging = gr.State(None, time_to_live=3600)
        parts = Components(**article, **result, examples=examples, tagging=tagging)
        self._connect(parts)
        self.flag.connect(tagging, parts.editor)

    def _article_column(self) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        parts["title"] = gr.Textbox(
            label=label("page.title"),
            placeholder=label("tag.title_hint"),
            max_lines=1,
            elem_id="title",
        )
        parts["text"] = gr.Textbox(
            label=label("page.article"),
            placeholder=label("tag.article_hint"),
            lines=13,
            max_lines=13,
            elem_id="article",
        )
        with gr.Row(elem_classes="tl-actions"):
            parts["submit"] = gr.Button(
                label("tag.suggest"), variant="primary", elem_id="suggest", scale=3
            )
            parts["clear"] = gr.Button(label("tag.clear"), elem_id="clear", min_width=90, scale=1)
            parts["cancel"] = gr.Button(
                label("page.cancel"), elem_id="cancel", min_width=90, scale=1, visible=False
            )
        parts["hint"] = gr.HTML(elem_id="hint", js_on_load=open_script())
        self.article_import.build()
        with gr.Accordion(label("page.options"), open=False, elem_id="options"):
            parts["options"] = self._options()
        return parts

    def _options(self) -> list[gr.components.Component]:
        settings = self.service.tagger.settings
        return [
            gr.Slider(1, 10, value=settings.max_tags, step=1, label=label("page.max_tags")),
            gr.Slider(0, 0.95, value=settings.threshold, step=0.01, label=label("page.threshold")),
            gr.Textbox(
                label=label("tag.allowed"),
                placeholder=label("tag.allowed_hint"),
                lines=2,
                max_lines=6,
                elem_id="allowed",
            ),
            gr.Textbox(
                label=label("tag.preferred"),
                placeholder=label("tag.preferred_hint"),
                lines=1,
                max_lines=4,
                elem_id="preferred",
            ),
            gr.Checkbox(label=label("tag.whole"), value=False, elem_id="whole"),
        ]

    def _result_column(self, article: dict[str, Any]) -> dict[str, Any]:
        parts: dict[str, Any] = {"result": gr.HTML(EMPTY_RESULT, elem_id="result")}
        with gr.Column(visible=False, elem_id="editing") as editing:
            parts["editing"] = editing
            parts["editor"] = build_editor(self.service.tagger.vocabulary.tags, self.has_dataset)
            build_copy(article["title"], article["text"], parts["editor"])
            self.flag.build()
        return parts

    def _examples_row(self) -> gr.Dataset:
        return gr.Dataset(
            label=label("tag.examples"),
            components=[gr.Textbox(visible=False)],
            samples=[[example.title] for example in self.examples],
            type="index",
            samples_per_page=len(self.examples) or 1,
            elem_id="examples",
        )

    def _connect(self, parts: Components) -> None:
        show = [
            parts.result,
            parts.hint,
            parts.editing,
            parts.editor,
            parts.tagging,
            self.flag.outcome,
            parts.cancel,
        ]
        tagging: dict[str, Any] = {
            "fn": self.suggest,
            "inputs": [parts.tagging, parts.title, parts.text, *parts.options],
            "outputs": show,
            **PRIVATE,
            "show_progress_on": [parts.result],
            **TAGGER_SLOTS,
        }
        explaining: dict[str, Any] = {
            "fn": self.explain,
            "inputs": parts.tagging,
            "outputs": parts.editor,
            **QUIET,
            **TAGGER_SLOTS,
        }

        def tag_then_explain(trigger: Any, after: Any = None, **instead: Any) -> None:
            tagged = trigger(**(tagging | instead))
            (after(tagged) if after else tagged).then(**explaining)

        def go_on(opened: Any, came: gr.State) -> None:
            inputs = [came, *tagging["inputs"]]
            tag_then_explain(opened.then, fn=self.suggest_read, inputs=inputs)

        tag_then_explain(parts.submit.click)
        tag_then_explain(parts.title.submit)
        chosen = parts.examples.click(
            self.load_example,
            parts.examples,
            [parts.title, parts.text],
            **QUIET,
        )
        tag_then_explain(chosen.then, lambda tagged: tagged.then(None, js=SHOW_RESULT))
        # The event is that of the script in the hint.
        shared = gr.State(None)
        opened = parts.hint.opened(
            self.open_link, None, [parts.title, parts.text, parts.hint, shared], **QUIET
        )
        tag_then_explain(opened.then, fn=self.suggest_shared, inputs=[shared, *tagging["inputs"]])
        self.article_import.connect([parts.title, parts.text, parts.hint, parts.cancel], go_on)
        parts.cancel.click(self.cancel, outputs=parts.cancel, queue=False, **QUIET)
        parts.clear.click(
            self.clear, outputs=[parts.title, parts.text, self.flag.note, *show], **QUIET
        )

    def load_example(self, index: int) -> tuple[str, str]:
        """Fills the form with an example."""
        example = self.examples[index]
        return example.title, example.text

    def open_link(self, event: gr.EventData, request: gr.Request | None = None) -> tuple[Any, ...]:
        """Fills the form with the article that a link carried."""
        shared = shared_article(event._data)
        if shared is None:
            broken = notice("problem", words_of(request)("link.broken"))
            return *[gr.skip()] * 2, broken, None
        kept = replace(shared, title="", text="")  # the form has them: not twice in memory
        return shared.title, shared.text, "", kept

    # The request comes first: after ``*inputs`` gradio does not look for it.
    def suggest_shared(
        self, request: gr.Request, shared: SharedArticle | None, *inputs: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Tags a link's article, and shows the tags that the link brought with it."""
        if shared is None:
            yield tuple([gr.skip()] * 7)
            return
        suggest: Any = self.suggest  # its inputs are as many as gradio gives
        for shown in suggest(*inputs, request=request):
            tagging = shown[4]
            if shared.tags is None or not isinstance(tagging, Tagging):
                yield shown
                continue
            told = notice("hint", words_of(request)("link.opened"))
            yield shown[0], told, shown[2], chips_of(tagging, shared.tags), *shown[4:]

    def suggest_read(
        self, request: gr.Request, came: bool, *inputs: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Tags what was opened; what was said of it stays where it was said."""
        if not came:
            yield tuple([gr.skip()] * 7)
            return
        suggest: Any = self.suggest  # its inputs are as many as gradio gives
        for result, hint, *rest in suggest(*inputs, request=request):
            yield result, hint or gr.skip(), *rest

    def suggest(
        self,
        before: Tagging | None,
        title: str,
        text: str,
        max_tags: int,
        threshold: float,
        allowed: str,
        preferred: str,
        whole: bool,
        request: gr.Request | None = None,
    ) -> Iterator[tuple[Any, ...]]:
        """Tags the article; what is wrong with the input is said beside the form.

        What takes longer is told as it goes, and ends when gradio closes this generator: when the
        visitor cancels it, or leaves.
        """
        words = words_of(request)
        options = Options(
            max_tags=max_tags,
            threshold=threshold,
            allowed_tags=written_list(allowed),
            prefer_tags=written_list(preferred),
            max_windows=MAX_WINDOWS if whole else None,
        )
        try:
            if text.strip():
                self.service.taggings.take(visitor_of(request))
            work = partial(self.service.tag, title, text, options)
            with (
                self.cancellations.flag(session_of(request)) as cancelled,
                closing(run_in_background(work)) as reports,
            ):
                for progress in reports:
                    if cancelled.is_set():
                        told = self._cancelled(before, words)
                        yield self._cleared() if cancelled.clears else told
                        return
                    if progress.result is None:
                        yield self._busy(progress, words)
            tagging = progress.result
        except UserError as error:
            kind = "problem" if text.strip() else "hint"
            yield self._shown(EMPTY_RESULT, notice(kind, words.error(error)), None)
            return
        assert tagging is not None
        yield self._shown(legend(tagging.tags, words), "", tagging)

    def cancel(self, request: gr.Request) -> Any:
        """Ends what the visitor has running, at its next step."""
        self.cancellations.cancel(session_of(request))
        return gr.Button(label("page.stopping"), interactive=False)

    def _busy(self, progress: Progress[Tagging], words: Words) -> tuple[Any, ...]:
        return reading(progress, words), "", *[gr.skip()] * 4, CANCEL_SHOWN

    def _cancelled(self, before: Tagging | None, words: Words) -> tuple[Any, ...]:
        """Says so; what was there before stays."""
        result = EMPTY_RESULT if before is None else legend(before.tags, words)
        told = notice("hint", words("page.cancelled"))
        return result, told, *[gr.skip()] * 4, CANCEL_HIDDEN

    def explain(self, tagging: Tagging | None) -> Any:
        """Finds what speaks for each tag, after the tags themselves have been shown."""
        if tagging is None:
            return gr.skip()
        try:
            found = self.service.explain(tagging)
        except UserError as error:
            raise refusal(error) from error
        return gr.HTML(evidence=evidence_of(tagging, found))

    def clear(self, request: gr.Request) -> tuple[Any, ...]:
        """Empties the form, takes the result away and ends what would bring another."""
        self.cancellations.cancel(session_of(request), clear=True)
        return ("", "", "", *self._cleared())

    def _cleared(self) -> tuple[Any, ...]:
        return self._shown(EMPTY_RESULT, "", None)

    def _shown(self, result: str, hint: str, tagging: Tagging | None) -> tuple[Any, ...]:
        visible = gr.Column(visible=tagging is not None)
        return result, hint, visible, chips_of(tagging), tagging, "", CANCEL_HIDDEN


def reading(progress: Progress[Tagging], words: Words = ENGLISH) -> str:
    """Returns the bar of an article that is being read."""
    done, total = progress.done, progress.total
    parts = words("tag.parts", done=done, total=total) if total > 1 else ""
    return progress_bar(words("tag.reading"), words("tag.parts_read"), done, total, parts)
