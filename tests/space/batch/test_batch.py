"""Whole files through the batch, with a tagger that needs no model: its tags are the long words."""

import csv
import io
import json
import random
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Unpack

import frontmatter
import pytest

from tagloop.batch import opened_file
from tagloop.batch.apart import ApartFile
from tagloop.batch.formulas import neutral
from tagloop.batch.opened_file import OpenedFile
from tagloop.batch.queue import BatchQueue, result_folder
from tagloop.batch.results import PROBLEMS
from tagloop.batch.rows import LIMITS, MAX_ROWS, RowTags
from tagloop.batch.run import CHUNK, FIRST_PROBLEMS, BatchState, Problem, open_batch, tag_file
from tagloop.batch.writers.article_files import add_tags
from tagloop.errors import UserError
from tagloop.reading.front_matter import split_front_matter
from tagloop.reading.sources import files
from tagloop.service.service import TaggingService
from tagloop.tagger.options import Options
from tagloop.tagger.tagger import Tag
from tagloop.web.tabs.batch.tab import draw_progress, draw_summary, duration

MAX_PEAK_BYTES = 6_000_000
"""Of 10,000 short rows: see ``test_ten_thousand_rows_stay_out_of_memory``."""


class LongWords:
    """In place of a tagger: three long words are the tags; a poisoned article breaks it."""

    model_repo = "someone/tagger"
    model_revision = "0" * 40

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.preferences: dict[str, Any] = {}

    def tag_batch(
        self, articles: Sequence[Mapping[str, str]], **preferences: Any
    ) -> list[list[Tag]]:
        self.sizes.append(len(articles))
        self.preferences = preferences
        if any("poison" in article["text"] for article in articles):
            raise RuntimeError("the engine broke")
        return [
            [Tag(word, 0.9 - place / 10, True) for place, word in enumerate(self._long(article))]
            for article in articles
        ]

    def _long(self, article: Mapping[str, str]) -> list[str]:
        words = f"{article['title']} {article['text']}".replace(".", "").split()
        return list(dict.fromkeys(word for word in words if len(word) > 6))[:3]


@pytest.fixture
def tagger() -> LongWords:
    return LongWords()


@pytest.fixture
def service(tagger: LongWords) -> TaggingService:
    return TaggingService(tagger)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read here: what the process of its own adds is `test_apart`'s subject."""
    monkeypatch.setattr("tagloop.batch.run.ApartFile", OpenedFile)


def run(
    service: TaggingService,
    path: Path,
    columns: Mapping[str, str] | None = None,
    **options: Unpack[Options],
) -> BatchState:
    """Tags a file to its end."""
    folder = path.parent / "result"
    folder.mkdir(exist_ok=True)
    *_, last = tag_file(service, path, folder, Options(**options), columns=columns or {})
    assert last.result is not None and last.done == last.total
    return last


def run_text(service: TaggingService, folder: Path, name: str, content: str | bytes) -> BatchState:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return run(service, path)


def table(state: BatchState, delimiter: str = ",") -> list[dict[str, str]]:
    assert state.result is not None
    with state.result.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def refusal(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserError) as caught:
        open_batch(path)
    message = str(caught.value)
    assert "\n" not in message and str(path.parent) not in message
    return message


