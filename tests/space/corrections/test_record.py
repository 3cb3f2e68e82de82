"""The correction record: what is taken, what is refused and how, and that it reads back."""

import json
from typing import Any

import pytest

from tagloop.corrections.record import FEATURES, Correction
from tagloop.errors import UserError
from tagloop.limits import MAX_NOTE_CHARACTERS, MAX_TAGS, MAX_TEXT_CHARACTERS

PREDICTED = [{"tag": "Banking", "confidence": 0.9}, {"tag": "Chatbots", "confidence": 0.4}]


def make(**changes: Any) -> Correction:
    values: dict[str, Any] = {
        "title": "A title",
        "text": "Some text.",
        "predicted": PREDICTED,
        "corrected": ["Banking", "Customer Service"],
        "verdict": "fixed",
        "note": "",
        "model_repo": "me/tagger",
        "model_revision": "0" * 40,
    }
    return Correction.create(**(values | changes))


def test_a_record_reads_back_as_it_was() -> None:
    correction = make(note="Ünïcode \u2028 “quoted”\n")
    row = json.loads(json.dumps(correction.to_json()))
    assert list(row) == [feature["name"] for feature in FEATURES]
    assert Correction.from_json(row) == correction


def test_good_vouches_for_the_predicted_tags() -> None:
    assert make(verdict="good", corrected=["Something else"]).corrected == ("Banking", "Chatbots")


def test_bad_keeps_only_tags_that_were_edited() -> None:
    assert make(verdict="bad", corrected=["Banking", "Chatbots"]).corrected == ()
    assert make(verdict="bad", corrected=["Finance"]).corrected == ("Finance",)


@pytest.mark.parametrize(
    ("corrected", "message"),
    [
        (["Banking", "Chatbots"], "Nothing is changed yet: what should be fixed"),
        (["banking ", "Chatbots", "chatbots"], None),  # another spelling is a change
        ([], "No tags are left"),
        ([" ", "!!"], "No tags are left"),
    ],
)
def test_fixed_asks_what_to_fix(corrected: list[str], message: str | None) -> None:
    if message is None:
        assert make(corrected=corrected).corrected == ("banking", "Chatbots")
    else:
        with pytest.raises(UserError, match=message):
            make(corrected=corrected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verdict": "great"}, "must be good, fixed or bad, not 'great'"),
        ({"text": "x" * (MAX_TEXT_CHARACTERS + 5)}, "50,005 characters; the limit is 50,000"),
        ({"text": " \n"}, "Paste the text"),
        ({"note": "x" * (MAX_NOTE_CHARACTERS + 1)}, "The note has 2,001"),
        ({"corrected": ["x" * 81]}, "The tag has 81"),
        ({"corrected": ["\ufdfa" * 80]}, "The tag has 1,440 characters once its signs"),
        ({"predicted": [{"tag": "\ufdfa" * 80, "confidence": 1}]}, "The tag has 1,440"),
        ({"corrected": [f"tag {n}" for n in range(MAX_TAGS + 1)]}, "31 tags; the limit is 30"),
        ({"corrected": "Banking"}, "tags must be a list, not str"),
        ({"corrected": [3]}, "tag must be text, not int"),
        ({"predicted": ["Banking"]}, "Each predicted tag must be of the form"),
        ({"predicted": [{"tag": "A", "confidence": 1.2}]}, "is 1.2, not within 0 to 1"),
        ({"predicted": [{"tag": "A", "confidence": float("nan")}]}, "not within 0 to 1"),
        ({"predicted": [{"tag": "A", "confidence": True}]}, "must be a number"),
        ({"predicted": None}, "predicted tags must be a list"),
    ],
)
def test_what_is_not_in_order_is_refused_with_a_reason(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        make(**changes)


def test_half_a_surrogate_pair_does_not_reach_a_file() -> None:
    correction = make(title="broken \ud83d title", note="\udc00")
    json.dumps(correction.to_json(), ensure_ascii=False).encode("utf-8")
    assert correction.title == "broken ? title"


def test_another_schema_or_other_columns_are_refused() -> None:
    row = make().to_json()
    with pytest.raises(UserError, match="has schema 3; this version reads up to 2"):
        Correction.from_json(row | {"schema": 3})
    with pytest.raises(UserError, match="missing, unknown or wrong columns: extra"):
        Correction.from_json(row | {"extra": 1})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corrected": "Banking"}, "wrong columns: corrected"),
        ({"corrected": [3]}, "a tag that is no text"),
        ({"text": None}, "wrong columns: text"),
        ({"predicted": None}, "wrong columns: predicted"),
        ({"corrected": ["x"] * 1_000_000}, "has 1,000,000 corrected tags; the limit is 30"),
        ({"verdict": "great"}, "no verdict"),
    ],
)
def test_a_stored_row_of_other_kinds_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Correction.from_json(make().to_json() | change)


def test_a_record_of_the_first_schema_still_reads() -> None:
    row = make(visitor="ab12").to_json()
    assert Correction.from_json(row).visitor == "ab12"
    del row["visitor"]
    old = Correction.from_json(row | {"schema": 1})
    assert (old.visitor, old.schema, old.corrected) == (None, 1, ("Banking", "Customer Service"))
    with pytest.raises(UserError, match="wrong columns: visitor"):
        Correction.from_json(row)  # the present schema has it
