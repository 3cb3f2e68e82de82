"""Dates as people and programs write them; what could be two dates is not guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from tagloop.reading.dates import date_order, depends_on_order, is_flag, iso_date, no_date


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2021-02-28", "2021-02-28"),
        ("2021-02-03 10:00 CET", "2021-02-03T09:00:00Z"),
        ("2021-02-03 10:00:30 UTC+02:00", "2021-02-03T08:00:30Z"),
        ("2021-02-03 10:00 UTC+2", "2021-02-03T08:00:00Z"),
        ("2021-02-03 10:00 XYZ", None),
        ("3 февраля 2021", "2021-02-03"),
        ("<2021-02-03 Wed 10:00>", "2021-02-03T10:00:00Z"),
        ([["2021-02-03"]], "2021-02-03"),
        ({"created": "2021-02-03", "updated": "2021-03-03"}, "2021-02-03"),
        ("2020-12-26 03:38:10.479000+00:00", "2020-12-26T03:38:10Z"),
        ("2020-12-26T03:38:10+02:00", "2020-12-26T01:38:10Z"),
        ("2020-05-06 10:11:12 +0800", "2020-05-06T02:11:12Z"),
        ("2021-02-03 10:00:00 UTC", "2021-02-03T10:00:00Z"),
        ("2014-11-17 10:20", "2014-11-17T10:20:00Z"),
        ("Sat, 26 Dec 2020 03:38:10 GMT", "2020-12-26T03:38:10Z"),
        (date(2020, 1, 2), "2020-01-02"),
        (datetime(2020, 1, 2, 3, tzinfo=timezone(timedelta(hours=1))), "2020-01-02T02:00:00Z"),
        (datetime(2020, 1, 2, 3, tzinfo=UTC), "2020-01-02T03:00:00Z"),
        # Unix times
        ("1178040660", "2007-05-01T17:31:00Z"),
        (1577836800, "2020-01-01T00:00:00Z"),
        (1577836800.5, "2020-01-01T00:00:00Z"),
        ("1577836800000", "2020-01-01T00:00:00Z"),
        (1577836800000000, "2020-01-01T00:00:00Z"),
        ({"$date": {"$numberLong": "1577836800000"}}, "2020-01-01T00:00:00Z"),
        # digits that are none
        ("20210203", "2021-02-03"),
        (20210203, "2021-02-03"),
        ("20210203101112", "2021-02-03T10:11:12Z"),
        ("2021", None),
        (2021, None),
        (5, None),
        # the year first, whatever stands between
        ("2021/02/03", "2021-02-03"),
        ("2021-2-3 9:05", "2021-02-03T09:05:00Z"),
        ("2021年2月3日", "2021-02-03"),
        ("2021. 2. 3.", "2021-02-03"),
        # months by name
        ("March 3, 2021", "2021-03-03"),
        ("3 Mar 2021, 10:00", "2021-03-03T10:00:00Z"),
        ("Feb 3rd, 2021 10:00 PM EST", "2021-02-04T03:00:00Z"),
        ("Wed Feb 03 2021 10:00:00 GMT+0100 (CET)", "2021-02-03T09:00:00Z"),
        ("3. März 2021", "2021-03-03"),
        ("Mittwoch, 3. März 2021, 10:00 Uhr", "2021-03-03T10:00:00Z"),
        ("3 de marzo de 2021", "2021-03-03"),
        ("lundi 1er février 2021", "2021-02-01"),
        ("30 czerwca 2021", "2021-06-30"),
        ("March 2021", None),
        # the day first or the month
        ("03.04.2021", "2021-04-03"),
        ("25/12/2021", "2021-12-25"),
        ("12/25/2021 9:30 PM", "2021-12-25T21:30:00Z"),
        ("03/04/2021", None),
        ("25/12/21 9:30", "2021-12-25T09:30:00Z"),
        ("21-02-03", None),
        ("25/12/99", "1999-12-25"),
        # none
        ("true", None),
        (True, None),
        ("soon", None),
        ("2021-02-30", None),
        ("", None),
        (None, None),
        ("9" * 100, None),
    ],
)
def test_dates(value: object, expected: str | None) -> None:
    assert iso_date(value) == expected


@pytest.mark.parametrize(
    ("column", "order", "read"),
    [
        (["03/04/2021", "25/12/2020"], "day first", "2021-04-03"),
        (["03/04/2021", "12/25/2020"], "month first", "2021-03-04"),
        (["03/04/2021", "05/06/2020"], "", None),
        (["25/12/2020", "12/25/2020"], "", None),
        (["2021-03-04", None, 5, "25.12.2020"], "", None),
    ],
)
def test_the_column_shows_the_order(column: list[object], order: str, read: str | None) -> None:
    found = date_order(column)
    assert found == order and iso_date("03/04/2021", found) == read


def test_which_dates_depend_on_the_order() -> None:
    assert depends_on_order("03/04/2021") and depends_on_order("3-4-2021")
    for text in ("04/04/2021", "25/12/2021", "03.04.2021", "soon", None):
        assert not depends_on_order(text)


def test_flags_and_nothing_are_no_dates() -> None:
    for flag in (True, False, "true", "No", 1, "0"):
        assert is_flag(flag)
    for value in ("2021-02-03", 20210203, None, ""):
        assert not is_flag(value)
    for none in ("", None, "nan", "0000-00-00", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z"):
        assert no_date(none)
