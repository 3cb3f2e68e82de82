"""Tags in one value, however it was written, as a list; nothing is glued and nothing torn."""

from __future__ import annotations

from typing import Any

import pytest

from tagloop.reading.tag_lists import (
    MAX_CHARACTERS,
    MAX_TAGS,
    SEPARATORS,
    TagStyle,
    given_style,
    tags_of,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        # as programs print lists
        ('["A", "B, C"]', ["A", "B, C"]),
        ("['A', \"B's\"]", ["A", "B's"]),
        ("('A', 'B')", ["A", "B"]),
        ("('A',)", ["A"]),
        ("{'A', 'B'}", ["A", "B"]),
        ("frozenset({'A b', 'C'})", ["A b", "C"]),
        ("set()", []),
        ("[]", []),
        ("['Old Piers' 'Boats']", ["Old Piers", "Boats"]),
        ("['Piers' 'Boats'\n 'Herons']", ["Piers", "Boats", "Herons"]),
        ("array(['Piers', 'Boats'], dtype=object)", ["Piers", "Boats"]),
        ('{piers,"boats, old"}', ["piers", "boats, old"]),
        ("[Piers, Boats]", ["Piers", "Boats"]),
        (r"['Caf\u00e9', 'Na\xefve']", ["Café", "Naïve"]),
        ("['Piers' 'Boats' ... 'Herons']", ["Piers", "Boats", "Herons"]),
        ("Index(['Piers', 'Boats'], dtype='object')", ["Piers", "Boats"]),
        (r'"[\"Piers\", \"Boats\"]"', ["Piers", "Boats"]),
        (r"[\"Piers\", \"Boats\"]", ["Piers", "Boats"]),
        ('a:2:{i:0;s:5:"Piers";i:1;s:9:"Old Boats";}', ["Piers", "Old Boats"]),
        ("['Piers', nan, None]", ["Piers"]),
        ("['Year', 1984]", ["Year", "1984"]),
        ('["Piers","Boats"', ["Piers", "Boats"]),
        ('["caf\\u00e9"]', ["café"]),
        ('[{"name": "Piers"}, {"name": "Boats"}]', ["Piers", "Boats"]),
        # between signs
        ("Piers, Boats", ["Piers", "Boats"]),
        ("Piers; Boats, small", ["Piers", "Boats, small"]),
        ("Piers|Boats;Herons", ["Piers", "Boats;Herons"]),
        ("|piers|boats|", ["piers", "boats"]),
        ("港口\uff0c渡轮", ["港口", "渡轮"]),
        ("港口、海岛,渡轮", ["港口", "海岛", "渡轮"]),
        ("سفن، موانئ", ["سفن", "موانئ"]),
        ("<piers><c#><.net>", ["piers", "c#", ".net"]),
        ("&lt;piers&gt;&lt;boats&gt;", ["piers", "boats"]),
        ('<a href="/p" rel="tag">Piers</a>, <a href="/b">Boats</a>', ["Piers", "Boats"]),
        ("#piers #boats", ["piers", "boats"]),
        ("#piers, #old boats", ["piers", "old boats"]),
        ("#piers#boats", ["piers", "boats"]),
        ("#piers##old boats#", ["piers", "old boats"]),
        ("\uff03港口 \uff03小岛", ["港口", "小岛"]),
        ("港口\u3000小岛", ["港口", "小岛"]),
        ("• Piers • Old Boats", ["Piers", "Old Boats"]),
        (r"Piers\nOld Boats", ["Piers", "Old Boats"]),
        ("Tags: Piers, Boats", ["Piers", "Boats"]),
        (r"Washington\, D.C., Boats", ["Washington, D.C.", "Boats"]),
        ('<a href="/t/piers">Piers</a> <a href="/t/b">Old Boats</a>', ["Piers", "Old Boats"]),
        ("<ul><li>Piers</li><li>Old Boats</li></ul>", ["Piers", "Old Boats"]),
        ("Piers<br>Old Boats<br/>Herons", ["Piers", "Old Boats", "Herons"]),
        ("Piers\nOld Boats\r\nHerons", ["Piers", "Old Boats", "Herons"]),
        ("- Piers\n- Washington, D.C.", ["Piers", "Washington, D.C."]),
        ("Piers, Boats,\nHerons", ["Piers", "Boats", "Herons"]),
        ('"Washington, D.C.", Boats', ["Washington, D.C.", "Boats"]),
        ("'Washington, D.C.', 'Boats'", ["Washington, D.C.", "Boats"]),
        ('""Washington, D.C."", Boats', ["Washington, D.C.", "Boats"]),
        ("“Washington, D.C.”, „Boats“", ["Washington, D.C.", "Boats"]),
        ("Coast > Piers | Boats", ["Coast", "Piers", "Boats"]),
        ("Coast>Piers", ["Coast", "Piers"]),
        # entities are undone before anything is divided
        ("R&amp;D; Science", ["R&D", "Science"]),
        ("Arts &amp;amp; Crafts, Q&#39;s", ["Arts & Crafts", "Q's"]),
        # links
        ("[[Harbour]]", ["Harbour"]),
        ("[[old piers]] boats", ["old piers", "boats"]),
        (":piers:boats:", ["piers", "boats"]),
        ("Piers\tBoats", ["Piers", "Boats"]),
        ("[[notes/harbour|Harbour]], [[Boats]]", ["Harbour", "Boats"]),
        ("Piers (https://example.org/piers-1), Boats", ["Piers", "Boats"]),
        # one tag each
        ("1984", ["1984"]),
        ("Machine Learning", ["Machine Learning"]),
        ("boats/ferry", ["boats/ferry"]),
        ("10,000 Steps, Health", ["10,000 Steps", "Health"]),
        ("C#, C++, .NET, <3", ["C#", "C++", ".NET", "<3"]),
        ("🚢 Boats", ["🚢 Boats"]),
        ("(Old) piers, (new) boats", ["(Old) piers", "(new) boats"]),
        ("'Tis the season", ["'Tis the season"]),
        # none
        *(
            (none, [])
            for none in (
                "",
                " ",
                "(null)",
                "[null]",
                "?",
                "nan",
                "NaN",
                "None",
                "null",
                "N/A",
                "NA",
                "-",
                "~",
                "\\N",
            )
        ),
        ("a,,nan, ,b,", ["a", "b"]),
    ],
)
def test_tags_in_one_text(text: str, tags: list[str]) -> None:
    assert list(tags_of(text).tags) == tags


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        (["Piers", "Boats, small"], ["Piers", "Boats, small"]),
        (['{"name": "Piers"}', '{"name": "Boats"}'], ["Piers", "Boats"]),
        ({"data": [{"id": 1, "attributes": {"name": "Piers"}}]}, ["Piers"]),
        (["piers, boats, herons"], ["piers", "boats", "herons"]),
        (["Machine Learning"], ["Machine Learning"]),
        (["boats/ferry"], ["boats/ferry"]),
        ([["Travel", "Coast"], ["Diary"]], ["Travel", "Coast", "Diary"]),
        ([["Harbour"]], ["Harbour"]),
        (["[[Harbour]]", "#Boats"], ["Harbour", "Boats"]),
        ([{"id": 1, "name": "Piers", "slug": "piers"}, {"label": "Boats"}], ["Piers", "Boats"]),
        ({"edges": [{"node": {"name": "Piers"}}]}, ["Piers"]),
        ([{"name": {"en": "Piers"}}], ["Piers"]),
        ({"tags": ["Piers"], "categories": ["Boats"]}, ["Piers", "Boats"]),
        ({"piers": True, "boats": 1, "herons": False}, ["piers", "boats"]),
        (("Piers", None, NAN, "nan"), ["Piers"]),
        (["Piers", 2020, True], ["Piers", "2020"]),
        (["Yes", "No"], ["Yes", "No"]),
        (None, []),
        (NAN, []),
    ],
)
def test_tags_in_lists_and_objects(value: Any, tags: list[str]) -> None:
    found = tags_of(value)
    assert list(found.tags) == tags and not found.numbers