def make_zip(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


# CSV


def test_csv_keeps_its_columns_and_gets_three(service: TaggingService, tmp_path: Path) -> None:
    rows = 'id,Headline,Body,note\r\n7,"Sourdough, again","Patience and\nwarm kitchens.",x\r\n'
    state = run_text(service, tmp_path, "my posts.csv", rows)
    assert state.result is not None and state.result.name == "my-posts-tagged.csv"
    assert table(state) == [
        {
            "id": "7",
            "Headline": "Sourdough, again",
            "Body": "Patience and\nwarm kitchens.",
            "note": "x",
            "tags": "Sourdough,, Patience, kitchens",
            "confidences": "0.9, 0.8, 0.7",
            "error": "",
        }
    ]
    assert (state.tagged, state.problem_count, state.notes) == (1, 0, [])


def test_bad_rows_are_counted_told_and_kept(service: TaggingService, tmp_path: Path) -> None:
    lines = [
        "title,text",
        "one,Something sensible",
        "two,",
        "three,Something,else,entirely",
        'four,"never closed',
        "five,Something afterwards",
        "",
        "six",
        f"{'t' * 301},Something",
        f"eight,{'lengthy ' * 10_001}",
        "nine,Something last",
    ]
    state = run_text(service, tmp_path, "a.csv", "\n".join(lines))
    found = table(state)
    assert [row["title"][:5] for row in found] == [
        "one", "two", "three", "four", "five", "six", "ttttt", "eight", "nine"
    ]  # fmt: skip
    tagged = [row["title"][:5] for row in found if row["tags"]]
    assert tagged == ["one", "five", "ttttt", "eight", "nine"]
    assert {problem.where: problem.reason for problem in state.problems} == {
        "a.csv:3": "it has no text",
        "a.csv:4": "it has 4 cells, but there are 2 columns",
        "a.csv:5": "a quote is opened in it but not closed",
        "a.csv:8": "it has no text",
    }
    by_title: dict[str, Any] = {row["title"]: row for row in found}
    assert by_title["three"]["error"].startswith("it has 4 cells")
    assert by_title["three"][None] == ["else", "entirely"]
    assert by_title["four"]["text"] == '"never closed'
    assert (state.tagged, state.problem_count) == (5, 4)
    assert [row["note"] for row in found if row["note"]] == [
        "only the first 300 characters of its title were read",
        "only the first 50,000 characters of its text were read",
    ]
    assert "1 text was longer than 50,000 characters: its beginning was tagged." in state.notes


def test_a_quote_that_swallows_too_much_costs_one_row(
    service: TaggingService, tmp_path: Path
) -> None:
    good = [f"t{n},{'Something sensible ' * 100}" for n in range(100)]
    lines = ["title,text", 'bad,"open', *good]
    state = run_text(service, tmp_path, "a.csv", "\n".join(lines))
    assert (state.tagged, state.problem_count) == (100, 1)
    assert state.problems[0] == Problem("a.csv:2", "a quote is opened in it but not closed")
    long = f"title,text\nx,{'y' * 1_100_000}\nz,Something sensible"
    state = run_text(service, tmp_path, "b.csv", long)
    assert state.problems == [Problem("b.csv:2", "it has more than 1,000,000 characters")]
    assert state.result is not None
    lines = state.result.read_text().splitlines()
    assert lines[1].startswith('"x","yyy') and '"Something, sensible"' in lines[2]


def test_a_row_that_breaks_the_tagger_takes_no_other_with_it(
    service: TaggingService, tmp_path: Path
) -> None:
    lines = ["text", *["Something sensible"] * 20]
    lines[5] = "This is poison"
    state = run_text(service, tmp_path, "a.csv", "\n".join(lines))
    assert (state.tagged, state.problem_count) == (19, 1)
    assert state.problems[0].where == "a.csv:6"


def test_more_problems_than_are_told(service: TaggingService, tmp_path: Path) -> None:
    state = run_text(service, tmp_path, "a.csv", "title,text\n" + "empty,\n" * 30)
    assert (state.problem_count, len(state.problems)) == (30, FIRST_PROBLEMS)
    assert "and 22 more" in draw_summary(state)
    assert all(row["error"] for row in table(state))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_separators_stay(service: TaggingService, tmp_path: Path, delimiter: str) -> None:
    content = f"title{delimiter}content\nBread, and more{delimiter}Something sensible\n"
    state = run_text(service, tmp_path, "a.csv", content)
    assert table(state, delimiter)[0]["content"] == "Something sensible"
    assert table(state, delimiter)[0]["tags"] == "Something, sensible"


def test_what_excel_saves(service: TaggingService, tmp_path: Path) -> None:
    content = "Überschrift;Text\r\nKäse;Vorzügliche Käsesorten aus dem Süden\r\n"
    for number, encoding in enumerate(("cp1252", "utf-8-sig", "utf-16")):
        state = run_text(service, tmp_path, f"a{number}.csv", content.encode(encoding))
        assert state.result is not None
        assert state.result.read_bytes().startswith(b"\xef\xbb\xbf")
        assert table(state, ";")[0]["Überschrift"] == "Käse"
        assert table(state, ";")[0]["tags"] == "Vorzügliche, Käsesorten"


def test_given_tags_are_never_overwritten(service: TaggingService, tmp_path: Path) -> None:
    content = "Tags,text,error\nmine,Something sensible,none\n"
    state = run_text(service, tmp_path, "a.csv", content)
    row = table(state)[0]
    assert (row["Tags"], row["suggested_tags"]) == ("mine", "Something, sensible")
    assert (row["error"], row["suggested_error"]) == ("none", "")
    assert "suggested_tags" in state.notes[0]


def test_html_in_a_cell_becomes_text(service: TaggingService, tmp_path: Path) -> None:
    state = run_text(service, tmp_path, "a.csv", "text\n<p><strong>Something</strong></p>\n")
    assert table(state)[0]["tags"] == "Something"
    assert table(state)[0]["text"] == "<p><strong>Something</strong></p>"


def test_a_file_without_a_text_column_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path / "a.csv", "title,author\na,b\n")
    assert "no column for the text" in message and "'author'" in message
    assert "text=NAME under “Columns, if they have other names”" in message and "--" not in message
    assert "no rows" in refusal(tmp_path / "b.csv", "title,text\n")
    assert "empty" in refusal(tmp_path / "c.csv", "")
    assert "column names" in refusal(tmp_path / "d.csv", "\n\n")
    assert "not a text file" in refusal(tmp_path / "e.csv", b"\x89PNG\0\0\1\0\2" * 9)


