"""Spreadsheets: the first sheet with a header, its values as people see them."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable, Sequence

import pytest

from tagloop.errors import UserError
from tagloop.reading.record import UNLIMITED, Limits
from tagloop.reading.sources.tables import TableSource
from tagloop.reading.sources.tables.sheet_extent import checked_sheets

Open = Callable[..., TableSource]
Refused = Callable[[Callable[[], object]], str]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
VISITOR = Limits(records=100, record_characters=1_000, columns=20, unpacked_bytes=100_000)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def cell(place: str, value: object) -> str:
    if isinstance(value, datetime.date):
        days = (value - datetime.date(1899, 12, 30)).days
        return f'<c r="{place}" s="1"><v>{days}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>' if value else ""


def rows(*lines: Sequence[object], top: int = 1) -> str:
    return "".join(
        f'<row r="{number}">'
        + "".join(cell(f"{chr(65 + place)}{number}", value) for place, value in enumerate(line))
        + "</row>"
        for number, line in enumerate(lines, top)
    )


def xlsx(**sheets: str) -> bytes:
    names = list(sheets)
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/{n}.xml"/>'
            for n in range(1, len(names) + 1)
        )
        + f'<Relationship Id="rId99" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
        + "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    for n, content in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/{n}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{content}</sheetData></worksheet>'
        )
    return packed(parts)


def ods(content: str) -> bytes:
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": "<manifest:manifest "
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
            "content.xml": f"<office:document-content{spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="Posts">{content}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>",
        }
    )


def ods_row(*cells: str, times: int = 1, after: int = 0) -> str:
    found = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in cells
    )
    if after:
        found += f'<table:table-cell table:number-columns-repeated="{after}"/>'
    return f'<table:table-row table:number-rows-repeated="{times}">{found}</table:table-row>'


def packed(parts: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


POSTS = rows(
    ["title", "text", "year", "date", "draft", ""],
    ["Pier", "One", 2021, datetime.date(2020, 1, 2), False, "x"],
    ["", ""],
    ["Seeds", "Two", 2.5, "", True],
)


def test_values_as_people_see_them(table: Open) -> None:
    source = table(xlsx(Posts=POSTS), "a.xlsx")
    first, second = source.records
    assert first.where == "a.xlsx:row 2" and second.where == "a.xlsx:row 4"
    assert first.values == {
        "title": "Pier", "text": "One", "year": "2021", "date": datetime.date(2020, 1, 2),
        "draft": "FALSE",
    }  # fmt: skip
    assert first.given == ["Pier", "One", "2021", "2020-01-02", "FALSE", "x"]
    assert (second.values["year"], second.values["draft"]) == ("2.5", "TRUE")
    assert source.columns == ["title", "text", "year", "date", "draft"]


def test_the_sheet_with_the_articles(table: Open) -> None:
    sheets = {
        "Notes": rows(["Only a line"]),
        "Totals": rows(["month", "visits"], ["May", 12]),
        "Posts": rows(["My posts, 2021"], [], [], top=1)
        + rows(["title", "text"], ["a", "b"], top=4),
    }
    source = table(xlsx(**sheets), "a.xlsx")
    assert [record.where for record in source.records] == ["a.xlsx:row 5"]
    assert source.notes == ["The sheet 'Posts' is read; there are also 'Notes', 'Totals'."]


def test_open_document(table: Open) -> None:
    content = ods_row("title", "text", after=16_382) + ods_row("Pier", "One", after=16_382)
    content += ods_row(after=16_384, times=1_048_574)
    assert [record.values for record in table(ods(content), "a.ods").records] == [
        {"title": "Pier", "text": "One"}
    ]


def test_a_text_that_is_called_a_spreadsheet(table: Open) -> None:
    assert next(table("title\ttext\nPier\tOne\n", "a.xls").records).values["text"] == "One"


FAR = f'<row r="1048576">{cell("XFD1048576", 5)}</row>'
UNPLACED = "<row>" + "<c><v>1</v></c>" * 30 + "</row>"


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (xlsx(Posts=POSTS + FAR), "a.xlsx", "1,048,576 rows and 16,384 columns"),
        (
            ods(
                ods_row("title")
                + ods_row(after=9, times=1_048_000)
                + ods_row(*"abcdefghijklmnopqrst")
            ),
            "a.ods",
            "1,048,002 rows and 20 columns",
        ),
        (b"PK\x03\x04 junk", "a.xlsx", "damaged"),
        (xlsx(Posts=POSTS)[:-100], "a.xlsx", "damaged"),
        (packed({"xl/workbook.xml": "<x"}), "a.xlsx", "damaged"),
        (OLE + bytes(600), "a.xlsx", "locked with a password"),
        (OLE + bytes(600), "a.xls", "damaged"),
        (b"<table><tr><td>title</td></tr></table>", "a.xls", "not a spreadsheet"),
        (xlsx(Posts=rows([1, 2], [3, 4])), "a.xlsx", "no sheet with a line of column names"),
        (xlsx(Posts=rows(["title", "text"])), "a.xlsx", "no rows"),
    ],
)
def test_what_leaves_nothing_to_read(
    table: Open, refused: Refused, content: bytes, name: str, says: str
) -> None:
    assert says in refused(lambda: table(content, name))


def test_an_empty_cell_far_out_is_none(table: Open) -> None:
    far = '<row r="9"><c r="XFD9" s="1"/></row>'
    assert len(list(table(xlsx(Posts=POSTS + far), "a.xlsx").records)) == 2


def test_a_visitors_file_has_bounds(table: Open, refused: Refused) -> None:
    big = xlsx(Posts=rows(["title", "text"], ["a", "x" * 200_000]))
    assert "unpacks to" in refused(lambda: table(big, "a.xlsx", VISITOR))
    many = xlsx(Posts=rows(["title", "text"], *[["a", "b"]] * 101))
    assert "more than 100 rows" in refused(lambda: table(many, "a.xlsx", VISITOR))
    wide = xlsx(Posts=rows([f"c{n}" for n in range(21)], ["a"]))
    assert "the limit is 20" in refused(lambda: table(wide, "a.xlsx", VISITOR))
    long = xlsx(Posts=rows(["title", "text"], ["a", "x" * 1_001], ["b", "c"]))
    assert [r.problem for r in table(long, "a.xlsx", VISITOR).records] == [
        "it has more than 1,000 characters", ""
    ]  # fmt: skip
    assert "an old .xls" in refused(lambda: table(OLE + bytes(600), "a.xls", VISITOR))
    far = xlsx(Posts=rows(["title", "text"]) + f'<row r="99999">{cell("ZZ99999", 1)}</row>')
    assert "columns, more than can be read" in refused(lambda: table(far, "a.xlsx", VISITOR))


def test_a_sheet_packed_in_a_way_that_is_damaged_is_a_sentence() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<sheetData/>" * 500)
    data = bytearray(packed.getvalue())
    begin = data.index(b"sheet1.xml") + len("sheet1.xml") + 9
    data[begin : begin + 20] = b"\xff" * 20
    with pytest.raises(UserError, match="not a spreadsheet, or damaged"):
        checked_sheets(bytes(data), "a.xlsx", UNLIMITED)
