"""JSON as programs write it: lists, wrappers, columns, lines; a broken item stops no other."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tagloop.errors import UserError
from tagloop.reading.record import Limits
from tagloop.reading.sources.tables import TableSource, json_document

Open = Callable[..., TableSource]
Refused = Callable[[Callable[[], object]], str]
PIER: dict[str, Any] = {"title": "Pier", "text": "The ferry runs.", "tags": ["Boats"]}
SEEDS: dict[str, Any] = {"title": "Seeds", "text": "Our club swapped.", "tags": ["Clubs"]}
BOTH = [PIER, SEEDS]
VISITOR = Limits(records=100, record_characters=10_000, columns=20, unpacked_bytes=1_000_000)


def shown(source: TableSource) -> list[str]:
    return [
        f"{record.where} {record.problem}" if record.problem else str(record.values["title"])
        for record in source.records
    ]


def lines(*items: Any) -> str:
    return "".join(json.dumps(item) + "\n" for item in items)


SHAPES = {
    "list": json.dumps(BOTH, indent=1),
    "list with a mark": "\ufeff" + json.dumps(BOTH),
    "trailing comma": json.dumps(BOTH, indent=1)[:-1] + ",\n]",
    "comma in an object": json.dumps(BOTH).replace("}", ",}"),
    "viewer": json.dumps({"rows": [{"row_idx": 1, "row": post} for post in BOTH]}),
    "wrapper": json.dumps({"ok": True, "posts": BOTH}),
    "longest of articles": json.dumps({"authors": [{"name": "x"}] * 9, "data": {"posts": BOTH}}),
    "search engine": json.dumps({"hits": {"hits": [{"_id": 1, "_source": post} for post in BOTH]}}),
    "graph": json.dumps({"data": {"posts": {"edges": [{"node": post} for post in BOTH]}}}),
    "interface": json.dumps({"data": [{"id": "1", "attributes": post} for post in BOTH]}),
    "records": json.dumps({"records": [{"id": "r", "fields": post} for post in BOTH]}),
    "solr": json.dumps({"response": {"numFound": 2, "docs": BOTH}}),
    "by id": json.dumps({"17": PIER, "18": SEEDS}),
    "by id in a wrapper": json.dumps(
        {"posts": {"a1": PIER, "b2": SEEDS}, "users": {"u": {"n": 1}}}
    ),
    "pandas": json.dumps({key: {"0": PIER[key], "1": SEEDS[key]} for key in PIER}),
    "pandas lists": json.dumps({key: [PIER[key], SEEDS[key]] for key in PIER}),
    "pandas split": json.dumps(
        {"columns": [*PIER], "index": [0, 1], "data": [[*post.values()] for post in BOTH]}
    ),
    "pandas table": json.dumps({"schema": {"fields": [{"name": "title"}]}, "data": BOTH}),
    "pandas values": json.dumps([[*PIER], *([*post.values()] for post in BOTH)]),
    "lines": lines(*BOTH),
    "lines and blanks": "\n\n".join(map(json.dumps, BOTH)),
    "one after another": "\n".join(json.dumps(post, indent=2) for post in BOTH),
    "with commas only": ",\n".join(json.dumps(post, indent=2) for post in BOTH),
}


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt", "posts"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_under_every_name(table: Open, shape: str, name: str) -> None:
    found = [dict(record.values) for record in table(SHAPES[shape], name).records]
    assert [{key: item[key] for key in PIER} for item in found] == BOTH


def test_what_was_chosen_is_said(table: Open) -> None:
    source = table(SHAPES["longest of articles"], "a.json")
    assert len(list(source.records)) == 2
    assert source.notes == ["The articles are taken from 'data.posts' (2), not from 'authors' (9)."]


@pytest.mark.parametrize(
    "article",
    [
        {**PIER, "tags": [{"name": "Boats"}, {"name": "Harbour"}], "comments": [SEEDS]},
        {"title": "Pier", "text": ["One paragraph.", "Another."]},
        {"title": {"rendered": "Pier"}, "content": {"rendered": "<p>One</p>"}, "tags": [{"id": 1}]},
    ],
)
def test_one_object_is_one_article(table: Open, article: dict[str, Any]) -> None:
    assert [record.values for record in table(json.dumps(article), "a.json").records] == [article]


def test_values_that_programs_wrap(table: Open) -> None:
    item = '{"title": NaN, "text": "x", "date": {"$date": "2020-01-02T00:00:00Z"}, "n": Infinity}'
    for content in (item, item + "\n" + item):
        record = next(table(content, "a.json").records)
        assert record.values == {
            "title": None, "text": "x", "date": "2020-01-02T00:00:00Z", "n": None
        }  # fmt: skip


def test_a_broken_line_stops_no_other(table: Open) -> None:
    broken = [
        json.dumps(PIER), '{"title": "x", "text" "y"}', "", "[1, 2]", "null", "7", "{", '"x',
        "[" * 100_000, f'{{"n": {"1" * 5_000}}}', json.dumps(SEEDS),
    ]  # fmt: skip
    source = table("\n".join(broken), "a.jsonl")
    records = list(source.records)
    assert records[0].given == broken[0] and records[1].given == broken[1]
    first, *problems, last = [record.problem for record in records]
    assert not first and not last
    assert problems[:4] == [
        "it is not JSON: Expecting ':' delimiter (column 23)",
        "it is not a JSON object but a list",
        "it is not a JSON object but null",
        "it is not a JSON object but a number",
    ]
    assert "nested too deeply" in problems[6] and "too many digits" in problems[7]
    assert [record.where for record in records[:3]] == ["a.jsonl:1", "a.jsonl:2", "a.jsonl:4"]


def test_a_broken_item_stops_no_other(table: Open) -> None:
    middle = '{"title" "x", "text": "y", "tags": [{"name": "a"}, {"name": "b"}]}'
    for items in (",\n ", ", "):
        content = f"[\n {json.dumps(PIER)}{items}{middle}{items}{json.dumps(SEEDS)}\n]"
        first, second, third = shown(table(content, "a.json"))
        assert (first, third) == ("Pier", "Seeds")
        assert second.startswith("a.json: item 2 it is not JSON: Expecting ':' delimiter (line ")
    *whole, last = shown(table(json.dumps(BOTH)[:-9], "a.json"))
    assert whole == ["Pier"] and last.startswith("a.json: item 2 it is not JSON")
    source = table(json.dumps({"posts": BOTH})[:-9], "a.json")
    *whole, last = shown(source)
    assert whole == ["Pier"] and "It is broken (line 1, column " in source.notes[0]


def test_a_cut_off_archive_gives_what_is_there(table: Open) -> None:
    content = lines(*({"title": f"t{n}", "text": f"{n**9:x}"} for n in range(9_000)))
    packed = gzip.compress(content.encode())
    *whole, last = shown(table(packed[: len(packed) // 2], "a.jsonl.gz"))
    assert len(whole) > 1_000 and "the file breaks off in it (a.jsonl.gz is no complete" in last


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "no items"),
        ("", "empty"),
        ("hello", "line 1, column 1"),
        ("5", "found a number"),
        ('"' * 9, "found a text"),
        ('{"title" "x"}', "(line 1, column 10): it is not JSON"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0", "not a text file"),
    ],
)
def test_what_leaves_nothing_to_read(
    table: Open, refused: Refused, content: str | bytes, says: str
) -> None:
    assert says in refused(lambda: table(content, "a.json"))


def test_a_visitors_file_has_bounds(table: Open, refused: Refused) -> None:
    long = table(json.dumps([PIER, {"text": "x" * 10_001}, SEEDS]), "a.json", VISITOR)
    assert shown(long)[1:] == ["a.json: item 2 it has more than 10,000 characters", "Seeds"]
    long = table(lines(PIER, {"text": "x" * 10_001}, SEEDS), "a.jsonl", VISITOR)
    assert shown(long)[1:] == ["a.jsonl:2 it has more than 10,000 characters", "Seeds"]
    many = json.dumps([PIER] * 101)
    assert "more than 100 items" in refused(lambda: table(many, "a.json", VISITOR))
    assert "more than 100 lines" in refused(lambda: table(lines(*[PIER] * 101), "a.jsonl", VISITOR))
    blank = lines(PIER) + "\n" * 1_001
    assert "more than 1,000 blank lines" in refused(lambda: table(blank, "a.jsonl", VISITOR))
    values = "[" + "[],[],[]," * 1_100_000
    assert "more than 3,000,000 values" in refused(lambda: table(values, "a.json", VISITOR))


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '[{"a":' * 50_000, "[{" * 50_000, '[{"a"},' * 20_000, '{"a":' * 50_000,
     '"' * 100_000, "," * 100_000, '[{"title":' + "1" * 100_000, '[{"a":1},{' + '{"a":1,' * 30_000,
     "{}" * 50_000, '{"a":[' * 30_000 + "{", "[\n{" * 30_000],
)  # fmt: skip
def test_hostile_texts_are_read_in_time(table: Open, content: str) -> None:
    begun = time.process_time()
    try:
        list(table(content, "a.json").records)
    except UserError as error:
        assert str(error).startswith("a.json")
    assert time.process_time() - begun < 2


def test_comments_before_all_and_addresses_that_are_none(table: Open) -> None:
    item = {**PIER, "url": "https://example.org/,]"}
    listed = "[\n// 'one\n" + json.dumps(PIER) + ",\n/* , */" + json.dumps(SEEDS) + " // x\n]"
    assert [record.values for record in table(listed, "a.json").records] == BOTH
    content = "// mine\n" + json.dumps({"posts": [item]}).replace("}]", "},]")
    assert [record.values for record in table(content, "a.json").records] == [item]


def test_broken_items_cost_what_they_are_long_not_the_way_to_their_place() -> None:
    begun = time.process_time()
    data = "[" + '{"text":"a",,},\n' * 100_000 + "]"
    items = list(json_document._list_items(data, 1, 1_000))
    assert time.process_time() - begun < 5  # of the whole text each would cost a minute
    assert items[0] == (
        None,
        "it is not JSON: Expecting property name enclosed in double quotes (line 1, column 14)",
    )


@pytest.mark.parametrize("length", [7_970, 7_990, 8_000, 64_000, 600_000])
def test_items_end_where_they_end_however_long_they_are(length: int) -> None:
    first = {"text": "a" * length, "number": 12345}
    data = json.dumps([first, {"text": "b"}, 1234567])
    items = [item for item, _ in json_document._list_items(data, 1, 10**6)]
    assert items == [first, {"text": "b"}, 1234567]
