"""Reasons in kinds: few, whatever the sentences say."""

from __future__ import annotations

import pytest

from training.data.reasons import MOST_KINDS, OTHER, UNREADABLE, kind_of, kinds


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("no tags", "no tags"),
        ("near-duplicate of an article in a split", "near-duplicate of an article in a split"),
        ("not published (draft: true)", "not published"),
        ("front matter, line 3: mapping values are not allowed here", "front matter"),
        ("the front matter in line 3 is no YAML", "the front matter"),
        ("broken JSON (Expecting value)", "broken JSON"),
        ("'5' is no tag", UNREADABLE),
        ("it has more than 1,000 characters", "too long"),
        ("it has 5 cells, but there are 3 columns", "wrong number of cells"),
        ("the tags in 'tag_ids' are numbers (ids?), not names", "tags are numbers"),
        ("12 cells where the first line names 3", UNREADABLE),
        ("one two three four five six seven eight nine", UNREADABLE),
        ("", UNREADABLE),
    ],
)  # fmt: skip
def test_kind_of_a_reason(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind


def test_thousands_of_sentences_make_few_kinds() -> None:
    reasons = [f"front matter, line {number}: a" for number in range(3)]
    words = "alder birch cedar dogwood elm fir gum hazel ivy juniper kapok larch maple nutmeg oak"
    reasons += [f"a row about {word}" for word in words.split()]
    found = kinds([*reasons, "no tags", "no tags"])
    assert len(set(found.values())) == MOST_KINDS + 1
    assert found["front matter, line 2: a"] == "front matter" and found["no tags"] == "no tags"
    assert found["a row about oak"] == OTHER
