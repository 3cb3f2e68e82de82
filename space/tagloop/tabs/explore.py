"""The tab that shows what the tagger learned from: pictures of the dataset, and its articles.

A link to a tag's articles is ``?tag=Banking``, several tags ``?tag=Banking&tag=Chatbots``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.errors import UserError
from tagloop.explore.articles import NOT_STATED
from tagloop.explore.library import Holding, Library
from tagloop.explore.search import Query
from tagloop.rates import RateLimit, visitor_of
from tagloop.tabs.explore_list import article_list, opened
from tagloop.tabs.explore_pictures import pictures
from tagloop.tabs.markup import notice

MAX_CHOICES = 2_000
"""Tags that the page carries to choose from; others can be typed."""
MAX_SOURCES = 200
ANY_SPLIT, ANY_SOURCE = "All splits", "All sources"
UNKNOWN_SOURCE = "Not stated"
SEARCHES_A_MINUTE = 60
POLL_SECONDS = 0.3
WATCH_SECONDS = 900.0
"""How long a visitor's page waits for the dataset to be read."""
NO_DATASET = "This Space has no dataset to show: DATASET_REPO is not set."
SLOTS: dict[str, Any] = {"concurrency_id": "explore", "concurrency_limit": 4}
Update = dict[Any, Any]
"""Components with their new values."""
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

SHOW_LIST = """() => requestAnimationFrame(() => {
  const found = document.querySelector("#explore-found");
  if (!found) return;
  found.focus({ preventScroll: true });
  found.scrollIntoView({ behavior: "smooth", block: "start" });
})"""


@dataclass
class Parts:
    """The components that events read and write."""

    status: gr.HTML
    pictures: gr.HTML
    filters: gr.Column
    words: gr.Textbox
    in_text: gr.Checkbox
    tags: gr.Dropdown
    split: gr.Dropdown
    source: gr.Dropdown
    search: gr.Button
    clear: gr.Button
    articles: gr.HTML

    @property
    def query(self) -> list[Any]:
        """What a search is made of, in the order of `ExploreTab.search`'s arguments."""
        return [self.words, self.tags, self.split, self.source, self.in_text]

    @property
    def all(self) -> list[Any]:
        """Every component."""
        return [getattr(self, part.name) for part in fields(self)]


