"""What everybody must be able to use: axe-core finds nothing serious, and any script is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import open_tab

OpenPage = Callable[..., Page]
STILL = """async () => {
  const ends = (one) => one.effect?.getComputedTiming().endTime < 1e6;
  const moves = (one) => one.playState === "running" && ends(one);
  let moving;
  do {
    await new Promise((go) => setTimeout(go, 50));
    moving = document.getAnimations().filter(moves);
    await Promise.allSettled(moving.map((one) => one.finished));
  } while (moving.length);
}"""
"""Waits until nothing changes gradually any more; what turns for ever does not count."""
# What stands in a tab once it is drawn.
DRAWN = {
    "Batch": "#batch-run",
    "Inside the model": "#inside-before",
    "Explore the data": "#explore-status .tl-notice:not(.tl-busy)",
    "About": ".tl-about",
}
GRADIOS_OWN: set[str] = set()
"""Rules that the page breaks in parts that are gradio's, not ours, with the reason for each."""


def serious(page: Page) -> list[str]:
    """Returns what axe-core calls serious or critical, with the element, once the page is still."""
    page.evaluate(STILL)
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical") and one["id"] not in GRADIOS_OWN
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(1280, "dark"), (390, "light"), pytest.param(1280, "light", marks=pytest.mark.slow)],
)
def test_no_serious_violation(open_page: OpenPage, width: int, scheme: str) -> None:
    page = open_page(width=width, scheme=scheme)
    assert serious(page) == []
    page.locator("#examples").get_by_role("button").first.click()
    page.locator(".tl-chip .tl-name").first.focus()
    expect(page.locator("#tl-why")).not_to_be_empty()
    page.get_by_role("button", name="Options").click()
    assert serious(page) == []
    for name, drawn in DRAWN.items():
        open_tab(page, name)
        if name == "Inside the model":
            page.locator("#look-inside").click()
        expect(page.locator(drawn).first).to_be_visible()
        assert serious(page) == [], name


def test_the_way_from_the_title_to_the_verdict_goes_by_tab(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("#examples").get_by_role("button").first.click()
    expect(page.locator(".tl-chip").first).to_be_visible()
    page.locator("#title textarea, #title input").focus()
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "() => { const e = document.activeElement;"
                " return e.getAttribute('aria-label') || e.id || e.innerText || e.tagName; }"
            )
        )
        if seen[-1] == "bad":
            break
    order = ["Suggest tags" if word == "suggest" else word for word in seen]
    assert order.index("suggest" if "suggest" in order else "Suggest tags") < order.index("tl-add")
    assert order.index("tl-add") < order.index("good") < order.index("fixed") < order.index("bad")


@pytest.mark.parametrize(
    "text",
    [
        "البنوك تستخدم روبوتات الدردشة لخدمة العملاء.",  # right to left
        "銀行はチャットボットで顧客に対応する。機械学習が進む。",  # no blanks between words
        "👩‍👩‍👧‍👦 🏦 banking with emoji 🍞",
        "e\u0301tude caf\u00e9 \u202etxet desrever\u202c",  # combining and reordering characters
    ],
)
def test_any_script_is_tagged_and_shown(open_page: OpenPage, text: str) -> None:
    page = open_page(width=390)
    page.locator("#article textarea").fill(text)
    page.locator("#suggest").click()
    expect(page.locator("#editing")).to_be_visible()
    page.get_by_label("Add a tag").fill("خدمة العملاء")
    page.keyboard.press("Enter")
    name = page.locator(".tl-name").last
    expect(name).to_have_text("خدمة العملاء")
    assert name.evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
