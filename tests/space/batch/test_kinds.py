"""Each kind of file comes back as itself, with tags where such a file has them."""

from __future__ import annotations

import csv
import io
import json
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import frontmatter
import pytest

from tagloop.batch.named_columns import FIELD, MAX_CHARACTERS, named_columns
from tagloop.batch.opened_file import OpenedFile
from tagloop.batch.results import TABLE
from tagloop.batch.run import BatchState, tag_file
from tagloop.errors import UserError
from tagloop.service.service import TaggingService
from tagloop.tagger.options import Options
from tagloop.tagger.tagger import Tag
from tagloop.web.tabs.batch.tab import draw_summary


class Spices:
    """In place of a tagger: two tags for everything, and what it was given."""

    model_repo = "someone/tagger"
    model_revision = None

    def __init__(self) -> None:
        self.articles: list[Mapping[str, str]] = []

    def tag_batch(self, articles: Sequence[Mapping[str, str]], **_: Any) -> list[list[Tag]]:
        self.articles += articles
        return [[Tag("Saffron", 0.9, True), Tag("Sea Salt", 0.25, False)] for _ in articles]


TAGS = ["Saffron", "Sea Salt"]


@pytest.fixture
def spices(monkeypatch: pytest.MonkeyPatch) -> Spices:
    monkeypatch.setattr("tagloop.batch.run.ApartFile", OpenedFile)
    return Spices()


def tagged(
    spices: Spices,
    folder: Path,
    name: str,
    content: str | bytes,
    columns: Mapping[str, str] | None = None,
) -> tuple[BatchState, bytes]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    service = TaggingService(spices)  # type: ignore[arg-type]
    *_, state = tag_file(service, path, folder, Options(), columns=columns or {})
    assert state.result is not None and not state.broken
    return state, state.result.read_bytes()


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return archive.getvalue()


def unzipped(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# JSON


def test_a_list_stays_a_list(spices: Spices, tmp_path: Path) -> None:
    rice = {"title": "Rice", "text": "Yellow rice.", "n": [1, {"a": None}]}
    given = [rice, {"title": "Empty"}, 7]
    state, content = tagged(spices, tmp_path, "a.json", json.dumps(given))
    first, second, third = json.loads(content)
    assert first == rice | {"tags": TAGS, "confidences": [0.9, 0.25], "error": None}
    assert second["tags"] == [] and second["error"] and third == 7
    assert (state.tagged, state.problem_count) == (1, 2)


def test_a_list_within_an_object_keeps_what_stands_around_it(
    spices: Spices, tmp_path: Path
) -> None:
    post = {"title": "Rice", "body": "Yellow \ud83c rice.", "tags": ["own"]}
    given = {"ids": [1, 2], "data": {"posts": [post, post]}, "next": None}
    _, content = tagged(spices, tmp_path, "a.json", json.dumps(given))
    found = json.loads(content)
    posts = found["data"].pop("posts")
    assert found == {"ids": [1, 2], "data": {}, "next": None}
    assert [(each["tags"], each["suggested_tags"]) for each in posts] == [(["own"], TAGS)] * 2


def test_a_cancelled_list_is_json_all_the_same(spices: Spices, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"title": str(n), "text": "Rice."} for n in range(40)]))
    service = TaggingService(spices)  # type: ignore[arg-type]
    enough = Event()
    for state in tag_file(service, path, tmp_path, Options(), enough.is_set):
        if state.done == 16:
            enough.set()
    assert state.result is not None and state.cancelled
    assert len(json.loads(state.result.read_text())) == 16


def test_json_lines_of_any_name_keep_it(spices: Spices, tmp_path: Path) -> None:
    state, content = tagged(spices, tmp_path, "export.txt", '{"title": "a", "text": "Rice."}\n' * 2)
    assert state.result is not None and state.result.name == "export-tagged.txt"
    assert [json.loads(line)["tags"] for line in content.splitlines()] == [TAGS, TAGS]


# Tables

SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    "{rows}</sheetData></worksheet>"
)


