"""Whatever of Gradio's own markup is styled is still there: an upgrade may rename it.

Chromium's own parser reads our style sheets, and each selector that speaks of Gradio's parts must
match something on the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tagloop.web.theme import STYLES

from .conftest import open_tab
from .test_tag_tab import choose

OpenPage = Callable[..., Page]
PARSE = """(text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  const flat = (rules) => [...rules].flatMap(
    (rule) => (rule.selectorText ? [rule.selectorText] : flat(rule.cssRules || [])));
  return flat(sheet.cssRules);
}"""
PASSING = re.compile(
    r"::?(?:before|after|hover|focus-visible|focus-within|disabled|enabled)|\.generating"
)
"""What an element is for a while."""
GRADIOS = re.compile(r"\.(?!tl-|dark\b|gradio-container\b)[a-z]|\[(?:data-testid|role)|footer")
OURS_IN_GRADIOS = {
    "style.css": re.compile(r"#tabs|\.tl-actions|\.tl-verdicts"),
    "tag.css": re.compile(r"#(?:file|examples)\b|\.tl-address|\.tl-verdicts"),
    "batch.css": re.compile(r"#batch-file"),
    "review.css": re.compile(r"\.tl-review-bar|\.tl-decide\b|#review-(?:mode|workspace)"),
}
"""Our names of Gradio's components: what stands below them is Gradio's."""
SAW_GENERATING = """() => new MutationObserver((changes) => {
  window.sawGenerating ||= changes.some((one) => one.target.matches(
    '#result [data-testid="status-tracker"].generating'));
}).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["class"] })"""


def gradios_selectors(page: Page, style: Path) -> list[list[str]]:
    """Returns the selectors of a style sheet that need Gradio's markup, by rule."""
    rules = page.evaluate(PARSE, style.read_text(encoding="utf-8"))
    ours = OURS_IN_GRADIOS.get(style.name)
    found = []
    for rule in rules:
        selectors = re.split(r",\s*(?![^(]*\))", rule)
        named = [one for one in selectors if GRADIOS.search(one) or (ours and ours.search(one))]
        if named:
            found.append([PASSING.sub("", one) for one in named])
    return found


def unmatched(page: Page, names: set[str]) -> list[str]:
    """Returns the selectors of style sheets that match nothing on the page as it is."""
    query = "(selector) => document.querySelector(selector) !== null"
    return [
        selector
        for style in STYLES
        if style.name in names
        for rule in gradios_selectors(page, style)
        for selector in rule
        if not page.evaluate(query, selector)
    ]


def test_gradios_parts_are_where_they_are_styled(open_page: OpenPage) -> None:
    page = open_page(scheme="dark")
    styles = {style.name: gradios_selectors(page, style) for style in STYLES}
    assert set(OURS_IN_GRADIOS) == {name for name, found in styles.items() if found}
    assert sum(len(rule) for found in styles.values() for rule in found) > 30
    page.evaluate(SAW_GENERATING)
    choose(page)
    open_tab(page, "Batch")
    page.locator("#batch-file input[type=file]").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"text\nBanking.\n"}
    )
    expect(page.locator("#batch-file a")).to_be_visible()
    assert unmatched(page, {"style.css", "tag.css", "batch.css"}) == []
    assert page.evaluate("window.sawGenerating")
