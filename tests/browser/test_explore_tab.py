"""A visitor looks at what the tagger learned from: pictures, tags, search, and a link to a tag."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from datasets import load_dataset
from huggingface_hub import HfApi
from playwright.sync_api import Locator, Page, expect

from dataset_card.starter_corpus import STARTER
from training.config import BuildConfig
from training.data.build_dataset import build
from training.hub import EmbeddedHub

from .conftest import RunningSpace, SpaceStarter, open_tab
from .test_accessibility import serious

OpenPage = Callable[..., Page]
Rows = list[dict[str, Any]]
NAME = "Explore the data"


@pytest.fixture(scope="module")
def published_articles(
    hub: EmbeddedHub, hub_namespace: str, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The id of the starter corpus on the Hub, built and laid out as Tagloop publishes it."""
    folder = tmp_path_factory.mktemp("starter") / "dataset"
    build(BuildConfig(source=[str(STARTER)], license="CC0-1.0", output_dir=str(folder)), "tests")
    api, repo = HfApi(hub.endpoint, hub.token), f"{hub_namespace}/explored-articles"
    api.create_repo(repo, repo_type="dataset", exist_ok=True)
    api.upload_folder(repo_id=repo, repo_type="dataset", folder_path=folder)
    return repo


@pytest.fixture(scope="module")
def rows(published_articles: str) -> Rows:
    """The articles as anyone reads them, with their split."""
    splits = load_dataset(published_articles)
    return [row | {"split": name} for name, split in splits.items() for row in split]


@pytest.fixture(scope="module")
def space(start_space: SpaceStarter, published_articles: str) -> RunningSpace:
    """A Space of that dataset."""
    return start_space("explore-corrections", DATASET_REPO=published_articles)


def opened(page: Page) -> Page:
    """Opens the tab and waits for the list."""
    open_tab(page, NAME)
    expect(page.locator("#explore-found")).to_be_visible()
    return page


def carrying(rows: Rows, *tags: str) -> Rows:
    return [row for row in rows if set(tags) <= set(row["tags"])]


def top_tag(rows: Rows) -> str:
    counts: Counter[str] = Counter(tag for row in rows for tag in row["tags"])
    return counts.most_common(1)[0][0]


def found(page: Page, count: int) -> Locator:
    """Waits until the list says that it has this many articles."""
    heading = page.locator("#explore-found")
    number = f"{count} article{'' if count == 1 else 's'}" if count else "No article"
    expect(heading).to_have_text(re.compile(rf"^{number}\b"))
    return heading


def listed_tags(page: Page) -> list[list[str]]:
    lists = page.locator(".tl-article .tl-tags").all()
    return [[tag.strip() for tag in one.locator("button").all_inner_texts()] for one in lists]


def search(page: Page, words: str) -> None:
    box = page.locator("#explore-words").get_by_label("Words")
    box.fill(words)
    box.press("Enter")


def test_the_pictures_count_the_dataset(open_page: OpenPage, rows: Rows) -> None:
    page = opened(open_page())
    found(page, len(rows))
    pictures = page.locator("#explore-pictures figure")
    expect(pictures).to_have_count(5)
    for picture in pictures.all():
        expect(picture.locator("figcaption")).not_to_be_empty()
    splits = Counter(row["split"] for row in rows)
    keys = page.locator(".tl-sources .tl-keys span").all_inner_texts()
    assert [key.strip() for key in keys] == [f"{name} {count}" for name, count in splits.items()]
    tags = Counter(tag for row in rows for tag in row["tags"])
    bars = page.locator(".tl-top button")
    expect(bars).to_have_count(20)
    for bar in bars.all():
        name, count = bar.locator(".tl-bar-name").inner_text(), bar.locator(".tl-count")
        assert tags[name] == int(re.findall(r"\d+", count.inner_text())[0])
    expect(page.locator(".tl-dataset")).to_contain_text(f"{len(rows)} articles")
    expect(page.locator(".tl-dataset")).to_contain_text(f"{len(tags)} different tags")


def test_a_tag_by_keyboard_and_then_a_second_one(open_page: OpenPage, rows: Rows) -> None:
    page = opened(open_page())
    tag = top_tag(rows)
    bar = page.locator(".tl-top button").first
    bar.focus()
    bar.press("Enter")
    heading = found(page, len(carrying(rows, tag)))
    expect(heading).to_contain_text(f"tagged {tag}")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    assert all(tag in tags for tags in listed_tags(page))
    second = next(name for name in listed_tags(page)[0] if name != tag)
    page.locator(".tl-article").first.get_by_role("button", name=second, exact=True).click()
    found(page, len(carrying(rows, tag, second)))
    expect(page.locator("#explore-tags")).to_contain_text(second)
    expect(page.locator("#explore-tags")).to_contain_text(tag)
    # A tag in a picture begins anew.
    page.locator(".tl-heat tbody button").first.click()
    first = page.locator(".tl-heat tbody button").first.get_attribute("title") or ""
    found(page, len(carrying(rows, first)))
    page.get_by_role("button", name="Show all").click()
    found(page, len(rows))


