"""Taking a correction back."""

from __future__ import annotations

from uuid import UUID

import pytest

from tagloop.corrections.withdrawals import FEATURES, withdrawal
from tagloop.errors import UserError

ID = "1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b"


def test_a_withdrawal_names_the_correction_and_has_an_id_of_its_own() -> None:
    row = withdrawal(f" #{ID.upper()} ")
    assert row["correction_id"] == ID
    assert UUID(row["id"]) != UUID(ID)
    assert list(row) == [feature["name"] for feature in FEATURES]


def test_withdrawing_twice_is_one_record() -> None:
    assert withdrawal(ID)["id"] == withdrawal(ID)["id"]


@pytest.mark.parametrize("text", ["", "#1b4e28ba", "x" * 36, None])
def test_what_is_no_id_is_said(text: str) -> None:
    with pytest.raises(UserError, match="no correction's id"):
        withdrawal(text)