@pytest.mark.parametrize("length", [140_000, 1_100_000, 5_000_000])
def test_names_of_columns_of_any_length(
    service: TaggingService, tmp_path: Path, length: int
) -> None:
    content = f"title,{'x' * length},text\na,b,Something sensible\n"
    if length < (LIMITS.record_characters or 0):
        assert run_text(service, tmp_path, "a.csv", content).tagged == 1
    else:
        assert refusal(tmp_path / "b.csv", content) == (
            "b.csv: the line of column names cannot be read, it has more than 1,000,000 characters."
        )
    refused = refusal(
        tmp_path / "c.csv", f"text{',' * (LIMITS.columns or 0)}\nSomething sensible\n"
    )
    assert "1,001 columns; the limit is 1,000" in refused
    assert "quote is opened" in refusal(tmp_path / "d.csv", 'title,"text\na,b\n')


def test_long_cells_are_no_broken_rows(service: TaggingService, tmp_path: Path) -> None:
    html = f"<p>Something sensible</p>{'<!-- -->' * 20_000}"
    content = f"text,more\n{html},x\nSomething sensible,{'y' * 500_000}\n{'z ' * 100_000},x\n"
    state = run_text(service, tmp_path, "a.csv", content)
    assert [row["tags"] for row in table(state)] == ["Something, sensible"] * 2 + [""]
    assert state.problems == [] and "1 text was longer" in state.notes[0]
    assert "only the first 50,000" in table(state)[2]["note"]


def test_a_quote_in_every_row_does_not_read_the_file_over_and_over(tmp_path: Path) -> None:
    def seconds(rows: int) -> float:
        # Each row leaves a quote open, however the rows before it are read.
        content = "title,text\n" + f'{"a" * 500}","""\n' * rows + 'a",b"c,"d'
        (tmp_path / "a.csv").write_text(content)
        begun = time.process_time()
        try:
            open_batch(tmp_path / "a.csv").read(MAX_ROWS)
        except UserError as error:
            assert "too many quotes that are opened but not closed" in str(error)
        return time.process_time() - begun

    assert seconds(8_000) < 12 * max(seconds(1_000), 0.1)


def test_limits_say_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = "text\n" + "x\n" * (MAX_ROWS + 1)
    assert "10,000 rows" in refusal(tmp_path / "a.csv", many)
    assert "10,000 lines" in refusal(tmp_path / "a.jsonl", '{"text": "x"}\n' * (MAX_ROWS + 1))
    monkeypatch.setattr("tagloop.batch.run.MAX_FILE_BYTES", 1_000_000)
    message = refusal(tmp_path / "b.csv", "x" * 1_100_000)
    assert "1.1 MB" in message and "limit for .csv is 1 MB" in message
    assert "a.xyz is of a kind that is not read" in refusal(tmp_path / "a.xyz", b"\0\1")


