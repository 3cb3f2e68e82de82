"""What reviewers read of rows that were set aside, and of lines that cannot be read."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from tagloop.corrections.dataset import Records
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.delivery.status import REFUSED_ROW, DeliveryStatus
from tagloop.web.tabs.review.page import delivery, set_aside, when
from tagloop.web.tabs.tag.flag import _told


def test_reviewers_are_told_what_was_set_aside(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", "nobody/nothing", card="")
    assert set_aside([outbox], Records()) == ""
    outbox._journal.quarantine.keep(f"2026-01-01_{'a' * 32}.jsonl", b"x\ny\n", "no JSON.")
    said = set_aside([outbox], Records())
    assert "2 rows are in quarantine" in said and "outbox/quarantine" in said
    assert str(tmp_path) not in said  # reviewers need not own the machine
    assert "in quarantine" in delivery(outbox, 1)  # and not: all decisions are in the dataset


def test_reviewers_are_told_what_cannot_be_read() -> None:
    records = Records()
    records.add_file("data", "data/<b>.jsonl", BytesIO(b"[[[[\nx\n" * 3))
    said = set_aside([], records)
    assert "6 lines of the dataset cannot be read" in said and "and 3 more" in said
    assert "data/&lt;b&gt;.jsonl, line 1: no JSON." in said


def test_a_visitor_is_told_that_the_dataset_refused_a_row() -> None:
    told = _told(DeliveryStatus("1" * 32, True, False, REFUSED_ROW, True, True))
    assert "the owner has been told" in told and "kept on this server" in told
    message = DeliveryStatus("1" * 32, False, False, REFUSED_ROW, True, True).message
    assert "kept on this server" in message and "goes on trying" not in message


def test_a_time_that_no_calendar_has_is_shown_as_it_is() -> None:
    assert when("0001-01-01T00:00:00+23:59") == "0001-01-01T00:00:00+23:59"
