"""A visitor's way through the Batch tab: a file in, progress, the tagged file out."""

import csv
import io
import json
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import frontmatter
import httpx2
import pytest
from playwright.sync_api import Page, expect

from tagloop.service.examples import load_examples
from tagloop.web.settings import SPACE_FOLDER

from .conftest import RunningSpace
from .tiny_tagger import TAGS

OpenPage = Callable[..., Page]
MANY = 6_000
"""Rows that keep the tiny tagger busy for longer than a test takes."""


def example(number: int) -> tuple[str, str]:
    """An article that the tiny tagger knows by heart."""
    found = load_examples(SPACE_FOLDER / "examples")[number]
    return found.title, found.text


def many_rows(folder: Path) -> Path:
    path = folder / "many.csv"
    title, text = example(0)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("title", "text"), *[(title, text[:1_500])] * MANY])
    return path


def choose(page: Page, path: Path) -> None:
    """Opens the tab and returns it a file, without running it."""
    page.get_by_role("tab", name="Batch").click()
    page.locator("#batch-file input[type=file]").set_input_files(path)
    expect(page.locator("#batch-file")).to_contain_text(path.stem)


def tag(page: Page, path: Path) -> None:
    choose(page, path)
    page.locator("#batch-run").click()


def wait_done(page: Page) -> None:
    expect(page.locator("#batch-result .tl-summary")).to_be_visible(timeout=30_000)


def download(page: Page, folder: Path) -> Path:
    with page.expect_download() as begun:
        page.locator("#batch-download").click()
    target = folder / begun.value.suggested_filename
    begun.value.save_as(target)
    return target


def test_csv_in_and_out_with_a_bad_row_and_a_formula(open_page: OpenPage, tmp_path: Path) -> None:
    rows = [("id", "headline", "body"), ("1", *example(0)), ("2", "=1+1", ""), ("3", *example(2))]
    path = tmp_path / "posts.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    page = open_page()
    tag(page, path)
    wait_done(page)
    result = page.locator("#batch-result")
    expect(result).to_contain_text("Done: 2 articles tagged.")
    expect(result.locator(".tl-reasons")).to_contain_text("it has no text")
    expect(result).to_contain_text("1 cell that a spreadsheet could have run")
    target = download(page, tmp_path / "out")
    assert target.name == "posts-tagged.csv"
    with target.open(newline="") as written:
        found = list(csv.DictReader(written))
    assert [row["id"] for row in found] == ["1", "2", "3"]
    assert sorted(found[0]["tags"].split(", ")) == sorted(TAGS[0])
    assert sorted(found[2]["tags"].split(", ")) == sorted(TAGS[2])
    assert all(0.5 < float(each) <= 1 for each in found[0]["confidences"].split(", "))
    assert found[1]["headline"] == "'=1+1"
    assert (found[1]["tags"], found[1]["error"]) == ("", "it has no text")
    assert found[0]["body"] == example(0)[1]
    expect(page.locator("#batch-run")).to_be_enabled()