@pytest.mark.parametrize(
    "value", [True, False, 5, 7.5, [12, 34], "[12, 34]", [{"id": 12}], "True", [[1], [2]]]
)
def test_numbers_and_flags_are_no_tags_and_said(value: Any) -> None:
    found = tags_of(value)
    assert found.tags == () and found.numbers


def test_too_many_are_not_read() -> None:
    nested: Any = ["x"]
    empty: Any = [[]]
    for _ in range(5):
        nested, empty = [nested] * 100, [empty] * 100
    holds_itself: list[Any] = ["x", "y"]
    holds_itself.append(holds_itself)
    for value in ("x," * MAX_CHARACTERS, ["x"] * (MAX_TAGS + 1), nested, empty):
        assert tags_of(value).too_many and not tags_of(value).tags
    assert set(tags_of(holds_itself).tags) == {"x", "y"}


@pytest.mark.parametrize(
    ("separator", "text", "tags"),
    [
        ("blank", "piers  old boats", ["piers", "old", "boats"]),
        ("comma", "Piers; small, Boats", ["Piers; small", "Boats"]),
        ("comma", "港口\uff0c渡轮", ["港口", "渡轮"]),
        ("semicolon", "Piers, small; Boats", ["Piers, small", "Boats"]),
        ("slash", "Piers / Boats", ["Piers", "Boats"]),
        ("line", "Piers, small\nBoats", ["Piers, small", "Boats"]),
        ("none", "Piers, small", ["Piers, small"]),
        ("~", "Piers~Boats", ["Piers", "Boats"]),
        ("->", "Piers->Boats", ["Piers", "Boats"]),
        (",", '"Washington, D.C.", Boats', ["Washington, D.C.", "Boats"]),
    ],
)
def test_what_a_person_says_of_the_separator_holds(
    separator: str, text: str, tags: list[str]
) -> None:
    style = given_style(separator)
    assert style is not None and list(tags_of(text, style).tags) == tags
    assert given_style("") is None and "none" in SEPARATORS


def test_a_list_of_one_item_keeps_its_comma_where_items_have_commas() -> None:
    style = TagStyle(commas_in_lists=True)
    assert tags_of(["Washington, D.C."], style).tags == ("Washington, D.C.",)