def xlsx(*table: Sequence[str]) -> bytes:
    cells = "".join(
        f'<row r="{y}">'
        + "".join(
            f'<c r="{"ABCDEF"[x]}{y}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for x, cell in enumerate(row)
        )
        + "</row>"
        for y, row in enumerate(table, 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rels = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{rels}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rels}"><sheets>'
            '<sheet name="Posts" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="r1" Type="{rels}/worksheet" Target="worksheets/sheet1.xml"/>'
            "</Relationships>",
            "xl/worksheets/sheet1.xml": SHEET.format(rows=cells),
        }
    )


def test_a_spreadsheet_comes_back_as_csv_and_says_so(spices: Spices, tmp_path: Path) -> None:
    data = xlsx(["Headline", "Body", "n"], ["Rice", "Yellow rice.", "7"])
    state, content = tagged(spices, tmp_path, "a.xlsx", data)
    assert state.result is not None and state.result.suffix == ".csv"
    assert rows(content) == [
        {"Headline": "Rice", "Body": "Yellow rice.", "n": "7", "tags": "Saffron, Sea Salt",
         "confidences": "0.9, 0.25", "error": ""}
    ]  # fmt: skip
    assert "A .xlsx file comes back as CSV" in state.notes[0]


def test_columns_of_other_names(spices: Spices, tmp_path: Path) -> None:
    table = "Kopf,Plain Story,text\nRice,Yellow rice.,no\n"
    columns = named_columns(" title = Kopf,  text=Plain Story ")
    tagged(spices, tmp_path, "a.csv", table, columns)
    assert spices.articles == [{"title": "Rice", "text": "Yellow rice."}]
    with pytest.raises(UserError, match=r"no column 'Leib' for the text.*'Kopf', 'Plain Story'"):
        tagged(spices, tmp_path, "a.csv", table, {"text": "Leib"})
    with pytest.raises(UserError, match=r"'Leib' for the text.*'Kopf'"):
        tagged(spices, tmp_path, "a.jsonl", '{"Kopf": "x"}', {"text": "Leib"})


@pytest.mark.parametrize("text", ["headline", "kopf=x", "x" * (MAX_CHARACTERS + 1)])
def test_columns_written_otherwise_are_a_sentence_of_the_tab(text: str) -> None:
    with pytest.raises(UserError) as caught:
        named_columns(text)
    assert str(caught.value).startswith(FIELD) and "--" not in str(caught.value)
    assert named_columns(" ") == named_columns(None) == {}


# Files

TOML = '+++\ntitle = "Rice"\n[taxonomies]\nauthors = ["me"]\n+++\n\nYellow rice.\n'
FILES: dict[str, str | bytes] = {
    "a/zola.md": TOML,
    "b/hugo.md": '{"title": "Rice"}\n\nYellow rice.\n',
    "c/pelican.md": "Title: Rice\nDate: 2024-05-06\n\nYellow rice.\n",
    "d/hexo.md": "title: Rice\ndate: 2024-05-06\n---\n\nYellow rice.\n",
    "e/note.org": "#+TITLE: Rice\n\nYellow rice.\n",
    "f/page.rst": "Rice\n====\n\n:date: 2024-05-06\n\nYellow rice.\n",
    "g/jekyll.html": "---\ntitle: Rice\n---\n<p>Yellow rice.</p>\n",
    "h/bare.html": "<!doctype html><html><head><title>R</title></head><body><p>Rice.</p></body>",
    "i/plain.txt": "Yellow rice.\n",
    "j/old.md": "---\ntitle: Käse\n---\nKäse.\n".encode("cp1252"),
}


