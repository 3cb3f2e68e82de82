"""Folders, zips and single files of articles."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from tagloop.errors import UserError
from tagloop.reading.entries import entry_of
from tagloop.reading.record import Limits, Record
from tagloop.reading.sources import open_path
from tagloop.reading.sources.article_files import ENDINGS

POST = "---\ntitle: {}\ntags: [Boats]\n---\n\nThe ferry runs twice a day.\n"


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    (tmp_path / "blog").mkdir()
    return tmp_path / "blog"


def write(folder: Path, *names: str, content: str | None = None) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(POST.format(path.name) if content is None else content, encoding="utf-8")


def places(path: Path) -> list[str]:
    return [record.where for record in open_path(path).records]


def test_files_of_all_endings_in_the_order_of_their_names(blog: Path) -> None:
    names = [
        "b.md",
        "a.markdown",
        "sub/c.mdx",
        "d.qmd",
        "e.Rmd",
        "f.mkd",
        "g.html",
    ]
    own = {
        "h.rst": ":title: Pier\n:tags: Boats\n\nThe pier is long.\n",
        "i.org": "#+TITLE: Pier\n#+TAGS: Boats\n\nThe pier is long.\n",
        "j.TXT": "Title: Pier\nTags: Boats\n\nThe pier is long.\n",
    }
    write(blog, *names)
    for name, content in own.items():
        (blog / name).write_text(content)
    source = open_path(blog)
    records = list(source.records)
    assert [record.where for record in records] == [
        f"blog/{name}" for name in sorted([*names, *own])
    ]
    assert {str(entry_of(record).tags) for record in records} == {"('Boats',)"}
    assert (source.kind, source.name, source.unit, source.total) == ("markdown", "blog", "file", 10)
    assert source.position is not None and source.position() == 10
    assert {record.markup for record in records} == {"markdown", "html", "rst", "org"}


def test_few_files_of_another_markup_stand_aside_unless_they_state_something_in_its_way(
    blog: Path,
) -> None:
    write(blog, "a.md", "b.md", "c.md", "d.md", "h.rst", "i.org")
    (blog / "LICENSE.txt").write_text("Everybody may copy the timetable.")
    records = list(open_path(blog).records)
    assert {record.where[5:]: record.aside for record in records if record.aside} == {
        "LICENSE.txt": ".txt",
        "h.rst": ".rst",
        "i.org": ".org",
    }


def test_a_folder_written_in_another_markup_is_read_whatever_its_front_matter(blog: Path) -> None:
    write(blog, "a.rst", "b.rst", "c.md")
    assert [record.aside for record in open_path(blog).records] == ["", "", ""]


def test_a_zip_reads_like_a_folder(blog: Path) -> None:
    write(blog, "b.md", "sub/a.md", "_drafts/c.md", "x.png")
    with zipfile.ZipFile(blog.parent / "blog.zip", "w") as archive:
        for path in sorted(blog.rglob("*")):
            archive.write(path, path.relative_to(blog))
    folder, packed = open_path(blog), open_path(blog.parent / "blog.zip")
    assert [
        (record.where.removeprefix("blog/"), record.values, record.body, record.draft)
        for record in folder.records
    ] == [
        (record.where.removeprefix("blog.zip/"), record.values, record.body, record.draft)
        for record in packed.records
    ]
    assert folder.left_out == packed.left_out == {"ending .png": 1}


def test_an_obsidian_note_has_its_name_as_title_if_it_states_none(blog: Path) -> None:
    write(blog, "stated.md", ".obsidian/app.json")
    (blog / "Boats & ferries.md").write_text("The pier is long. #boats\n")
    (blog / "Headed.md").write_text("# The old pier\n\nIt is long.\n")
    titles = [entry_of(record).title for record in open_path(blog).records]
    assert titles == ["Boats & ferries", "The old pier", "stated.md"]


@pytest.mark.parametrize(
    "ending", [ending for ending in ENDINGS if ending not in (".docx", ".pdf")]
)
def test_one_file_is_a_source(tmp_path: Path, ending: str) -> None:
    write(tmp_path, f"ferry{ending}")
    (record,) = open_path(tmp_path / f"ferry{ending}").records
    assert record.where == f"ferry{ending}" and record.values["title"] == f"ferry{ending}"


def test_drafts_and_dates_by_their_places(blog: Path) -> None:
    write(blog, "_drafts/ferry.md", "_posts/2021-02-03-pier.md", "x/2021-02-03.html")
    draft, post, day = open_path(blog).records
    assert draft.draft == "it lies in _drafts" and not draft.fallbacks
    assert post.fallbacks == {"published": "2021-02-03"} and not post.draft
    assert day.fallbacks == {"published": "2021-02-03"}


def test_drafts_may_lie_in_a_folder_of_any_case(blog: Path) -> None:
    write(blog, "Drafts/a.md", "drafts-of-beer/b.md")
    assert [record.draft for record in open_path(blog).records] == ["it lies in Drafts", ""]


def test_templates_are_told_by_their_titles(blog: Path) -> None:
    for name, title in (("a", "<% tp.file.title %>"), ("b", "{% title %}"), ("c", "Piers")):
        (blog / f"{name}.md").write_text(f"---\ntitle: '{title}'\n---\nWords.")
    source = open_path(blog)
    assert [record.where for record in source.records] == ["blog/c.md"]
    assert source.left_out == {"templates": 2}


def test_what_programs_keep_is_left_out_and_counted(blog: Path) -> None:
    write(blog, "a.md", "posts/themes-of-winter.md", "_config.yml", "public/index.html")
    write(blog, ".git/x.md", ".trash/x.md", "node_modules/b/README.md", "_site/a.html")
    write(
        blog, "scaffolds/post.md", "themes/x/README.md", "_layouts/a.html", "notes/Templates/n.md"
    )
    write(blog, ".hidden.md", "style.css", "a.png", "b.png", "desktop.ini")
    source = open_path(blog)
    assert [record.where for record in source.records] == [
        "blog/a.md",
        "blog/posts/themes-of-winter.md",
    ]
    assert not source.notes
    assert source.left_out == {
        "in .git": 1,
        "in .trash": 1,
        "in node_modules": 1,
        "in _site": 1,
        "in scaffolds (templates)": 1,
        "in themes (templates)": 1,
        "in _layouts (templates)": 1,
        "in Templates (templates)": 1,
        "in public (made by the site's generator)": 1,
        "files of macOS or Windows": 1,
        "ending .png": 2,
        "ending .css": 1,
        "ending .md": 1,
        "ending .yml": 1,
    }


def test_saved_pages_are_no_output_of_a_generator(blog: Path) -> None:
    write(blog, "public/a.html", "build/b.html")
    assert places(blog) == ["blog/build/b.html", "blog/public/a.html"]


@pytest.mark.parametrize(
    "title", ["{{ title }}", '"{{ replace .Name "-" " " | title }}"', "<% tp.file.title %>"]
)
def test_templates_are_told_by_what_they_hold(blog: Path, title: str) -> None:
    write(blog, "post.md", content=f"---\ntitle: {title}\ndate: {{{{ date }}}}\ntags:\n---\n")
    write(blog, "a.md", content="---\ntitle: How {{ page.title }} works\n---\nText")
    source = open_path(blog)
    assert [record.where for record in source.records] == ["blog/a.md"]
    assert source.left_out == {"templates": 1}


def test_one_bad_file_never_stops_the_rest(blog: Path) -> None:
    write(blog, "a.md", "z.md")
    write(blog, "b.md", content="---\ntitle: A\ntags: [a, b\n---\nText.\n")
    write(blog, "c.docx", "d.pdf", content="no such thing")
    (blog / "e.txt").write_bytes(bytes(range(256)) * 20)
    records = {record.where: record for record in open_path(blog).records}
    assert [where for where, record in records.items() if not record.problem] == [
        "blog/a.md",
        "blog/z.md",
    ]
    broken = records["blog/b.md"]
    assert broken.problem.startswith("line ") and "front matter" in broken.problem
    assert broken.body == "Text.\n"


def test_a_visitors_limits(blog: Path) -> None:
    write(blog, "a.md", "b.md")
    write(blog, "c.md", content="x" * 401)
    *others, long = open_path(blog, Limits(records=3, record_characters=100)).records
    assert "more than 400 bytes" in long.problem and not any(record.problem for record in others)
    with pytest.raises(UserError, match="3 articles; the limit is 2"):
        open_path(blog, Limits(records=2))
    with pytest.raises(UserError, match="more than 400 bytes"):
        open_path(blog / "c.md", Limits(record_characters=100))


def test_a_file_for_the_writer_is_found_again(blog: Path) -> None:
    write(blog, "sub/a.md")
    (record,) = open_path(blog).records
    assert isinstance(record, Record) and str(record.given) == "sub/a.md"


def test_thousands_of_files_take_no_time(blog: Path) -> None:
    for number in range(500):
        (blog / f"{number}.md").write_text(POST.format(number))
    begun = time.process_time()
    assert sum(1 for _ in open_path(blog).records) == 500
    assert time.process_time() - begun < 2


def test_articles_that_would_have_to_be_converted_are_said(blog: Path) -> None:
    write(blog, "a.md", "b.adoc", "c.adoc", "d.ipynb", "e.css")
    assert open_path(blog).notes == [
        "3 files of other kinds are not read: .adoc 2, .ipynb 1. They may hold articles: convert "
        "them to Markdown.",
    ]
