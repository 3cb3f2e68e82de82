"""The Tag tab in each language, on a phone: all of its words, and none of them cut off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tagloop.web.languages.words import LANGUAGES, words_in

OpenPage = Callable[..., Page]
BROWSERS = {
    "en": "en-US,en",
    "de": "de-AT,de",
    "fr": "fr-FR,fr",
    "es": "es-MX,es",
    "zh": "zh-CN,zh",
}
# Texts that are wider or higher than their element, and hints that are longer than their field.
CUT_OFF = """() => {
  const seen = (one) => one.checkVisibility() && one.getBoundingClientRect().width > 1;
  const own = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const clipped = [...document.querySelectorAll("main *")].filter((one) => {
    if (!seen(one) || !own(one) || one.matches("textarea, .tl-unseen, .tl-unseen *")) return false;
    if (getComputedStyle(one).display === "inline") return false;
    return one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 4;
  });
  const pen = document.createElement("canvas").getContext("2d");
  const hints = [...document.querySelectorAll("input, textarea")].filter((one) => {
    if (!seen(one) || !one.placeholder || one.rows > 1) return false;
    const style = getComputedStyle(one);
    pen.font = style.font;
    const room = one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return pen.measureText(one.placeholder).width > room;
  });
  return [...clipped.map((one) => one.textContent), ...hints.map((one) => one.placeholder)];
}"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tag_tab_has_its_words(open_page: OpenPage, language: str) -> None:
    page, words = open_page(width=390, languages=BROWSERS[language]), words_in(language)
    assert page.evaluate("document.documentElement.lang").startswith(language)
    expect(page.locator(".tl-header")).to_contain_text(words("page.what"))
    tabs = ["tag", "batch", "inside", "explore", "about"]
    expect(page.get_by_role("tab")).to_have_text([words(f"page.tab_{tab}") for tab in tabs])
    for name in ("page.title", "page.article", "tag.address"):
        expect(page.get_by_label(words(name), exact=True).first).to_be_visible()
    for name in ("tag.suggest", "tag.clear", "tag.read"):
        expect(page.get_by_role("button", name=words(name), exact=True)).to_be_visible()
    expect(page.locator("#result")).to_have_text(words("tag.empty"))
    page.locator("#suggest").click()  # of nothing
    expect(page.locator("#hint")).to_have_text(words("error.no_text"))
    page.locator("#examples").get_by_role("button").first.click()
    expect(page.locator(".tl-legend")).to_contain_text(words("tag.inferred"))  # by the server
    expect(page.get_by_label(words("chips.add_tag"))).to_be_visible()  # by the browser
    removing = words("chips.remove_tag", tag="Banking")
    expect(page.get_by_role("button", name=removing)).to_be_visible()
    expect(page.locator("#consent")).to_have_text(words("flag.consent"))
    page.get_by_role("button", name=words("page.options")).click()
    expect(page.get_by_label(words("tag.whole"))).to_be_visible()
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.get_by_role("tab", name=words("page.tab_batch")).click()
    expect(page.locator("#batch-run")).to_have_text(words("batch.run"))
    assert page.evaluate(CUT_OFF) == []
    page.get_by_role("tab", name=words("page.tab_about")).click()
    expect(page.locator(".tl-about")).to_contain_text(words("about.runs"))
