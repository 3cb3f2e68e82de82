"""The tab itself: what is told while the dataset comes, and what a button filters."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
from starlette.datastructures import QueryParams

from tagloop.explore import loader as module
from tagloop.explore.articles import read_articles
from tagloop.web.languages.words import ENGLISH
from tagloop.web.tabs.explore import tab as explore
from tagloop.web.tabs.explore.filters import ANY_SOURCE, ANY_SPLIT
from tagloop.web.tabs.explore.tab import ExploreTab, linked_tags

from ....explore.article_rows import article, write_dataset

ROWS = [article("one", "a text", ["Banking", "Chatbots"]), article("two", "b", ["Banking"])]
Asked = tuple[str, list[str], str, str, bool]
ALL: Asked = ("", [], ANY_SPLIT, ANY_SOURCE, False)


def built(repo: str | None) -> ExploreTab:
    tab = ExploreTab(repo)
    with gr.Blocks() as app:
        with gr.Tabs() as tabs, gr.Tab("Explore", id="explore") as inside:
            tab.build()
        tab.connect(app, tabs, inside)
    return tab


def updates(steps: Any) -> list[dict[Any, Any]]:
    async def collect() -> list[dict[Any, Any]]:
        return [update async for update in steps]

    # In a thread of its own: where browser tests ran before, this one has a loop already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, collect()).result()


def event(data: Any) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_dataset(tmp_path, {"train": ROWS})


def test_the_way_to_the_dataset_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(parts: Any, tell: Any) -> Any:
        tell(1, 2)
        time.sleep(0.6)
        return read_articles(parts, tell)

    monkeypatch.setattr(module, "read_articles", slowly)
    monkeypatch.setattr(explore, "POLL_SECONDS", 0.05)
    tab = built(str(folder))
    seen = updates(tab.open(None, *ALL))
    told = [update[tab.status] for update in seen[:-1]]
    assert any("Reading articles: 1 of 2" in line for line in told)
    assert all('role="status"' in line for line in told)
    last = seen[-1]
    assert last[tab.status] == ""
    assert "2 articles" in last[tab.articles]
    assert last[tab.filters.box].visible
    assert [name for name, _ in last[tab.filters.tags].choices] == ["Banking", "Chatbots"]
    # Opened again, all is there at once.
    again = updates(tab.open(None, "", ["chatbots"], ANY_SPLIT, ANY_SOURCE, False))
    assert len(again) == 1
    assert "1 article tagged <bdi>Chatbots" in again[0][tab.articles]


def test_what_is_wrong_with_the_dataset_is_said(tmp_path: Path) -> None:
    tab = built(str(tmp_path))
    last = updates(tab.open(None, *ALL))[-1]
    assert 'role="alert"' in last[tab.status]
    assert "data/*.parquet" in last[tab.status]
    assert last[tab.filters.box].visible is False
    assert last[tab.pictures] == last[tab.articles] == ""


def test_no_dataset_no_events() -> None:
    tab = ExploreTab(None)
    with gr.Blocks() as app:
        with gr.Tabs() as tabs, gr.Tab("Explore") as inside:
            tab.build()
        tab.connect(app, tabs, inside)
    assert not app.fns
    assert "explore.none" in str(app.config) and "DATASET_REPO" in ENGLISH("explore.none")


def test_no_event_is_an_endpoint(folder: Path) -> None:
    tab = ExploreTab(str(folder))
    with gr.Blocks() as app:
        with gr.Tabs() as tabs, gr.Tab("Explore") as inside:
            tab.build()
        tab.connect(app, tabs, inside)
    assert app.fns
    named = app.get_api_info()
    assert named["named_endpoints"] == named["unnamed_endpoints"] == {}


def test_a_button_filters(folder: Path) -> None:
    tab = built(str(folder))
    assert "open this tab again" in tab.search(None, *ALL)
    updates(tab.open(None, *ALL))
    *fields, found = tab.pick(["Chatbots"], event({"tags": ["Banking"], "more": False}))
    assert fields == ["", ["Banking"], ANY_SPLIT, ANY_SOURCE, False]
    assert "2 articles tagged" in found
    *fields, found = tab.pick(["Chatbots"], event({"tags": ["Banking"], "more": True}))
    assert fields[1] == ["Chatbots", "Banking"]
    assert "1 article tagged" in found
    assert "2 articles</h3>" in tab.clear()[-1]


@pytest.mark.parametrize("data", [None, 3, [], {"tags": 3}, {"tags": [None, {"path": "x"}]}, {}])
def test_whatever_an_event_carries(folder: Path, data: Any) -> None:
    tab = built(str(folder))
    updates(tab.open(None, *ALL))
    assert tab.pick([], event(data))[1] == []
    assert "2 articles" in tab.turn(None, event(data), *ALL)


def test_searches_in_the_texts_have_a_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore, "TEXT_SEARCHES_A_MINUTE", 3)
    tab = built(str(folder))
    updates(tab.open(None, *ALL))
    query: Asked = ("text", [], ANY_SPLIT, ANY_SOURCE, True)
    told = [tab.search(None, *query) for _ in range(4)]
    assert all("1 article" in found for found in told[:3])
    assert "3 searches a minute" in told[3]
    assert "2 articles" in tab.search(None, *ALL), "the others go on"


def test_openings_have_a_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore, "OPENINGS_A_MINUTE", 2)
    tab = built(str(folder))
    updates(tab.open(None, *ALL))
    assert tab.loader is not None and tab.loader.dataset is not None
    place = f"{tab.loader.dataset.version.key}:0"
    read, visitor = tab._text_reader(), SimpleNamespace(headers={}, client=None)
    assert [read(place, visitor).get("text") for _ in range(3)] == ["a text", "a text", None]
    assert "2 opened articles a minute" in read(place, visitor)["problem"]


@pytest.mark.parametrize(
    ("address", "tags"),
    [
        ("", []),
        ("tag=", []),
        ("tag=Banking", ["Banking"]),
        ("__theme=dark&tag=A%20%26%20B&tag=C%2B%2B", ["A & B", "C++"]),
    ],
)
def test_the_tags_of_a_link(address: str, tags: list[str]) -> None:
    request = gr.Request(query_params=QueryParams(address))
    assert linked_tags(request) == tags
    if len(tags) < 2:  # what is left of an address that has been turned into a plain dictionary
        plain = SimpleNamespace(query_params=dict(QueryParams(address)))
        assert linked_tags(cast("gr.Request", plain)) == tags


def test_a_link_opens_the_tab(folder: Path) -> None:
    tab = built(str(folder))
    seen = updates(tab.arrive(gr.Request(query_params=QueryParams("tag=chatbots"))))
    assert seen[0][tab._tabs].selected == "explore"
    assert seen[0][tab.filters.tags] == ["chatbots"]
    assert "1 article tagged" in seen[-1][tab.articles]
    without = built(str(folder))
    nothing = updates(without.arrive(gr.Request(query_params=QueryParams(""))))
    assert nothing == [{without.status: gr.skip()}]
    assert without.loader is not None
    assert without.loader.dataset is None
    assert not without.loader.busy, "nothing is read at start"
