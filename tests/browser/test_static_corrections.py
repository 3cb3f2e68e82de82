"""Corrections from a static Space on the embedded Hub: signed in, agreed, sent, merged, learned."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from datasets import load_dataset
from huggingface_hub import CommitOperationAdd, HfApi
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tagloop.corrections.dataset import parse_row, read_records
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.review.accepted import accepted
from tagloop.corrections.review.service import ReviewService
from tagloop.files import REVIEWS
from tagloop.vocabulary.vocabulary import Vocabulary
from training.cards.repo_names import Names
from training.hub import EmbeddedHub
from training.hub.space_hosts import subdomain_of
from training.publish.static.site import LIMITS, PAGE
from training.publish.suggestions import make_suggestions
from training.retrain.suggestions.merging import merge_suggestions

FILES = ("corrections.mjs", "sign-in.mjs", "signed-in.html", "signed-in.mjs", "service-worker.mjs")
PAGE_OF_THE_TEST = """<!doctype html><html><head></head><body><section id="correct"></section>
<script type="module">
import { startCorrections } from "./corrections.mjs";
const site = await (await fetch("./site.json")).json();
let shown = null;
self.show = (next) => { shown = next; document.dispatchEvent(new CustomEvent("tags")); };
startCorrections({ section: document.getElementById("correct"), current: () => shown, site });
</script></body></html>"""
ARTICLE = {
    "title": "Bread <b>at night</b>",
    "text": "Flour, water, salt, 漢字 and time 🍞. " * 20,
    "suggested": [{"tag": "Bread", "confidence": 0.8123}, {"tag": "Night", "confidence": 0.4}],
    "tags": ["Bread", "Sourdough"],
}
COMMIT = "c0ffee" * 6 + "c0de"


@pytest.fixture(scope="module")
def names(hub: EmbeddedHub) -> Names:
    """A published static Space, as far as corrections go, and its suggestions."""
    api, names = HfApi(), Names.of(hub.user, f"blog-{uuid4().hex[:8]}")
    make_suggestions(api, names)
    api.create_repo(names.static_space, repo_type="space", space_sdk="static")
    site = {
        "model": {"repo": names.model, "revision": COMMIT},
        "suggestions": {"hub": hub.endpoint, "repo": names.suggestions},
        "page": ["./"],
        "limits": LIMITS,
    }
    files = {name: (PAGE / name).read_bytes() for name in FILES}
    files |= {"README.md": (PAGE / "card.md").read_bytes()}
    files |= {"index.html": PAGE_OF_THE_TEST.encode(), "site.json": json.dumps(site).encode()}
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit(names.static_space, operations, commit_message="The page", repo_type="space")
    return names


@pytest.fixture(scope="module")
def address(hub: EmbeddedHub, names: Names) -> str:
    return f"http://{subdomain_of(names.static_space)}.static.localhost:{hub.port}/"


Visits = Callable[[str], BrowserContext]


@pytest.fixture
def visit(hub: EmbeddedHub, browser: Browser) -> Iterator[Visits]:
    """Opens browsers of people, each with a token that his Hub asks him for."""
    opened = []

    def of(user: str) -> BrowserContext:
        token = hub.accounts.create_token(user, "write")
        context = browser.new_context(http_credentials={"username": "any", "password": token})
        context.set_default_timeout(20_000)
        opened.append(context)
        return context

    yield of
    for context in opened:
        context.close()


def show(page: Page | Frame, **changed: Any) -> None:
    """Shows an article with its tags, as the Space's page does."""
    page.wait_for_function("() => self.show")
    page.evaluate("(next) => show(next)", ARTICLE | changed)


def sign_in(context: BrowserContext, page: Page, user: str) -> Page:
    """Signs in in the tab that the link opens; returns that tab."""
    with context.expect_page() as opening:
        page.get_by_role("link", name="Sign in with Hugging Face").click()
    tab = opening.value
    tab.get_by_role("button", name=f"Allow as {user}").click()
    expect(tab.get_by_role("status")).to_contain_text("Done: go back to the tab")
    return tab


