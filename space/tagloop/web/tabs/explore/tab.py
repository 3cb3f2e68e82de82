"""The tab that shows what the tagger learned from: pictures of the dataset, and its articles.

A link to a tag's articles is ``?tag=Banking``, several tags ``?tag=Banking&tag=Chatbots``.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.errors import UserError
from tagloop.explore.loader import DatasetLoader, LoadedDataset
from tagloop.rate_limits import RateLimit
from tagloop.web.events import PRIVATE, QUIET
from tagloop.web.languages.words import LANGUAGES, Words, words_in, words_of
from tagloop.web.tabs.explore.article_list import article_list, opened
from tagloop.web.tabs.explore.filters import Filters, SearchFields, build_filters
from tagloop.web.tabs.explore.pictures import pictures
from tagloop.web.tabs.markup import notice, page_notice
from tagloop.web.visitors import visitor_of

TEXT_SEARCHES_A_MINUTE, OPENINGS_A_MINUTE = 60, 120
"""Of one visitor; both read files. Pages of a search in the texts count as searches."""
POLL_SECONDS = 0.3
WATCH_SECONDS = 900.0
"""How long a visitor's page waits for the dataset to be read."""

Update = dict[Any, Any]
"""Components with their new values."""
SLOTS: dict[str, Any] = {"concurrency_id": "explore", "concurrency_limit": 4}
WATCHERS: dict[str, Any] = {"concurrency_id": "explore-open", "concurrency_limit": 64}
"""Waiting for the dataset takes no thread, so many may."""

SHOW_LIST = """() => requestAnimationFrame(() => {
  const found = document.querySelector("#explore-found");
  if (!found) return;
  found.focus({ preventScroll: true });
  found.scrollIntoView({ behavior: "smooth", block: "start" });
})"""


