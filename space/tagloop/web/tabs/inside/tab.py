"""The tab that shows what happens inside the model for the visitor's own article."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from tagloop.errors import UserError
from tagloop.inside.before import tag_before
from tagloop.inside.view import View, look_inside
from tagloop.limits import check_article
from tagloop.service.examples import Example
from tagloop.service.service import TaggingService
from tagloop.tagger.tagger import Tagger
from tagloop.web.events import PRIVATE, TAGGER_SLOTS
from tagloop.web.languages.words import ENGLISH, Words, label, words_of
from tagloop.web.tabs.about.tab import read_report
from tagloop.web.tabs.inside.numbers import draw_linear, draw_parts, draw_tokens
from tagloop.web.tabs.inside.tags import draw_before, draw_looks, draw_writing
from tagloop.web.tabs.markup import notice
from tagloop.web.visitors import visitor_of


class InsideTab:
    """Builds the tab inside the `gr.Blocks` that is open, and answers its events.

    Attributes:
        title: The input; others may fill it.
        text: Likewise.
    """

    title: gr.Textbox
    text: gr.Textbox

    def __init__(self, service: TaggingService, example: Example | None = None) -> None:
        self.service = service
        self.example = example or Example("", "")

    def build(self) -> None:
        """Lays the tab out and connects its events."""
        with gr.Column(elem_classes="tl-inside"):
            gr.HTML(
                '<p class="tl-in-intro">' + label("inside.intro") + "</p>", apply_default_css=False
            )
            self.title = gr.Textbox(
                self.example.title, label=label("page.title"), max_lines=1, elem_id="inside-title"
            )
            self.text = gr.Textbox(
                self.example.text,
                label=label("page.article"),
                lines=4,
                max_lines=8,
                elem_id="inside-text",
            )
            button = gr.Button(label("inside.look"), variant="primary", elem_id="look-inside")
            pictures = gr.HTML(elem_id="inside-pictures", apply_default_css=False)
            before = gr.HTML(elem_id="inside-comparison", apply_default_css=False)
        looking: dict[str, Any] = {
            "fn": self.look,
            "inputs": [self.title, self.text],
            "outputs": [pictures, before],
            **PRIVATE,
            "show_progress_on": [pictures],
            **TAGGER_SLOTS,
        }
        button.click(**looking)
        self.title.submit(**looking)

    def look(
        self, title: str, text: str, request: gr.Request | None = None
    ) -> Iterator[tuple[Any, str]]:
        """Draws the pictures, then the comparison, for which another model may have to load."""
        tagger, words = self.service.tagger, words_of(request)
        try:
            title, text = check_article(title, text)
            self.service.taggings.take(visitor_of(request))
            view = look_inside(tagger, title, text)
        except UserError as error:
            yield notice("problem" if text.strip() else "hint", words.error(error)), ""
            return
        yield draw_view(view, words), notice("busy", words("inside.asking"))
        yield gr.skip(), self._compared(tagger, title, text, view, words)

    def _compared(self, tagger: Tagger, title: str, text: str, view: View, words: Words) -> str:
        tags = [tag.tag for tag in view.tags]
        try:
            before = tag_before(tagger, title, text, tags)
        except UserError as error:
            return notice("problem", words.error(error))
        report = read_report(tagger.model_repo, tagger.model_revision)
        drawn = draw_before(before, tags, report, tagger.ranker is not None, words)
        return f'<div class="tl-in">{drawn}</div>'


def draw_view(view: View, words: Words = ENGLISH) -> str:
    """Returns all pictures of an article but the comparison."""
    drawn = (draw_tokens, draw_parts, draw_linear, draw_looks, draw_writing)
    return f'<div class="tl-in">{"".join(draw(view, words) for draw in drawn)}</div>'
