"""An article that is shared by a link: nothing is stored, and whatever a link holds is harmless."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx2
from playwright.sync_api import Page, expect

from .conftest import RunningSpace
from .test_tag_tab import add_tag, chip, choose, edited_tags, expect_tags

OpenPage = Callable[..., Page]
HOSTILE = "<img src=x onerror=window.hacked=1>${alert(1)}{{x}} 🍞"


def packed(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    packer = zlib.compressobj(wbits=-15)
    letters = base64.urlsafe_b64encode(packer.compress(raw) + packer.flush()).decode()
    return letters.rstrip("=")


def follow(page: Page, fragment: str) -> None:
    page.evaluate("(fragment) => (location.hash = `article=${fragment}`)", fragment)


def test_a_link_carries_the_article_with_its_tags(open_page: OpenPage, space: RunningSpace) -> None:
    page = open_page()
    choose(page)
    text = page.locator("#article textarea").input_value()
    chip(page, "Chatbots").get_by_role("button", name="Remove Chatbots").click()
    add_tag(page, "Fintech")
    tags = edited_tags(page)
    before = sorted(path for path in space.temporary.rglob("*") if path.is_file())
    page.get_by_role("button", name="Copy a link to this article").click()
    expect(page.locator("#link-copied")).to_contain_text("nothing is stored")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{space.url.rstrip('/')}/#article=") and not urlsplit(link).query
    asked: list[str] = []
    other = page.context.new_page()
    other.on("request", lambda request: asked.append(request.url))
    other.goto(link)
    expect(other.locator("#title textarea, #title input")).to_have_value(
        "The bank that answers at midnight"
    )
    expect(other.locator("#article textarea")).to_have_value(text)
    expect_tags(other, tags)
    expect(other.locator("#hint")).to_contain_text("From a link")
    expect(chip(other, "Fintech")).to_contain_text("linked")
    chip(other, "Fintech").hover()
    expect(other.locator("#tl-why")).to_have_text("From the link.")
    expect(chip(other, "Banking")).to_contain_text("%")
    assert not any("article=" in url for url in asked)
    assert sorted(path for path in space.temporary.rglob("*") if path.is_file()) == before
    other.close()


def test_whatever_a_link_holds_is_text_or_a_sentence(open_page: OpenPage) -> None:
    page = open_page()
    broken: list[str] = [
        "",
        "%%%",
        "!!",
        packed({"title": "A", "text": "Banking.", "tags": []})[:-8],
        packed(b"\xff\xfe"),
        packed([]),
        packed({"title": 1, "text": "Banking."}),
        packed({"title": "A", "text": "Banking.", "tags": [1]}),
        packed({"title": "A", "text": "Banking.", "tags": ["x"] * 31}),
        packed({"title": "A", "text": "Banking.", "tags": ["x" * 200]}),
        packed({"title": "x" * 1_000, "text": "Banking."}),
        packed(b" " * 5_000_000),  # of 5 kB
    ]
    problem = page.locator("#hint .tl-problem")
    for fragment in broken:
        follow(page, fragment)
        expect(problem).to_contain_text("This link carries no article that can be read")
        page.locator("#clear").click()
        expect(problem).to_have_count(0)
    follow(page, packed({"title": HOSTILE, "text": f"Banking. {HOSTILE}", "tags": [HOSTILE]}))
    expect(page.locator("#title textarea, #title input")).to_have_value(HOSTILE)
    expect(page.locator(".tl-name")).to_have_text([HOSTILE])
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img[src=x]").count() == 0
    follow(page, packed({"title": "", "text": "A customer asks the bank."}))  # without tags
    expect(page.locator("#article textarea")).to_have_value("A customer asks the bank.")
    expect(page.locator(".tl-chip").filter(has_text="%").first).to_be_visible()


def test_gradios_own_deep_links_are_not_served(space: RunningSpace) -> None:
    answer = httpx2.get(f"{space.url.rstrip('/')}/gradio_api/deep_link?session_hash=x")
    assert answer.status_code == 404  # each would be a file that nothing deletes
