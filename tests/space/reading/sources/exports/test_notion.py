import io
import zipfile

from ..conftest import Opened

ID = "0123456789abcdef0123456789abcde"
PIER = (
    "# Pier: a story\n\nTags: Boats, Winter\nCreated: January 2, 2024 9:30 AM\n\nThe ferry runs.\n"
)
DATABASE = 'Name,Tags,Created\nPier: a story,"X",\nSeeds,"Garden, Clubs","March 3, 2024"\n'
FILES = {
    f"Blog {ID}1.csv": DATABASE,
    f"Blog {ID}1_all.csv": DATABASE,
    f"Blog/Pier a story {ID}2.md": PIER,
    f"Blog/Seeds {ID}3.md": "# Seeds\n\nThe club swapped seeds.\n",
    "Blog/Pier/photo.png": "x",
}


def test_pages_with_properties_and_the_rows_of_their_database(opened: Opened) -> None:
    source, [pier, seeds] = opened("Export.zip", FILES)
    assert source.kind == "notion"
    assert (pier.values["title"], pier.values["Tags"]) == ("Pier: a story", "Boats, Winter")
    assert pier.values["Created"] == "January 2, 2024 9:30 AM"
    assert (pier.body or "").strip() == "The ferry runs."
    assert seeds.values == {"Name": "Seeds", "Tags": "Garden, Clubs", "Created": "March 3, 2024"}
    assert seeds.fallbacks["title"] == "Seeds"
    assert (source.left_out["databases"], source.left_out["attachments"]) == (2, 1)


def test_pages_in_html(opened: Opened) -> None:
    page = """<html><head><title>Pier</title></head><body><article class="page sans">
    <header><h1 class="page-title">Pier</h1><table class="properties"><tbody>
    <tr class="property-row property-row-multi_select"><th><span class="icon"></span>Tags</th>
    <td><span class="selected-value">R&amp;D, Science</span>
    <span class="selected-value">Winter</span></td></tr>
    <tr class="property-row property-row-date"><th>Date</th>
    <td><time>@January 2, 2024</time></td></tr></tbody></table></header>
    <div class="page-body"><p>The ferry runs.</p></div></article></body></html>"""
    _, [record] = opened("Export.zip", {f"Pier {ID}2.html": page, "index.html": "<p>x</p>"})
    assert record.values == {
        "title": "Pier",
        "Tags": ["R&D, Science", "Winter"],
        "Date": "January 2, 2024",
    }
    assert record.body == '<div class="page-body"><p>The ferry runs.</p></div>'


def test_parts_that_are_zips_in_a_zip(opened: Opened) -> None:
    part = io.BytesIO()
    with zipfile.ZipFile(part, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    _, records = opened("Export.zip", {"Export-Part-1.zip": part.getvalue()})
    assert len(records) == 2