def open_requests(names: Names) -> list[Any]:
    found = HfApi().get_repo_discussions(
        names.suggestions, repo_type="dataset", discussion_status="open"
    )
    return list(found)


def test_a_visitor_sends_what_the_owner_merges_and_a_reviewer_accepts(
    names: Names, address: str, visit: Visits, tmp_path: Path
) -> None:
    """From there on to the next version it is ``tests/training/retrain/test_suggestions.py``."""
    context = visit("guest")
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#correct")).to_be_hidden()
    show(page)
    expect(page.locator(".correct-what")).to_have_text(
        "“Bread <b>at night</b>”: + Sourdough, - Night"
    )
    expect(page.get_by_role("button", name="Send as")).to_be_hidden()
    tab = sign_in(context, page, "guest")
    assert tab.url == f"{address}signed-in.html"
    tab.close()
    send, status = page.get_by_role("button", name="Send as guest"), page.get_by_role("status")
    send.click()
    expect(status).to_have_text("A correction is public: tick the box first if that is right.")
    assert not open_requests(names)
    page.get_by_role("checkbox").check()
    send.click()
    expect(status).to_contain_text("Sent, thank you")
    [request] = open_requests(names)
    assert (request.author, request.title) == ("guest", "Tags of “Bread <b>at night</b>”")
    link = page.get_by_role("link", name="your pull request")
    assert link.get_attribute("href") == request.url
    expect(send).to_be_disabled()
    kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert kept == "[{},{}]" and page.url == address
    said: list[str] = []
    assert merge_suggestions(HfApi(), names, said.append).startswith("1 suggestion of 1 person")
    assert said == [f"#{request.num} by guest: “Bread <b>at night</b>”: +Sourdough, -Night, Bread"]
    records = read_records(names.corrections)
    [found] = records.corrections.values()
    assert (found.user, found.verdict, found.model_revision) == ("guest", "fixed", COMMIT)
    assert found.text == str(ARTICLE["text"]).strip() and found.predicted[0].confidence == 0.8123
    outbox = Outbox(tmp_path / "outbox", names.corrections, card="", folder=REVIEWS)
    review = ReviewService(names.corrections, outbox, lambda: Vocabulary.from_tag_lists([]))
    assert review.refresh() == 1
    [item] = review.waiting()
    review.decide("owner", item, "accept")
    assert [one.tags for one in accepted(review.records).accepted] == [ARTICLE["tags"]]
    [row] = load_dataset(names.suggestions, split="train")
    assert row["corrected"] == ARTICLE["tags"] and row["created_at"].endswith("Z")


def test_what_fails_is_kept_and_sent_again_as_the_same(
    names: Names, address: str, visit: Visits
) -> None:
    context = visit("guest")
    page = context.new_page()
    page.goto(address)
    show(page, tags=["Bread", "Baking"])
    page.get_by_role("checkbox").check()
    sign_in(context, page, "guest")
    send, status = page.get_by_role("button", name="Send as guest"), page.get_by_role("status")
    bodies: list[str] = []
    context.on(
        "request", lambda it: bodies.append(it.post_data or "") if "/commit/" in it.url else None
    )
    answers: list[Callable[[Any], None]] = [
        lambda route: route.abort(),
        lambda route: route.fulfill(
            status=500,
            json={"error": "<i>full</i>"},
            headers={"Access-Control-Allow-Origin": "*"},
        ),
    ]
    before = len(open_requests(names))
    for answer, sentence in zip(
        answers, ("The Hub cannot be reached.", "refuses it (500: <i>full</i>)"), strict=True
    ):
        page.route("**/commit/main*", answer)
        send.click()
        expect(status).to_contain_text(sentence)
        expect(status).to_contain_text("Nothing is lost")
        page.unroute("**/commit/main*")
    send.click()
    expect(status).to_contain_text("Sent, thank you")
    assert len(open_requests(names)) == before + 1
    paths = {json.loads(body.splitlines()[1])["value"]["path"] for body in bodies if body}
    assert len(paths) == 1
    show(page, text="Another text, that nothing was agreed about.")
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    page.get_by_role("checkbox").check()
    expect(send).to_be_enabled()  # of a visitor who is still signed in
    page.route(
        "**/commit/main*",
        lambda route: route.fulfill(status=401, headers={"Access-Control-Allow-Origin": "*"}),
    )
    send.click()
    expect(status).to_contain_text("The sign-in has ended: sign in again.")
    expect(page.get_by_role("link", name="Sign in with Hugging Face")).to_be_visible()


