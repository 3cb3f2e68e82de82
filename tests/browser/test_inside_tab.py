"""The tab "Inside the model": six pictures of the visitor's own article, on desk and phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from transformers import AutoTokenizer

from .conftest import RunningSpace, open_tab
from .test_accessibility import STILL

OpenPage = Callable[..., Page]
PICTURES = ["tokens", "parts", "linear", "looks", "writing", "before"]
HOSTILE = '<img src=x onerror="document.title=1"> ${1+1}'


def look(page: Page) -> None:
    """Opens the tab and look at the example that stands in it."""
    open_tab(page, "Inside the model")
    page.locator("#look-inside").click()
    expect(page.locator("#inside-before")).to_be_visible()


def shades(page: Page) -> list[str]:
    colours: list[str] = page.locator(".tl-in-article span").evaluate_all(
        "spans => spans.map(span => getComputedStyle(span).backgroundColor)"
    )
    return colours


def texts(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_six_pictures_each_with_its_sentence(open_page: OpenPage, width: int, scheme: str) -> None:
    page = open_page(width, scheme=scheme)
    look(page)
    for name in PICTURES:
        picture = page.locator(f"#inside-{name}")
        expect(picture).to_be_visible()
        assert picture.locator("figcaption").inner_text().count(".") == 1
    box: dict[str, Any] = page.evaluate(
        "({wide: document.documentElement.scrollWidth, seen: window.innerWidth})"
    )
    assert box["wide"] <= box["seen"]
    page.evaluate(STILL)
    bars = page.locator("#inside-parts .tl-in-length b").evaluate_all(
        "bars => bars.map(bar => bar.getBoundingClientRect().width)"
    )
    assert max(bars) > 5 * min(bars) > 0


def test_the_ids_are_the_tokenizers(open_page: OpenPage, space: RunningSpace) -> None:
    page = open_page()
    look(page)
    title = page.locator("#inside-title input, #inside-title textarea").input_value()
    text = page.locator("#inside-text textarea").input_value()
    expected = AutoTokenizer.from_pretrained(space.model_repo)(f"{title}\n{text}").input_ids
    shown = [int(id) for id in texts(page, ".tl-in-rows .tl-in-id")]
    assert len(shown) >= 12 and shown == expected[: len(shown)]
    cells = page.locator(".tl-in-rows svg path").count()
    assert cells > len(shown)  # a heat map, not empty rows


def test_a_chosen_tag_shades_other_words(open_page: OpenPage) -> None:
    page = open_page()
    look(page)
    choices = page.locator("#inside-looks").get_by_role("radio")
    assert choices.count() >= 2
    expect(choices.first).to_be_checked()
    first, said = shades(page), page.locator(".tl-in-said:visible").inner_text()
    choices.first.focus()
    page.keyboard.press("ArrowRight")  # with the keyboard alone, and without the server
    expect(choices.nth(1)).to_be_checked()
    expect(page.locator(".tl-in-said:visible")).to_have_count(1)
    page.evaluate(STILL)
    assert shades(page) != first
    assert said.startswith("Most on ")


def test_the_writing_spells_the_tags(open_page: OpenPage) -> None:
    page = open_page()
    look(page)
    pieces = texts(page, ".tl-in-writing .tl-in-piece > span:first-child")
    assert " ".join(pieces) == "chatbots banking customer service conversational ai"
    assert texts(page, ".tl-in-writing .tl-in-end > span:first-child") == ["end"]
    tags = set(texts(page, "#inside-looks label"))
    assert tags == {"Chatbots", "Banking", "Customer Service", "Conversational AI"}
    chosen = texts(page, ".tl-in-writing .tl-in-piece .tl-in-count")
    assert all(share.endswith("%") for share in chosen) and len(chosen) == len(pieces)


def test_what_a_visitor_types_stays_text(open_page: OpenPage) -> None:
    page = open_page()
    look(page)
    title = page.locator("#inside-title input, #inside-title textarea")
    title.fill(HOSTILE)
    page.locator("#look-inside").click()
    expect(page.locator(".tl-in-article")).to_contain_text(HOSTILE)
    assert page.locator("#inside-pictures img").count() == 0
    assert page.title() == "Tagloop"


def test_without_an_article_there_is_a_hint(open_page: OpenPage) -> None:
    page = open_page()
    open_tab(page, "Inside the model")
    page.locator("#inside-text textarea").fill("")
    page.locator("#look-inside").click()
    expect(page.locator("#inside-pictures")).to_contain_text("Paste the text of an article first")
    expect(page.locator("#inside-pictures figure")).to_have_count(0)