# Formulas


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1+1",  # noqa: RUF001
     "-2+3+cmd|' /C calc'!A0", "+49 171 1234"],
)  # fmt: skip
def test_what_a_spreadsheet_would_run_is_neutralised(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "-3.5", "+7", "-1e-5", "-12,5 %", "-", "a=1", "'=1", " x"])
def test_what_is_harmless_stays(cell: str) -> None:
    assert neutral(cell) == cell


def test_formulas_anywhere_in_a_file(service: TaggingService, tmp_path: Path) -> None:
    content = '=cmd,text,n\n@x,"Something; =1+1",-5\n-1+1,"=HYPERLINK(""http://x"")",2\n=x\n'
    state = run_text(service, tmp_path, "a.csv", content)
    assert state.result is not None
    lines = list(csv.reader(io.StringIO(state.result.read_text(), newline="")))
    assert lines[0][:3] == ["'=cmd", "text", "n"]
    assert lines[1][:3] == ["'@x", "Something; =1+1", "-5"]
    assert lines[2][:2] == ["'-1+1", '\'=HYPERLINK("http://x")']
    assert lines[3][0] == "'=x"
    assert not [
        cell for row in lines for cell in row if cell != "-5" and cell[:1] in "=+-@" and cell
    ]
    # Quoted as a whole, so that a spreadsheet that splits at ";" sees no cell begin with "=".
    assert '"Something; =1+1"' in state.result.read_text()
    assert "6 cells" in state.notes[0]


# JSON Lines


def test_keys_that_are_no_text_are_named_in_a_sentence_that_can_be_sent(tmp_path: Path) -> None:
    assert (
        "no column for the text"
        in refusal(tmp_path / "a.jsonl", '{"\\ud800": 1}').encode().decode()
    )


@pytest.mark.parametrize(("name", "row"), [("a.csv", "text"), ("a.jsonl", '{"text": "a"}')])
def test_a_file_of_blank_lines_is_not_read_to_its_end(tmp_path: Path, name: str, row: str) -> None:
    few, many = (f"{row}\n" + "\n" * count + row for count in (50_000, 5_000_000))
    (tmp_path / name).write_text(few)
    open_batch(tmp_path / name)
    assert "blank lines" in refusal(tmp_path / name, many)


def test_json_lines_keep_every_byte_that_was_given(service: TaggingService, tmp_path: Path) -> None:
    lines = [
        '{"title": "Bread",  "text": "Something s\\u0065nsible", "n": 1.10, "d": {"a": [1]}}',
        '{"headline":"x","body":"Warm kitchens"}  ',
    ]
    state = run_text(service, tmp_path, "a.jsonl", "\r\n".join(lines))
    assert state.result is not None
    written = state.result.read_text().splitlines()
    assert written[0].startswith(lines[0][:-1] + ', "tags": ["Something", "sensible"], ')
    assert json.loads(written[0])["confidences"] == [0.9, 0.8]
    assert json.loads(written[1])["tags"] == ["kitchens"]
    assert json.loads(written[1])["error"] is None


def test_bad_lines_are_counted_told_and_kept(service: TaggingService, tmp_path: Path) -> None:
    lines = [
        '{"text": "Something good"}',
        "{broken",
        "[1, 2]",
        "{}",
        '{"text": {"a": [1]}}',
        '{"text": null}',
        "[" * 100_000,
        '{"text": "' + "x" * 1_000_000 + '"}',
        '{"text": 12345678}',
        '{"text": "half \\ud83d Something"}',
    ]
    state = run_text(service, tmp_path, "a.ndjson", "\ufeff" + "\n\n".join(lines))
    assert state.result is not None
    found = [json.loads(line) for line in state.result.read_text(encoding="utf-8").splitlines()]
    assert len(found) == len(lines)
    assert [bool(row["tags"]) for row in found] == [True, *[False] * 7, True, True]
    assert [row["error"] is None for row in found] == [True, *[False] * 7, True, True]
    assert found[1]["line"] == "{broken"
    assert "not JSON" in found[1]["error"] and "object" in found[2]["error"]
    assert "no text" in found[3]["error"] and "expected a text" in found[4]["error"]
    assert "nested too deeply" in found[6]["error"] or "not JSON" in found[6]["error"]
    assert "1,000,000" in found[7]["error"]
    assert state.problems[0].where == "a.ndjson:3"