def test_a_refused_sign_in_and_a_page_that_is_gone_are_sentences(
    names: Names, address: str, visit: Visits
) -> None:
    context = visit("guest")
    page = context.new_page()
    page.goto(address)
    show(page)
    link = page.get_by_role("link", name="Sign in with Hugging Face")
    expect(link).to_have_attribute("href", re.compile("state="))
    [state] = parse_qs(urlsplit(link.get_attribute("href") or "").query)["state"]
    tab = context.new_page()
    tab.goto(f"{address}signed-in.html?state={state}&error=access_denied&error_description=No.")
    expect(page.get_by_role("status")).to_have_text("Not signed in: No.")
    page.evaluate("() => navigator.serviceWorker.register('service-worker.mjs', {type: 'module'})")
    page.evaluate("() => navigator.serviceWorker.ready")
    tab.goto(f"{address}signed-in.html?state=another&code=stolen")
    expect(tab.get_by_role("status")).to_contain_text("is gone")
    assert tab.url == f"{address}signed-in.html"
    assert tab.evaluate("() => Boolean(navigator.serviceWorker.controller)")
    kept = tab.evaluate(
        "async () => (await (await caches.open('tagloop-page')).keys()).map((one) => one.url)"
    )
    assert kept and not [url for url in kept if "stolen" in url], "a code is a secret"
    expect(link).to_be_visible()
    sign_in(context, page, "guest")
    expect(page.get_by_role("status")).to_have_text("Signed in as guest.")


def test_who_does_not_sign_in_gets_a_file_and_a_discussion(
    address: str, names: Names, visit: Visits, tmp_path: Path
) -> None:
    page = visit("guest").new_page()
    page.goto(address)
    show(page, text="x" * 50_001)
    page.get_by_text("Without signing in").click()
    page.get_by_role("button", name="Save as a file").click()
    expect(page.get_by_role("status")).to_contain_text("has 50,001 characters")
    show(page, text="🍞\ud83d" * 20_000, tags=["Bread", "Night"])
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    download.value.save_as(tmp_path / "row.jsonl")
    row = json.loads((tmp_path / "row.jsonl").read_text(encoding="utf-8"))
    assert download.value.suggested_filename == f"correction-{row['id']}.jsonl"
    correction: Any = parse_row("data", row)
    assert (correction.verdict, correction.text[:2]) == ("good", "🍞\ufffd")
    href = page.get_by_role("link", name="Open a discussion").get_attribute("href") or ""
    assert href.startswith(
        f"{HfApi().endpoint}/datasets/{names.suggestions}/discussions/new?title="
    )
    assert len(href) <= 6000


def test_in_a_frame_it_goes_on_in_a_tab_of_its_own(
    address: str, visit: Visits, other_site: str
) -> None:
    context = visit("guest")
    outer = context.new_page()
    outer.goto(other_site)
    outer.evaluate(
        "(src) => document.body.append(Object.assign(document.createElement('iframe'), {src}))",
        address,
    )
    frame = outer.frame_locator("iframe")
    frame.locator("#correct").wait_for(state="attached")
    show(outer.frames[1])
    with context.expect_page() as opening:
        frame.get_by_role("link", name="Sign in with Hugging Face").click()
    page = opening.value
    expect(page.locator(".correct-what")).to_contain_text("Bread <b>at night</b>")
    assert page.url == address
    sign_in(context, page, "guest")
    expect(page.get_by_role("button", name="Send as guest")).to_be_enabled()