def test_each_generator_finds_its_tags(spices: Spices, tmp_path: Path) -> None:
    state, content = tagged(spices, tmp_path, "blog.zip", zipped(FILES))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        written = {name: archive.read(name) for name in archive.namelist()}
    assert state.problem_count == 0
    texts = {
        name[0]: data.decode("cp1252" if name[0] == "j" else "utf-8")
        for name, data in written.items()
    }
    for name, given in FILES.items():
        body = given.decode("cp1252") if isinstance(given, bytes) else given
        assert texts[name[0]].endswith(body[-8:]), name
        assert texts[name[0]].count("---\n") == body.count("---\n"), name
    zola = tomllib.loads(texts["a"].split("+++")[1])
    assert zola["taxonomies"]["tags"] == TAGS and zola["taxonomies"]["authors"] == ["me"]
    assert json.loads(texts["b"].rpartition("}")[0] + "}")["tags"] == TAGS
    assert "Tags: Saffron, Sea Salt\n" in texts["c"]
    assert frontmatter.loads("---\n" + texts["d"])["tags"] == TAGS
    assert "#+FILETAGS: :Saffron:Sea_Salt:\n" in texts["e"]
    assert ":tags: Saffron, Sea Salt\n" in texts["f"]
    assert frontmatter.loads(texts["g"])["tags"] == TAGS
    assert '<meta name="keywords" content="Saffron, Sea Salt">' in texts["h"]
    assert texts["i"] == FILES["i/plain.txt"]
    [listed] = rows(written[TABLE])
    assert (listed["file"], listed["tags"]) == ("i/plain.txt", "Saffron, Sea Salt")
    assert "1 file has no place for tags" in " ".join(state.notes)


def test_drafts_are_tagged_too(spices: Spices, tmp_path: Path) -> None:
    files = {"_drafts/a.md": "Rice.\n", "b.md": "---\ndraft: true\n---\nRice.\n"}
    state, content = tagged(spices, tmp_path, "a.zip", zipped(files))
    assert state.tagged == 2 and all("Saffron" in text for text in unzipped(content).values())


def test_one_file_comes_back_as_one_file(spices: Spices, tmp_path: Path) -> None:
    state, content = tagged(spices, tmp_path, "post.md", TOML)
    assert state.result is not None and state.result.name == "post-tagged.md"
    assert content.decode().startswith("+++\n") and b'"Sea Salt"' in content
    state, content = tagged(spices, tmp_path, "post.txt", "Rice\n\nYellow rice.\n")
    assert state.result is not None and state.result.name == "post-tagged.csv"
    assert rows(content)[0]["title"] == "Rice" and rows(content)[0]["tags"] == "Saffron, Sea Salt"
    assert "Tags cannot be put back" in state.notes[0]


def test_one_page_without_a_place_for_tags_comes_back_as_a_table(
    spices: Spices, tmp_path: Path
) -> None:
    page = "<h1>Rice</h1>\n<p>Yellow rice, in a pan.</p>\n"
    state, content = tagged(spices, tmp_path, "rice.html", page)
    assert state.result is not None and state.result.name == "rice-tagged.csv"
    assert rows(content)[0]["title"] == "Rice" and rows(content)[0]["tags"] == "Saffron, Sea Salt"
    assert "rice.html has no place for tags: this table lists them." in state.notes
    state, content = tagged(spices, tmp_path, "rice.html", f"<head></head>{page}")
    assert b'content="Saffron, Sea Salt"' in content and not state.notes
    broken = "---\n{title: Rice}\n---\n" + page
    state, content = tagged(spices, tmp_path, "rice.html", broken)
    assert content.decode() == broken and state.problem_count == 1


# Exports

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Kitchen</title>
<link>https://kitchen.example</link><description>d</description>
<item><title>Rice</title><link>https://kitchen.example/rice</link>
<description>&lt;p&gt;Yellow rice, in a pan.&lt;/p&gt;</description>
<pubDate>Mon, 06 May 2024 10:00:00 GMT</pubDate></item>
</channel></rss>"""


def test_a_feed_comes_back_as_a_table(spices: Spices, tmp_path: Path) -> None:
    state, content = tagged(spices, tmp_path, "feed.xml", FEED)
    assert state.result is not None and state.result.name == "feed-tagged.csv"
    [row] = rows(content)
    assert (row["title"], row["address"]) == ("Rice", "https://kitchen.example/rice")
    assert row["date"].startswith("2024-05-06") and row["tags"] == "Saffron, Sea Salt"
    assert spices.articles[0]["text"] == "Yellow rice, in a pan."
    assert "Tags cannot be put back" in state.notes[0]


def test_a_file_that_breaks_off_says_what_is_missing() -> None:
    state = BatchState(100, done=16, tagged=16, broken="It seems to be damaged.", result=Path("x"))
    shown = draw_summary(state)
    assert "It seems to be damaged." in shown and "16 of 100" in shown and "84" in shown
    assert "Done" not in shown