def test_json_lines_and_options(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    lines = [json.dumps(dict(zip(("title", "text"), example(n), strict=True))) for n in (0, 4)]
    path.write_text("\n".join(lines))
    page = open_page()
    choose(page, path)
    page.locator("#batch-options button").first.click()
    most = page.locator("#batch-options").get_by_label("number input for At most tags")
    most.fill("1")
    most.press("Tab")
    page.locator("#batch-run").click()
    wait_done(page)
    target = download(page, tmp_path / "out")
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [len(row["tags"]) for row in rows] == [1, 1]
    assert rows[1]["tags"][0] in TAGS[4] and len(rows[1]["confidences"]) == 1


def test_a_zip_of_markdown(open_page: OpenPage, tmp_path: Path) -> None:
    title, text = example(3)
    body = f"\n# {title}\n\n{text}\n"
    path = tmp_path / "blog.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("2026/a.md", f"---\ntitle: {title}\n---\n{body}")
    page = open_page()
    tag(page, path)
    wait_done(page)
    with zipfile.ZipFile(io.BytesIO(download(page, tmp_path / "out").read_bytes())) as archive:
        written = archive.read("2026/a.md").decode()
    assert written.endswith(f"---\n{body}")
    tags = cast("list[str]", frontmatter.loads(written)["tags"])
    assert sorted(tags) == sorted(TAGS[3])


def test_what_cannot_be_read_is_one_sentence(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("title,story of it\na,Banks use chatbots.\n")
    page = open_page()
    page.get_by_role("tab", name="Batch").click()
    page.locator("#batch-run").click()
    expect(page.locator("#batch-result")).to_contain_text("Choose a file first.")
    tag(page, path)
    told = page.get_by_role("alert")
    expect(told).to_contain_text("posts.csv: no column for the text found; the columns are 'title'")
    expect(page.locator("#batch-download")).to_be_hidden()
    expect(page.locator("#batch-run")).to_be_enabled()
    columns = page.get_by_label("Columns, if they have other names")
    columns.fill("content: story of it")
    page.locator("#batch-run").click()
    expect(told).to_contain_text("expected FIELD=COLUMN")
    columns.fill("text=story of it")
    page.locator("#batch-run").click()
    wait_done(page)
    expect(page.locator("#batch-result")).to_contain_text("Done: 1 article tagged.")


def test_what_a_dropped_list_or_long_text_becomes_in_the_form(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    dropped = page.locator("#file input[type=file]")
    many = tmp_path / "posts.csv"
    many.write_text("title,text\na,b\n")
    dropped.set_input_files(many)
    expect(page.locator("#hint")).to_contain_text("posts.csv is a file of many articles")
    long = tmp_path / "long.md"
    long.write_text("---\ntitle: On and on\n---\n" + "Banks use chatbots. " * 4_000)
    dropped.set_input_files(long)
    expect(page.locator(".tl-chip").first).to_be_visible()
    expect(page.locator("#hint")).to_contain_text("more than 50,000 characters")
    expect(page.locator("#title input, #title textarea")).to_have_value("On and on")


def test_progress_and_cancel(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    tag(page, many_rows(tmp_path))
    bar = page.get_by_role("progressbar", name="Articles tagged")
    expect(bar).to_have_attribute("aria-valuemax", str(MANY))
    expect(page.locator("#batch-result")).to_contain_text("left")
    expect(page.locator("#batch-run")).to_be_disabled()
    page.locator("#batch-cancel").click()
    expect(page.locator("#batch-result")).to_contain_text("Cancelled.")
    with download(page, tmp_path / "out").open(newline="") as written:
        found = list(csv.DictReader(written))
    assert 0 < len(found) < MANY
    assert all(row["tags"] for row in found)
    expect(page.locator("#batch-run")).to_be_enabled()


def test_others_go_on_while_a_batch_runs_and_the_next_batch_waits(
    open_page: OpenPage, tmp_path: Path
) -> None:
    busy = open_page()
    tag(busy, many_rows(tmp_path))
    expect(busy.get_by_role("progressbar", name="Articles tagged")).to_be_visible()
    other = open_page()
    other.locator("#examples").get_by_role("button", name=example(0)[0]).click()
    expect(other.locator(".tl-chip").first).to_be_visible()
    small = tmp_path / "small.csv"
    small.write_text('text\n"Something about banks and chatbots"\n')
    tag(other, small)
    expect(other.locator("#batch-result")).to_contain_text("One other file is before yours.")
    expect(busy.get_by_role("progressbar", name="Articles tagged")).to_be_visible()
    busy.close()  # a visitor who leaves makes room
    wait_done(other)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(open_page: OpenPage, tmp_path: Path, scheme: str) -> None:
    page = open_page(width=390, scheme=scheme)
    path = tmp_path / f"{'unbroken' * 9}.jsonl"
    path.write_text('{"text": "fine"}\n' + f"{{{'x' * 90}\n")
    tag(page, path)
    wait_done(page)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_no_endpoint_and_no_file_of_the_server(space: RunningSpace) -> None:
    info = httpx2.get(f"{space.url}/gradio_api/info").json()
    assert not [
        name for name in info["named_endpoints"] if "batch" in name and name != "/tag_batch"
    ]
    secret = space.temporary / "tagloop-batch-secret"
    secret.mkdir()
    (secret / "a-tagged.csv").write_text("tags")
    answer = httpx2.get(f"{space.url}/gradio_api/file={secret}/a-tagged.csv")
    assert answer.status_code in (403, 404)
    shutil.rmtree(secret)


def test_nothing_is_left_behind(space: RunningSpace) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and list(space.temporary.glob("tagloop-batch-*")):
        time.sleep(0.2)
    assert (space.temporary / "gradio").is_dir()  # it is where this Space's files go
    assert not list(space.temporary.glob("tagloop-batch-*"))
