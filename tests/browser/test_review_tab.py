"""The Review tab: a real Space, its corrections on the embedded Hub, and a reviewer at the keys."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from gradio_client import Client
from huggingface_hub import HfApi
from playwright.sync_api import Browser, Page, expect

from tagloop.corrections.dataset import read_records
from tagloop.corrections.record import Correction
from tagloop.corrections.review.accepted import Decided, accepted

from ..space.corrections.review.review_rows import correction, write_rows
from .conftest import RunningSpace, SpaceStarter
from .test_accessibility import serious
from .test_selectors import unmatched

OpenPage = Callable[..., Page]
SECRET = "correct horse battery staple"
PRIVATE = "quokka"  # stands in every text: whoever sees it sees a correction
LONG = " ".join(f"{PRIVATE} word{n}" for n in range(900))


def rows() -> list[Correction]:
    """Articles with one answer, with several, with much agreement, and with something wrong."""
    single = [
        correction(n, title=f"Single {n}", text=f"{PRIVATE} single {n} about chatbots.")
        for n in range(4)
    ]
    split = [
        correction(
            20 + n,
            title="Split",
            text=f"{LONG} about chatbots",
            visitor=f"v{n}",
            corrected=["Banking", "Chatbots"] if n else ["Banking"],
        )
        for n in range(4)
    ]
    agreed = [
        correction(
            40 + n,
            title=f"Agreed {n % 2}",
            text=f"{PRIVATE} agreed {n % 2}: chatbots.",
            visitor=f"v{n}",
        )
        for n in range(6)
    ]
    bad = correction(
        60,
        title="Rude <b>title</b> ${x}",
        text=f"{PRIVATE} rude.",
        corrected=["Banking", "Casino"],
        note="see https://example.org",
        user="spam",
    )
    return [*single, *split, *agreed, bad]


@pytest.fixture(scope="module")
def space(start_space: SpaceStarter, hub: object) -> RunningSpace:
    """A Space with a reviewers' secret, whose corrections are `rows`."""
    running = start_space("review-corrections", TAGLOOP_REVIEW_SECRET=SECRET)
    running.api.create_repo(running.corrections_repo, repo_type="dataset", private=True)
    put(running.api, running.corrections_repo, rows())
    return running


