"""The static Space's page, by mouse, keyboard and screen reader: one page for all tests."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tagloop.service.examples import load_examples
from tagloop.tagger.tagger import Tagger
from tagloop.web.settings import SPACE_FOLDER
from training.bench.browser.server import StaticServer

from .test_accessibility import serious

TITLE, TEXT = next(
    (example.title, example.text) for example in load_examples(SPACE_FOLDER / "examples")
)
MARKDOWN = """---
title: "Ferries: a short history"
tags: [Travel, "Sea, and land"]
---

# Ferries: a short history

The first [ferry](https://ferry.example) crossed {{< figure src="a.png" >}} at *dawn*.

- ropes
- timber

```
code  stays
```
"""
PAGE = f"""<!doctype html><html><head><title>Bread at home | The Oven</title></head><body>
<nav><ul><li><a href="/">Start</a></li><li><a href="/all">All recipes</a></li></ul></nav>
<article><h1>Bread at home</h1>{
    "".join(
        f"<p>Dough number {n} rests overnight, and it is baked, "
        f"in the morning, until the crust sings and everybody wakes up.</p>"
        for n in range(8)
    )
}
<script>document.title = "no"</script></article>
<footer>Subscribe to our letter</footer></body></html>"""
LIMIT = 5_000_000
REFUSED = "Executing inline script violates the following Content Security Policy directive"
"""What the test of that policy brings about."""


@pytest.fixture(scope="module")
def opened(browser: Browser, static_site: StaticServer, static_hub: StaticServer) -> Iterator[Page]:
    """The page; an error on the console, or anything fetched from elsewhere, fails the tests."""
    wrong: list[str] = []
    ours = (static_site.url, static_hub.url, "blob:")
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
    page.on("request", lambda it: None if it.url.startswith(ours) else wrong.append(it.url))
    page.goto(static_site.url)
    expect(page.locator("#state")).to_have_text("Ready. It also works offline.", timeout=120_000)
    yield page
    context.close()
    assert [one for one in wrong if REFUSED not in one] == []


@pytest.fixture
def page(opened: Page) -> Page:
    """The page, without an article."""
    opened.get_by_role("button", name="Clear").click()
    opened.locator("#options").evaluate("(it) => (it.open = false)")
    for name in ("allowed", "preferred", "most", "least"):
        opened.locator(f"#{name}").evaluate("(it) => (it.value = '')")
    return opened


def tag(page: Page, title: str = TITLE, text: str = TEXT) -> None:
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Article", exact=True).fill(text)
    page.get_by_role("button", name="Suggest tags").click()
    expect(page.locator("#result .tl-busy")).to_have_count(0)
    expect(page.locator(".tl-chip").first).to_be_visible()


def chips(page: Page) -> list[str]:
    return page.locator(".tl-chip .tl-name").all_inner_texts()


def current(page: Page) -> Any:
    return page.evaluate("async () => (await import('./page.mjs')).current()")


def file(name: str, content: str | bytes) -> FilePayload:
    raw = content.encode() if isinstance(content, str) else content
    return {"name": name, "mimeType": "", "buffer": raw}


def drop(page: Page, place: str, name: str, content: str) -> None:
    page.evaluate(
        """([place, name, content]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([content], name));
          const options = { dataTransfer, bubbles: true, cancelable: true };
          document.querySelector(place).dispatchEvent(new DragEvent("drop", options));
        }""",
        [place, name, content],
    )


def test_a_dropped_markdown_file_is_read_and_tagged(page: Page, static_tagger: Tagger) -> None:
    drop(page, "#text", "ferry.md", MARKDOWN)  # beside the place for it, which must not matter
    expect(page.locator("#hint")).to_have_text("Its own tags: Travel, Sea, and land.")
    text = "The first ferry crossed at dawn.\n\nropes\ntimber\n\ncode  stays"
    expect(page.get_by_label("Title", exact=True)).to_have_value("Ferries: a short history")
    expect(page.get_by_label("Article", exact=True)).to_have_value(text)
    expected = [tag.tag for tag in static_tagger.tag(text, "Ferries: a short history")]
    expect(page.locator(".tl-chip .tl-name")).to_have_text(expected)


@pytest.mark.parametrize(
    ("name", "content", "title", "begins"),
    [
        ("bread.html", PAGE, "Bread at home", "Dough number 0 rests overnight"),
        ("note.txt", "Sour dough\n\nFeed it.\nTwice a day.", "Sour dough", "Feed it.\nTwice"),
        ("latin.txt", "Über Käse\n\nEin Stück.".encode("cp1252"), "Über Käse", "Ein Stück."),
        ("post.html", "---\ntitle: Kept\n---\n<p>One</p><p>Two</p>", "Kept", "One\n\nTwo"),
    ],
)
def test_a_chosen_file_is_read(
    page: Page, name: str, content: str | bytes, title: str, begins: str
) -> None:
    page.get_by_label("Or drop a file here").set_input_files([file(name, content)])
    expect(page.get_by_label("Title", exact=True)).to_have_value(title)
    text = page.get_by_label("Article", exact=True).input_value()
    assert text.startswith(begins)
    assert "All recipes" not in text and "Subscribe" not in text and "document" not in text
    expect(page.locator(".tl-chip").first).to_be_visible()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("essay.docx", b"PK", "essay.docx is none of .md, .html, .txt: convert it, or paste"),
        ("long.txt", b"x" * (LIMIT + 1), "long.txt has 5 MB; the limit is 5 MB. Paste its text"),
        ("image.txt", b"\x89PNG\0\0", "image.txt is no text: convert it, or paste its text."),
        ("empty.md", "---\ntitle: x\n---\n", "empty.md has no text in it; paste the text instead"),
        ("odd.md", "---\ntitle: [\n\n", "odd.md, line 1: the front matter has no end; put a line"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(
    page: Page, name: str, content: str | bytes, said: str
) -> None:
    page.get_by_label("Or drop a file here").set_input_files([file(name, content)])
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_label("Title", exact=True)).to_have_value("")


def test_tags_are_edited_by_keyboard(page: Page) -> None:
    tag(page)
    suggested = chips(page)
    page.get_by_label("Add a tag").fill("Opera")
    page.keyboard.press("Enter")
    assert chips(page) == [*suggested, "Opera"]
    page.locator(".tl-chip .tl-name").last.focus()
    page.keyboard.press("Alt+ArrowLeft")
    assert chips(page) == [*suggested[:-1], "Opera", suggested[-1]]
    page.keyboard.press("Enter")
    page.keyboard.type("Ballet")
    page.keyboard.press("Enter")
    assert chips(page) == [*suggested[:-1], "Ballet", suggested[-1]]
    expect(page.locator(".tl-chip .tl-name").nth(len(suggested) - 1)).to_be_focused()
    page.locator(".tl-chip .tl-name").first.focus()
    page.keyboard.press("Delete")
    edited = [*suggested[1:-1], "Ballet", suggested[-1]]
    assert chips(page) == edited
    now = current(page)
    assert [one["tag"] for one in now.pop("suggested")] == suggested
    assert now == {"title": TITLE, "text": TEXT, "tags": edited}


def test_what_was_edited_can_be_sent_as_a_correction(page: Page) -> None:
    """How it is sent: `test_static_corrections.py`."""
    expect(page.locator("#correct")).to_be_hidden()
    tag(page)
    suggested = current(page)["suggested"]
    page.locator(".tl-chip .tl-name").first.focus()
    page.keyboard.press("Delete")
    section = page.locator("#correct")
    expect(section.locator(".correct-what")).to_have_text(f"“{TITLE}”: - {suggested[0]['tag']}")
    section.get_by_text("Without signing in").click()
    with page.expect_download() as download:
        section.get_by_role("button", name="Save as a file").click()
    row = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert row["predicted"] == suggested and 0 < suggested[0]["confidence"] < 1
    assert row["corrected"] == chips(page) and row["verdict"] == "fixed"


def test_a_change_of_tags_is_an_event_of_the_document(page: Page) -> None:
    tag(page)
    page.evaluate("""() => {
      window.seen = 0;
      document.addEventListener("tags", () => window.seen++);
    }""")
    page.get_by_role("button", name=f"Remove {chips(page)[0]}").last.click()
    assert page.evaluate("window.seen") == 1
    page.get_by_role("button", name="Clear").click()
    assert page.evaluate("window.seen") == 2
    assert current(page) is None


def test_tags_are_copied_in_five_ways(page: Page) -> None:
    tag(page)
    while chips(page):
        page.get_by_role("button", name="Remove").last.click()
    for name in ("C++", "São Paulo"):
        page.get_by_label("Add a tag").fill(name)
        page.keyboard.press("Enter")
    copied = {}
    for name in ("List", "Commas", "Hashtags", "YAML", "JSON"):
        page.get_by_role("button", name=name).click()
        expect(page.locator(f"[data-form={name}]")).to_have_text("Copied")
        copied[name] = page.evaluate("navigator.clipboard.readText()")
    assert copied == {
        "List": "C++\nSão Paulo",
        "Commas": "C++, São Paulo",
        "Hashtags": "#Cplusplus #SãoPaulo",
        "YAML": '---\ntags:\n  - "C++"\n  - "São Paulo"\n---\n',
        "JSON": '["C++","São Paulo"]',
    }


def test_only_allowed_tags_come_from_a_list_that_is_dropped_or_pasted(
    page: Page, static_tagger: Tagger
) -> None:
    page.locator("#options summary").click()
    page.get_by_label("Or drop a list here").set_input_files([file("my.csv", "Banking;Travel\n ,")])
    expect(page.get_by_label("Allowed tags: only these")).to_have_value("Banking;Travel\n ,")
    page.get_by_label("Least confidence").fill("0")
    tag(page)
    wanted: dict[str, Any] = {"allowed_tags": ["Banking", "Travel"], "threshold": 0.0}
    assert chips(page) == [one.tag for one in static_tagger.tag(TEXT, TITLE, **wanted)]
    assert set(chips(page)) <= {"Banking", "Travel"}
    many = "\n".join(f"tag {number}" for number in range(2_001))
    page.get_by_label("Allowed tags: only these").fill(many)
    page.get_by_role("button", name="Suggest tags").click()
    said = "allowed_tags has 2,001 tags; the limit is 2,000."
    expect(page.get_by_role("alert")).to_have_text(said)


def test_a_link_carries_the_article(page: Page) -> None:
    title, text = "<img src=x onerror=window.hacked=1> 🍞", "Zwei\n\nAbsätze & <b>mehr</b>"
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Article", exact=True).fill(text)
    page.get_by_role("button", name="Copy a link to this article").click()
    expect(page.locator("#hint")).to_have_text("The link is copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    other = page.context.new_page()
    other.goto(link)
    expect(other.get_by_label("Title", exact=True)).to_have_value(title)
    expect(other.get_by_label("Article", exact=True)).to_have_value(text)
    other.close()
    # Nothing but the form knows of it.
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0


def test_a_link_carries_the_tags_as_they_were_left(page: Page) -> None:
    tag(page)
    page.locator(".tl-chip .tl-name").first.focus()
    page.keyboard.press("Delete")
    page.get_by_label("Add a tag").fill("Opera")
    page.keyboard.press("Enter")
    left, suggested = chips(page), current(page)["suggested"]
    page.get_by_role("button", name="Copy a link to this article").click()
    expect(page.locator("#hint")).to_have_text("The link is copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="Clear").click()
    page.evaluate("(fragment) => { location.hash = fragment; }", link.partition("#")[2])
    expect(page.locator(".tl-chip .tl-name").last).to_have_text("Opera")
    assert chips(page) == left
    expect(page.locator(".tl-chip").last).to_contain_text("linked")
    assert current(page)["suggested"] == suggested  # of a correction it is what the model said


def packed(content: bytes) -> str:
    packer = zlib.compressobj(wbits=-15)
    raw = packer.compress(content) + packer.flush()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize(
    "fragment",
    [
        "%3Cscript%3E",
        "",
        packed(b"\xff\xfe"),
        packed(json.dumps(["title", "text"]).encode()),
        packed(json.dumps({"title": "x", "text": {"a": 1}}).encode()),
        packed(json.dumps({"title": "x", "text": "y" * 200_000}).encode()),
        packed(b" " * 50_000_000),
    ],
    ids=["letters", "nothing", "bytes", "list", "types", "long", "bomb"],
)
def test_a_broken_link_is_a_sentence(page: Page, fragment: str) -> None:
    page.evaluate("(fragment) => (location.hash = `article=${fragment}`)", fragment)
    expect(page.get_by_role("alert")).to_have_text(
        "This link carries no article that can be read: ask for it again, or paste the text."
    )
    expect(page.get_by_label("Title", exact=True)).to_have_value("")


def test_evidence_is_marked_after_an_emoji(page: Page, static_tagger: Tagger) -> None:
    text = f"👩‍👩‍👧 🏦🏦🏦 {TEXT}"
    found = static_tagger.tag(text, TITLE, evidence=True)
    named = next(one for one in found if one.evidence and one.evidence.text)
    assert named.evidence
    tag(page, text=text)
    page.locator(".tl-chip .tl-name", has_text=re.compile(f"^{re.escape(named.tag)}$")).focus()
    words = [text[begin:end] for begin, end in named.evidence.text]
    expect(page.locator("#article .tl-over mark")).to_have_text(words)
    expect(page.locator("#tl-why")).to_contain_text("confidence. ")
    # The marks stay where their words are when the window gets narrower.
    page.set_viewport_size({"width": 600, "height": 900})
    width = page.locator("#text").evaluate("(it) => `${it.clientWidth}px`")
    expect(page.locator("#article .tl-over")).to_have_css("width", width)
    expect(page.locator("#article .tl-over mark")).to_have_text(words)
    page.set_viewport_size({"width": 1280, "height": 900})


def test_an_edit_of_the_article_takes_no_mark_to_other_words(page: Page) -> None:
    tag(page)
    page.get_by_label("Article", exact=True).fill("Something else.")
    page.locator(".tl-chip .tl-name").first.focus()
    expect(page.locator("#article .tl-over mark")).to_have_count(0)


def test_an_empty_or_too_long_article_is_said(page: Page) -> None:
    page.get_by_role("button", name="Suggest tags").click()
    said = "Paste the text of an article first, or choose one of the examples."
    expect(page.locator("#hint")).to_have_text(said)
    page.get_by_label("Article", exact=True).fill("a " * 25_001)
    page.get_by_label("Title", exact=True).fill("x" * 301)
    page.get_by_role("button", name="Suggest tags").click()
    expect(page.get_by_role("alert")).to_contain_text("The title has 301 characters; the limit is")


def test_about_has_the_model_and_its_figures(page: Page) -> None:
    about = page.locator("#about")
    for words in ("me/tagger c0ffee", "v3", "0.512", "0.734", "240 articles", "in this browser"):
        expect(about).to_contain_text(words)
    megabytes = int(
        page.get_by_role("progressbar", include_hidden=True).get_attribute("aria-valuemax") or 0
    )
    expect(about).to_contain_text(f"{megabytes} MB, loaded once")


def test_no_script_but_the_page_s_own_runs(page: Page) -> None:
    ran = page.evaluate("""async () => {
      const script = document.createElement("script");
      script.textContent = "window.injected = 1";
      const told = new Promise((go) => addEventListener("securitypolicyviolation", go));
      document.body.append(script);
      const { effectiveDirective } = await told;
      script.remove();
      return [window.injected, effectiveDirective];
    }""")
    assert ran == [None, "script-src-elem"]


def test_everybody_can_use_it(page: Page) -> None:
    tag(page)
    page.locator(".tl-chip .tl-name").first.focus()
    page.locator("#options summary").click()
    page.get_by_label("Or drop a file here").set_input_files([file("essay.docx", b"PK")])
    expect(page.get_by_role("alert")).to_be_visible()
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            assert serious(page) == [], (scheme, width)
            wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wider <= 0, (scheme, width)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_the_colours_are_the_gradio_space_s() -> None:
    theme = (SPACE_FOLDER / "tagloop" / "web" / "theme.py").read_text(encoding="utf-8")
    style = (SPACE_FOLDER / "static" / "page.css").read_text(encoding="utf-8")
    for hue, name in (("PINE", "primary"), ("PAPER", "neutral")):
        colours = re.findall(r'c(\d+)="(#\w+)"', theme.split(f"{hue} =")[1].split(")")[0])
        assert len(colours) == 11
        for number, colour in colours:
            assert f"--{name}-{number}: {colour};" in style
