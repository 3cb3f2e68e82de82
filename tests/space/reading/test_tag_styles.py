"""Whether blanks, slashes and commas divide tags is decided by the whole column, and said."""

from __future__ import annotations

from typing import Any

import pytest

from tagloop.reading.tag_lists import given_style, tags_of
from tagloop.reading.tag_styles import decide

BLANKS = ["python pandas numpy", "pandas sql", "numpy python", "sql", "web-design css", "css sql"]
CATEGORIES = ["Machine Learning", "U.S. News", "World News", "Arts and Crafts", "Travel"] * 4
SLASHES = ["Boats/Harbour", "Harbour/Travel", "Travel", "Boats/Travel/Diary", "Diary", "Boats"]


@pytest.mark.parametrize(
    ("values", "front_matter", "value", "tags"),
    [
        (BLANKS, False, BLANKS[0], ["python", "pandas", "numpy"]),
        (["python pandas numpy", "garden seeds", "bread ovens rye", "pandas sql",
          "garden clubs seeds"], False, "pandas sql", ["pandas", "sql"]),
        (CATEGORIES, False, "Machine Learning", ["Machine Learning"]),
        (["Machine Learning"], False, "Machine Learning", ["Machine Learning"]),
        ([*BLANKS, "one, two"], True, "python pandas", ["python pandas"]),
        # Jekyll's rule, in files only, for small letters, and where no value has a comma
        (["jekyll github ruby"], True, "jekyll github ruby", ["jekyll", "github", "ruby"]),
        (["Machine Learning"], True, "Machine Learning", ["Machine Learning"]),
        (["machine learning", ["machine learning", "x"]], True, "machine learning",
         ["machine learning"]),
        (["old boats", ["big piers", "x"]], True, "old boats", ["old boats"]),
        # commas elsewhere in the column
        (["Machine Learning", "Boats, Piers"], False, "Machine Learning", ["Machine Learning"]),
        (SLASHES, False, "Boats/Travel/Diary", ["Boats", "Travel", "Diary"]),
        (["TCP/IP", "AC/DC", "TCP/IP", "Networks"] * 3, False, "TCP/IP", ["TCP/IP"]),
        (["Boats · Harbour", "Harbour · Travel", "Travel · Boats"], False, "Boats · Harbour",
         ["Boats", "Harbour"]),
        (["a; b", "b; c"] * 10 + ["Washington, D.C."], False, "Washington, D.C.",
         ["Washington, D.C."]),
        # a list that its author wrote as one item
        ([["boats", "piers"], ["x", "herons"], ["Rome, Italy", "x"]], False, ["boats, herons", "x"],
         ["boats", "herons", "x"]),
        ([["boats", "piers"], ["Rome, Italy", "x"]], False, ["piers, boats"], ["piers", "boats"]),
        ([["Rome, Italy", "Boats"], ["Oslo, Norway"]], False, ["Oslo, Norway"], ["Oslo, Norway"]),
    ],
)  # fmt: skip
def test_the_whole_column_decides(
    values: list[Any], front_matter: bool, value: Any, tags: list[str]
) -> None:
    style = decide(values, front_matter=front_matter).style
    assert list(tags_of(value, style).tags) == tags


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (BLANKS, 'are split at blanks: "python pandas numpy" → python | pandas | numpy'),
        (["Boats, Piers"], 'are split at commas: "Boats, Piers" → Boats | Piers'),
        (CATEGORIES, 'are not split at blanks: "Machine Learning" → Machine Learning'),
        ([["Boats", "Piers"]], "are lists: ['Boats', 'Piers'] → Boats | Piers"),
        (["['a' 'b']"], "are written lists: \"['a' 'b']\" → a | b"),
        (["#a #b"], 'are split before each #: "#a #b" → a | b'),
        (["a\nb"], 'are split at line ends: "a b" → a | b'),
        (["TCP/IP"], 'are not split at slashes: "TCP/IP" → TCP/IP'),
        (["", "Boats"], 'stand alone: "Boats" → Boats'),
        (["", None], ""),
    ],
)
def test_the_decision_is_said_with_an_example(values: list[Any], said: str) -> None:
    assert decide(values).example == said


def test_a_person_overrules_the_column() -> None:
    style = decide(CATEGORIES, given_style("blank")).style
    assert tags_of("Machine Learning", style).tags == ("Machine", "Learning")


def test_quotes_keep_blanks_together() -> None:
    style = decide(BLANKS).style
    assert tags_of('"old piers" boats', style).tags == ("old piers", "boats")