class ExploreTab:
    """Builds the tab inside the `gr.Blocks` that is open, and answers its events.

    Args:
        dataset_repo: Dataset id on the Hub, or a folder; None if there is none to show.
        tab_id: The ``id`` of the `gr.Tab` around it, for links that open it.
    """

    def __init__(self, dataset_repo: str | None, tab_id: str = "explore") -> None:
        self.library = Library(dataset_repo) if dataset_repo else None
        self.tab_id = tab_id
        self.searches = RateLimit("searches", SEARCHES_A_MINUTE)
        self._drawn: tuple[str, str] = ("", "")
        self._parts: Parts | None = None
        self._tabs: gr.Tabs | None = None

    def build(self) -> None:
        """Lay the tab out and connect what happens inside it."""
        if self.library is None:
            gr.HTML(notice("hint", NO_DATASET), elem_id="explore-status")
            return
        script = Path(__file__).with_name("explore.js").read_text(encoding="utf-8")
        made: dict[str, Any] = {
            "status": gr.HTML(elem_id="explore-status"),
            "pictures": gr.HTML(
                elem_id="explore-pictures", js_on_load=script, apply_default_css=False
            ),
        }
        with gr.Column(visible=False, elem_id="explore-filters") as made["filters"]:
            made |= self._filters()
        made["articles"] = gr.HTML(
            elem_id="explore-articles",
            js_on_load=script,
            apply_default_css=False,
            server_functions=[self._text_reader()],
        )
        self._parts = Parts(**made)
        self._connect(self._parts)

    def connect(self, app: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab) -> None:
        """Read the dataset when the tab is opened, and open it when a link asks for a tag.

        Args:
            app: The page.
            tabs: All its tabs.
            tab: The one that this is in.
        """
        parts = self._parts
        if parts is None:
            return
        self._tabs = tabs
        tab.select(self.open, parts.query, parts.all, **PRIVATE, concurrency_limit=64)
        app.load(self.arrive, None, [tabs, *parts.all], **PRIVATE, concurrency_limit=64)

    def _filters(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        gr.HTML('<h2 class="tl-question">Find articles</h2>')
        with gr.Row():
            made["words"] = gr.Textbox(
                label="Words",
                placeholder="In the title or the tags, then Enter",
                max_lines=1,
                elem_id="explore-words",
                min_width=220,
            )
            made["tags"] = gr.Dropdown(
                [],
                value=[],
                label="Tags (articles that have all of them)",
                multiselect=True,
                allow_custom_value=True,
                elem_id="explore-tags",
                min_width=220,
            )
        with gr.Row():
            made["split"] = gr.Dropdown(
                [ANY_SPLIT], value=ANY_SPLIT, label="Split", elem_id="explore-split", min_width=140
            )
            made["source"] = gr.Dropdown(
                [ANY_SOURCE],
                value=ANY_SOURCE,
                label="Source",
                elem_id="explore-source",
                min_width=140,
            )
        made["in_text"] = gr.Checkbox(
            label="Look for the words in the texts too (slower)", elem_id="explore-in-text"
        )
        with gr.Row(elem_classes="tl-actions"):
            made["search"] = gr.Button(
                "Search", variant="primary", elem_id="explore-search", min_width=110
            )
            made["clear"] = gr.Button("Show all", elem_id="explore-clear", min_width=110)
        return made

    def _connect(self, parts: Parts) -> None:
        searching: dict[str, Any] = {
            "fn": self.search,
            "inputs": parts.query,
            "outputs": parts.articles,
            "api_visibility": "private",
            "show_progress": "minimal",
            **SLOTS,
        }
        parts.search.click(**searching).then(None, js=SHOW_LIST)
        parts.words.submit(**searching).then(None, js=SHOW_LIST)
        for choice in (parts.tags, parts.split, parts.source):
            choice.input(**searching)
        parts.clear.click(self.clear, None, [*parts.query, parts.articles], **PRIVATE, **SLOTS)
        for shown in (parts.pictures, parts.articles):
            # Events of explore.js.
            shown.pick(
                self.pick, parts.tags, [*parts.query, parts.articles], **PRIVATE, **SLOTS
            ).then(None, js=SHOW_LIST)
        parts.articles.turn(self.turn, parts.query, parts.articles, **PRIVATE, **SLOTS).then(
            None, js=SHOW_LIST
        )

    def _text_reader(self) -> Any:
        library = self.library
        assert library is not None

        # By this name explore.js calls it.
        def read(place: Any) -> dict[str, str]:
            return opened(library, place)

        read.__name__ = "opened"
        return read

    async def open(
        self,
        words: str,
        tags: list[str] | None,
        split: str,
        source: str,
        in_text: bool,
    ) -> AsyncIterator[Update]:
        """Show what has been read; begin to read what has not, and say how far that is."""
        library, parts = self.library, self._parts
        assert library is not None and parts is not None
        library.open()
        shown: Holding | None = None
        told = ""
        deadline = time.monotonic() + WATCH_SECONDS
        while time.monotonic() < deadline:
            busy, holding = library.busy, library.holding
            if holding is not None and holding is not shown:
                shown = holding
                query = (words, tags, split, source, in_text)
                yield await asyncio.to_thread(self._view, holding, query)
            if not busy:
                break
            # A look at a dataset that is shown already takes a moment and needs no words.
            if shown is None and library.progress != told:
                told = library.progress
                yield {parts.status: notice("busy", told)}
            await asyncio.sleep(POLL_SECONDS)
        if problem := library.problem:
            yield self._trouble(problem)

    async def arrive(self, request: gr.Request) -> AsyncIterator[Update]:
        """Open the tab for a visitor whose link asks for tags; for others nothing happens."""
        parts, tabs = self._parts, self._tabs
        tags = linked_tags(request)
        if not tags or parts is None or tabs is None:
            yield {}
            return
        yield {tabs: gr.Tabs(selected=self.tab_id), parts.tags: gr.Dropdown(value=tags)}
        async for update in self.open("", tags, ANY_SPLIT, ANY_SOURCE, False):
            yield update

    def search(
        self,
        words: str,
        tags: list[str] | None,
        split: str,
        source: str,
        in_text: bool,
        request: gr.Request | None = None,
    ) -> str:
        """List the articles that fit, from the first."""
        return self._list(words, tags, split, source, in_text, 1, request)

    def turn(
        self,
        words: str,
        tags: list[str] | None,
        split: str,
        source: str,
        in_text: bool,
        event: gr.EventData,
        request: gr.Request | None = None,
    ) -> str:
        """Turn to another page of the list."""
        page = _said(event).get("page")
        page = page if isinstance(page, int) else 1
        return self._list(words, tags, split, source, in_text, page, request)

    def pick(
        self,
        tags: list[str] | None,
        event: gr.EventData,
        request: gr.Request | None = None,
    ) -> tuple[Any, ...]:
        """Filter by the tags of a button: in the pictures by these alone, in the list as well."""
        said = _said(event)
        picked = [tag for tag in said.get("tags") or [] if isinstance(tag, str)]
        chosen = list(dict.fromkeys([*(tags or []), *picked] if said.get("more") else picked))
        return self._only(chosen, request)

    def clear(self, request: gr.Request | None = None) -> tuple[Any, ...]:
        """Take all filters away."""
        return self._only([], request)

    def _only(self, tags: list[str], request: gr.Request | None) -> tuple[Any, ...]:
        articles = self._list("", tags, ANY_SPLIT, ANY_SOURCE, False, 1, request)
        return "", tags, ANY_SPLIT, ANY_SOURCE, False, articles

    def _list(
        self,
        words: str,
        tags: list[str] | None,
        split: str,
        source: str,
        in_text: bool,
        page: int,
        request: gr.Request | None,
    ) -> str:
        library = self.library
        holding = library.holding if library else None
        if library is None or holding is None:
            return notice("hint", "The dataset is not here yet: open this tab again.")
        try:
            query = _query(words, tags, split, source, in_text)
            if query.reads_texts:
                self.searches.take(visitor_of(request))
            return article_list(holding, query, library.find(holding, query), page)
        except UserError as error:
            return notice("problem", str(error))

    def _view(self, holding: Holding, query: tuple[Any, ...]) -> Update:
        """Everything, for a dataset that has just come."""
        parts, articles = self._parts, holding.articles
        assert parts is not None
        if self._drawn[0] != holding.version.key:
            self._drawn = (holding.version.key, pictures(holding))
        sources = [(shown_source(name), name) for name in articles.sources[:MAX_SOURCES]]
        return {
            parts.status: "",
            parts.pictures: self._drawn[1],
            parts.filters: gr.Column(visible=True),
            parts.tags: gr.Dropdown(choices=list(articles.tag_names[:MAX_CHOICES])),
            parts.split: gr.Dropdown(choices=[ANY_SPLIT, *articles.splits]),
            parts.source: gr.Dropdown(choices=[(ANY_SOURCE, ANY_SOURCE), *sources]),
            parts.articles: self._list(*query, 1, None),
        }

    def _trouble(self, problem: str) -> Update:
        """What is said when the dataset, or its newest version, cannot be had."""
        parts, library = self._parts, self.library
        assert parts is not None and library is not None
        if library.holding is not None:
            note = "This may not be the newest version of the dataset."
            return {parts.status: notice("waiting", note, problem)}
        return {
            parts.status: notice("problem", problem),
            parts.pictures: "",
            parts.filters: gr.Column(visible=False),
            parts.articles: "",
        }


def shown_source(name: str) -> str:
    """How a source stands in the list to choose from."""
    return UNKNOWN_SOURCE if name == NOT_STATED else name


def linked_tags(request: gr.Request) -> list[str]:
    """The tags that the page's address asks for."""
    asked = request.query_params
    if hasattr(asked, "getlist"):
        return [tag for tag in asked.getlist("tag") if tag.strip()]
    tag = dict(asked or {}).get("tag", "")
    return [tag] if tag.strip() else []


def _query(words: str, tags: list[str] | None, split: str, source: str, in_text: bool) -> Query:
    return Query.of(
        words,
        tags,
        None if split in (None, ANY_SPLIT) else split,
        None if source in (None, ANY_SOURCE) else source,
        in_text,
    )


def _said(event: gr.EventData) -> dict[str, Any]:
    """What the browser sent with an event, which may be anything."""
    return event._data if isinstance(event._data, dict) else {}
