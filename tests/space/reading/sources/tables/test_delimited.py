"""Delimited texts as programs and people write them: every row that can be read is read."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import time
from collections.abc import Callable, Iterator

import pytest

from tagloop.errors import UserError
from tagloop.reading.record import Limits, Record
from tagloop.reading.sources.tables import TableSource

Open = Callable[..., TableSource]
Refused = Callable[[Callable[[], object]], str]
VISITOR = Limits(records=100, record_characters=10_000, columns=20, unpacked_bytes=1_000_000)


def texts(source: TableSource) -> list[str]:
    """Returns title and text of each row; of a broken one its place and problem."""
    return [
        f"{record.where}: {record.problem}"
        if record.problem
        else f"{record.values['title']}/{record.values['text']}"
        for record in source.records
    ]


def test_values_places_and_what_a_writer_needs(table: Open) -> None:
    source = table('id;Title;Text;\r\n1;"Pier; old";"One\n\ntwo";\r\n\r\n2;Seeds;Three;;\r\n')
    first, second = source.records
    assert first == Record(
        "a.csv:2",
        {"id": "1", "Title": "Pier; old", "Text": "One\n\ntwo"},
        given=["1", "Pier; old", "One\n\ntwo", ""],
    )
    assert second.where == "a.csv:6" and second.given == ["2", "Seeds", "Three", "", ""]
    assert (source.kind, source.name, source.columns) == ("table", "a.csv", ["id", "Title", "Text"])
    assert (source.header, source.delimiter) == (["id", "Title", "Text", ""], ";")
    assert source.position is not None and source.position() == source.total


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("title,text\nPier,One\nSeeds,Two\n", "a.csv"),
        ("title,text\r\nPier,One\r\nSeeds,Two", "a.csv"),
        ("title,text\rPier,One\rSeeds,Two\r", "a.csv"),
        ("title,text\nPier,One\r\n\r\nSeeds,Two\r", "a.csv"),
        ("\ufeff\n\ntitle,text\nPier,One\n,\n , \nSeeds,Two\n,,,\n", "a.csv"),
        ("title;text\nPier;One\nSeeds;Two\n", "a.csv"),
        ("title|text\nPier|One\nSeeds|Two\n", "a.txt"),
        ("title\ttext\nPier\tOne\nSeeds\tTwo\n", "a.csv"),
        ("title,text\nPier,One\nSeeds,Two\n", "a.tsv"),
        ('sep=;\n"title";"text"\nPier;One\nSeeds;Two\n', "a.csv"),
        ('"sep=|"\r\ntitle|text\r\nPier|One\r\nSeeds|Two\r\n', "a.csv"),
        ('"title" , "text"\n"Pier", "One"\n"Seeds", "Two"\n'.replace(" ,", ","), "a.csv"),
        ("title,text,,\nPier,One,,\nSeeds,Two,,\n", "a.csv"),
        (",title,text\n0,Pier,One\n1,Seeds,Two\n", "a.csv"),
        (" title ,'text'\nPier,One\nSeeds,Two\n", "a.csv"),
        ("title,text\nPi\0er,One\nSeeds,Two\0\n", "a.csv"),
    ],
)
def test_every_way_to_write_the_same(table: Open, content: str, name: str) -> None:
    found = [entry for entry in texts(table(content, name)) if entry != " / "]
    assert found == ["Pier/One", "Seeds/Two"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_what_spreadsheets_save(table: Open, encoding: str) -> None:
    source = table("title\ttext\r\nKäse\tAus dem Süden, größere Stücke\r\n".encode(encoding))
    assert texts(source) == ["Käse/Aus dem Süden, größere Stücke"]
    assert bool(source.notes) == (encoding != "utf-8-sig")


def test_a_delimiter_is_told_by_the_rows(table: Open) -> None:
    """Names and texts with other signs in them lead nowhere."""
    content = (
        '"title";"text; long, or short";text\nOne, two, three;a,b;Pier, pier\nFour;c;Seeds, |\n'
    )
    assert texts(table(content)) == ["One, two, three/Pier, pier", "Four/Seeds, |"]
    source = table("text\nOne, two; three\nFour\n")
    assert [record.values["text"] for record in source.records] == ["One, two; three", "Four"]
    assert source.delimiter == ","


def test_one_bad_row_is_told_with_its_line(table: Open) -> None:
    lines = [
        "title,text,note",
        "Pier,One",
        "Seeds,Two,x,,",
        "Loaf,Three,x,y,z",
        'Swan,"never closed',
        "Herons,Four,x",
        '"The "old" ferry",Five,x',
        '"Half" a name,Six,x',
        '"Last","with <a href="x">',
        'a link</a>",y',
        r'"Say \"no\"","Seven",z',
        r"Null,\N,z",
    ]
    source = table("\n".join(lines))
    records = list(source.records)
    shown = [
        f"{record.where[6:]} {record.problem}" if record.problem
        else f"{record.values['title']}/{record.values['text']}"
        for record in records
    ]  # fmt: skip
    assert shown == [
        "Pier/One",
        "Seeds/Two",
        "4 it has 5 cells, but there are 3 columns",
        "5 a quote is opened in it but not closed",
        "Herons/Four",
        'The "old" ferry/Five',
        "Half a name/Six",
        'Last/with <a href="x">\na link</a>',
        'Say "no"/Seven',
        "Null/",
    ]
    assert "fewer cells" in records[0].oddities[0] and not records[1].oddities
    assert records[2].given == ["Loaf", "Three", "x", "y", "z"]
    assert records[3].given == ["Swan", '"never closed']
    assert "not doubled" in records[5].oddities[0]


def test_an_open_quote_takes_no_row_after_it(table: Open) -> None:
    source = table('title,text,tags\nA,"One, two,Boats\nB,"Three",Seeds\nC,"Four",Bread\n')
    assert texts(source) == ["a.csv:2: a quote is opened in it but not closed", "B/Three", "C/Four"]


def test_an_open_quote_takes_no_long_cell_after_it(table: Open) -> None:
    source = table('title,text,tags\nA,"One,Boats\nB,"Three\n\nmore",Seeds\nC,"Four",Bread\n')
    assert texts(source)[1:] == ["B/Three\n\nmore", "C/Four"]


def test_rows_that_stand_in_quotes_as_a_whole(table: Open) -> None:
    row, plain = '"A,""One, two"",Boats"', "B,Three,Seeds"
    assert texts(table(f"title,text,tags\n{row}\n{plain}\n")) == ["A/One, two", "B/Three"]
    assert texts(table(f'"title,text,tags"\n{row}\n"{plain}"\n')) == ["A/One, two", "B/Three"]


def test_backslashes_before_quotes(table: Open) -> None:
    rows = [r'"The \"last\" ferry","It said \"no\", and \\ left"', r'"Ends \"so\"","a\nb"']
    source = table("\n".join(['"title","text"', *rows]))
    assert source.backslash
    assert texts(source) == ['The "last" ferry/It said "no", and \\ left', 'Ends "so"/a\\nb']
    source = table('title,text\n"C:\\","Not an escape"\n')
    assert not source.backslash and texts(source) == ["C:\\/Not an escape"]


def test_columns_of_one_name(table: Open) -> None:
    source = table("title,text,tags,Tags,tags\nPier,One,a,b,c\n")
    assert next(source.records).values == {
        "title": "Pier", "text": "One", "tags": "a", "Tags": "b", "tags (2)": "c"
    }  # fmt: skip
    assert "'tags (2)'" in source.notes[0]
    assert source.header == ["title", "text", "tags", "Tags", "tags"]


def test_a_line_separator_is_no_line_end(table: Open) -> None:
    content = "title,text\nPier,One\u2028two\x0bthree\x85four\x1cfive\nSeeds,Two\n"
    assert texts(table(content)) == ["Pier/One\u2028two\x0bthree\x85four\x1cfive", "Seeds/Two"]


def test_long_cells_in_any_block(table: Open) -> None:
    rows = [(f"t{number}", "é" * (number * 37_001) + "\r\nend") for number in range(20)]
    target = io.StringIO(newline="")
    csv.writer(target).writerows([("title", "text"), *rows])
    assert [(r.values["title"], r.values["text"]) for r in table(target.getvalue()).records] == rows


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: bz2.compress(data, 1), lzma.compress])
def test_a_cut_off_archive_gives_what_is_there(table: Open, pack: Callable[[bytes], bytes]) -> None:
    lines = [f"t{number},text {number**7:x}" for number in range(9_000)]
    packed = pack("\n".join(["title,text", *lines]).encode())
    assert len(list(table(packed, "a.csv").records)) == 9_000  # whatever its name
    *whole, last = texts(table(packed[: len(packed) * 9 // 10], "a.csv"))
    assert whole == [line.replace(",", "/") for line in lines[: len(whole)]] and whole
    assert last.startswith(f"a.csv:{len(whole) + 2}: the file breaks off in it (a.csv is no")


def test_what_leaves_nothing_to_read(table: Open, refused: Refused) -> None:
    assert "is empty" in refused(lambda: table(""))
    assert "column names" in refused(lambda: table("\n\n,,\n"))
    assert "no rows" in refused(lambda: table("title,text\n"))
    assert "not a text file" in refused(lambda: table(bytes(range(32)) * 99))
    assert "no complete .gz file" in refused(lambda: table(b"\x1f\x8b\x08" + b"x" * 99))
    assert "a quote is opened" in refused(lambda: table('title,"text\nPier,One\n'))


def test_a_visitors_file_has_bounds(table: Open, refused: Refused) -> None:
    long = texts(table(f"title,text\nPier,{'x' * 10_001}\nSeeds,Two\n", limits=VISITOR))
    assert long == ["a.csv:2: it has more than 10,000 characters", "Seeds/Two"]
    many = table("title,text\n" + "Pier,One\n" * 101, limits=VISITOR)
    assert "more than 100 rows" in refused(lambda: many)
    blank = table("title,text\nPier,One\n" + "\n" * 1001, limits=VISITOR)
    assert "more than 1,000 blank lines" in refused(lambda: blank)
    assert "the limit is 20" in refused(lambda: table("title,text" + ",x" * 19, limits=VISITOR))


def hostile() -> Iterator[tuple[str, str]]:
    yield "quotes", '"' * 300_000
    yield "open quotes", 'title,text\n"a,b\n' * 5_000
    yield "odd quotes", "title,text\n" + '"""x"",""y"\n' * 20_000
    yield "quotes within", "title,text\n" + '"a"b\n' * 5_000
    yield "quotes at the end", "title,text\n" + 'a,"b"c\n' * 5_000
    yield "inner quotes", "title,text\n" + f'"{"a" * 50}" b",c\n' * 10_000
    yield "backslashes", 'title,text\n"' + "\\" * 200_000 + '" x",y\n'
    yield "delimiters", "title,text\n" + ",;|\t" * 50_000
    yield "line ends", "title,text\n" + "\r" * 200_000 + '"x'
    yield "escapes", 'title,text\n"' + '\\"' * 100_000 + "\n"


@pytest.mark.parametrize("content", [pytest.param(text, id=name) for name, text in hostile()])
def test_hostile_texts_are_read_in_time(table: Open, content: str) -> None:
    begun = time.process_time()
    try:
        assert all(record.values or record.problem for record in table(content).records)
    except UserError as error:
        assert str(error).startswith("a.csv")
    assert time.process_time() - begun < 4


def test_many_open_quotes_cost_no_square(table: Open) -> None:
    def seconds(rows: int) -> float:
        begun = time.process_time()
        source = table("title,text\n" + 'title,text\n"a,b\n' * rows)
        assert len(list(source.records)) == 2 * rows
        assert "too many quotes" in source.notes[0]
        return time.process_time() - begun

    assert seconds(8_000) < 5 * max(seconds(2_000), 0.2)
