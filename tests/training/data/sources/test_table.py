"""Tables of every format and compression, and one clear sentence for each way to be broken."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from tagloop.errors import UserError
from tagloop.text.markup import html_to_text, looks_like_html
from training.data.sources import Row, open_source
from tagloop.reading.columns import parse_mapping, parse_tag_text

RECORDS = [
    {"title": "Soup, hot", "text": 'Para one.\n\nPara "two".', "tags": ["Food", "Soup"]},
    {"title": "Bicycle", "text": "Wheels…", "tags": ["Cycling"]},
]


def to_csv(delimiter: str) -> Callable[[list[dict[str, Any]]], bytes]:
    def write(records: list[dict[str, Any]]) -> bytes:
        target = io.StringIO()
        writer = csv.DictWriter(target, list(records[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows([{**record, "tags": str(record["tags"])} for record in records])
        return target.getvalue().encode()

    return write


def to_parquet(records: list[dict[str, Any]]) -> bytes:
    target = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records), target)
    return target.getvalue()


WRITERS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "csv": to_csv(","),
    "tsv": to_csv("\t"),
    "jsonl": lambda records: "\n".join(map(json.dumps, records)).encode(),
    "json": lambda records: json.dumps(records, indent=1).encode(),
    "parquet": to_parquet,
}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".xz": lzma.compress,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
}


def rows(path: Path, **columns: str) -> list[Row]:
    return list(open_source(str(path), columns).rows)


def fails(path: Path, content: bytes | str, **columns: str) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserError) as error:
        rows(path, **columns)
    message = str(error.value)
    assert message.startswith(path.name) and message.endswith(".") and "\n" not in message
    return message


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_and_compression(tmp_path: Path, kind: str, packing: str) -> None:
    path = tmp_path / f"articles.{kind}{packing}"
    path.write_bytes(PACKERS[packing](WRITERS[kind](RECORDS)))
    source = open_source(str(path))
    found = list(source.rows)
    assert (source.kind, source.location) == ("table", path.name)
    assert [row.fields for row in found] == RECORDS
    assert found[0].position <= found[1].position
    if source.total is not None:
        assert source.total == found[1].position == path.stat().st_size


def test_the_place_of_a_row_is_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('title,text,tags\n"a","one\n\ntwo",x\n\nb,three,y\n')
    assert [row.where for row in rows(path)] == ["a.csv:2", "a.csv:6"]
    path = tmp_path / "a.jsonl"
    path.write_text('{"title": "a", "text": "b", "tags": "c"}\n\n' * 2)
    assert [row.where for row in rows(path)] == ["a.jsonl:1", "a.jsonl:3"]


def test_medium_csv(tmp_path: Path) -> None:
    path = tmp_path / "medium.csv"
    path.write_text(
        "\ufefftitle,text,url,authors,timestamp,tags\n"
        '"Mind, Nose","Photo\n\nWords",https://medium.com/x,"[\'Ryan Fan\']",'
        '2020-12-26 03:38:10.479000+00:00,"[\'Mental Health\', ""Writer\'s Block""]"\n'
    )
    assert rows(path)[0].fields == {
        "title": "Mind, Nose",
        "text": "Photo\n\nWords",
        "tags": ["Mental Health", "Writer's Block"],
        "url": "https://medium.com/x",
        "published": "2020-12-26 03:38:10.479000+00:00",
    }


def test_columns_by_mapping_and_by_usual_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Heading 1;Body;Key-Words;keywords\na;b;c;d|e\n")
    found = rows(path, title="Heading 1", tags="Key-Words")[0].fields
    assert found == {"title": "a", "text": "b", "tags": ["c"]}
    path.write_text("Headline,Full Text,Topics,Permalink,subset\na,b,c,d,train\n")
    assert rows(path)[0].fields == {
        "title": "a", "text": "b", "tags": ["c"], "url": "d", "split": "train",
    }  # fmt: skip
    path.write_text("text,tags\nb,c\n")
    assert rows(path, title="")[0].fields["title"] == ""


def test_mapping_syntax() -> None:
    assert parse_mapping(["title=headline,text=body", "tags = labels"]) == {
        "title": "headline", "text": "body", "tags": "labels",
    }  # fmt: skip
    for wrong in ("title", "headline=title"):
        with pytest.raises(UserError, match="expected FIELD=COLUMN"):
            parse_mapping([wrong])


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ('["A", "B, C"]', ["A", "B, C"]),
        ("['A', \"B's\"]", ["A", "B's"]),
        ("('A', 'B')", ["A", "B"]),
        ("[A, B]", ["A", "B"]),
        ("A, B", ["A", "B"]),
        ("A; B, C", ["A", "B, C"]),
        ("A|B;C", ["A", "B;C"]),
        ("one tag", ["one tag"]),
    ],
)
def test_tags_in_one_text(text: str, tags: list[str]) -> None:
    assert parse_tag_text(text) == tags


def test_tag_values_of_other_types(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    values = [["a", 2020, None], None, "", 7]
    path.write_text("\n".join(json.dumps(RECORDS[0] | {"tags": value}) for value in values))
    assert [row.fields["tags"] for row in rows(path)] == [["a", "2020"], [], [""], ["7"]]
    message = fails(path, json.dumps(RECORDS[0] | {"tags": [{"name": "a"}]}))
    assert message.startswith("a.jsonl:1, column 'tags': expected a text or a list of texts")


def test_parquet_dates_arrive_as_dates(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(to_parquet([RECORDS[0] | {"date": datetime(2020, 1, 2)}]))
    assert rows(path)[0].fields["published"] == datetime(2020, 1, 2)


def test_html_becomes_text(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    html = (
        '<p>One <b>bold</b> &amp; <a href="x">link</a>.</p><script>no()</script><p>Two</p>'
        "<ul><li>a</li><li>b</li></ul><pre><code>if x &lt; y:\n    <span>go</span>()\n</code></pre>"
    )
    path.write_text(json.dumps(RECORDS[0] | {"title": "A <em>b</em>", "text": html}))
    fields = rows(path)[0].fields
    assert fields["title"] == "A b"
    assert fields["text"].strip().split("\n\n") == [
        "One bold & link.", "Two", "* a\n* b", "if x < y:\n    go()",
    ]  # fmt: skip


def test_a_text_about_html_stays_as_it_is() -> None:
    about = "Close a paragraph with </p>, says the standard, " + "and much more. " * 40
    assert not looks_like_html(about)
    assert not looks_like_html("when a < b and c > d")
    assert looks_like_html("<!DOCTYPE html><html></html>")
    assert html_to_text("one <b>line</b>\n\nand another") == "one line\n\nand another"


LINE = json.dumps(RECORDS[0]) + "\n"


def test_broken_json_line(tmp_path: Path) -> None:
    message = fails(tmp_path / "a.jsonl", LINE * 16 + '{"title": "x", "text" "y"}\n' + LINE)
    assert message.startswith("a.jsonl, line 17, column 23: broken JSON (Expecting ':'")
    message = fails(tmp_path / "a.jsonl", LINE * 150 + "[1, 2]\n")
    assert message.startswith("a.jsonl, line 151: expected an object")


def test_broken_json(tmp_path: Path) -> None:
    message = fails(tmp_path / "a.json", '[\n {"title" "x"}\n]')
    assert message.startswith("a.json, line 2, column 11: broken JSON")
    assert "name it .jsonl" in fails(tmp_path / "a.json", LINE * 2)
    assert "expected a list of objects, found an object" in fails(tmp_path / "a.json", LINE)
    assert "item 2: expected an object" in fails(tmp_path / "a.json", f"[{LINE}, 3]")


def test_missing_column_lists_what_is_there(tmp_path: Path) -> None:
    message = fails(tmp_path / "a.csv", "title,story,tags\na,b,c\n")
    assert message == (
        "a.csv: no column for the text found; the columns are 'title', 'story', 'tags'. "
        "Say which one it is with --columns text=NAME (text= if there is none)."
    )
    message = fails(tmp_path / "a.csv", "title,story,tags\na,b,c\n", text="body")
    assert "there is no column 'body' for the text; the columns are 'title'" in message


def test_broken_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    head = "title,text,tags\n"
    assert fails(path, head + "a,b,c\na,b,c,d\n").startswith(
        "a.csv, line 3: 4 columns where the first line names 3"
    )
    assert fails(path, head + 'a,b,c\na,"b,c\nd,e,f\n').startswith("a.csv, line 3: broken CSV")
    assert fails(path, "title,text,tags\ra,b,c\r").startswith("a.csv, line 1: broken CSV")
    assert "two columns have the same name" in fails(path, "tags,tags\na,b\n")
    assert "no rows" in fails(path, head)
    assert "no rows" in fails(path, "")


def test_not_utf8_names_line_and_byte(tmp_path: Path) -> None:
    content = "title,text,tags\né,b,c\n".encode() + "naïve,b,c\n".encode("latin-1")
    message = fails(tmp_path / "a.csv", content)
    assert content[25] == 0xEF
    assert message.startswith("a.csv, line 3: not UTF-8 at byte 25 (0xef)")
    message = fails(tmp_path / "a.jsonl", LINE.encode("utf-16"))
    assert message.startswith("a.jsonl, line 1: not UTF-8 at byte 0 (0xff)")


@pytest.mark.parametrize("packing", [".xz", ".gz", ".bz2"])
def test_broken_compression(tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"a.jsonl{packing}"
    wording = f"not a complete {packing} file"
    assert wording in fails(path, LINE)
    noise = "".join(json.dumps(RECORDS[0] | {"text": f"{n * n:x}"}) + "\n" for n in range(2000))
    assert wording in fails(path, PACKERS[packing](noise.encode())[:-2000])


def test_not_parquet(tmp_path: Path) -> None:
    assert "not a readable Parquet file" in fails(tmp_path / "a.parquet", LINE)
    assert "not a readable Parquet file" in fails(tmp_path / "a.parquet", to_parquet(RECORDS)[:-9])
    assert "not a complete .xz file" in fails(tmp_path / "a.parquet.xz", LINE)


@pytest.mark.parametrize(
    "name", ["missing.csv", "./missing", "missing.md", "a/b/c", "x/y.jsonl.xz"]
)
def test_missing_file(name: str) -> None:
    with pytest.raises(UserError, match="there is no such file or folder"):
        open_source(name)


def test_unknown_kind(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK")
    with pytest.raises(UserError, match=r"unknown kind of table; known are \.csv"):
        open_source(str(path))
