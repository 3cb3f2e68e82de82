"""A visitor's way through the Space: example, tags, edit, flag, and the row on the Hub."""

import json
import re
import time
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import frontmatter
import pytest
from datasets import load_dataset
from playwright.sync_api import Locator, Page, expect

from ..space.corrections.delivery.stored_rows import stored_rows
from .conftest import RunningSpace, open_tab
from .test_accessibility import STILL

BANKING = "The bank that answers at midnight"
OpenPage = Callable[..., Page]


def choose(page: Page, title: str = BANKING) -> None:
    """Clicks an example and waits for its tags."""
    page.locator("#examples").get_by_role("button", name=title).click()
    expect(page.locator("#title textarea, #title input")).to_have_value(title)
    expect(page.locator(".tl-chip").first).to_be_visible()


def chip(page: Page, tag: str) -> Locator:
    return page.locator(".tl-chip").filter(has=page.get_by_role("button", name=tag, exact=True))


def edited_tags(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".tl-name").all_inner_texts()]


def expect_tags(page: Page, tags: list[str]) -> None:
    expect(page.locator(".tl-name")).to_have_text(tags, use_inner_text=True)


def add_tag(page: Page, tag: str) -> None:
    box = page.get_by_label("Add a tag")
    box.fill(tag)
    box.press("Enter")
    expect(chip(page, tag)).to_be_visible()
    expect(box).to_have_value("")


def wait_for_evidence(page: Page) -> None:
    """Evidence comes after the tags."""
    named = page.locator(".tl-chip.tl-present").first
    named.hover()
    expect(page.locator("#tl-why")).to_contain_text("Named ")
    expect(page.locator("#tl-why")).to_contain_text(re.compile("once|times"), timeout=20_000)


def saved_id(page: Page) -> str:
    """Waits until a correction is in the dataset and returns its whole id."""
    expect(page.locator("#outcome .tl-saved")).to_contain_text("Saved, #")
    found = re.search(r"In the dataset as ([0-9a-f-]{36})", page.locator("#outcome").inner_text())
    assert found, page.locator("#outcome").inner_text()
    return found[1]


def loaded_rows(space: RunningSpace) -> list[dict[str, Any]]:
    """The corrections dataset, as anyone reads it."""
    return list(load_dataset(space.corrections_repo, split="train"))


def test_example_to_row_on_the_hub(open_page: OpenPage, space: RunningSpace) -> None:
    page = open_page()
    choose(page)
    chips = page.locator(".tl-chip")
    names = [name.strip() for name in page.locator(".tl-name").all_inner_texts()]
    assert sorted(names) == ["Banking", "Chatbots", "Conversational AI", "Customer Service"]
    shares = [int(re.findall(r"(\d+) %", text)[0]) for text in chips.all_inner_texts()]
    assert shares == sorted(shares, reverse=True)  # The surest first.
    expect(chips.filter(has_text="Chatbots")).to_have_class(re.compile("tl-inferred"))
    expect(chips.filter(has_text="Banking")).to_have_class(re.compile("tl-present"))

    chip(page, "Chatbots").get_by_role("button", name="Remove Chatbots").click()
    add_tag(page, "Fintech")
    edited = [*(name for name in names if name != "Chatbots"), "Fintech"]
    expect_tags(page, edited)
    page.locator("#note textarea, #note input").fill("Chatbots is too broad")
    page.locator("#fixed").click()
    correction_id = saved_id(page)

    row = {entry["id"]: entry for entry in loaded_rows(space)}[correction_id]
    assert row["verdict"] == "fixed"
    assert row["title"] == BANKING
    assert row["text"].startswith("At two in the morning")
    assert row["note"] == "Chatbots is too broad"
    assert row["corrected"] == edited
    assert [entry["tag"] for entry in row["predicted"]] == names
    assert 0.5 < row["predicted"][0]["confidence"] <= 1
    assert row["model_repo"] == space.model_repo
    assert row["model_revision"] == space.api.model_info(space.model_repo).sha
    assert row["user"] is None