def test_the_map_and_its_closest_pairs(open_page: OpenPage, rows: Rows) -> None:
    page = opened(open_page())
    expect(page.locator(".tl-heat tbody tr")).to_have_count(16)
    cell = page.locator(".tl-heat td[data-tags]").first
    told = re.fullmatch(r"(.+) and (.+): (\d+) articles, .+", cell.get_attribute("title") or "")
    assert told
    assert int(told[3]) == len(carrying(rows, told[1], told[2]))
    cell.click()
    found(page, int(told[3]))
    pair = page.locator(".tl-pairs li").first
    pair.get_by_role("button").click()
    found(page, int(re.findall(r"(\d+) articles", pair.inner_text())[0]))


def test_words_in_titles_tags_and_texts(open_page: OpenPage, rows: Rows) -> None:
    page = opened(open_page())
    near = [row for row in rows if "bank" in f"{row['title']} {row['tags']}".lower()]
    search(page, "BANK")
    found(page, len(near))
    page.get_by_label("Look for the words in the texts too").check()
    page.get_by_role("button", name="Search").click()
    everywhere = [row for row in rows if row in near or "bank" in row["text"].lower()]
    assert len(everywhere) > len(near) > 0
    found(page, len(everywhere))
    search(page, "no-such-word-anywhere")
    found(page, 0)
    expect(page.locator("#explore-articles .tl-hint")).to_be_visible()


def test_a_split(open_page: OpenPage, rows: Rows) -> None:
    page = opened(open_page())
    page.get_by_role("combobox", name="Split").click()
    page.get_by_role("option", name="validation").click()
    found(page, sum(row["split"] == "validation" for row in rows))


def test_pages(open_page: OpenPage, rows: Rows) -> None:
    page = opened(open_page())
    titles = page.locator(".tl-article summary")
    expect(titles).to_have_count(20)
    assert titles.first.inner_text().strip() == rows[0]["title"].strip()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("navigation", name="Pages")).to_contain_text("Page 2 of")
    expect(titles.first).to_have_text(rows[20]["title"])
    expect(page.locator("#explore-found")).to_be_focused()
    page.get_by_role("button", name="Last").click()
    expect(titles).to_have_count((len(rows) - 1) % 20 + 1)
    expect(page.get_by_role("button", name="Next")).to_be_disabled()


def test_an_article_is_opened(open_page: OpenPage, rows: Rows) -> None:
    page = opened(open_page())
    article = page.locator(".tl-article").nth(1)
    expect(article.locator(".tl-opened")).to_be_hidden()
    article.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(article.locator(".tl-read-note")).to_contain_text("words")
    beginning = rows[1]["text"].split("\n\n")[0]
    expect(article.locator(".tl-paragraph").first).to_have_text(beginning)
    expect(article.locator(".tl-facts")).to_contain_text("Licence: CC0-1.0")


def visit(page: Page, address: str) -> Page:
    """Follows a link into a tab of its own, as a visitor does from elsewhere."""
    visited = page.context.new_page()
    visited.set_default_timeout(20_000)
    visited.on("pageerror", lambda error: pytest.fail(f"error: {error}"))
    visited.goto(address)
    return visited


def test_a_link_opens_the_articles_of_its_tags(
    open_page: OpenPage, space: RunningSpace, rows: Rows
) -> None:
    tag = top_tag(rows)
    second = next(name for name in carrying(rows, tag)[0]["tags"] if name != tag)
    page = visit(open_page(width=390), f"{space.url}/?tag={tag.lower()}")
    expect(found(page, len(carrying(rows, tag)))).to_contain_text(f"tagged {tag}")
    expect(page.get_by_role("tab", name=NAME)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name=NAME)).to_be_in_viewport(ratio=1)  # scrolled to
    # The list says how it can be linked to, and that link works.
    page.locator(".tl-article .tl-tags").first.get_by_role("button", name=second).click()
    count = len(carrying(rows, tag, second))
    found(page, count)
    address = page.get_by_role("link", name="Link to this list").get_attribute("href")
    found(visit(page, f"{space.url}/{address}"), count)
    expect(found(visit(page, f"{space.url}/?tag=%3Cb%3Enothing"), 0)).to_contain_text(
        "tagged <b>nothing"
    )


def test_without_a_link_the_page_stays_as_it_is(open_page: OpenPage) -> None:
    page = open_page()
    page.wait_for_timeout(1000)
    expect(page.locator(".toast-body")).to_have_count(0)
    expect(page.get_by_role("tab", name=NAME)).to_have_attribute("aria-selected", "false")
    expect(page.locator("#explore-found")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it(open_page: OpenPage, scheme: str) -> None:
    page = opened(open_page(width=390, height=844, scheme=scheme))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for picture in page.locator("#explore-pictures figure").all():
        box = picture.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.locator(".tl-article summary").first.click()
    expect(page.locator(".tl-read-note").first).to_be_visible()
    assert serious(page) == []
