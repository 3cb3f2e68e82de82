"""What the chips are told: tags, what speaks for them in a browser's units, and what comes back."""

from __future__ import annotations

import pytest

from tagloop.generation.evidence import Evidence
from tagloop.service.service import Tagging
from tagloop.tagger.tagger import Tag
from tagloop.web.tabs.tag.editor import chips_of, evidence_of, tags_in

TAGGING = Tagging("🍞 Rye", "Rye 🍞🍞 is bread.", (Tag("Bread", 0.5, True),), "me", None)


def test_chips_carry_the_tagging_that_they_are_of() -> None:
    value = chips_of(TAGGING)
    assert value == {
        "id": TAGGING.id,
        "tags": [{"tag": "Bread", "confidence": 0.5, "present": True}],
    }
    assert chips_of(None) is None


def test_places_are_counted_as_a_browser_does() -> None:
    at = TAGGING.text.index("bread")
    found = evidence_of(TAGGING, [Evidence("present", text=((at, at + 5),))])
    [[begin, end, words]] = found["of"]["Bread"]["text"]
    assert words == "bread"
    units = TAGGING.text.encode("utf-16-le")
    assert units[2 * begin : 2 * end].decode("utf-16-le") == "bread"
    assert begin == at + 2
    assert found["id"] == TAGGING.id and found["of"]["Bread"]["title"] == []


@pytest.mark.parametrize(
    ("sent", "tags"),
    [
        ({"tags": [{"tag": "A"}, {"tag": "B", "confidence": None}]}, ["A", "B"]),
        ({"tags": []}, []),
        (None, []),
        ("A, B", []),
        ({"tags": "A"}, []),
        ({"tags": [{"name": "A"}, "B", {"tag": 7}]}, [7]),  # what is no text is refused later
    ],
)
def test_tags_are_read_out_of_whatever_a_browser_sends(sent: object, tags: list[object]) -> None:
    assert tags_in(sent) == tags  # type: ignore[arg-type]