def test_json_lines_with_tags_or_without_texts(service: TaggingService, tmp_path: Path) -> None:
    content = '{"text": "Something"}\n{"text": "Sensible", "tags": ["mine"]}\n'
    state = run_text(service, tmp_path, "a.jsonl", content)
    assert state.result is not None
    rows = [json.loads(line) for line in state.result.read_text().splitlines()]
    assert [row["suggested_tags"] for row in rows] == [["Something"], ["Sensible"]]
    assert rows[1]["tags"] == ["mine"] and "tags" not in rows[0]
    assert "'author'" in refusal(tmp_path / "b.jsonl", '{"author": "x"}\n')


# Markdown

POST = (
    "---\r\n# kept\r\ntitle:   'Bread: a start'\r\ndate: 2026-01-02\r\n---\r\n\r\n"
    "# Bread\r\n\r\nSomething *sensible*.  \r\n"
)


def test_markdown_gets_tags_and_keeps_all_else(service: TaggingService, tmp_path: Path) -> None:
    bare = "# Warm kitchens\n\nRest.\n\n---\n\nMore.\n"
    files: dict[str, str | bytes] = {"posts/a.md": POST, "b.markdown": bare}
    files |= {"img/c.png": b"\x89PNG", "__MACOSX/._b.md": ""}
    state = run(service, make_zip(tmp_path / "blog.zip", files))
    assert state.result is not None and state.result.name == "blog-tagged.zip"
    with zipfile.ZipFile(state.result) as archive:
        assert archive.namelist() == ["b.markdown", "posts/a.md"]
        second, first = (archive.read(name).decode() for name in archive.namelist())
    before, after = POST.split("---\r\n", 2), first.split("---\r\n", 2)
    assert after[2] == before[2]
    assert after[1].startswith(before[1])
    post = frontmatter.loads(first)
    assert post["tags"] == ["Something", "sensible"]
    assert post["confidences"] == [0.9, 0.8]
    assert second.endswith(bare)
    assert frontmatter.loads(second)["tags"] == ["kitchens"]
    assert frontmatter.loads(second).content == bare.strip()
    assert "2 files are left out: " in " ".join(state.notes)


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ("tags:", "tags"),
        ("tags: []", "tags"),
        ("tags: ~", "tags"),
        ("tags: [mine]", "suggested_tags"),
        ("tags:\n  - mine", "suggested_tags"),
        ("title: x # remark", "tags"),
    ],
)
def test_tags_that_are_there(lines: str, name: str) -> None:
    added = add_tags(
        f"---\n{lines}\ndate: 1\n---\nBody", RowTags(["C++", "a: b"], [0.5, 0.25]), "a.md", ".md"
    )
    assert added is not None
    content, written = added
    assert written == name
    post = frontmatter.loads(content)
    assert post[name] == ["C++", "a: b"] and post["confidences"] == [0.5, 0.25]
    assert split_front_matter(content, "a.md").body == "\nBody"
    assert name == "tags" or post["tags"] == ["mine"]


def test_front_matter_that_lines_cannot_be_added_to() -> None:
    with pytest.raises(UserError, match="cannot be added"):
        add_tags("---\n{title: x, date: 1}\n---\nBody", RowTags(["a"], [0.5]), "a.md", ".md")


def test_yaml_bombs_take_no_time() -> None:
    names = "abcdefghijkl"
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise(names)
    )
    begun = time.monotonic()
    with pytest.raises(UserError, match="10,000 values"):
        add_tags(f"---\n{bomb}---\nBody", RowTags(["a"], [0.5]), "a.md", ".md")
    with pytest.raises(UserError, match="20,000"):
        split_front_matter(f"---\n{'a: b' * 6_000}\n---\n", "a.md")
    assert time.monotonic() - begun < 5