class ExploreTab:
    """Builds the tab inside the `gr.Blocks` that is open, and answers its events.

    Args:
        dataset_repo: Dataset id on the Hub, or a folder; None if there is none to show.
    """

    status: gr.HTML
    pictures: gr.HTML
    filters: Filters
    articles: gr.HTML

    def __init__(self, dataset_repo: str | None) -> None:
        self.loader = DatasetLoader(dataset_repo) if dataset_repo else None
        self.searches = RateLimit("searches", TEXT_SEARCHES_A_MINUTE)
        self.openings = RateLimit("opened articles", OPENINGS_A_MINUTE)
        self._drawn: tuple[str, dict[str, str]] = ("", {})
        self._tabs: gr.Tabs | None = None

    def build(self) -> None:
        """Lays the tab out and connects what happens inside it."""
        if self.loader is None:
            gr.HTML(page_notice("hint", "explore.none"), elem_id="explore-status")
            return
        unread = json.dumps(
            {language: words_in(language)("explore.unread") for language in LANGUAGES}
        )
        script = Path(__file__).with_name("explore.js").read_text(encoding="utf-8")
        script = f"const unread = {unread};\n{script}"
        used: dict[str, Any] = {"js_on_load": script, "apply_default_css": False}
        self.status = gr.HTML(elem_id="explore-status")
        self.pictures = gr.HTML(elem_id="explore-pictures", **used)
        self.filters = build_filters()
        self.articles = gr.HTML(
            elem_id="explore-articles", server_functions=[self._text_reader()], **used
        )
        self._connect()

    def connect(self, app: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab) -> None:
        """Reads the dataset when the tab is opened, and opens it when a link asks for a tag."""
        if self.loader is None:
            return
        self._tabs = tabs
        shown = [self.status, self.pictures, *self.filters.choices, self.articles]
        tab.select(self.open, self.filters.fields, shown, **QUIET, **WATCHERS)
        app.load(self.arrive, None, [tabs, *shown], **QUIET, **WATCHERS)

    def _connect(self) -> None:
        filters, fields = self.filters, self.filters.fields
        searching: dict[str, Any] = {
            "fn": self.search,
            "inputs": fields,
            "outputs": self.articles,
            "show_progress": "minimal",
            **PRIVATE,
            **SLOTS,
        }
        filters.search.click(**searching).then(None, js=SHOW_LIST)
        filters.words.submit(**searching).then(None, js=SHOW_LIST)
        for choice in (filters.tags, filters.split, filters.source):
            choice.input(**searching)
        replacing: dict[str, Any] = {"outputs": [*fields, self.articles], **QUIET, **SLOTS}
        filters.clear.click(self.clear, **replacing)
        # The events "pick" and "turn" are those of explore.js.
        for shown in (self.pictures, self.articles):
            shown.pick(self.pick, filters.tags, **replacing).then(None, js=SHOW_LIST)
        turned = self.articles.turn(self.turn, fields, self.articles, **QUIET, **SLOTS)
        turned.then(None, js=SHOW_LIST)

    def _text_reader(self) -> Any:
        loader = self.loader
        assert loader is not None

        def read(place: Any, request: gr.Request) -> dict[str, str]:
            try:
                self.openings.take(visitor_of(request))
            except UserError as error:
                return {"problem": words_of(request).error(error)}
            return opened(loader, place, words_of(request))

        read.__name__ = "opened"  # as explore.js calls it
        return read

    # After ``*fields`` gradio would not look for its own: they come first.
    async def open(self, request: gr.Request | None, *fields: Any) -> AsyncIterator[Update]:
        """Shows what has been read, begins to read what has not, and says how far that is."""
        loader = self.loader
        assert loader is not None
        loader.open()
        shown: LoadedDataset | None = None
        told, words = "", words_of(request)
        deadline = time.monotonic() + WATCH_SECONDS
        while time.monotonic() < deadline:
            busy, dataset = loader.busy, loader.dataset
            if dataset is not None and dataset is not shown:
                shown = dataset
                yield await asyncio.to_thread(self._view, dataset, SearchFields(*fields), words)
            if not busy:
                break
            # A look at a dataset that is shown already takes a moment and needs no words.
            if shown is None and loader.progress != told:
                told = loader.progress
                yield {self.status: notice("busy", told)}
            await asyncio.sleep(POLL_SECONDS)
        if loader.problem:
            yield self._trouble(loader.problem, words)

    async def arrive(self, request: gr.Request) -> AsyncIterator[Update]:
        """Opens the tab for a visitor whose link asks for tags; for others nothing happens."""
        tags = linked_tags(request)
        if not tags:
            yield {self.status: gr.skip()}
            return
        yield {self._tabs: gr.Tabs(selected="explore"), self.filters.tags: tags}
        async for update in self.open(request, *SearchFields(tags=tags).values):
            yield update

    def search(self, request: gr.Request | None, *fields: Any) -> str:
        """Lists the articles that fit, from the first."""
        return self._list(SearchFields(*fields), 1, words_of(request), request)

    def turn(self, request: gr.Request | None, event: gr.EventData, *fields: Any) -> str:
        """Turns to another page of the list."""
        page = _said(event).get("page")
        page = page if isinstance(page, int) else 1
        return self._list(SearchFields(*fields), page, words_of(request), request)

    def pick(
        self, tags: list[str] | None, event: gr.EventData, request: gr.Request | None = None
    ) -> tuple[Any, ...]:
        """Filters by the tags of a button: in the pictures by these alone, in the list as well."""
        said = _said(event)
        named = said.get("tags")
        picked = [tag for tag in named if isinstance(tag, str)] if isinstance(named, list) else []
        return self._only([*(tags or []), *picked] if said.get("more") else picked, request)

    def clear(self, request: gr.Request | None = None) -> tuple[Any, ...]:
        """Takes all filters away."""
        return self._only([], request)

    def _only(self, tags: list[str], request: gr.Request | None) -> tuple[Any, ...]:
        fields = SearchFields(tags=list(dict.fromkeys(tags)))
        return *fields.values, self._list(fields, 1, words_of(request), request)

    def _list(
        self,
        fields: SearchFields,
        page: int,
        words: Words,
        request: gr.Request | None = None,
    ) -> str:
        loader = self.loader
        dataset = loader.dataset if loader else None
        if loader is None or dataset is None:
            return notice("hint", words("explore.not_here"))
        try:
            query = fields.query()
            if query.reads_texts:
                self.searches.take(visitor_of(request))
            return article_list(dataset, query, loader.find(dataset, query), page, words)
        except UserError as error:
            return notice("problem", words.error(error))

    def _view(self, dataset: LoadedDataset, fields: SearchFields, words: Words) -> Update:
        """Everything, for a dataset that has just come."""
        if self._drawn[0] != dataset.version.key:
            self._drawn = (dataset.version.key, {})
        drawn = self._drawn[1]
        if words.language not in drawn:
            drawn[words.language] = pictures(dataset, words)
        return {
            self.status: "",
            self.pictures: drawn[words.language],
            **self.filters.choices_of(dataset.articles, words),
            self.articles: self._list(fields, 1, words),
        }

    def _trouble(self, problem: str, words: Words) -> Update:
        """Says that the dataset, or its newest version, cannot be had."""
        assert self.loader is not None
        if self.loader.dataset is not None:
            return {self.status: notice("waiting", words("explore.old"), problem)}
        return {
            self.status: notice("problem", problem),
            self.pictures: "",
            self.filters.box: gr.Column(visible=False),
            self.articles: "",
        }


def linked_tags(request: gr.Request) -> list[str]:
    """Returns the tags that the page's address asks for."""
    query = request.query_params
    if hasattr(query, "getlist"):
        return [tag for tag in query.getlist("tag") if tag.strip()]
    tag = dict(query or {}).get("tag", "")
    return [tag] if tag.strip() else []


def _said(event: gr.EventData) -> dict[str, Any]:
    """Returns what the browser sent with an event, which may be anything."""
    return event._data if isinstance(event._data, dict) else {}
