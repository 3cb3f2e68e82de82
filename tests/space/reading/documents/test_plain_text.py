"""Plain text: its title, and lines that were broken to fit."""

from tagloop.reading.documents.plain_text import read_text

WRAPPED = """\
The kettle was older than the house, and nobody could say who had
bought it. It stood on the stove from the first frost to the last, and
it sang.

Then the stove went, and the kettle with it; what came was quicker and
said nothing at all.
"""


def test_a_title_may_be_underlined() -> None:
    assert read_text("On tea\n======\n\nWater first.", "a.txt") == ("On tea", "Water first.")
    assert read_text("On tea\n------\nWater first.", "a.txt") == ("On tea", "Water first.")
    assert read_text("茶。\n\n先。", "a.txt") == ("", "茶。\n\n先。")


def test_lines_broken_to_fit_become_paragraphs_again() -> None:
    title, text = read_text(f"On kettles\n\n{WRAPPED}", "a.txt")
    assert title == "On kettles"
    first, second = text.split("\n\n")
    assert first.count("\n") == second.count("\n") == 0
    assert "who had bought it" in first and second.endswith("nothing at all.")


def test_lines_that_were_meant_stay() -> None:
    poem = "Tea is green,\ncups are white,\npots are seen\nlate at night.\n\nTea is\nbest."
    assert read_text(poem, "a.txt") == ("", poem)
    listed = f"{WRAPPED}\n- one cup of the green tea that came from the shop on the corner\n- two"
    assert "\n- two" in read_text(listed, "a.txt")[1]
    long = "A paragraph on each line. " * 10
    assert read_text(f"{long}\n{long}", "a.txt")[1] == f"{long}\n{long}"
