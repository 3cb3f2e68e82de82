"""The static Space in a real browser: the tags of Python's own tagger, on the same graphs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tagloop.service.examples import load_examples
from tagloop.tagger.tagger import Tagger
from tagloop.web.settings import SPACE_FOLDER
from training.bench.browser.chromium import ask
from training.bench.browser.server import StaticServer

ARTICLES = [(example.title, example.text) for example in load_examples(SPACE_FOLDER / "examples")]
HOSTILE = "Ünïcode İstanbul 漢字 [SEP] don't ﬁx \u200b " * 3


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(context: BrowserContext, static_site: StaticServer) -> Page:
    """The page on a first visit, when its tagger is ready."""
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    opened.goto(static_site.url)
    opened.evaluate("() => tagger.ready")
    return opened


def as_python(tagger: Tagger, title: str, text: str, **options: Any) -> list[dict[str, Any]]:
    return [tag.to_json() for tag in tagger.tag(text, title, **options)]


def assert_same(browser: list[dict[str, Any]], python: list[dict[str, Any]]) -> None:
    # Two builds of a runtime add in different orders; the rest is the same code.
    pairs = [
        (ours | {"confidence": 0}, theirs | {"confidence": 0})
        for ours, theirs in zip(browser, python, strict=True)
    ]
    assert [ours for ours, _ in pairs] == [theirs for _, theirs in pairs]
    assert [it["confidence"] for it in browser] == pytest.approx(
        [it["confidence"] for it in python], abs=2e-4
    )


@pytest.mark.parametrize("article", [*ARTICLES[:2], ("", HOSTILE), ("A title alone", "")])
def test_the_tags_and_their_evidence_are_python_s(
    page: Page, static_tagger: Tagger, article: tuple[str, str]
) -> None:
    found = ask(page, *article, evidence=True)["tags"]
    assert found
    assert_same(found, as_python(static_tagger, *article, evidence=True))


def test_a_list_of_allowed_tags_is_kept_to(page: Page, static_tagger: Tagger) -> None:
    wanted: dict[str, Any] = {
        "allowed_tags": ["Banking", "Travel", "Quantum Gravity"],
        "min_tags": 3,
    }
    found = ask(page, *ARTICLES[0], **wanted)["tags"]
    assert len(found) == 3
    assert_same(found, as_python(static_tagger, *ARTICLES[0], **wanted))


def test_a_long_article_is_read_in_windows(page: Page, static_tagger: Tagger) -> None:
    title, text = "All of them", "\n\n".join(text for _, text in ARTICLES[:4])
    found = ask(page, title, text, max_windows=3, evidence=True)["tags"]
    assert_same(found, as_python(static_tagger, title, text, max_windows=3, evidence=True))


def test_the_evidence_of_any_tag_can_be_asked_for(page: Page, static_tagger: Tagger) -> None:
    title, text = ARTICLES[0]
    found = ask(page, title, text, type="explain", tags=["Chatbots", "Opera"])["evidence"]
    assert found == [
        one.to_json() for one in static_tagger.explain(title, text, ["Chatbots", "Opera"])
    ]


def test_what_cannot_be_done_is_said_in_a_sentence(page: Page) -> None:
    said = page.evaluate(
        "() => tagger.ask({type: 'tag', title: '', text: 'x', allowed_tags: ['?']})"
        ".catch((error) => error.message)"
    )
    assert said == "allowed_tags holds no tag: give at least one with a letter or digit."
    said = page.evaluate("() => tagger.ask({type: 'unknown'}).catch((error) => error.message)")
    assert said == "This could not be done (KeyError)."
    assert ask(page, *ARTICLES[0])["tags"]  # and the next article is tagged


def test_the_page_tags_what_is_typed(page: Page, static_tagger: Tagger) -> None:
    title, text = ARTICLES[1]
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Article", exact=True).fill(text)
    page.get_by_role("button", name="Suggest tags").click()
    tags = static_tagger.tag(text, title)
    chips = page.get_by_role("list", name="Tags").locator("li")
    expect(chips.locator(".tl-name")).to_have_text([tag.tag for tag in tags])
    shown = [int(text.split()[0]) for text in chips.locator(".tl-percent").all_inner_texts()]
    assert shown == pytest.approx([100 * tag.confidence for tag in tags], abs=0.6)


def test_a_second_visit_needs_no_network(
    page: Page, context: BrowserContext, static_site: StaticServer, static_hub: StaticServer
) -> None:
    first = ask(page, *ARTICLES[0])["tags"]
    page.evaluate("() => navigator.serviceWorker.ready")
    page.wait_for_function("async () => (await caches.keys()).includes('tagloop-page')")
    page.wait_for_function(
        "async () => (await (await caches.open('tagloop-page')).keys()).length > 5"
    )
    static_hub.sent.clear()
    static_site.sent.clear()
    context.set_offline(True)
    try:
        again = context.new_page()
        again.goto(static_site.url)
        again.evaluate("() => tagger.ready")
        assert ask(again, *ARTICLES[0])["tags"] == first
        again.close()
    finally:
        context.set_offline(False)
    # Whether there is a newer service worker is asked past it, and may fail.
    assert not static_hub.sent and set(static_site.sent) <= {"/service-worker.mjs"}


def test_the_tied_embeddings_come_once_and_nothing_from_elsewhere(
    browser: Browser, static_site: StaticServer, static_hub: StaticServer
) -> None:
    parts = {
        part["name"]: part
        for part in json.loads((static_site.folder / "site.json").read_text())["parts"]
    }
    asked = []
    static_hub.sent.clear()
    with browser.new_context() as first:
        page = first.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(static_site.url)
        page.evaluate("() => tagger.ready")
    decoder = parts["decoder"]
    assert static_hub.sent[f"/{decoder['url']}"] == decoder["wire"] < decoder["size"]
    assert not [
        url for url in asked if not url.startswith((static_site.url, static_hub.url, "blob:"))
    ]


def test_an_old_browser_gets_a_sentence_and_the_stored_answers(
    browser: Browser, static_site: StaticServer
) -> None:
    with browser.new_context(service_workers="block") as old:
        page = old.new_page()
        page.add_init_script("delete globalThis.DecompressionStream")
        page.goto(static_site.url)
        expect(page.get_by_role("status")).to_contain_text("This browser is too old")
        expect(page.get_by_role("button", name="Suggest tags")).to_be_disabled()
        expect(page.get_by_label("Or drop a file here")).to_be_hidden()
        assert_stored_answers(page)


def assert_stored_answers(page: Page) -> None:
    """The examples have their tags, and what speaks for them, without a tagger."""
    page.get_by_role("button", name=ARTICLES[0][0]).click()
    expect(page.get_by_role("list", name="Tags").locator("li").first).to_be_visible()
    page.locator(".tl-present .tl-name").first.focus()
    expect(page.locator(".tl-over mark").first).to_be_attached()
    expect(page.locator("#tl-why")).to_contain_text("Named")


def test_the_page_is_alive_while_the_tagger_loads(
    browser: Browser, static_site: StaticServer
) -> None:
    with browser.new_context(service_workers="block") as slow:
        page = slow.new_page()
        page.route("**/worker.mjs", lambda route: None)  # never comes
        page.goto(static_site.url)
        assert_stored_answers(page)
        expect(page.locator("#hint")).to_contain_text("These tags were stored with the page")
        page.get_by_label("Title", exact=True).fill("My own")
        page.get_by_role("button", name="Suggest tags").click()
        expect(page.locator("#result")).to_contain_text("begins as soon as it is here")


def test_a_tagger_that_cannot_start_is_said(browser: Browser, static_site: StaticServer) -> None:
    with browser.new_context(service_workers="block") as broken:
        page = broken.new_page()
        page.route("**/ort/*", lambda route: route.abort())
        page.goto(static_site.url)
        expect(page.get_by_role("status")).to_contain_text("The tagger could not be started here")
        assert_stored_answers(page)
