"""What a visitor filters the dataset's articles by."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import gradio as gr

from tagloop.explore.articles import NOT_STATED, Articles
from tagloop.explore.search import Query
from tagloop.web.languages.words import Words, label

MAX_CHOICES = 2_000
"""Tags that the page carries to choose from; others can be typed."""
MAX_SOURCES = 200
ANY_SPLIT, ANY_SOURCE = "All splits", "All sources"


@dataclass(frozen=True)
class SearchFields:
    """The fields as a visitor left them, in the order of `Filters.fields`."""

    words: str = ""
    tags: list[str] | None = None
    split: str | None = ANY_SPLIT
    source: str | None = ANY_SOURCE
    in_text: bool = False

    @property
    def values(self) -> tuple[Any, ...]:
        """What the fields show for it."""
        return astuple(self)

    def query(self) -> Query:
        """Returns the search that is meant.

        Raises:
            UserError: The search is too long.
        """
        return Query.of(
            self.words,
            self.tags,
            None if self.split in (None, ANY_SPLIT) else self.split,
            None if self.source in (None, ANY_SOURCE) else self.source,
            self.in_text,
        )


@dataclass
class Filters:
    """The components, hidden until there is a dataset."""

    box: gr.Column
    words: gr.Textbox
    tags: gr.Dropdown
    split: gr.Dropdown
    source: gr.Dropdown
    in_text: gr.Checkbox
    search: gr.Button
    clear: gr.Button

    @property
    def fields(self) -> list[Any]:
        """What a search is made of, in the order of `SearchFields`."""
        return [self.words, self.tags, self.split, self.source, self.in_text]

    @property
    def choices(self) -> list[Any]:
        """What `choices_of` changes."""
        return [self.box, self.tags, self.split, self.source]

    def choices_of(self, articles: Articles, words: Words) -> dict[Any, Any]:
        """Shows the fields, with what a dataset has to choose from."""
        unknown = words("explore.unknown_source")
        sources = [
            (unknown if name == NOT_STATED else name, name)
            for name in articles.sources[:MAX_SOURCES]
        ]
        any_split = (words("explore.any_split"), ANY_SPLIT)
        any_source = (words("explore.any_source"), ANY_SOURCE)
        return {
            self.box: gr.Column(visible=True),
            self.tags: gr.Dropdown(choices=list(articles.tag_names[:MAX_CHOICES])),
            self.split: gr.Dropdown(
                choices=[any_split, *((name, name) for name in articles.splits)]
            ),
            self.source: gr.Dropdown(choices=[any_source, *sources]),
        }


def build_filters() -> Filters:
    """Lays the fields out inside the `gr.Blocks` that is open."""
    parts: dict[str, Any] = {}
    with gr.Column(visible=False, elem_id="explore-filters") as box:
        gr.HTML('<h2 class="tl-question">' + label("explore.find") + "</h2>")
        with gr.Row():
            parts["words"] = gr.Textbox(
                label=label("explore.words"),
                placeholder=label("explore.words_hint"),
                max_lines=1,
                elem_id="explore-words",
                min_width=220,
            )
            parts["tags"] = gr.Dropdown(
                [],
                value=[],
                label=label("explore.tags"),
                multiselect=True,
                allow_custom_value=True,
                elem_id="explore-tags",
                min_width=220,
            )
        with gr.Row():
            for name, any_of in (("split", ANY_SPLIT), ("source", ANY_SOURCE)):
                parts[name] = gr.Dropdown(
                    [any_of],
                    value=any_of,
                    label=label(f"explore.field_{name}"),
                    elem_id=f"explore-{name}",
                    min_width=140,
                )
        parts["in_text"] = gr.Checkbox(label=label("explore.in_text"), elem_id="explore-in-text")
        with gr.Row(elem_classes="tl-actions"):
            parts["search"] = gr.Button(
                label("explore.search"), variant="primary", elem_id="explore-search", min_width=110
            )
            parts["clear"] = gr.Button(
                label("explore.show_all"), elem_id="explore-clear", min_width=110
            )
    return Filters(box, **parts)