def put(api: HfApi, repo_id: str, corrections: list[Correction]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_rows(Path(folder), "data", [row.to_json() for row in corrections])
        api.upload_folder(repo_id=repo_id, folder_path=folder, repo_type="dataset")


@pytest.fixture(scope="module")
def reviewing(browser: Browser, space: RunningSpace) -> Iterator[Page]:
    """One reviewer's page; the tests of the way through the queue follow each other on it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{space.url}?review")
    yield page
    context.close()
    assert wrong == []


def stored(space: RunningSpace, enough: Callable[[Decided], bool]) -> Decided:
    """What is in the dataset once enough has come."""
    deadline = time.monotonic() + 20
    while True:
        with tempfile.TemporaryDirectory() as cache:
            records = read_records(space.corrections_repo, None, space.hub.token, Path(cache))
        decided = accepted(records)
        if enough(decided) or time.monotonic() > deadline:
            return decided
        time.sleep(0.3)


def count(page: Page, number: int) -> None:
    expect(page.locator("#review-count")).to_have_text(f"{number} to review")


def title(page: Page) -> str:
    return page.locator("#review-item h2").inner_text()


def test_a_visitor_sees_no_tab_and_no_data(
    open_page: Callable[..., Page], space: RunningSpace
) -> None:
    page = open_page()
    expect(page.get_by_role("tab", name="Tag an article")).to_be_visible()
    expect(page.get_by_role("tab", name="Review")).to_have_count(0)
    config = httpx2.get(f"{space.url}/config").text
    assert PRIVATE not in config and SECRET not in config
    assert PRIVATE not in page.content()


def test_a_wrong_secret_opens_nothing(reviewing: Page) -> None:
    page = reviewing
    expect(page.locator("#review-secret input")).to_be_visible()
    page.locator("#review-secret input").fill("wrong horse")
    page.locator("#review-enter").click()
    expect(page.locator("#review-status")).to_contain_text("not the reviewers' secret")
    expect(page.locator("#review-secret input")).to_have_value("")
    assert PRIVATE not in page.content()


def test_the_secret_opens_the_queue_and_stays_on_the_server(reviewing: Page) -> None:
    page = reviewing
    page.locator("#review-name input").fill("Rita")
    page.locator("#review-secret input").fill(SECRET)
    page.locator("#review-secret input").press("Enter")
    count(page, 8)
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")
    assert SECRET not in kept and SECRET not in page.content()
    expect(page.locator("#review-secret input")).to_be_hidden()
    assert serious(page) == []
    assert unmatched(page, {"review.css"}) == []


def test_a_difference_is_told_in_words_and_signs_not_by_colour_alone(reviewing: Page) -> None:
    page = reviewing
    page.locator("#review-list").get_by_role("button", name="Rude").click()
    expect(page.locator("#review-item h2")).to_have_text("Rude <b>title</b> ${x}")
    expect(page.locator("#review-item .tl-marks")).to_contain_text("There is a link in the note.")
    difference = page.locator("#review-item .tl-diff")
    expect(difference.locator(".tl-added")).to_have_text("+ Casino")
    expect(difference.locator(".tl-removed")).to_have_text(re.compile("\u2212 Java 40 %"))
    expect(difference.locator(".tl-kept")).to_have_text(re.compile("= Banking 90 %"))
    expect(page.locator("#review-item .tl-senders")).to_contain_text("spam fixed the tags")


def test_keys_decide_and_undo_and_leave_fields_alone(reviewing: Page, space: RunningSpace) -> None:
    page = reviewing
    page.keyboard.press("r")
    count(page, 7)
    page.locator("#review-note textarea").fill("area")  # no decisions
    page.locator("#review-item h2").click()
    expect(page.locator("#review-note textarea")).to_have_value("area")
    count(page, 7)
    page.keyboard.press("u")
    count(page, 8)
    expect(page.locator("#review-item h2")).to_have_text(re.compile("Rude"))
    page.keyboard.press("r")
    count(page, 7)
    page.get_by_label("Oldest first").check()
    expect(page.locator("#review-item h2")).to_have_text("Single 0")
    page.keyboard.press("a")
    expect(page.locator("#review-item h2")).to_have_text("Single 1")
    page.keyboard.press("s")
    expect(page.locator("#review-item h2")).to_have_text("Single 2")
    page.keyboard.press("e")
    adding = page.locator("#review-editor").get_by_label("Add a tag")
    adding.fill("Bank")
    suggested = page.locator("#tl-review-vocabulary option")
    expect(suggested.first).to_have_attribute("value", "Banking")
    adding.fill("Quokkas are rare")  # its letters are no keys
    adding.press("Enter")
    page.locator("#review-editor").get_by_role("button", name="Remove Banking").click()
    page.locator("#review-save").click()
    count(page, 5)
    expect(page.locator("#review-sent")).to_contain_text("All decisions are in the dataset.")
    decided = stored(space, lambda one: len(one.accepted) == 2)
    assert [(one.correction.title, one.tags) for one in decided.accepted] == [
        ("Single 0", ["Banking", "Chatbots"]),
        ("Single 2", ["Chatbots", "Quokkas are rare"]),
    ]
    assert decided.count("rejected") == 1


def test_one_of_several_answers_is_accepted(reviewing: Page, space: RunningSpace) -> None:
    page = reviewing
    page.locator("#review-list").get_by_role("button", name="Split").click()
    answers = page.locator("#review-item .tl-answers button")
    expect(answers).to_have_text(["3 of 4 say Banking, Chatbots", "1 of 4 say Banking"])
    expect(page.locator("#review-item .tl-rest .tl-text")).to_be_hidden()  # long: folded
    answers.nth(1).click()
    expect(answers.nth(1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("a")
    count(page, 4)
    decided = stored(space, lambda one: one.count("rejected") == 4)
    assert [one.tags for one in decided.accepted if one.correction.title == "Split"] == [
        ["Banking"]
    ]


def test_bulk_asks_with_a_count_and_any_listed_decision_is_undone(
    reviewing: Page, space: RunningSpace
) -> None:
    page = reviewing
    page.get_by_role("button", name="Accept what people agree on").click()
    page.locator("#review-find").click()
    expect(page.locator("#review-found")).to_contain_text("2 articles where at least 3 people")
    count(page, 4)
    page.locator("#review-confirm").click()
    count(page, 2)
    page.get_by_label("Decided").check()
    first = page.locator("#review-list .tl-decided li").filter(has_text="Agreed 1")
    expect(first).to_contain_text("Accepted by Rita (secret)")
    first.get_by_role("button", name="Undo").click()
    count(page, 3)
    decided = stored(space, lambda one: len(one.accepted) == 4)
    assert decided.states and len(decided.accepted) == 4
    page.get_by_label("To review").check()
    assert serious(page) == []


def test_nothing_serious_is_wrong_in_the_dark_or_on_a_phone(
    browser: Browser, space: RunningSpace
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 844}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{space.url}?review")
    page.locator("#review-secret input").fill(SECRET)
    page.locator("#review-enter").click()
    expect(page.locator("#review-item h2")).to_be_visible()
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    context.close()


def test_refresh_brings_what_is_new(reviewing: Page, space: RunningSpace) -> None:
    put(space.api, space.corrections_repo, [correction(90, title="Fresh", text=f"{PRIVATE} fresh")])
    reviewing.locator("#review-refresh").click()
    count(reviewing, 4)
    expect(reviewing.locator("#review-status")).to_contain_text("1 new correction.")


def test_no_event_gives_a_stranger_anything(reviewing: Page, space: RunningSpace) -> None:
    config = httpx2.get(f"{space.url}/config").json()
    names = {part["id"]: part["props"].get("elem_id") or "" for part in config["components"]}
    events = []
    for event in config["dependencies"]:
        touched = [names.get(part, "") for part in [*event["inputs"], *event["outputs"]]]
        if any(name.startswith("review") for name in touched) and event["backend_fn"]:
            events.append(event)

    def ask(event: dict[str, Any]) -> str:
        session = f"stranger{event['id']}"
        body = {
            "fn_index": event["id"],
            "session_hash": session,
            "data": ["x" if names.get(part) else None for part in event["inputs"]],
            "event_data": {"value": "1"},
        }
        joined = httpx2.post(f"{space.url}/gradio_api/queue/join", json=body)
        assert joined.status_code == 200, joined.text
        address = f"{space.url}/gradio_api/queue/data?session_hash={session}"
        return httpx2.get(address, timeout=20).text

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, events))
    assert len(answers) > 15
    for told in answers:
        assert "process_completed" in told
        assert PRIVATE not in told and "to review" not in told
    info = httpx2.get(f"{space.url}/gradio_api/info").json()
    assert set(info["named_endpoints"]) == {"/tag", "/tag_batch", "/correct"}
    with pytest.raises(ValueError, match=r"(?i)cannot find|no such|not"):
        Client(space.url, verbose=False).predict(None, api_name="/open")
    assert PRIVATE not in json.dumps(info)
    reviewing.locator("#review-leave").click()
    expect(reviewing.locator("#review-secret input")).to_be_visible()
    assert PRIVATE not in reviewing.content()


def test_nothing_secret_is_in_the_log(space: RunningSpace) -> None:
    log = (space.folder.parent / "log.txt").read_text()
    assert SECRET not in log and PRIVATE not in log