def test_bad_markdown_stays_as_it_was(service: TaggingService, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "good.md": "Something sensible",
        "broken.md": "---\ntitle: x\n" + "a: b\n" * 5_000 + "---\nText",
        "empty.md": "---\ntitle: x\n---\n",
        "binary.md": b"\0\1\2\3" * 9,
        "flow.md": "---\n{title: x}\n---\nSomething",
        "=evil.md": "",
    }
    state = run(service, make_zip(tmp_path / "a.zip", files))
    assert state.result is not None
    with zipfile.ZipFile(state.result) as archive:
        assert archive.namelist() == [*sorted(files), PROBLEMS]
        for name in files.keys() - {"good.md"}:
            kept = files[name]
            assert archive.read(name) == (kept.encode() if isinstance(kept, str) else kept)
        problems = list(csv.DictReader(io.StringIO(archive.read(PROBLEMS).decode())))
    assert [row["file"] for row in problems] == [
        "'=evil.md", "binary.md", "broken.md", "empty.md", "flow.md"
    ]  # fmt: skip
    assert "25,009 characters" in problems[2]["error"] and "no text" in problems[3]["error"]
    assert PROBLEMS in state.notes[0]


def test_a_damaged_entry_is_one_problem(service: TaggingService, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.md", "Something sensible")
        archive.writestr("b.md", "Warm kitchens")
    path.write_bytes(path.read_bytes().replace(b"Something", b"Nothing!!"))
    state = run(service, path)
    assert (state.tagged, state.problem_count) == (1, 1)
    assert state.problems[0].where == "a.zip/a.md" and "damaged" in state.problems[0].reason


def test_a_damaged_lzma_entry_or_name_is_one_problem(
    service: TaggingService, tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.md", "Something sensible", zipfile.ZIP_LZMA)
        archive.writestr("bé.md", "Warm kitchens")
        archive.writestr("c.md", "Warm kitchens")
        archive.writestr("?", "")
    content = bytearray(path.read_bytes())
    content[30 + 4 + 4] = 0xFF  # LZMA's properties, in the first entry
    content[content.index("é".encode())] = 0xFF  # in the entry itself; the directory has it too
    listed = content.rindex(b"PK\x01\x02")
    content[listed + 28 : listed + 30] = b"\0\0"  # the last one has no name, its "?" is a comment
    content[listed + 32 : listed + 34] = b"\x01\0"
    path.write_bytes(content)
    state = run(service, path)
    assert (state.tagged, state.problem_count) == (1, 2)
    assert all("damaged" in problem.reason for problem in state.problems)


@pytest.mark.parametrize("name", ["../a.md", "/etc/a.md", "x/../../a.md", "C:/a.md", "x\\..\\a.md"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    path = make_zip(tmp_path / "a.zip", {"ok.md": "x", name: "y"})
    with pytest.raises(UserError, match="leads out"):
        open_batch(path)


def test_zip_bombs_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened_file, "LIMITS", replace(LIMITS, unpacked_bytes=3_000_000))
    path = make_zip(tmp_path / "a.zip", {f"{n}.md": " " * 900_000 for n in range(4)})
    assert path.stat().st_size < 10_000
    with pytest.raises(UserError, match=r"unpacks to 4 MB"):
        open_batch(path)
    monkeypatch.setattr(files, "MAX_MEMBERS", 3)
    path = make_zip(tmp_path / "b.zip", {f"{n}.md": "x" for n in range(4)})
    with pytest.raises(UserError, match="4 files"):
        open_batch(path)


def test_one_large_file_in_a_zip_is_a_problem_of_its_own(
    service: TaggingService, tmp_path: Path
) -> None:
    files = {"a.md": "x" * 4_000_001, "b.md": "Something sensible", "c.md": "long " * 40_001}
    state = run(service, make_zip(tmp_path / "a.zip", files))
    assert state.problems == [
        Problem("a.zip/a.md", "has more than 4,000,000 bytes, which is the limit of one file.")
    ]


def test_zips_that_are_none(tmp_path: Path) -> None:
    assert "a.zip is" in refusal(tmp_path / "a.zip", "text")
    with pytest.raises(UserError, match="holds no file that is read"):
        open_batch(make_zip(tmp_path / "b.zip", {"a.png": "x"}))


# The run


def test_options_reach_the_tagger(
    service: TaggingService, tagger: LongWords, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\n" + "Something\n" * 40)
    run(service, path, max_tags=3, threshold=0.5)
    assert tagger.sizes == [CHUNK] * 5 == [8] * 5
    assert (tagger.preferences["max_tags"], tagger.preferences["threshold"]) == (3, 0.5)
    with pytest.raises(UserError, match="max_tags"):
        next(tag_file(service, path, tmp_path, Options(max_tags=99)))


def test_cancelling_leaves_the_rows_so_far(service: TaggingService, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\n" + "Something\n" * 100)
    sign = threading.Event()
    for state in tag_file(service, path, tmp_path, Options(), sign.is_set):
        if state.done == 2 * CHUNK:
            sign.set()
    assert state.cancelled and state.done == 2 * CHUNK
    assert len(table(state)) == 2 * CHUNK
    assert f"{2 * CHUNK} of 100" in draw_summary(state)


def test_a_batch_does_not_run_for_ever(
    service: TaggingService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagloop.batch.run.MAX_SECONDS", -1)
    path = tmp_path / "a.csv"
    path.write_text("text\nSomething\n")
    *_, state = tag_file(service, path, tmp_path, Options())
    assert state.cancelled and state.done == 0


def test_a_run_that_is_left_closes_its_file(service: TaggingService, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\n" + "Something\n" * 100)
    states = tag_file(service, path, tmp_path, Options())
    next(states)
    next(states)
    assert isinstance(states, Generator)
    states.close()  # as when a visitor goes away
    assert len(table(BatchState(100, result=tmp_path / "a-tagged.csv"))) == CHUNK


@pytest.mark.slow
def test_ten_thousand_rows_stay_out_of_memory(
    service: TaggingService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither rows nor results pile up: the file alone would be more than the peak."""
    monkeypatch.setattr("tagloop.batch.run.ApartFile", ApartFile)
    chance = random.Random(5)
    words = ["Something", "sensible", "about", "kitchens", "and", "bread", "in", "Lisbon"]
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("title,text\n")
        for number in range(10_000):
            file.write(f"{number},{' '.join(chance.choices(words, k=120))}\n")
    size = path.stat().st_size
    tracemalloc.start()
    state = run(service, path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert state.result is not None
    print(f"file {size / 1e6:.1f} MB, result {state.result.stat().st_size / 1e6:.1f} MB, "
          f"peak {peak / 1e6:.1f} MB")  # fmt: skip
    assert state.tagged == 10_000
    assert peak < MAX_PEAK_BYTES < size


# The queue and what the page shows


def test_the_queue_knows_who_waits() -> None:
    queue = BatchQueue()
    assert (queue.announce("a", "A"), queue.announce("b", "B")) == (0, 0)  # two at a time
    assert queue.announce("c", "C") == 1
    assert queue.announce("d", "C") == 1  # after one of A, B and the first of its own
    flag = queue.cancel_flag("b")
    queue.cancel("b")
    assert flag.is_set() and not queue.cancel_flag("a").is_set()
    queue.leave("b", flag)
    assert queue.announce("e", "E") == 1
    again = queue.cancel_flag("a")
    assert queue.announce("a", "A") == 1  # a new one of the same visitor takes the place of the old
    queue.leave("a", again)  # the old one ends later, and takes nothing away
    assert queue.announce("f", "F") == 2


def test_one_visitors_files_wait_for_each_other_alone() -> None:
    queue = BatchQueue()
    assert [queue.announce(session, "A") for session in "abc"] == [0, 1, 2]
    assert queue.announce("d", "B") == 0


def test_result_folders_cannot_be_guessed_or_read() -> None:
    first, second = result_folder(), result_folder()
    assert first != second and first.stat().st_mode & 0o077 == 0
    for folder in (first, second):
        folder.rmdir()


def test_progress_and_summary() -> None:
    state = BatchState(1_000, done=100, tagged=99, seconds=10.0)
    shown = draw_progress(state)
    assert "100 of 1,000 articles, 1 problem" in shown
    assert "10 a second, 1 min 30 s left" in shown
    assert 'aria-valuenow="100"' in shown
    assert "Starting" in draw_progress(BatchState(5))
    assert [duration(seconds) for seconds in (0.2, 59, 61, 3_700)] == [
        "less than a second", "59 s", "1 min 1 s", "1 h 1 min"
    ]  # fmt: skip


def test_nothing_of_a_file_is_markup_on_the_page(service: TaggingService, tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"<img src=x onerror=alert(1)>${x}.md": ""})
    shown = draw_summary(run(service, path))
    assert "<img" not in shown and "${" not in shown