def test_a_double_click_saves_once(open_page: OpenPage, space: RunningSpace) -> None:
    page = open_page()
    choose(page, "Kilometre thirty-five")
    page.locator("#good").dblclick()
    correction_id = saved_id(page)
    page.locator("#good").click()  # and once more when all is done
    page.wait_for_timeout(1500)
    assert saved_id(page) == correction_id
    stored = [
        entry
        for entry in stored_rows(space.api, space.corrections_repo)
        if entry["title"] == "Kilometre thirty-five"
    ]
    assert [entry["id"] for entry in stored] == [correction_id]
    assert stored[0]["corrected"] == [entry["tag"] for entry in stored[0]["predicted"]]


def test_fixed_without_a_change_asks_what_to_fix(open_page: OpenPage) -> None:
    page = open_page()
    choose(page)
    page.locator("#fixed").click()
    expect(page.locator("#outcome")).to_contain_text("what should be fixed?")
    expect(page.locator("#fixed")).to_be_enabled()


def test_no_text_gets_a_hint_and_too_much_a_clear_limit(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("#suggest").click()
    expect(page.locator("#hint .tl-hint")).to_contain_text("Paste the text of an article first")
    page.locator("#article textarea").fill("word " * 20_000)
    page.locator("#suggest").click()
    expect(page.locator("#hint .tl-problem")).to_contain_text(
        "The text has 100,000 characters; the limit is 50,000"
    )
    expect(page.locator("#editing")).to_be_hidden()
    page.locator("#clear").click()
    expect(page.locator("#article textarea")).to_have_value("")
    expect(page.locator("#hint")).to_be_hidden()


def test_tags_are_copied(open_page: OpenPage) -> None:
    page = open_page()
    choose(page)
    shown = [name.strip() for name in page.locator(".tl-name").all_inner_texts()]
    assert len(shown) == 4
    add_tag(page, 'C++ "2"')
    names = [*shown, 'C++ "2"']

    buttons = page.locator(".tl-copy button[data-form]")
    forms = [one.get_attribute("data-form") or "" for one in buttons.all()]

    def copied(form: str) -> str:
        button = page.locator(f'.tl-copy button[data-form="{form}"]')
        button.click()
        expect(button).to_have_text("Copied")
        text: str = page.evaluate("navigator.clipboard.readText()")
        return text

    assert copied("List") == "\n".join(names)
    assert copied("Commas") == ", ".join(names)
    assert json.loads(copied("JSON")) == names
    front = frontmatter.loads(copied("YAML") + "Body")
    assert front["tags"] == names and front.content == "Body"
    hashtags = copied("Hashtags").split()
    assert "#CustomerService" in hashtags and hashtags[-1] == "#Cplusplus2"
    assert set(forms) == {"List", "Commas", "JSON", "YAML", "Hashtags"}
    expect(buttons).to_have_text(forms)  # all of them have their names again


def test_a_refusing_hub_is_shown_and_the_correction_kept(
    open_page: OpenPage, space: RunningSpace
) -> None:
    """The Space will not send to a dataset that everyone can read, and says so."""
    repo = space.corrections_repo
    space.api.create_repo(repo, repo_type="dataset", private=True, exist_ok=True)
    page = open_page()
    choose(page, "Waking up in another country")
    space.api.update_repo_settings(repo, repo_type="dataset", private=False)
    try:
        page.locator("#bad").click()
        problem = page.locator("#outcome .tl-problem")
        expect(problem).to_contain_text("Not in the dataset yet: The dataset")
        expect(problem).to_contain_text("is kept on this server as")
    finally:
        space.api.update_repo_settings(repo, repo_type="dataset", private=True)
    deadline = time.monotonic() + 30
    while list(space.outbox.glob("*.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.2)
    stored = [
        entry
        for entry in stored_rows(space.api, space.corrections_repo)
        if entry["title"] == "Waking up in another country"
    ]
    assert [entry["verdict"] for entry in stored] == ["bad"]


def test_hostile_text_is_inert(open_page: OpenPage) -> None:
    page = open_page()
    attack = "<script>window.hit=1</script><img src=x onerror=window.hit=1>${window.hit=1}{{hit}}"
    page.locator("#title textarea, #title input").fill(attack)
    page.locator("#article textarea").fill(f"Chatbots in banking. {attack}")
    page.locator("#suggest").click()
    expect(page.locator("#editing")).to_be_visible()
    add_tag(page, "<img src=x onerror=window.hit=1>")
    page.locator("#note textarea, #note input").fill(attack)
    page.locator("#fixed").click()
    saved_id(page)
    assert page.evaluate("window.hit") is None
    assert edited_tags(page)[-1] == "<img src=x onerror=window.hit=1>"


def test_a_chip_marks_the_words_that_speak_for_it(open_page: OpenPage) -> None:
    page = open_page()
    choose(page)
    wait_for_evidence(page)
    chip(page, "Banking").hover()
    marks = page.locator("#article .tl-over mark.tl-mark-present")
    expect(marks.first).to_be_attached()
    assert {text.lower() for text in marks.all_inner_texts()} <= {"banking", "banking's"}
    # The copy that carries the marks lies just over the words: the same text, the same box.
    over, box = page.locator("#article .tl-over"), page.locator("#article textarea")
    assert over.text_content().rstrip("\n") == box.input_value()  # type: ignore[union-attr]
    sizes = "e => [e.scrollHeight, e.clientWidth]"
    assert over.evaluate(sizes) == pytest.approx(box.evaluate(sizes), abs=2)

    inferred = page.locator(".tl-chip.tl-inferred .tl-name").first
    inferred.focus()  # as the keyboard does
    expect(page.locator("#tl-why")).to_contain_text("Inferred, most of all from: “")
    expect(page.locator("#article .tl-over mark.tl-mark-inferred")).to_have_count(1)
    [sentence] = page.locator("#article .tl-over mark.tl-mark-inferred").all_inner_texts()
    quoted = page.locator("#tl-why").inner_text().partition("“")[2].rstrip("”")
    assert sentence.startswith(quoted.removesuffix(" …"))
    page.evaluate(STILL)
    shown = page.locator("#article .tl-over mark").bounding_box()
    field = box.bounding_box()
    assert shown and field and field["y"] <= shown["y"] <= field["y"] + field["height"]

    box.fill("Another text altogether.")
    expect(page.locator("#article .tl-over mark")).to_have_count(0)


def test_evidence_is_found_in_a_text_with_emoji_and_blanks_before_it(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("#article textarea").fill("  \n\U0001f3e6\U0001f3e6 Banking by chat. Banking!")
    page.locator("#suggest").click()
    page.locator(".tl-chip").first.wait_for()
    wait_for_evidence(page)
    chip(page, "Banking").hover()
    marks = page.locator("#article .tl-over mark")
    expect(marks).to_have_count(2)
    assert marks.all_inner_texts() == ["Banking", "Banking"]


def test_tags_are_renamed_and_reordered_with_the_keyboard_alone(
    open_page: OpenPage, space: RunningSpace
) -> None:
    page = open_page()
    choose(page, BANKING)
    first, second, *others = edited_tags(page)
    chip(page, first).locator(".tl-name").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect_tags(page, [second, first, *others])
    expect(page.locator(".tl-editor [role=status]")).to_have_text(f"{first} is now number 2 of 4")
    expect(chip(page, first).locator(".tl-name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label(f"New name of {first}")).to_be_focused()
    page.keyboard.type("Fintech")
    page.keyboard.press("Enter")
    expect_tags(page, [second, "Fintech", *others])
    expect(chip(page, "Fintech")).to_contain_text("yours")
    page.keyboard.press("F2")
    page.keyboard.type("Something else")
    page.keyboard.press("Escape")  # gives the old name back
    expect_tags(page, [second, "Fintech", *others])
    chip(page, others[0]).locator(".tl-name").focus()
    page.keyboard.press("Delete")
    wanted = [second, "Fintech", *others[1:]]
    expect_tags(page, wanted)
    box = page.get_by_label("Add a tag")
    box.fill("fintech")
    box.press("Enter")  # the same tag by normal form is not added twice
    expect_tags(page, wanted)
    page.locator("#fixed").click()
    correction_id = saved_id(page)
    row = {entry["id"]: entry for entry in loaded_rows(space)}[correction_id]
    assert row["corrected"] == wanted


def test_a_tag_links_to_its_articles(open_page: OpenPage) -> None:
    page = open_page()
    choose(page)
    chip(page, "Customer Service").locator(".tl-name").focus()
    link = page.get_by_role("link", name="Articles tagged Customer Service")
    assert link.get_attribute("href") == "?tag=Customer%20Service"


def test_tags_are_dragged_into_another_order(open_page: OpenPage) -> None:
    page = open_page()
    choose(page)
    first, second, third, last = edited_tags(page)
    chip(page, first).drag_to(chip(page, third))
    expect_tags(page, [second, third, first, last])


def test_the_vocabulary_completes_what_is_typed(open_page: OpenPage) -> None:
    page = open_page()
    choose(page)
    page.get_by_label("Add a tag").fill("cyb")
    options = page.locator("#tl-vocabulary option")
    expect(options.first).to_be_attached()
    assert [option.get_attribute("value") for option in options.all()] == ["Cybersecurity"]


def test_only_allowed_tags_come_out(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Options").click()
    page.locator("#allowed textarea").fill("banking, Gardening")
    choose(page)
    tags = edited_tags(page)
    assert tags[0] == "banking" and set(tags) <= {"banking", "Gardening"}


def test_a_correction_is_withdrawn_by_its_id(open_page: OpenPage, space: RunningSpace) -> None:
    page = open_page()
    choose(page, "Waking up in another country")
    page.locator("#good").click()
    correction_id = saved_id(page)
    page.get_by_role("button", name="Withdraw a correction").click()
    page.get_by_label("Its id").fill("#12")
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.locator("#withdrawn .tl-problem")).to_contain_text("no correction's id")
    page.get_by_label("Its id").fill(correction_id)
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.locator("#withdrawn .tl-saved")).to_contain_text(f"#{correction_id[:8]}")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        files = space.api.list_repo_files(space.corrections_repo, repo_type="dataset")
        if found := [name for name in files if name.startswith("withdrawals/")]:
            break
        time.sleep(0.2)
    path = space.api.hf_hub_download(space.corrections_repo, found[0], repo_type="dataset")
    assert json.loads(Path(path).read_text())["correction_id"] == correction_id
    assert correction_id in {entry["id"] for entry in loaded_rows(space)}  # nothing is rewritten


def test_a_file_is_read_and_tagged(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    file = tmp_path / "post.md"
    text = "At two in the morning a customer asks the bank a question."
    file.write_text(f"---\ntitle: The bank at night\n---\n\n# Chat\n\n{text}\n")
    page.locator("#file input[type=file]").set_input_files(file)
    # Files are read in a process of its own.
    title = page.locator("#title textarea, #title input")
    expect(title).to_have_value("The bank at night", timeout=30_000)
    expect(page.locator("#article textarea")).to_have_value(re.compile(re.escape(text)))
    expect(page.locator(".tl-chip").first).to_be_visible()
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and nothing else")
    page.locator("#file input[type=file]").set_input_files(broken)
    expect(page.locator("#hint .tl-problem")).to_be_visible(timeout=30_000)
    expect(page.locator("#title textarea, #title input")).to_have_value("The bank at night")


def test_a_page_is_read_by_its_address_and_tagged(open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "post.html").write_text(
        "<title>A site</title><nav>Menu</nav><article><h1>The bank at night</h1>"
        "<p>A customer asks the <b>bank</b> a question.</p></article>"
    )
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        Thread(target=site.serve_forever, daemon=True).start()
        page = open_page()
        address = page.get_by_label("Address of a page")
        address.fill(f"http://pages.test:{site.server_port}/post.html")
        address.press("Enter")
        title = page.locator("#title textarea, #title input")
        expect(title).to_have_value("The bank at night", timeout=30_000)
        text = "A customer asks the bank a question."
        expect(page.locator("#article textarea")).to_have_value(text)
        expect(page.locator(".tl-chip").first).to_be_visible()
        expect(address).to_have_value("")
        # The same page by this machine's own name is none of the public internet's.
        private = f"http://localhost:{site.server_port}/post.html"
        address.fill(private)
        page.get_by_role("button", name="Read it").click()
        problem = page.locator("#hint .tl-problem")
        expect(problem).to_contain_text("not on the public internet", timeout=30_000)
        expect(address).to_have_value(private)
        expect(title).to_have_value("The bank at night")
        site.shutdown()


def test_a_long_article_tells_how_far_it_is_and_can_be_cancelled(open_page: OpenPage) -> None:
    page = open_page()
    choose(page)
    before = edited_tags(page)
    cancel = page.locator("#cancel")
    expect(cancel).to_be_hidden()
    page.get_by_role("button", name="Options").click()
    page.get_by_label("Read a long article to its end").check()
    page.locator("#article textarea").fill("A customer asks the bank at night. " * 1400)
    page.locator("#suggest").click()
    bar = page.get_by_role("progressbar", name="Parts read")
    expect(bar).to_have_attribute("aria-valuemax", "16")
    expect(page.locator("#result")).to_contain_text("4 of 16 parts of it are read")
    cancel.click()
    expect(page.locator("#hint .tl-hint")).to_contain_text("Cancelled.")
    expect(bar).to_have_count(0)
    expect(cancel).to_be_hidden()
    expect_tags(page, before)
    # It is over, and the next one is tagged as ever.
    choose(page, "Kilometre thirty-five")
    expect(page.locator(".tl-chip").first).not_to_contain_text(before[0])


def test_clear_ends_what_is_being_read(open_page: OpenPage) -> None:
    page = open_page()
    choose(page)
    page.get_by_role("button", name="Options").click()
    page.get_by_label("Read a long article to its end").check()
    text = page.locator("#article textarea")
    text.fill("A customer asks the bank at night. " * 1400)
    page.locator("#suggest").click()
    expect(page.locator("#result")).to_contain_text("4 of 16 parts of it are read")
    page.locator("#clear").click()
    expect(text).to_have_value("")
    expect(page.get_by_role("progressbar", name="Parts read")).to_have_count(0)
    page.wait_for_timeout(3000)  # all of it would be read by now
    expect(page.locator(".tl-chip")).to_have_count(0)
    expect(page.locator("#hint .tl-hint")).to_have_count(0)
    choose(page, "Kilometre thirty-five")
    expect(page.locator(".tl-chip").first).to_be_visible()


def test_on_a_phone_all_tabs_stand_in_one_row_and_come_into_sight(open_page: OpenPage) -> None:
    page = open_page(width=390)
    tabs = page.get_by_role("tab")
    assert len({box["y"] for tab in tabs.all() if (box := tab.bounding_box())}) == 1
    tabs.first.focus()
    for _ in range(tabs.count() - 1):
        page.keyboard.press("Tab")
    about = page.get_by_role("tab", name="About")
    expect(about).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("What happens to a correction")).to_be_visible()
    expect(about).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(open_page: OpenPage, width: int, scheme: str) -> None:
    page = open_page(width=width, scheme=scheme)

    def overflow() -> int:
        pixels: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return pixels

    assert overflow() <= 0
    choose(page)
    page.locator("#note textarea, #note input").fill("unbroken" * 40)
    assert overflow() <= 0
    open_tab(page, "About")
    expect(page.get_by_text("What happens to a correction")).to_be_visible()
    assert overflow() <= 0


def test_about_says_what_runs(open_page: OpenPage, space: RunningSpace) -> None:
    page = open_page()
    open_tab(page, "About")
    about = page.locator(".tl-about")
    commit = space.api.model_info(space.model_repo).sha
    assert commit is not None
    expect(about).to_contain_text(space.model_repo)
    expect(about).to_contain_text(commit[:7])
    expect(about).to_contain_text("0.410")
    expect(about).to_contain_text("0.360 to 0.460")
    expect(about).to_contain_text(space.corrections_repo)
    expect(page.locator(".tl-header")).to_contain_text(commit[:7])
