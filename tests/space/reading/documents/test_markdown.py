"""Markdown files: which heading is the title."""

import pytest

from tagloop.reading.documents.markdown import read_markdown


@pytest.mark.parametrize(
    ("body", "title", "text"),
    [
        ("# On *tea*\n\nWater first.", "On tea", "Water first."),
        ("On tea\n======\n\nWater first.", "On tea", "Water first."),
        ("<!-- a\n\nb -->\n\n[![ok](b.svg)](c)\n![pot](p.png)\n\n# On tea\n\nWater.", "On tea",
         "Water."),
        ("{% include toc.html %}\n\n# On tea {#tea}\n\nWater.", "On tea", "Water."),
        ('<h1 align="center">\n  On tea\n</h1>\n\nWater.', "On tea", "Water."),
        ('<div><img src="p.png">\n<h1>On tea</h1></div>\n\nWater.', "On tea", "Water."),
        ("---\n\n# On tea\n\nWater.", "On tea", "Water."),
        ("Water first.\n\n# On tea\n\nLeaves.", "", "Water first.\n\nOn tea\n\nLeaves."),
        ("# On tea\n\n# On cups\n\nWater.", "On tea", "On cups\n\nWater."),
        ("## On tea\n\nWater.", "", "On tea\n\nWater."),
        ("", "", ""),
    ],
)  # fmt: skip
def test_the_heading_at_the_top(body: str, title: str, text: str) -> None:
    found, rest = read_markdown(body, "a.md")
    assert (found, rest.strip()) == (title, text)


def test_the_name_says_that_it_is_mdx() -> None:
    assert read_markdown("Tea {props.x}first.", "a.mdx")[1].strip() == "Tea first."
    assert read_markdown("Tea {props.x} first.", "a.md")[1].strip() == "Tea {props.x} first."
