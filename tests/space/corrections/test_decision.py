"""The review record: what is taken and refused, and that it reads back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tagloop.corrections.decision import FEATURES, Review
from tagloop.errors import UserError

ID = "1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b"


def test_a_record_reads_back_as_it_was() -> None:
    review = Review.create(ID, "edit", reviewer="rita", tags=["Banking ", "banking"], note=" é ")
    row = json.loads(json.dumps(review.to_json()))
    assert list(row) == [feature["name"] for feature in FEATURES]
    assert row["tags"] == ["Banking"] and row["note"] == "é"
    assert Review.from_json(row) == review


def test_only_accept_and_edit_have_tags() -> None:
    assert Review.create(ID, "reject", reviewer="rita", tags=["Banking"]).tags == ()
    with pytest.raises(UserError, match="no tags to keep"):
        Review.create(ID, "accept", reviewer="rita", tags=[" "])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((ID, "approve"), "accept, edit, reject or undo, not 'approve'"),
        (("1", "reject"), "'1' is no correction's id"),
        ((None, "reject"), "no correction's id"),
    ],
)
def test_what_is_not_in_order_is_refused(values: tuple[Any, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Review.create(*values, reviewer="rita")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema 2; this version reads 1"),
        ({"extra": 1}, "wrong columns: extra"),
        ({"reviewer": None}, "wrong columns: reviewer"),
        ({"decision": "approve"}, "no decision"),
        ({"tags": []}, "do not fit its decision"),
        ({"tags": [1]}, "do not fit its decision"),
        ({"tags": ["x"] * 1_000_000}, "has 1,000,000 tags, too many"),
    ],
)
def test_a_stored_row_that_is_none_is_refused(change: dict[str, Any], message: str) -> None:
    row = Review.create(ID, "accept", reviewer="rita", tags=["Banking"]).to_json()
    with pytest.raises(UserError, match=message):
        Review.from_json(row | change)
